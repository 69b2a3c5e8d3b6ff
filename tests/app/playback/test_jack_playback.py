"""What really leaves PortAudio, and what happens when the device is pulled out.

NOISEFALL_UNPLUGS sets how often it is (1 by default; a release is checked with 50).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from app.playback.player import Player
from app.playback.sound import Sound
from tests.app.playback.jack import RATE, Jack, missing, wait

REASON = missing()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON or "jackd is there")
UNPLUGS = int(os.environ.get("NOISEFALL_UNPLUGS", "1"))
LOOP_FRAMES = 24_007  # a prime: no block size divides it


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jack]:
    server = Jack()
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
    yield server
    server.kill()


@pytest.fixture
def player(qt: QCoreApplication, jack: Jack) -> Iterator[Player]:
    made = Player()
    yield made
    made.shutdown()


def loop() -> Sound:
    audio = np.random.default_rng(0).uniform(-0.5, 0.5, (LOOP_FRAMES, 2)).astype(np.float32)
    return Sound(audio=audio, rate_hz=RATE, periodic=True)


def place(heard: NDArray[np.float32], played: NDArray[np.float32]) -> int:
    """Where in the loop the recording begins, by its first samples that sound."""
    first = int(np.argmax(np.abs(heard[:, 0]) > 0)) + 2000  # past the fade
    piece = heard[first : first + 1024, 0]
    padded = np.concatenate([played[:, 0], played[:1023, 0]])
    return (int(np.argmax(np.correlate(padded, piece, "valid"))) - first) % LOOP_FRAMES


def test_what_is_captured_is_the_clip(player: Player, jack: Jack, tmp_path: Path) -> None:
    jack.start()
    sound = loop()
    player.set_takes([sound])
    player.set_loop(True)
    player.start()
    wait(lambda: player.output != "", 30)
    player.play()
    wait(lambda: player.position_s > 0, 30)
    path = tmp_path / "heard.wav"
    recording = jack.record(path, 3, ["PortAudio:out_0", "PortAudio:out_1"])
    wait(lambda: recording.poll() is not None, 30)
    heard, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE
    start = place(heard, sound.audio)
    expected = np.take(sound.audio, np.arange(start, start + heard.shape[0]), axis=0, mode="wrap")
    sounding = slice(int(np.argmax(np.abs(heard[:, 0]) > 0)) + 2000, None)
    error = np.abs(heard[sounding] - expected[sounding])
    assert heard[sounding].shape[0] > 2 * RATE  # four wraps and more
    assert error.max() < 2**-22  # 24 bits of the recording


def test_unplugs_keep_the_playhead_and_the_sound_comes_back(player: Player, jack: Jack) -> None:
    audio = np.tile(loop().audio, (240, 1))  # two minutes
    player.set_takes([Sound(audio=audio, rate_hz=RATE, periodic=True)])
    player.set_loop(True)
    jack.start()
    player.start()
    player.play()
    wait(lambda: player.output == "system", 30)
    gone, back = [], []
    for _ in range(UNPLUGS):
        wait(lambda: player.levels.peak_db[0] > -20 and player.output == "system", 30)
        before = player.position_s
        jack.kill()
        gone.append(wait(lambda: player.output == "", 30))
        jack.start()
        back.append(wait(lambda: player.output == "system", 30))
        assert player.playing
        after = player.position_s
        assert (after - before) % player.duration_s < 60  # it went on, and not back to the start
    print(  # noqa: T201
        f"\nnoticed after (s): median {np.median(gone):.2f}, worst {max(gone):.2f}; "
        f"sound back after: median {np.median(back):.2f}, worst {max(back):.2f}"
    )
