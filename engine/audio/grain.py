"""The grain of a stereo image: what differs between left and right from frame to frame, by chance.

Reverbs, choruses and doubled parts make the difference of a band's levels flicker. A denoiser's
last estimate is a mean, in which all that is smoothed away: takes sound flatter than music, and a
classifier knows mels by it. What is missing is drawn. On real clips the flicker follows the image,
so it is drawn as a share of its local RMS, band by band, white in time: where left and right are
alike, they stay alike.

Rejected: drawing at every step what an estimate leaves unknown (the network takes it for music,
and genres are lost), the same of levels (nobody can tell), and more contrast of what is there (it
is not what is missing).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

GRAIN_LOG_SNR: Final = 0.0  # of the estimate that shares are measured on
_IMAGE_FRAMES: Final = 25  # over which an image has an RMS
_SLOW_FRAMES: Final = 9  # what moves more slowly is no grain


def image_rms(difference: FloatArray, *, loop: bool) -> FloatArray:
    """The local RMS of (…, frames) over a quarter of a second, the same shape."""
    return np.sqrt(np.maximum(_smooth(np.square(difference), _IMAGE_FRAMES, loop=loop), 0))


def flicker(difference: FloatArray, *, loop: bool) -> FloatArray:
    """What of (…, frames) changes faster than 9 frames, the same shape."""
    return difference - _smooth(difference, _SLOW_FRAMES, loop=loop)


def with_grain(
    mels: FloatArray,
    shares: FloatArray,
    noise: FloatArray,
    *,
    loop: bool,
    known: float = 0.0,
) -> FloatArray:
    """Mels with the grain that their estimate lacks.

    Args:
        mels: (B, C, frames) in [−1, 1].
        shares: (C,) deviation of the grain ÷ the channel's local RMS; 0 leaves a channel as it is.
        noise: (B, C, frames) standard normal.
        loop: whether the ends join.
        known: precision, in units of a mel, with which the last step knew more than an estimate at
            GRAIN_LOG_SNR: what it has decided is not drawn again.

    Returns:
        (B, C, frames) in [−1, 1].
    """
    grained = np.array(mels, np.float32)
    there = shares > 0
    deviation = shares[there, None] * image_rms(grained[:, there], loop=loop)
    deviation /= np.sqrt(1 + known * np.square(deviation))
    grained[:, there] += deviation * noise[:, there]
    return np.clip(grained, -1, 1, out=grained)


def _smooth(values: FloatArray, width: int, *, loop: bool) -> FloatArray:
    """Running mean over an odd number of the last axis's elements."""
    beside = [(0, 0)] * (values.ndim - 1) + [(width // 2, width // 2)]
    wide = np.pad(values, beside, mode="wrap" if loop else "edge").astype(np.float64)
    total = np.cumsum(np.concatenate([np.zeros_like(wide[..., :1]), wide], axis=-1), axis=-1)
    return np.asarray((total[..., width:] - total[..., :-width]) / width, np.float32)
