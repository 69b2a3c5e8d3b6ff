import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.cli import main

FAKE_ENGINE = Path(__file__).parents[1] / "worker" / "fake_engine.py"


class Told(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Noisefall = Callable[..., Told]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Noisefall home of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("NOISEFALL_HOME", str(folder))
    return folder


@pytest.fixture
def fake_engine() -> str:
    """--engine's value for the real worker around a fake cascade."""
    return shlex.join([sys.executable, str(FAKE_ENGINE), "serve"])


@pytest.fixture
def noisefall(capfd: pytest.CaptureFixture[str]) -> Noisefall:
    """Runs a command in this process."""

    def run(*arguments: str | Path) -> Told:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Told(code, *capfd.readouterr())

    return run


@pytest.fixture
def render(noisefall: Noisefall, fake_engine: str, tmp_path: Path) -> Noisefall:
    """Runs `noisefall render` with the fake engine into tmp_path/out."""
    return lambda *arguments: noisefall(
        "render", *arguments, "--out", tmp_path / "out", "--engine", fake_engine
    )
