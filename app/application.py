"""The window's application: one instance, a log, the models, the main window, an orderly end.

The window is shown first; the engine, the library, sound and MIDI start behind it. A bug is logged
with its traceback and shown as one line: the work goes on, and nothing that was kept is at risk.
"""

import logging
import logging.handlers
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

import engine
from app.garbage import GarbageCollector
from app.model.places import config_dir, data_dir, log_dir
from app.model.session import Session
from app.model.trouble import Trouble, Weight
from app.single_instance import SingleInstance
from app.translate import translate

LOG_BYTES: Final = 1 << 20
LOG_FILES: Final = 3
SIGNAL_POLL_MS: Final = 250

_log = logging.getLogger(__name__)


def run(files: list[Path]) -> int:
    """Open the window with some files, or hand them to the one that is open; the exit code."""
    _log_to_file(log_dir())
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    application = QApplication(["noisefall"])
    application.setApplicationName("noisefall")
    application.setApplicationDisplayName("Noisefall")
    application.setApplicationVersion(engine.__version__)
    application.setDesktopFileName("noisefall")
    garbage = GarbageCollector()
    instance = SingleInstance(data_dir())
    if instance.hand_over(files):
        return 0
    instance.claim()
    session = Session(config_dir=config_dir(), data_dir=data_dir())
    session.models.clips.loaded.connect(garbage.settle)
    _tell_bugs(session)
    try:
        return _run(application, session, instance, files)
    finally:
        session.close()
        instance.close()
        garbage.close()


def _run(
    application: QApplication, session: Session, instance: SingleInstance, files: list[Path]
) -> int:
    """Show the window, start what takes time behind it, and run until it is closed."""
    # Late, so that a second start hands over without loading any widget.
    from app.midi.midi import Midi  # noqa: PLC0415
    from app.playback.player import Player  # noqa: PLC0415
    from app.view.main_window import MainWindow  # noqa: PLC0415

    player, midi = Player(session), Midi(session)
    window = MainWindow(session.models, player, midi)

    def raise_window(paths: list[Path]) -> None:
        window.showNormal() if window.isMinimized() else window.show()
        window.raise_()
        window.activateWindow()
        session.models.actions.drop_files(paths)

    def start() -> None:
        session.start()
        player.start()
        midi.start()
        session.models.actions.drop_files(files)

    instance.asked.connect(raise_window)
    window.show()
    QTimer.singleShot(0, start)
    quit_on_signals(application)
    try:
        return application.exec()
    finally:
        player.shutdown()
        midi.shutdown()


def quit_on_signals(application: QApplication) -> QTimer:
    """Ctrl-C and a polite kill end the window in order; Python sees signals only when it runs."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: application.quit())
    timer = QTimer(application, interval=SIGNAL_POLL_MS)
    timer.timeout.connect(lambda: None)
    timer.start()
    return timer


def _log_to_file(folder: Path) -> None:
    """A log of bounded size; a disk that takes none is no reason not to open."""
    handler: logging.Handler
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "noisefall.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
    except OSError:
        handler = logging.NullHandler()
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=[handler])
    logging.raiseExceptions = False  # a full disk must not print tracebacks


def _tell_bugs(session: Session) -> None:
    """Errors that nobody caught: into the log, and as one line into the window."""

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _log.critical("a bug", exc_info=(kind, error, trace))
        if threading.current_thread() is not threading.main_thread():
            return
        session.models.troubles.tell(
            Trouble(
                source="bug",
                what=translate("trouble", "Something in Noisefall went wrong"),
                why=f"{kind.__name__}: {error}"[:200],
                remedy=translate(
                    "trouble", "Go on; if it returns, report it with the log in {0}"
                ).format(log_dir()),
                weight=Weight.NOTE,
            )
        )

    sys.excepthook = tell
