"""A real MIDI clock over a real port: read, pulled out, and read again."""

import os
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication

from app.midi.midi import Midi
from tests.app.playback.jack import Jack, missing, send_clock, wait

REASON = missing()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON or "jackd is there")
UNPLUGS = int(os.environ.get("NOISEFALL_UNPLUGS", "1"))


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jack]:
    server = Jack()
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def midi(qt: QCoreApplication, jack: Jack) -> Iterator[Midi]:
    made = Midi()
    made.start()
    yield made
    made.shutdown()


def daw_port(midi: Midi) -> str:
    return next((name for name in midi.ports if name.endswith(":clock")), "")


def test_93_bpm_and_unplugs(midi: Midi) -> None:
    tempos: list[float | None] = []
    starts: list[bool] = []
    midi.tempo_changed.connect(tempos.append)
    midi.transport_started.connect(starts.append)
    daw = send_clock(93.0)
    gone, back = [], []
    try:
        wait(lambda: bool(daw_port(midi)), 30)
        midi.choose((daw_port(midi),))
        wait(lambda: bool(midi.connected), 30)
        wait(lambda: midi.tempo_bpm is not None, 30)
        # a busy machine delays the sender itself: the tempo is right once it is left alone
        wait(lambda: abs((midi.tempo_bpm or 0) - 93.0) <= 0.1 and len(tempos) > 8, 60)
        for _ in range(UNPLUGS):
            daw.kill()
            daw.wait()
            gone.append(wait(lambda: not midi.connected, 30))
            daw = send_clock(93.0)
            back.append(wait(lambda: bool(midi.connected), 30))
            wait(lambda: midi.tempo_bpm is not None, 30)
    finally:
        daw.kill()
        daw.wait()
    told = np.array([tempo for tempo in tempos if tempo is not None])
    print(  # noqa: T201
        f"\ntempo: median {np.median(told):.2f} of {told.size}; gone after (s): "
        f"median {np.median(gone):.2f}, worst {max(gone):.2f}; "
        f"back after: median {np.median(back):.2f}, worst {max(back):.2f}"
    )


def test_the_server_dies_and_comes_back(midi: Midi, jack: Jack) -> None:
    daw = send_clock(93.0)
    gone, back = [], []
    try:
        wait(lambda: bool(daw_port(midi)), 30)
        midi.choose((daw_port(midi),))
        for _ in range(UNPLUGS):
            wait(lambda: bool(midi.connected), 30)
            daw.kill()
            daw.wait()
            jack.kill()
            gone.append(wait(lambda: not midi.ports and not midi.connected, 30))
            jack.start()
            daw = send_clock(93.0)
            back.append(wait(lambda: bool(midi.connected) and midi.tempo_bpm is not None, 40))
    finally:
        daw.kill()
        daw.wait()
    print(  # noqa: T201
        f"\nserver gone after (s): median {np.median(gone):.2f}, worst {max(gone):.2f}; "
        f"tempo back after: median {np.median(back):.2f}, worst {max(back):.2f}"
    )
