"""How fast this machine runs each stage, remembered between renders, for an honest ETA.

Cost is close to proportional to takes × branches × elements, so one figure per stage is kept:
seconds per element of a step, smoothed. A stage that was never run has no figure, and then there is
no ETA rather than an invented one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.cascade.events import StageProgress

_SMOOTHING: Final = 0.3


class Speeds:
    """Seconds per step and element of every stage that ran."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def learn(self, stage: str, seconds: float, elements: int) -> None:
        """One step over `elements` took `seconds`."""
        measured = seconds / max(elements, 1)
        known = self._seconds.get(stage, measured)
        self._seconds[stage] = known + _SMOOTHING * (measured - known)

    def estimate_s(self, stage: str, elements: int) -> float | None:
        """Expected seconds for so many elements of all steps; None if the stage never ran."""
        known = self._seconds.get(stage)
        return None if known is None else known * elements


@dataclass
class Workload:
    """Steps of one stage still to do; each has takes × branches × elements of x."""

    stage: str
    elements: tuple[int, ...]
    done: int = 0

    @property
    def left(self) -> int:
        """Elements of the steps that are not done."""
        return sum(self.elements[self.done :])


class Meter:
    """Counts one job's steps against its planned workloads and says how long the rest will take."""

    def __init__(
        self,
        workloads: list[Workload],
        *,
        speeds: Speeds,
        clock: Callable[[], float],
        emit: Callable[[StageProgress], None],
    ) -> None:
        self._workloads = workloads
        self._speeds = speeds
        self._clock = clock
        self._emit = emit
        self._last = clock()

    def restart_clock(self) -> None:
        """Leave the time since the last step out of the next step's measure."""
        self._last = self._clock()

    def step_done(self, stage: str, step: int, steps: int) -> None:
        """Record a step of the stage's first unfinished workload and emit progress."""
        now = self._clock()
        workload = next((w for w in self._workloads if w.stage == stage and w.left), None)
        if workload is not None:
            self._speeds.learn(stage, now - self._last, workload.elements[workload.done])
            workload.done += 1
        self._last = now
        self._emit(StageProgress(stage, step, steps, self.eta_s()))

    def eta_s(self) -> float | None:
        """Seconds until every workload is done, or None while any stage is unmeasured."""
        total = 0.0
        for workload in self._workloads:
            if workload.left == 0:
                continue
            seconds = self._speeds.estimate_s(workload.stage, workload.left)
            if seconds is None:
                return None
            total += seconds
        return total
