import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication

from app.engine_link.link import LinkTimes
from app.model.session import Session
from tests.fixtures.qt import application, wait_until

FAKE = Path(__file__).parents[2] / "engine" / "worker" / "fake_engine.py"
Start = Callable[..., Session]
TIMES = LinkTimes(handshake=20_000, beat=200, silence=5_000, preview=20)


@pytest.fixture(scope="session", autouse=True)
def qt() -> QCoreApplication:
    """The application that signals and timers need."""
    return application()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a session around the fake engine, its library under tmp_path; ends it."""
    made: list[Session] = []

    def make(
        command: list[str] | None = None, *, home: Path = tmp_path, times: LinkTimes = TIMES
    ) -> Session:
        used = [sys.executable, str(FAKE), "serve"] if command is None else command
        session = Session(
            config_dir=home / "config",
            data_dir=home / "data",
            command=lambda: used,
            times=times,
            cancel_ms=1_000,
        )
        session.models.settings.clips_folder = str(home / "clips")
        session.models.settings.finish_in_background = False
        made.append(session)
        session.start()
        wait_until(lambda: session.models.engine.bundle is not None or command is not None)
        return session

    yield make
    for session in made:
        session.close()
