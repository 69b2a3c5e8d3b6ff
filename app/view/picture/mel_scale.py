"""Between a mel's rows and frequencies: the scale ln(1 + f / 200 Hz) from 20 Hz to 8 kHz.

The constants are those of the engine's mel (engine.bundle.manifest.MelSpec's defaults), which the
window may not import.
"""

from math import exp, log
from typing import Final

BANDS: Final = 80
FMIN_HZ: Final = 20.0
FMAX_HZ: Final = 8_000.0
BREAK_HZ: Final = 200.0
FRAMES_PER_S: Final = 100
LEVEL_RANGE_DB: Final = 100.0  # −1 … 1
DIFFERENCE_RANGE_DB: Final = 24.0  # 0 … 1
TICKS_HZ: Final = (50, 100, 200, 500, 1_000, 2_000, 4_000, 8_000)


def height_of(frequency_hz: float) -> float:
    """Height of a frequency in the picture: 0 at 20 Hz, 1 at 8 kHz."""
    low = log(1 + FMIN_HZ / BREAK_HZ)
    return (log(1 + frequency_hz / BREAK_HZ) - low) / (log(1 + FMAX_HZ / BREAK_HZ) - low)


def frequency_at(height: float) -> float:
    """The frequency at a height of 0–1."""
    low = log(1 + FMIN_HZ / BREAK_HZ)
    return BREAK_HZ * (exp(low + height * (log(1 + FMAX_HZ / BREAK_HZ) - low)) - 1)


def spoken_hz(frequency_hz: float) -> str:
    """A frequency as an axis says it: 200, 1k, 1.5k."""
    return f"{frequency_hz:.0f}" if frequency_hz < 1000 else f"{frequency_hz / 1000:.3g}k"
