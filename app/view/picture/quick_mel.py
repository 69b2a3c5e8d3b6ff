"""A log-mel of a finished clip, for looking at: one window, no model ever sees it.

The engine's mel (engine.audio.mel) uses a window per band and may not be imported here; for a
picture one window of 85 ms is as good. 30 s of stereo take some 0.3 s, so it is made in the
background by whoever needs it.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.view.picture.mel_scale import (
    BANDS,
    DIFFERENCE_RANGE_DB,
    FRAMES_PER_S,
    LEVEL_RANGE_DB,
    frequency_at,
)

_WINDOW_S: Final = 0.0853
_CHUNK_FRAMES: Final = 512
_HOLD_FRAMES: Final = 2  # each spectrum stands for two frames: the window is 8 frames long


@cache
def _edges(rate_hz: int, window: int) -> NDArray[np.int64]:
    """(81,) first FFT bins of the bands; bands narrower than a bin share one."""
    hertz = np.array([frequency_at(k / BANDS) for k in range(BANDS + 1)])
    return np.minimum(np.floor(hertz * window / rate_hz).astype(np.int64), window // 2)


def quick_mel(audio: NDArray[np.float32], rate_hz: int) -> NDArray[np.float16]:
    """(samples, 2) → (160, frames) in [−1, 1]: level, then left − right, as the engine's mel."""
    window = round(_WINDOW_S * rate_hz)
    hop = rate_hz / FRAMES_PER_S * _HOLD_FRAMES
    frames = max(1, round(audio.shape[0] / hop))
    padded = np.pad(audio, ((window // 2, window), (0, 0)))
    shape = np.hanning(window).astype(np.float32)
    edges = _edges(rate_hz, window)
    power = np.empty((2, frames, BANDS), np.float32)
    for first in range(0, frames, _CHUNK_FRAMES):
        starts = np.rint(np.arange(first, min(first + _CHUNK_FRAMES, frames)) * hop).astype(int)
        at = starts[:, None] + np.arange(window)
        for channel in range(2):
            spectrum = np.fft.rfft(padded[:, channel][at] * shape, axis=1)
            bins = (spectrum.real**2 + spectrum.imag**2) * (4 / shape.sum() ** 2)
            sums = np.add.reduceat(bins, edges[:-1], axis=1)
            power[channel, first : first + len(starts)] = sums
    left, right = power + 1e-12
    level = 10 * np.log10((left + right) / 2)
    difference = 10 * np.log10(left / right)
    mel = np.concatenate([2 * level / LEVEL_RANGE_DB + 1, difference / DIFFERENCE_RANGE_DB], axis=1)
    held = np.repeat(np.clip(mel, -1, 1).T.astype(np.float16), _HOLD_FRAMES, axis=1)
    return np.ascontiguousarray(held)
