import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.engine_link.link import LinkTimes
from app.midi.midi import Midi
from app.model.session import Session
from app.playback.player import Player
from app.view.main_window import MainWindow
from app.view.theme.theme import Theme
from tests.app.view.staged import Stage, stage
from tests.fixtures.qt import application, wait_until

FAKE = Path(__file__).parents[2] / "engine" / "worker" / "fake_engine.py"


@pytest.fixture(scope="session", autouse=True)
def qt() -> QApplication:
    """The application that widgets need."""
    app = application()
    assert isinstance(app, QApplication)
    return app


@pytest.fixture(scope="session")
def theme(qt: QApplication) -> Theme:
    """The dark theme, applied."""
    dark = Theme("dark")
    dark.apply(qt)
    return dark


def _show(window: MainWindow) -> None:
    """Shown and active: shortcuts belong to the active window."""
    window.show()
    window.activateWindow()
    wait_until(window.isActiveWindow, "for the window to be active")


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Stage]:
    """A window over an empty library, no engine."""
    made = stage(tmp_path)
    _show(made.window)
    yield made
    made.close()


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Stage]:
    """A window with the fake engine behind it, which renders `steps=N` steps of nothing."""
    session = Session(
        config_dir=tmp_path / "config",
        data_dir=tmp_path / "data",
        command=lambda: [sys.executable, str(FAKE), "serve"],
        times=LinkTimes(handshake=20_000, beat=200, silence=5_000, preview=20),
        cancel_ms=1_000,
    )
    session.models.settings.clips_folder = str(tmp_path / "clips")
    session.models.settings.finish_in_background = False
    player, midi = Player(session), Midi(session)
    window = MainWindow(session.models, player, midi)
    made = Stage(session, player, midi, window)
    _show(window)
    session.start()
    wait_until(lambda: session.models.engine.bundle is not None, "for the fake engine")
    yield made
    made.close()
