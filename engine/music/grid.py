"""The bar grid: where beats and bars fall, as phases per frame.

Frame i of a track at `rate_hz` covers [i, i+1)/rate_hz and is evaluated at its centre. The beat
phase follows the pulse of `engine.music.meter`, so the generator hears 6/8 in two. Rejected: times
in seconds at the frame's start (a beat would lie on the edge between two frames).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.music.meter import METER_TABLE, seconds_per_bar


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
