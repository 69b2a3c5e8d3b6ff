"""The clock of the job that runs: time spent in each stage, and an ETA that counts down."""

from collections.abc import Callable

from app.model.job import Job, StageBar
from engine.protocol.messages import Progress


class Pace:
    """One job's time; the engine's ETA, once told, takes the place of what was expected."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began_s = self._step_s = self._told_s = clock()
        self._told_eta_s: float | None = None

    def begin(self, job: Job, expected_s: float | None) -> None:
        """The job is sent now."""
        self._began_s = self._step_s = self._told_s = self._clock()
        self._told_eta_s = job.eta_s = expected_s

    def step(self, job: Job, message: Progress) -> None:
        """A step is done; the time since the one before was its stage's."""
        now_s = self._clock()
        bar = job.stages.setdefault(message.stage, StageBar(message.stage))
        bar.step, bar.steps = message.step, message.steps
        bar.seconds += now_s - self._step_s
        self._step_s = now_s
        if message.eta_s is not None:
            self._told_eta_s, self._told_s = message.eta_s, now_s

    def tick(self, job: Job) -> None:
        """Bring the job's elapsed time and ETA up to now."""
        now_s = self._clock()
        job.elapsed_s = now_s - self._began_s
        if self._told_eta_s is not None:
            job.eta_s = max(0.0, self._told_eta_s - (now_s - self._told_s))
