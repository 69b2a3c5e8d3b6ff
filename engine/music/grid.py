"""The bar grid: where beats and bars fall, as phases per frame.

BPM counts quarter notes, as DAWs do, in every meter; the *pulse* (what a foot taps) is the dotted
quarter in 6/8, 9/8 and 12/8. The beat phase follows the pulse, so the generator hears 6/8 in two.

Frame i of a track at `rate_hz` covers [i, i+1)/rate_hz and is evaluated at its centre.
Rejected: counting BPM in pulses (a 6/8 loop would not lock to the DAW's grid).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# meter → (quarter notes per bar, pulses per bar)
METER_TABLE: dict[str, tuple[float, int]] = {
    "2/4": (2.0, 2),
    "3/4": (3.0, 3),
    "4/4": (4.0, 4),
    "5/4": (5.0, 5),
    "6/8": (3.0, 2),
    "7/8": (3.5, 7),
    "9/8": (4.5, 3),
    "12/8": (6.0, 4),
}


def seconds_per_bar(bpm: float, meter: str) -> float:
    """Length of one bar in seconds; BPM counts quarter notes."""
    return METER_TABLE[meter][0] * 60 / bpm


def pulse_bpm(bpm: float, meter: str) -> float:
    """Felt pulses per minute: 120 quarters a minute in 6/8 are 80 dotted quarters."""
    quarters, pulses = METER_TABLE[meter]
    return bpm * pulses / quarters


@dataclass(frozen=True)
class Timeline:
    """A stretch of frames and the bars that lie in it.

    Attributes:
        frames: number of frames (or samples).
        rate_hz: frames per second.
        bars: bars in the stretch, not always whole; None where the tempo is free.
        pulses_per_bar: felt beats in a bar.
    """

    frames: int
    rate_hz: float
    bars: float | None
    pulses_per_bar: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate_hz

    def bar_position(self) -> NDArray[np.float64]:
        """(frames,) bars since the start at each frame's centre; zeros where the tempo is free."""
        bars_per_frame = (self.bars or 0.0) / max(self.frames, 1)
        return (np.arange(self.frames, dtype=np.float64) + 0.5) * bars_per_frame


def timeline(frames: int, rate_hz: float, *, bpm: float | None, meter: str) -> Timeline:
    """A one-shot's timeline: bars follow from tempo and length."""
    bars = None if bpm is None else frames / rate_hz / seconds_per_bar(bpm, meter)
    return Timeline(frames, rate_hz, bars, METER_TABLE[meter][1])


def loop_timeline(frames: int, rate_hz: float, *, bars: int, meter: str) -> Timeline:
    """A loop's timeline: exactly `bars` bars in `frames` frames, however frames were rounded."""
    return Timeline(frames, rate_hz, float(bars), METER_TABLE[meter][1])
