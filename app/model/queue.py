"""The order of jobs, and the one that runs: plain data, no engine and no Qt."""

from collections.abc import Callable

from app.model.job import Job, JobState


class JobQueue:
    """What waits and what runs."""

    def __init__(self) -> None:
        self._waiting: list[Job] = []
        self.current: Job | None = None

    @property
    def waiting(self) -> tuple[Job, ...]:
        """Next first."""
        return tuple(sorted(self._waiting, key=lambda job: job.rank))

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for anything."""
        known = [*self._waiting, *([] if self.current is None else [self.current])]
        return any(not job.background for job in known)

    def add(self, job: Job) -> None:
        """Queue a job."""
        job.state = JobState.WAITING
        self._waiting.append(job)

    def begin(self) -> Job | None:
        """The next job, now the current one; None while one runs or none waits."""
        if self.current is not None or not self._waiting:
            return None
        self.current = self.waiting[0]
        self._waiting.remove(self.current)
        self.current.state = JobState.RUNNING
        return self.current

    def find(self, number: int) -> Job | None:
        """A job that waits or runs."""
        known = [*self._waiting, *([] if self.current is None else [self.current])]
        return next((job for job in known if job.number == number), None)

    def end(self, state: JobState) -> Job | None:
        """The current job is over."""
        job, self.current = self.current, None
        if job is not None:
            job.state = state
        return job

    def drop(self, which: Callable[[Job], bool]) -> list[Job]:
        """Take waiting jobs out; they are cancelled."""
        dropped = [job for job in self._waiting if which(job)]
        self._waiting = [job for job in self._waiting if not which(job)]
        for job in dropped:
            job.state = JobState.CANCELLED
        return dropped
