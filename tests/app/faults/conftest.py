"""A whole session around the real engine, for faults from outside."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication

from app.engine_link.link import LinkTimes
from app.model.session import Session
from tests.fixtures.qt import application

BUNDLE_VARIABLE = "NOISEFALL_PROOF_BUNDLE"  # a bundle of real size in place of the tiny one

Start = Callable[..., Session]
TIMES = LinkTimes()


@pytest.fixture(scope="session", autouse=True)
def qt() -> QCoreApplication:
    """The application that signals and timers need."""
    return application()


@pytest.fixture(scope="session")
def bundle(request: pytest.FixtureRequest) -> Path:
    """The bundle that the real engine renders with."""
    if own := os.environ.get(BUNDLE_VARIABLE):
        return Path(own)
    tiny: Path = request.getfixturevalue("tiny_frames_bundle")
    return tiny


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a session with the engine as it ships, its home under tmp_path; ends it."""
    monkeypatch.setenv("NOISEFALL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NOISEFALL_THREADS", "1")
    made: list[Session] = []

    def make(bundle: Path | None, *, home: Path = tmp_path, times: LinkTimes = TIMES) -> Session:
        session = Session(config_dir=home / "config", data_dir=home / "data", times=times)
        settings = session.models.settings
        settings.clips_folder = str(home / "clips")
        settings.finish_in_background = False
        settings.device, settings.threads = "cpu", 1
        settings.bundle = "" if bundle is None else str(bundle)
        made.append(session)
        session.start()
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture(autouse=True)
def no_bugs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """An error that nobody caught in a slot, which Qt would only print, fails the test."""
    bugs: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _, error, __: bugs.append(error))
    yield bugs
    assert bugs == []
