"""What the tower must not mind: level, colour, sides, softness and grain of a mel.

The taggers judge mels that a network made. Those are a little blurred, a little noisy and not quite
as loud as real ones, and a judge who minds that measures it instead of the music. Stripes of bands
and of frames are blanked beside, so that no single one decides.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BANDS: Final = 80
_DB: Final = 2 / 100  # of the level image: 100 dB span two
LEVEL_DB: Final = 6.0  # ±
TILT_DB: Final = 3.0  # ± at the outermost bands
NOISE: Final = 0.06  # standard deviation at most, 3 dB of the level
WIDTH: Final = (0.5, 1.0)  # of the difference image
BLUR: Final = 0.25  # neighbours' weight at most, in each of two passes
BLANK_BANDS: Final = 10  # at most
BLANK_FRAMES: Final = 120  # at most
SHARE: Final = 0.5  # of the items that are blurred, noisy, blanked: each by itself


def augment(mels: Tensor, rng: np.random.Generator) -> Tensor:
    """Spoil windows (B, 160, T) a little, each in its own way; the result lies in [−1, 1]."""
    count, _, frames = mels.shape
    level_db = rng.uniform(-LEVEL_DB, LEVEL_DB, (count, 1))
    tilt_db = rng.uniform(-TILT_DB, TILT_DB, (count, 1)) * np.linspace(-1, 1, BANDS)
    offset = torch.from_numpy(((level_db + tilt_db) * _DB).astype(np.float32))
    width = rng.choice([-1.0, 1.0], count) * rng.uniform(*WIDTH, count)
    turned = torch.from_numpy(width.astype(np.float32))
    found = torch.empty_like(mels)
    torch.add(mels[:, :BANDS], offset[:, :, None], out=found[:, :BANDS])
    torch.mul(mels[:, BANDS:], turned[:, None, None], out=found[:, BANDS:])
    for item, (blurred, noisy, blanked) in enumerate(rng.random((count, 3)) < SHARE):
        one = found[item]
        if blurred:
            blur(one, rng.uniform(0, BLUR))
        if noisy:
            grain = rng.standard_normal(one.shape, np.float32) * np.float32(rng.uniform(0, NOISE))
            one += torch.from_numpy(grain)
        if blanked:
            blank(one, rng.random(4), frames)
    return found.clamp_(-1, 1)


def blur(mel: Tensor, weight: float) -> None:
    """Mix each value of a mel (160, T) with its neighbours, in place: bands, then frames.

    The two on each axis get `weight` each. Edges stay, and the images do not mix.
    """
    image = mel.view(2, BANDS, -1)
    for axis in (1, 2):
        inner = image.narrow(axis, 1, image.shape[axis] - 2)
        before = image.narrow(axis, 0, image.shape[axis] - 2)
        after = image.narrow(axis, 2, image.shape[axis] - 2)
        inner.copy_((1 - 2 * weight) * inner + weight * (before + after))


def blank(mel: Tensor, draw: NDArray[np.float64], frames: int) -> None:
    """Silence a stripe of bands and one of frames of a mel (160, T), in place; `draw` in [0, 1)."""
    image = mel.view(2, BANDS, -1)
    silence = torch.tensor([-1.0, 0.0])[:, None, None]
    high = int(draw[0] * (BLANK_BANDS + 1))
    low = int(draw[1] * (BANDS - high + 1))
    image[:, low : low + high] = silence
    long = int(draw[2] * (min(BLANK_FRAMES, frames // 4) + 1))
    start = int(draw[3] * (frames - long + 1))
    image[:, :, start : start + long] = silence
