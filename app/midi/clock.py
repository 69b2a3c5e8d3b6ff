"""MIDI clock to tempo: 24 ticks per quarter note through whatever jitter there is.

A line is fitted to the last ticks (time against count), robustly: the slope of n ticks with a
jitter of σ has an error of σ·√(12/n³), so with 1 ms of it two beats tell 93 BPM to 0.04. The window
grows to 16 beats while the tempo holds. When the last half beat leaves the line, everything older
is forgotten and the tempo is found anew within a beat.

Rejected: averaging intervals (the error falls with n, not with n^1.5, and one late tick is in it),
and a phase-locked loop (it has to be either steady or quick).
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

TICKS_PER_BEAT: Final = 24
SILENT_S: Final = 1.0  # without a tick for so long, no clock runs
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
_WINDOW: Final = 16 * TICKS_PER_BEAT
_FIRST: Final = 12  # ticks before a tempo is told
_RECENT: Final = 12  # ticks that may prove the line wrong
_STEADY: Final = 48  # ticks before a line may be proven wrong
_LEAST_TOLERANCE_S: Final = 0.003
_ROUNDS: Final = 3
_HUBER: Final = 1.5  # residuals beyond this many σ count less


class TempoFilter:
    """Ticks in, tempo out. Pure: times are given, in seconds on any steady clock."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_WINDOW)
        self._bpm: float | None = None
        self._since_fit = 0

    @property
    def bpm(self) -> float | None:
        """Quarter notes per minute; None before there is one."""
        return self._bpm

    def reset(self) -> None:
        """Forget everything."""
        self._times.clear()
        self._bpm = None

    def tick(self, time_s: float) -> None:
        """One clock message."""
        if self._times and not 0 <= time_s - self._times[-1] < SILENT_S:
            self.reset()
        self._times.append(time_s)
        self._since_fit += 1
        if len(self._times) >= _FIRST and self._since_fit >= TICKS_PER_BEAT // 4:
            self._since_fit = 0
            self._fit()

    def silent(self, time_s: float) -> bool:
        """Whether the clock has stopped by now; forgets it then."""
        if self._times and time_s - self._times[-1] > SILENT_S:
            self.reset()
        return not self._times

    def _fit(self) -> None:
        times = np.array(self._times) - self._times[0]
        if times.shape[0] >= _STEADY + _RECENT and _has_left(times):
            kept = list(self._times)[-_RECENT:]
            self._times.clear()
            self._times.extend(kept)
            times = np.array(kept) - kept[0]
        period, _, _ = robust_line(times)
        if period > 0:
            bpm = 60 / (period * TICKS_PER_BEAT)
            self._bpm = bpm if SLOWEST_BPM <= bpm <= FASTEST_BPM else None


def robust_line(times: NDArray[np.float64]) -> tuple[float, float, float]:
    """(slope, start, σ) of times against their index, late ones counting less (Huber's weights)."""
    index = np.arange(times.shape[0], dtype=np.float64)
    weights = np.ones_like(index)
    slope = start = sigma = 0.0
    for _ in range(_ROUNDS):
        total = weights.sum()
        middle, mean = float(weights @ index) / total, float(weights @ times) / total
        centred = index - middle
        slope = float((weights * centred) @ times) / float((weights * centred) @ centred)
        start = mean - slope * middle
        residuals = np.abs(times - start - slope * index)
        sigma = 1.4826 * float(np.median(residuals)) + 1e-9
        weights = np.minimum(1.0, _HUBER * sigma / np.maximum(residuals, 1e-12))
    return slope, start, sigma


def _has_left(times: NDArray[np.float64]) -> bool:
    """Whether the last ticks no longer lie on the line of those before."""
    slope, start, sigma = robust_line(times[:-_RECENT])
    index = np.arange(times.shape[0] - _RECENT, times.shape[0])
    residuals = times[-_RECENT:] - start - slope * index
    return abs(float(np.median(residuals))) > max(_LEAST_TOLERANCE_S, 3 * sigma)


class DriverClock:
    """Times of messages, from the driver's own intervals.

    RtMidi's delta times are stamped by the kernel or the driver (ALSA, CoreMIDI, WinMM), before the
    message waits for this process and its interpreter; `perf_counter` in the callback has all that
    waiting in it. So the deltas are summed. Where the sum and the real time part (a delta left out,
    a clock that drifts), the real time is taken up again.
    """

    _PART_S: Final = 0.1

    def __init__(self) -> None:
        self._at_s: float | None = None

    def stamp(self, delta_s: float, now_s: float) -> float:
        """Time of a message that came `delta_s` after the one before it."""
        at = now_s if self._at_s is None else self._at_s + delta_s
        self._at_s = at if abs(at - now_s) < self._PART_S else now_s
        return self._at_s
