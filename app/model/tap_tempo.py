"""A tempo from taps: the median interval of the last few, so that one late tap does no harm."""

import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Final

PAUSE_S: Final = 2.0  # a longer gap begins anew; 30 BPM is one tap in 2 s
INTERVALS: Final = 8


class TapTempo:
    """Feed it taps; it answers with quarter notes per minute from the second tap on."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_s: float | None = None
        self._intervals_s: deque[float] = deque(maxlen=INTERVALS)

    def tap(self) -> float | None:
        """Note a tap; the tempo so far, rounded to 0.1 BPM, None after a first tap."""
        now_s = self._clock()
        before_s, self._last_s = self._last_s, now_s
        if before_s is None or not 0 < now_s - before_s <= PAUSE_S:
            self._intervals_s.clear()
            return None
        self._intervals_s.append(now_s - before_s)
        return round(60 / median(self._intervals_s), 1)
