"""Requests on their way in: jobs in the order they came, each with its own cancel token.

The thread that reads puts, the main thread takes. Rejected: one token for "the current job":
cancelling a waiting job would end the running one.
"""

import threading
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from engine.protocol.messages import (
    HandOff,
    InstallBundle,
    Keep,
    LoadBundle,
    Measure,
    RemoveBundle,
    Render,
    Understand,
    Work,
)
from engine.runtime.cancel import CancelToken

WAITING_JOBS: Final = 64


@dataclass(frozen=True)
class Job:
    """A request that takes time. `number` is None for those that have none."""

    request: Work
    blob: memoryview
    token: CancelToken = field(default_factory=CancelToken)

    @property
    def number(self) -> int | None:
        """The job number that the client gave."""
        return self.request.job if isinstance(self.request, Render | Keep | HandOff) else None


@dataclass(frozen=True)
class Refusal:
    """Why a job was not queued. `number` is None where it names another job, which goes on."""

    number: int | None
    why: str


class Answer(Enum):
    """What became of a cancel."""

    UNKNOWN = "unknown"
    REMOVED = "removed"  # it was waiting, and is no more
    TOLD = "told"  # it is running, and knows


class Inbox:
    """The queue of jobs and the one that runs."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._stopped = False

    def submit(self, job: Job) -> Refusal | None:
        """Queue a job, or say why not."""
        with self._changed:
            if job.number is not None and any(job.number == j.number for j in self._known()):
                return Refusal(None, f"another job {job.number} is not finished yet")
            if isinstance(job.request, Understand):
                self._drop_asides()
                self._waiting.insert(self._after_bundles(), job)
                self._changed.notify_all()
                return None
            if len(self._waiting) >= WAITING_JOBS:
                return Refusal(job.number, f"{WAITING_JOBS} jobs are waiting already")
            measure = self._give_way()
            self._waiting.append(job)
            if measure is not None and not isinstance(job.request, Measure):
                self._waiting.append(measure)
            self._changed.notify_all()
            return None

    def cancel(self, number: int) -> Answer:
        """Cancel a job, waiting or running."""
        with self._changed:
            if self._running is not None and self._running.number == number:
                self._running.token.cancel()
                return Answer.TOLD
            for job in self._waiting:
                if job.number == number:
                    self._waiting.remove(job)
                    return Answer.REMOVED
            return Answer.UNKNOWN

    def next(self) -> Job | None:
        """Wait for a job, and note that it runs; None when the engine is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            if self._stopped:
                return None
            self._running = self._waiting.popleft()
            return self._running

    def aside(self) -> Understand | None:
        """A waiting question that a running job may answer between its steps; it waits no more."""
        with self._changed:
            first = self._waiting[0].request if self._waiting else None
            if not isinstance(first, Understand):
                return None
            self._waiting.popleft()
            return first

    def finish(self) -> None:
        """The running job has ended; call before the client is told, who may reuse its number."""
        with self._changed:
            self._running = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def stop(self) -> None:
        """Cancel what runs, forget what waits."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            if self._running is not None:
                self._running.token.cancel()
            self._changed.notify_all()

    def _give_way(self) -> Job | None:
        """End the measurement that runs, take out the one that waits: one to begin again later."""
        running, again = self._running, None
        if self._waiting and isinstance(self._waiting[-1].request, Measure):
            again = self._waiting.pop()
        if running is not None and isinstance(running.request, Measure):
            running.token.cancel()
            again = Job(running.request, running.blob)
        return again

    def _drop_asides(self) -> None:
        """Forget the questions that wait: only the newest prompt is worth an answer."""
        kept = [job for job in self._waiting if not isinstance(job.request, Understand)]
        self._waiting = deque(kept)

    def _after_bundles(self) -> int:
        """The first place in the queue at which the bundle is the one that will be asked about."""
        changes = (LoadBundle, InstallBundle, RemoveBundle)
        places = [n + 1 for n, job in enumerate(self._waiting) if isinstance(job.request, changes)]
        return max(places, default=0)

    def _known(self) -> list[Job]:
        return [*self._waiting, *([] if self._running is None else [self._running])]
