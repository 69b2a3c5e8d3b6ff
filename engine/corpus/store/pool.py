"""Several processes, or this one, behind one face.

Processes are spawned (a fork would inherit locked locks of BLAS and the SoundFonts of a parent)
with one thread each for BLAS and OpenMP: shards are the parallelism. With `workers` 0 the work is
done here, for tests and for profiling.
"""

import itertools
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psutil

from engine.corpus.store import worker
from engine.corpus.store.worker import Report
from engine.errors import UserError

_THREADS: Final = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)  # fmt: skip
_WORKER_BYTES: Final = 1 << 30  # SoundFonts, the renderer's notes and rooms, one clip
_POLL_S: Final = 0.2
_AHEAD: Final = 4  # jobs drawn per worker: one slow shard must not leave the others idle

_Arguments = tuple[Any, ...]
_T = TypeVar("_T")


def default_workers() -> int:
    """One per core that this process may use, as far as the memory goes."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        cores = os.cpu_count() or 1
    return max(1, min(cores, psutil.virtual_memory().available // _WORKER_BYTES))


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Children start with one thread each."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _sigint_ignored() -> Iterator[None]:
    """Children start deaf to Ctrl-C; pressed meanwhile, it has to be pressed again."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Pool:
    """Runs functions of engine.corpus.store.worker; a context manager."""

    def __init__(
        self, workers: int, *, on_report: Callable[[Report], None], stop: Callable[[], bool]
    ) -> None:
        """Prepare; processes start with the first work.

        Args:
            workers: processes, 0 for none.
            on_report: called in this thread.
            stop: asked now and then, in this thread; True ends all work with `worker.Stopped`.
        """
        self.workers = workers
        self._on_report, self._asked = on_report, stop
        self._executor: ProcessPoolExecutor | None = None
        if workers == 0:
            worker.start_here(on_report, stop)
            return
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._reports: multiprocessing.Queue[Report] = context.Queue()
        self._executor = ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=worker.start_process,
            initargs=(self._reports.put, self._stop.is_set),
        )

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is None:
            worker.close_renderers()
            return
        self._stop.set()
        self._executor.shutdown(cancel_futures=True)
        self._drain()
        self._reports.close()

    def ordered(
        self, function: Callable[..., _T], jobs: Iterable[_Arguments]
    ) -> Iterator[tuple[_Arguments, _T]]:
        """(job, result) in the order of the jobs, which may be endless: few are drawn ahead.

        Raises:
            worker.Stopped: it was asked for.
            UserError: a process died.
        """
        if self._executor is None:
            for job in jobs:
                yield job, function(*job)
            return
        pending: list[tuple[_Arguments, Future[_T]]] = []
        source = iter(jobs)
        try:
            while True:
                drawn = itertools.islice(source, _AHEAD * self.workers - len(pending))
                pending += [(job, self._submit(function, job)) for job in drawn]
                if not pending:
                    return
                self._wait([future for _, future in pending], pending[0][1])
                job, done = pending.pop(0)
                yield job, done.result()
        except BrokenProcessPool:
            raise UserError(
                "The corpus was not finished",
                "a worker process died, perhaps for want of memory",
                "Give the same command again with fewer --workers: what is finished is kept",
            ) from None
        finally:
            for _, future in pending:
                future.cancel()

    def _submit(self, function: Callable[..., _T], job: _Arguments) -> "Future[_T]":
        if self._executor is None:
            raise worker.Stopped
        with _single_threaded(), _sigint_ignored():
            return self._executor.submit(function, *job)

    def _wait(self, futures: "list[Future[_T]]", first: "Future[_T]") -> None:
        """Until the first is done; a failure of any other is not waited for."""
        while not first.done():
            finished, _ = wait(futures, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            self._drain()
            if self._asked():
                self._stop.set()
                raise worker.Stopped
            for future in finished:
                if future.exception() is not None:
                    future.result()
            futures = [future for future in futures if future not in finished]
        self._drain()

    def _drain(self) -> None:
        while True:
            try:
                self._on_report(self._reports.get_nowait())
            except (queue.Empty, OSError, ValueError):
                return
