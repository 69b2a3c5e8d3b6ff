"""A fake ear that can be opened by a path, and a folder of audio to hear."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
WIDTH = 4


class LevelEar:
    """Hears how loud a mel is; a text is as loud as its embedding's first value."""

    def embed(self, mels: Iterable[FloatArray]) -> FloatArray:
        rows = [self._place(float(mel[:80].mean())) for mel in mels]
        return np.array(rows, np.float32).reshape(-1, WIDTH)

    def embed_text_means(self, means: FloatArray) -> FloatArray:
        return np.array([self._place(float(row[0])) for row in means], np.float32)

    @staticmethod
    def _place(level: float) -> list[float]:
        return [float(np.cos(level)), float(np.sin(level)), 0.0, 0.0]


def open_level_ear(path: Path) -> LevelEar:
    """As `load_ear`, for processes elsewhere."""
    assert path.name == "ear"
    return LevelEar()


def clicks(seconds: float, *, bpm: float, rate_hz: int = 24_000, late_s: float = 0.0) -> FloatArray:
    """A kick on every beat, the first of each bar the strongest, over a soft chord of A minor."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 261.63, 329.63, 440.0))
    audio = 0.03 * np.asarray(chord)
    beat = 60 / bpm
    for number in range(int((seconds - late_s) / beat)):
        start = round((late_s + number * beat) * rate_hz)
        length = min(len(time_s) - start, rate_hz // 8)
        ring = np.exp(-40 * time_s[:length]) * np.sin(2 * np.pi * 90 * time_s[:length])
        audio[start : start + length] += (0.8 if number % 4 == 0 else 0.4) * ring
    return np.stack([audio, 0.8 * audio], axis=1).astype(np.float32)


def write_collection(folder: Path) -> None:
    """Five files that are read, and three that are not."""
    (folder / "albums" / "ä").mkdir(parents=True)
    soundfile.write(folder / "long.wav", clicks(33.0, bpm=120.0), 24_000)
    soundfile.write(folder / "albums" / "one.flac", clicks(6.0, bpm=96.0), 24_000)
    soundfile.write(folder / "albums" / "ä" / "two.ogg", clicks(6.0, bpm=96.0)[:, :1], 24_000)
    soundfile.write(folder / "three.mp3", clicks(6.0, bpm=96.0, rate_hz=44_100), 44_100)
    soundfile.write(folder / "short.wav", clicks(1.0, bpm=120.0), 24_000)
    soundfile.write(folder / "silent.wav", np.zeros((96_000, 2), np.float32), 24_000)
    (folder / "broken.flac").write_bytes(b"fLaC" + bytes(300))
    (folder / "cover.jpg").write_bytes(b"no audio")
