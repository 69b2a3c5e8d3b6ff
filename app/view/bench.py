"""What drawing costs: ten previews a second of four 30 s stereo takes, slot by slot.

Both the wall's clock and this process's own time are told: on a busy machine only the latter says
something about the drawing. (Not this thread's time: Qt scales images on threads of its own.)
`python -m app.view.bench` writes the figures as JSON; QT_SCALE_FACTOR=2 draws twice as fine.
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
from PySide6.QtCore import QEvent, QEventLoop
from PySide6.QtWidgets import QApplication

from app.midi.midi import Midi
from app.model.session import Session
from app.playback.player import Player
from app.view.main_window import MainWindow
from engine.protocol.messages import Measured, Preview, Take
from engine.recipe import Recipe

SECONDS: Final = 30.0
TAKES: Final = 4
BANDS: Final = 160
FRAMES: Final = 3_000
TAKE_RATE_HZ: Final = 16_000
SWITCHES: Final = 40
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
        slot_ms_p50, slot_ms_p99: the slots that a preview calls (processor time).
        turn_ms_p50, turn_ms_p99: the longest turn of the event loop after a preview: everything
            that one turn paints, all widgets together (processor time).
        wall_ms_p99: the same by the wall's clock.
        playhead_ms_p99: painting one step of the playhead (processor time).
        switch_ms_p50, switch_ms_p99: showing another take that is ready, all of its picture and
            waveform (processor time).
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
    switch_ms_p50: float
    switch_ms_p99: float


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
            application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


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
        start_s = time.process_time()
        takes.take_preview(message, blob)
        slots.append(time.process_time() - start_s)
        own_s, wall_s = _longest_turn(PERIOD_S)
        turns.append(own_s)
        walls.append(wall_s)
    heads = []
    for number in range(previews):
        window.axis.set_playhead(SECONDS * number / previews)
        heads.append(_longest_turn(0.0)[0])
    switches = _switches(session, recipe)
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
        switch_ms_p50=_ms(switches, 50),
        switch_ms_p99=_ms(switches, 99),
    )


def _switches(session: Session, recipe: Recipe) -> list[float]:
    """Seconds that keys 1–4 take, over takes of noise."""
    takes, samples = session.models.takes, round(SECONDS * TAKE_RATE_HZ)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (samples, 2)).astype(np.float32)
    for number in range(1, TAKES + 1):
        message = Take(
            job=JOB, take=number, rate_hz=TAKE_RATE_HZ, samples=samples, recipe=recipe,
            measured=Measured(loudness_lufs=-16.0, true_peak_dbtp=-1.0),
        )  # fmt: skip
        takes.take_audio(message, memoryview(noise.tobytes()))
    _longest_turn(PERIOD_S)
    seconds = []
    for number in range(SWITCHES + WARM_UP):
        start_s = time.process_time()
        takes.select((number + 1) % TAKES)
        QApplication.processEvents()
        seconds.append(time.process_time() - start_s)
    return seconds


def _longest_turn(period_s: float) -> tuple[float, float]:
    """Run the event loop for a while: its longest turn in processor and in wall time."""
    end_s = time.perf_counter() + period_s
    own = wall = 0.0
    while True:
        own_s, wall_s = time.process_time(), time.perf_counter()
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
        own = max(own, time.process_time() - own_s)
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
