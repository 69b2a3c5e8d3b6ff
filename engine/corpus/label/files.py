"""Anyone's audio files as stretches of 24 kHz stereo of at most 30 s, read a stretch at a time.

Rejected: reading whole files (an hour's mix has a gigabyte), and guessing at a file by its bytes
(a folder of music also holds covers and project files; the endings say what is meant as audio).
"""

import hashlib
import os
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.audio.resample import soxr_resample
from engine.corpus.store.layout import RATE_HZ, SPLITS, Split
from engine.errors import UserError

ENDINGS: Final = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff")
LONGEST_S: Final = 30.0
SHORTEST_S: Final = 2.0  # less holds no caption
_RATES_HZ: Final = (4_000, 768_000)
_CHANNELS: Final = 64

FloatArray = NDArray[np.float32]


def audio_files(folder: Path) -> list[str]:
    """Paths of the audio files under a folder, relative to it, in order; links are not followed.

    Raises:
        UserError: there is no such folder, or none in it.
    """
    found = sorted(
        (Path(place) / name).relative_to(folder).as_posix()
        for place, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(ENDINGS) and not name.startswith(".")
    )
    if not found:
        raise UserError(
            "Nothing was labelled",
            f"{folder} holds no audio" if folder.is_dir() else f"there is no folder {folder}",
            f"Give a folder with files that end in {', '.join(ENDINGS)}",
        )
    return found


def split_of_file(name: str) -> Split:
    """The split of a file by its name, in the proportions of SPLITS: one file is in one split."""
    digest = hashlib.blake2b(f"split {name}".encode("utf-8", "replace"), digest_size=8).digest()
    place = int.from_bytes(digest) / 2**64
    edges = accumulate(SPLITS.values())
    return next(name for name, edge in zip(SPLITS, edges, strict=True) if place < edge + 1e-12)


def length_s(path: Path) -> float:
    """Length by the file's header, 0 where it cannot be read."""
    try:
        info = soundfile.info(path)
    except (soundfile.SoundFileError, RuntimeError, OSError):
        return 0.0
    return float(info.frames / info.samplerate) if info.samplerate > 0 else 0.0


def stretches(path: Path) -> Iterator[FloatArray]:
    """Consecutive stretches (samples, 2) at 24 kHz, 30 s each but the last, which has 2 s or more.

    Raises:
        UserError: it is no audio, damaged, or has samples that are no numbers.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if not _RATES_HZ[0] <= file.samplerate <= _RATES_HZ[1]:
                raise _unread(path, f"its rate is {file.samplerate} Hz")
            if file.channels > _CHANNELS:
                raise _unread(path, f"it has {file.channels} channels")
            block = round(LONGEST_S * file.samplerate)
            while len(audio := file.read(block, dtype="float32", always_2d=True)):
                if len(audio) >= SHORTEST_S * file.samplerate:
                    yield _stereo(path, audio, file.samplerate)
    except (soundfile.SoundFileError, RuntimeError, OSError) as error:
        raise _unread(path, str(error).rstrip(".")) from None


def _stereo(path: Path, audio: FloatArray, rate_hz: int) -> FloatArray:
    """(samples, any channels) at any rate to (samples, 2) at 24 kHz; the first two are kept."""
    if not np.isfinite(audio).all():
        raise _unread(path, "it has samples that are no numbers")
    pair = np.repeat(audio, 2, axis=1) if audio.shape[1] == 1 else audio[:, :2]
    if rate_hz == RATE_HZ:
        return np.ascontiguousarray(pair)
    return soxr_resample(np.ascontiguousarray(pair), rate_hz, RATE_HZ)


def _unread(path: Path, why: str) -> UserError:
    return UserError("The file was skipped", f"{path}: {why}", "Export it again")
