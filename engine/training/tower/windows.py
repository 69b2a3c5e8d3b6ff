"""Ten-second windows of mels: what the tower hears at once.

Section 3.5 averages over non-overlapping 10 s windows. Ours are spread evenly instead, the first at
the beginning and the last at the end, so that they overlap by what a clip lacks to a whole number
of them and nothing of it goes unheard. A shorter mel is repeated: for a loop that is what it is,
and of a one-shot more is heard than beside silence. Rejected: to be told what is a loop (it changes
nothing else), and to drop the rest after the last whole window (half of a 19 s clip).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import UserError

CHANNELS: Final = 160
WINDOW_FRAMES: Final = 1000  # 10 s


def checked_mel(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mel as (160, frames) float32. Raises UserError where it is none."""
    if mel.ndim != 2 or mel.shape[0] != CHANNELS or mel.shape[1] == 0:
        raise UserError(
            "The mel was not heard",
            f"its shape is {mel.shape}, not ({CHANNELS}, frames)",
            "Give a stereo log-mel of this project's form",
        )
    found = np.asarray(mel, np.float32)
    if not np.isfinite(found).all():
        raise UserError(
            "The mel was not heard", "it has values that are no numbers", "Make it anew"
        )
    return found


def window_starts(frames: int) -> tuple[int, ...]:
    """First frame of each window of a mel, evenly spread; (0,) where it is shorter than one."""
    if frames <= WINDOW_FRAMES:
        return (0,)
    count = -(-frames // WINDOW_FRAMES)
    return tuple(round(k * (frames - WINDOW_FRAMES) / (count - 1)) for k in range(count))


def crop(rows: NDArray[Any], start: int, frames: int = WINDOW_FRAMES) -> NDArray[np.float32]:
    """A window (frames, channels) from `start` of a mel by frames (T, channels), which repeats."""
    if start + frames <= len(rows):
        return np.asarray(rows[start : start + frames], np.float32)
    places = (start + np.arange(frames)) % len(rows)
    return np.asarray(rows, np.float32)[places]


def windows(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """A mel (160, T) → (n, 160, 1000), n = ⌈T / 1000⌉."""
    rows = mel.T
    return np.stack([crop(rows, start).T for start in window_starts(mel.shape[1])])


def clip_means(rows: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """The mean of each clip's windows: (sum of counts, F) → (N, F)."""
    if not counts:
        return rows[:0]
    firsts = np.cumsum(counts) - np.asarray(counts)
    sums = np.add.reduceat(rows, firsts, axis=0)
    return np.asarray(sums / np.asarray(counts)[:, None], np.float32)
