import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.corpus.store.layout import FORMAT, Versions
from engine.corpus.store.make import Settings, make_corpus
from tests.engine.corpus.store.plain_renderer import HERE, Plain

Asked = Callable[..., Settings]
VERSIONS = Versions(format=FORMAT, code="test", soundfonts={})


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    Plain.played.clear()
    yield
    Plain.played.clear()


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Settings of a small corpus in tmp_path/corpus, made in this process by a plain renderer."""

    def settings(**changes: Any) -> Settings:
        small = Settings(
            hours=0.05, folder=tmp_path / "corpus", seed=3, workers=0, seconds_per_shard=40.0,
            renderer=f"{HERE}:Plain", versions=VERSIONS,
        )  # fmt: skip
        return replace(small, **changes)

    return settings


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora") / "finished"
    make_corpus(
        Settings(
            hours=0.05, folder=folder, seed=3, workers=0, seconds_per_shard=40.0,
            renderer=f"{HERE}:Plain", versions=VERSIONS,
        )
    )  # fmt: skip
    return folder


@pytest.fixture
def finished(asked: Asked, _finished: Path) -> Path:
    """The corpus of `asked`, finished."""
    shutil.copytree(_finished, asked().folder)
    Plain.played.clear()
    return asked().folder


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished corpus with stems, not to be changed."""
    folder = tmp_path_factory.mktemp("corpora") / "small"
    make_corpus(
        Settings(
            hours=0.05, folder=folder, seed=3, workers=0, seconds_per_shard=40.0, stems=True,
            renderer=f"{HERE}:Plain", versions=VERSIONS,
        )
    )  # fmt: skip
    return folder
