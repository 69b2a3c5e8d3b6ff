"""Join the untouched low band of the draft with the new high band of the super-resolution stage.

What the musician heard in the take below 7.5 kHz is what the clip holds: the stage may only add
above. The high band of (full − low) is added to low, through one symmetric FIR, hence of linear
phase and, read at its centre, of no delay.
Rejected: trusting the network with the whole band (its low band is never exactly the input's), and
one FFT over the whole clip (three times slower than overlapping blocks that stay in the cache).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

CROSSOVER_START_HZ: Final = 7_500.0  # nothing is changed below
CROSSOVER_STOP_HZ: Final = 7_900.0  # everything is new above
STOPBAND_DB: Final = 80.0


def join_bands(
    low: NDArray[np.float32], full: NDArray[np.float32], rate_hz: int, *, loop: bool
) -> NDArray[np.float32]:
    """`low` (C, L) below 7.5 kHz, `full` (C, L) above 7.9 kHz, a blend between.

    On a loop the filter wraps; elsewhere the ends are reflected.
    """
    from scipy.signal import oaconvolve  # noqa: PLC0415 - a second of start-up

    taps = _high_pass(rate_hz)
    difference = np.pad(
        full - low, [(0, 0), (taps.size // 2, taps.size // 2)], mode="wrap" if loop else "reflect"
    )
    high = oaconvolve(difference, taps[None], mode="valid", axes=1)
    return np.asarray(low + high, np.float32)


@lru_cache(maxsize=2)
def _high_pass(rate_hz: int) -> NDArray[np.float32]:
    """Odd, symmetric taps of a Kaiser-windowed high-pass between the two corner frequencies."""
    from scipy.signal import firwin, kaiserord  # noqa: PLC0415 - as above

    width_hz = CROSSOVER_STOP_HZ - CROSSOVER_START_HZ
    count, beta = kaiserord(STOPBAND_DB, 2 * width_hz / rate_hz)
    centre_hz = (CROSSOVER_START_HZ + CROSSOVER_STOP_HZ) / 2
    taps = firwin(count | 1, centre_hz, window=("kaiser", beta), pass_zero=False, fs=rate_hz)
    return np.asarray(taps, np.float32)
