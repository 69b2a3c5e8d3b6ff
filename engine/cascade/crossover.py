"""Join the untouched low band of the draft with the new high band of the super-resolution stage.

What the musician heard in the take below 7.5 kHz is what the clip holds: the stage may only add
above. A zero-phase (hence linear-phase) raised-cosine crossover in the frequency domain sums to 1.
Rejected: trusting the network with the whole band (its low band is never exactly the input's).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

CROSSOVER_START_HZ: Final = 7_500.0
CROSSOVER_STOP_HZ: Final = 7_900.0
_PAD_S: Final = 0.05  # reflected context: the crossover's impulse response is shorter


def join_bands(
    low: NDArray[np.float32], full: NDArray[np.float32], rate_hz: int, *, loop: bool
) -> NDArray[np.float32]:
    """`low` (C, L) below 7.5 kHz, `full` (C, L) above 7.9 kHz, a raised-cosine blend between.

    On a loop the filter wraps; elsewhere the ends are reflected.
    """
    length = low.shape[-1]
    pad = 0 if loop else min(int(_PAD_S * rate_hz), length - 1)
    difference = np.pad(full - low, [(0, 0), (pad, pad)], mode="reflect")
    size = difference.shape[-1] if loop else fft.next_fast_len(difference.shape[-1], real=True)
    spectrum = fft.rfft(difference, size, axis=-1, workers=2)
    spectrum *= _high_weight(fft.rfftfreq(size, 1 / rate_hz))
    high = fft.irfft(spectrum, size, axis=-1, workers=2)[..., pad : pad + length]
    return np.asarray(low + high, np.float32)


def _high_weight(frequency_hz: NDArray[np.float64]) -> NDArray[np.float32]:
    """0 below the crossover, 1 above, half a cosine between."""
    position = (frequency_hz - CROSSOVER_START_HZ) / (CROSSOVER_STOP_HZ - CROSSOVER_START_HZ)
    weight = 0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0, 1))
    return np.asarray(weight, np.float32)
