"""The window on a real display, around the fake engine; it tells where things are and what happens.

One JSON object per line: {"is": NAME, …}. Points are on the screen. It ends on SIGTERM.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.engine_link.link import LinkTimes
from app.midi.midi import Midi
from app.model.session import Session
from app.playback.player import Player
from app.view.main_window import MainWindow
from tests.fixtures.qt import application

FAKE = Path(__file__).parents[2] / "engine" / "worker" / "fake_engine.py"
PROMPT = "steps=2 a sound for dragging"
BPM = 120.0


def say(name: str, **values: Any) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps({"is": name, **values}) + "\n")
    sys.stdout.flush()


def middle(widget: QWidget, rect: QRect | None = None) -> tuple[int, int]:
    """The middle of a widget, or of a part of it, on the screen."""
    at = widget.mapToGlobal((rect or widget.rect()).center())
    return at.x(), at.y()


class Told:
    """Tells what the test waits for."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        self.models, self.window = session.models, window
        models = self.models
        models.engine.bundle_changed.connect(self.tell_ready)
        models.takes.take_changed.connect(self.tell_take)
        models.clips.kept.connect(lambda _: QTimer.singleShot(300, self.tell_clip))
        models.takes.region_changed.connect(self.tell_region)
        models.form.recipe_taken.connect(lambda: say("recipe", prompt=models.form.prompt))
        session.library.handed_off.connect(lambda _clip, _form, path: say("part", path=str(path)))

    def tell_ready(self) -> None:
        """The engine can render."""
        form = self.models.form
        form.turn("prompt", PROMPT)
        form.turn("bpm", BPM)
        form.turn("bars", 2)
        form.turn("takes", 1)
        say("engine", generate=middle(self.window.prompt.generate))

    def tell_take(self, index: int) -> None:
        """A take changed."""
        if self.models.takes.takes[index].audio is None:
            return
        view = self.window.hero.spectrogram
        plot = view.plot().toRect()
        corner = view.mapToGlobal(plot.topLeft())
        say(
            "take",
            keep=middle(self.window.hero.keep),
            card=middle(self.window.cards.cards[index]),
            plot=(corner.x(), corner.y(), plot.width(), plot.height()),
        )

    def tell_clip(self) -> None:
        """A clip is in the list; the prompt becomes another, to be restored by a drop."""
        listed = self.window.library.list
        row = listed.visualRect(self.models.clips.index(0, listed.modelColumn()))
        at = listed.viewport().mapToGlobal(row.topLeft() + QPoint(100, 12))
        clip = self.models.clips.clip_at(0)
        self.models.form.turn("prompt", "another prompt")
        say("clip", path=str(clip.path), row=(at.x(), at.y()))

    def tell_region(self) -> None:
        """A part was selected."""
        say("region", region=self.models.takes.region)


def main(home: Path) -> None:
    """Open the window and run it until it is told to end."""
    app = application()
    assert isinstance(app, QApplication)
    session = Session(
        config_dir=home / "config",
        data_dir=home / "data",
        command=lambda: [sys.executable, str(FAKE), "serve"],
        times=LinkTimes(handshake=60_000, beat=500, silence=30_000, preview=20),
    )
    session.models.settings.clips_folder = str(home / "clips")
    session.models.settings.finish_in_background = False
    player, midi = Player(session), Midi(session)
    window = MainWindow(session.models, player, midi)
    window.move(0, 0)
    window.resize(1200, 800)
    window.show()
    told = Told(session, window)
    session.start()
    signal.signal(signal.SIGTERM, lambda *_: app.quit())
    timer = QTimer(interval=100)  # Python sees a signal only when it runs
    timer.timeout.connect(lambda: None)
    timer.start()
    app.exec()
    timer.stop()
    del told
    window.close()
    session.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
