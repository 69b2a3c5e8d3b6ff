"""Levels of the real sound, ours and the baselines', side by side in one small PNG.

No axes and no words inside: the report says what is seen (a plotting library would be a dependency
for a row of images).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.bands import MelParameters
from engine.corpus.sheet.colours import level_palette
from engine.corpus.sheet.png import png_bytes, shades

FloatArray = NDArray[np.float32]

WIDTH: Final = 400  # of each, at most
LIMIT_BYTES: Final = 150_000
_ROW_HEIGHT: Final = 2
_GAP: Final = 6
_BLACK: Final = np.float32(-1)

# For 24 kHz: linear in hertz, so that what was added is a third of the picture.
LINEAR_BANDS: Final = MelParameters(
    rate_hz=24_000, hop_samples=240, fmin_hz=20.0, fmax_hz=12_000.0, break_hz=1e6,
    windows=((1024, 12_000.0),),
)  # fmt: skip


def side_by_side(mels: Sequence[FloatArray], bands: int) -> bytes:
    """A PNG of the levels of mels (2 · bands, frames) of one length, in order, with gaps."""
    images = [np.repeat(_narrowed(mel[:bands]), _ROW_HEIGHT, axis=0) for mel in mels]
    gap = np.full((images[0].shape[0], _GAP), _BLACK, np.float32)
    parts = [part for image in images for part in (image, gap)][:-1]
    return png_bytes(shades(np.concatenate(parts, axis=1)), level_palette())


def _narrowed(levels: FloatArray) -> FloatArray:
    """Means of neighbouring frames, to at most WIDTH."""
    step = -(-levels.shape[1] // WIDTH)
    count = levels.shape[1] // step
    narrow = levels[:, : count * step].reshape(levels.shape[0], count, step).mean(axis=2)
    return np.asarray(narrow, np.float32)
