"""What drawing costs: ten previews a second of four 30 s stereo takes, slot by slot.

Both the wall's clock and this thread's own time are told: on a busy machine only the latter says
something about the drawing. `python -m app.view.bench` writes the figures as JSON.
"""

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from app.midi.midi import Midi
from app.model.session import Session
from app.playback.player import Player
from app.view.main_window import MainWindow
from engine.protocol.messages import Preview
from engine.recipe import Recipe

SECONDS: Final = 30.0
TAKES: Final = 4
BANDS: Final = 160
FRAMES: Final = 3_000
JOB: Final = 1
WARM_UP: Final = 3
PERIOD_S: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Milliseconds per preview.

    Attributes:
        previews: how many were drawn.
        scale: device pixels per pixel.
        width, height: of the window.
        slot_ms_p50, slot_ms_p99: the slots that a preview calls (this thread's own time).
        turn_ms_p50, turn_ms_p99: the longest turn of the event loop after a preview: everything
            that one turn paints, all widgets together (this thread's own time).
        wall_ms_p99: the same by the wall's clock.
        playhead_ms_p99: painting one step of the playhead (this thread's own time).
    """

    previews: int
    scale: float
    width: int
    height: int
    slot_ms_p50: float
    slot_ms_p99: float
    turn_ms_p50: float
    turn_ms_p99: float
    wall_ms_p99: float
    playhead_ms_p99: float


def bench_window(previews: int = 100) -> Figures:
    """Draw previews in a real window over empty models; needs a QApplication to be possible."""
    application = QApplication.instance() or QApplication(["noisefall-bench"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        session = Session(config_dir=path, data_dir=path, command=lambda: ["no-engine"])
        player, midi = Player(session), Midi(session)
        window = MainWindow(session.models, player, midi)
        try:
            window.show()
            QApplication.processEvents()
            return _measured(session, window, previews)
        finally:
            window.close()
            player.shutdown()
            midi.shutdown()
            session.close()
            window.deleteLater()
            application.processEvents()


def _measured(session: Session, window: MainWindow, previews: int) -> Figures:
    recipe = Recipe(prompt="bench", seconds=SECONDS, takes=TAKES)
    takes = session.models.takes
    takes.begin(JOB, recipe)
    mels = [_mels(seed) for seed in range(4)]
    slots, turns, walls = [], [], []
    for number in range(previews + WARM_UP):
        message = Preview(
            job=JOB, first_take=1, shape=(TAKES, BANDS, FRAMES), step=number, steps=previews
        )
        blob = memoryview(mels[number % len(mels)].tobytes())
        start_s = time.thread_time()
        takes.take_preview(message, blob)
        slots.append(time.thread_time() - start_s)
        own_s, wall_s = _longest_turn(PERIOD_S)
        turns.append(own_s)
        walls.append(wall_s)
    heads = []
    for number in range(previews):
        window.axis.set_playhead(SECONDS * number / previews)
        heads.append(_longest_turn(0.0)[0])
    return Figures(
        previews=previews,
        scale=window.devicePixelRatioF(),
        width=window.width(),
        height=window.height(),
        slot_ms_p50=_ms(slots, 50),
        slot_ms_p99=_ms(slots, 99),
        turn_ms_p50=_ms(turns, 50),
        turn_ms_p99=_ms(turns, 99),
        wall_ms_p99=_ms(walls, 99),
        playhead_ms_p99=_ms(heads, 99),
    )


def _longest_turn(period_s: float) -> tuple[float, float]:
    """Run the event loop for a while: its longest turn in this thread's and in the wall's time."""
    end_s = time.perf_counter() + period_s
    own = wall = 0.0
    while True:
        own_s, wall_s = time.thread_time(), time.perf_counter()
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
        own = max(own, time.thread_time() - own_s)
        wall = max(wall, time.perf_counter() - wall_s)
        if time.perf_counter() >= end_s:
            return own, wall
        time.sleep(0.001)


def _mels(seed: int) -> NDArray[np.float16]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.8, 0.6, (TAKES, BANDS, FRAMES)).astype(np.float16)


def _ms(seconds: list[float], percentile: float) -> float:
    return round(1000 * float(np.percentile(seconds[WARM_UP:], percentile)), 2)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(bench_window()), indent=1) + "\n")
