"""The engine's loop: one thread reads requests, the main thread runs jobs, one thread writes.

Jobs run in the main thread, one at a time: several live sessions contend for the cores, and
native libraries are happiest there. Rejected: asyncio (nothing here waits for more than one
thing) and a process per job (it would load the models again).
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, cast

import engine
from engine.errors import UserError
from engine.protocol.framing import FrameReader, ProtocolError
from engine.protocol.messages import (
    VERSION,
    Bundles,
    Cancel,
    Cancelled,
    Devices,
    Done,
    Event,
    Failed,
    HandedOff,
    HandOff,
    Hello,
    InstallBundle,
    Keep,
    LoadBundle,
    Measure,
    Ready,
    RemoveBundle,
    Render,
    Request,
    Shutdown,
    Stages,
    Understand,
    Work,
)
from engine.recipe import checked
from engine.runtime import cancel as cancellation
from engine.worker.inbox import Answer, Inbox, Job
from engine.worker.outbox import Outbox
from engine.worker.parts import Parts, Renderer
from engine.worker.streams import chunks, write_all

if TYPE_CHECKING:
    from engine.cascade.events import CascadeEvent

EXIT_OK: Final = 0
EXIT_PROTOCOL: Final = 2  # malformed input
EXIT_VERSION: Final = 3
EXIT_GRACE_S: Final = 0.8  # a native call that is deaf to `terminate` is left behind
FLUSH_S: Final = 0.5
WHY_LIMIT_CHARS: Final = 300

_log = logging.getLogger(__name__)


def serve(parts: Parts, *, input_fd: int, output_fd: int) -> int:
    """Answer requests from `input_fd` until it ends. Returns the exit code."""
    worker = Worker(parts, write=lambda data: write_all(output_fd, data))
    reader = threading.Thread(target=worker.read, args=(input_fd,), name="requests", daemon=True)
    reader.start()
    return worker.run()


class Worker:
    """The engine without its process: `read` runs in one thread, `run` in another."""

    def __init__(self, parts: Parts, *, write: Callable[[memoryview], None]) -> None:
        self._parts = parts
        self._inbox = Inbox()
        self._outbox = Outbox(write, on_broken=lambda: self._stop(EXIT_OK))
        self._greeted = threading.Event()
        self._exit_code: int | None = None
        self._stopping = threading.Lock()

    # ── the thread that reads; it never waits for anything but input ──────────────────────

    def read(self, fd: int) -> None:
        """Answer or queue every request that arrives, until the input ends or makes no sense."""
        frames: FrameReader[Request] = FrameReader(Request)
        try:
            for data in chunks(fd):
                for request, blob in frames.feed(data):
                    self._receive(request, blob)
                    if self._exit_code is not None:
                        return
            self._stop(EXIT_OK)
        except ProtocolError as error:
            self._refuse(
                "The engine stopped",
                f"it was sent what is no message ({error})"[:WHY_LIMIT_CHARS],
                "Install the same version of Noisefall on both sides",
                exit_code=EXIT_PROTOCOL,
            )

    def _receive(self, request: Request, blob: memoryview) -> None:
        if isinstance(request, Hello):
            self._greet(request)
        elif not self._greeted.is_set():
            self._refuse(
                "The engine stopped",
                f"{type(request).__name__} came before the greeting",
                "Install the same version of Noisefall on both sides",
                exit_code=EXIT_PROTOCOL,
            )
        elif isinstance(request, Shutdown):
            self._stop(EXIT_OK)
        elif isinstance(request, Cancel):
            if self._inbox.cancel(request.job) is Answer.REMOVED:
                self._outbox.put(Cancelled(job=request.job), wait=False)
        else:
            refusal = self._inbox.submit(Job(request, blob))
            if refusal is not None:
                what, remedy = "The job was not taken on", "Wait until a job has ended"
                failed = _failed(refusal.number, what, refusal.why, remedy)
                self._outbox.put(failed, wait=False)

    def _greet(self, hello: Hello) -> None:
        if hello.version != VERSION:
            self._refuse(
                "The engine was not started",
                f"it speaks version {VERSION} of the protocol, and the other side {hello.version}",
                "Install the same version of Noisefall on both sides",
                exit_code=EXIT_VERSION,
            )
            return
        ready = Ready(version=VERSION, engine_version=engine.__version__, pid=os.getpid())
        self._outbox.put(ready, wait=False)
        self._greeted.set()

    def _refuse(self, what: str, why: str, remedy: str, *, exit_code: int) -> None:
        self._outbox.put(_failed(None, what, why, remedy), wait=False)
        self._stop(exit_code)

    def _stop(self, exit_code: int) -> None:
        """Cancel everything and end `run`, by force after EXIT_GRACE_S. From any thread."""
        with self._stopping:
            if self._exit_code is not None:
                return
            self._exit_code = exit_code
        force = threading.Timer(EXIT_GRACE_S, os._exit, args=(exit_code,))
        force.daemon = True
        force.start()
        self._outbox.unbound()
        self._inbox.stop()
        self._greeted.set()

    # ── the main thread ───────────────────────────────────────────────────────────────────

    def run(self) -> int:
        """Run jobs until the engine is to end. Returns the exit code."""
        self._greeted.wait()
        if self._inbox.idle and self._exit_code is None:
            self._warm()
        while (job := self._inbox.next()) is not None:
            ending = self._ending(job, partial(self._HANDLERS[type(job.request)], self))
            self._inbox.finish()
            self._finish(job.number, _unasked(job, ending))
        self._outbox.close(FLUSH_S)
        return EXIT_OK if self._exit_code is None else self._exit_code

    def _warm(self) -> None:
        try:
            self._parts.warm()
        except Exception:  # the first job meets it again, and can tell someone
            _log.exception("preparing failed")

    def _ending(self, job: Job, work: Callable[[Job], Event]) -> Event | None:
        """Run a job; the message that ends it, None for a cancelled one that has no number."""
        try:
            return work(job)
        except Exception as error:  # the process's edge: the next job may well succeed
            if job.token.cancelled or isinstance(error, cancellation.Cancelled):
                return None if job.number is None else Cancelled(job=job.number)
            if isinstance(error, UserError):
                return _failed(job.number, error.what, error.why, error.remedy)
            _log.exception("%s failed", type(job.request).__name__)
            return _unexpected(job.number, error)

    def _finish(self, number: int | None, ending: Event | None) -> None:
        if ending is None:
            return
        try:
            self._outbox.put(ending)
        except ProtocolError as error:  # a name that is no text, from a driver or a file system
            self._outbox.put(_unexpected(number, error))

    def _devices(self, _: Job) -> Event:
        return self._parts.devices()

    def _load(self, job: Job) -> Event:
        request = cast(LoadBundle, job.request)
        return self._parts.load(request.bundle)

    def _stages(self, _: Job) -> Event:
        return self._parts.stages()

    def _bundles(self, job: Job) -> Event:
        from engine.worker import bundles  # noqa: PLC0415 - numpy, after Ready

        match job.request:
            case InstallBundle(path=path):
                return bundles.install_bundle(path)
            case RemoveBundle(bundle=bundle):
                return bundles.remove_bundle(bundle)
        return bundles.bundles_report()

    def _hand_off(self, job: Job) -> Event:
        from engine.worker import handoff  # noqa: PLC0415 - numpy, after Ready

        request = cast(HandOff, job.request)
        started_s = time.monotonic()
        name, samples, wav = handoff.answered(job.blob, request)
        rate_hz = request.rate_hz
        handed = HandedOff(job=request.job, name=name, rate_hz=rate_hz, samples=samples)
        self._outbox.put(handed, wav)
        return Done(job=request.job, seconds=time.monotonic() - started_s)

    def _render(self, job: Job) -> Event:
        request = cast(Render, job.request)
        started_s = time.monotonic()
        recipe = checked(request.recipe)
        renderer = self._parts.renderer(recipe.bundle, self._outbox.put)
        renderer.render(recipe, emit=self._sink(job, request.job, renderer), cancel=job.token)
        return Done(job=request.job, seconds=time.monotonic() - started_s)

    def _keep(self, job: Job) -> Event:
        from engine.worker.convert import take_audio  # noqa: PLC0415 - numpy, after Ready

        request = cast(Keep, job.request)
        started_s = time.monotonic()
        recipe, audio = checked(request.recipe), take_audio(job.blob)
        renderer = self._parts.renderer(recipe.bundle, self._outbox.put)
        sink = self._sink(job, request.job, renderer)
        renderer.finish(recipe, audio, request.take, emit=sink, cancel=job.token)
        return Done(job=request.job, seconds=time.monotonic() - started_s)

    def _understand(self, job: Job) -> Event:
        from engine.worker.understand import understood  # noqa: PLC0415 - numpy, after Ready

        request = cast(Understand, job.request)
        return understood(request, self._parts.renderer("", self._outbox.put), job.token)

    def _measure(self, job: Job) -> Event:
        from engine.worker.measure import measured_speed  # noqa: PLC0415 - numpy, after Ready

        renderer = self._parts.renderer("", self._outbox.put)

        def between() -> None:
            job.token.check()
            self._answer_aside(renderer)

        return measured_speed(renderer, self._parts.stages(), job.token, between=between)

    def _answer_aside(self, renderer: Renderer) -> None:
        """Answer a question about a prompt between two steps of a job, with the job's bundle.

        It is a job of its own: cancelling the other does not lose it, and when it fails, the other
        goes on.
        """
        from engine.worker.understand import understood  # noqa: PLC0415 - numpy, after Ready

        request = self._inbox.aside()
        if request is not None:
            job = Job(request, memoryview(b""))
            ending = self._ending(job, lambda it: understood(request, renderer, it.token))
            self._finish(job.number, ending)

    def _sink(self, job: Job, number: int, renderer: Renderer) -> "Callable[[CascadeEvent], None]":
        """Where a job's events go. It is also a place where a cancelled job ends."""
        from engine.worker.convert import Converter  # noqa: PLC0415 - numpy, after Ready

        convert = Converter(number)

        def emit(event: "CascadeEvent") -> None:
            job.token.check()
            message = convert(event)
            if message is not None:
                self._outbox.put(*message)
            self._answer_aside(renderer)

        return emit

    _HANDLERS: ClassVar[dict[type[Work], Callable[["Worker", Job], Event]]] = {
        Devices: _devices,
        LoadBundle: _load,
        Render: _render,
        Keep: _keep,
        HandOff: _hand_off,
        Stages: _stages,
        Bundles: _bundles,
        InstallBundle: _bundles,
        RemoveBundle: _bundles,
        Understand: _understand,
        Measure: _measure,
    }


def _unasked(job: Job, ending: Event | None) -> Event | None:
    """What to tell of a job; a measurement that failed is nobody's trouble: a render will tell."""
    if isinstance(job.request, Measure) and isinstance(ending, Failed):
        _log.warning("the speed was not measured: %s (%s)", ending.what, ending.why)
        return None
    return ending


def _failed(job: int | None, what: str, why: str, remedy: str) -> Failed:
    """Failed, in text that any frame can carry (a file name may hold bytes that are no text)."""
    what, why, remedy = (
        part.encode("utf-8", "backslashreplace").decode() for part in (what, why, remedy)
    )
    return Failed(job=job, what=what, why=why, remedy=remedy)


def _unexpected(job: int | None, error: Exception) -> Failed:
    """What to tell of an error that nobody foresaw; memory running out is the likeliest."""
    from engine.runtime.memory import OutOfMemory, is_out_of_memory  # noqa: PLC0415 - rarely needed

    said = str(error).strip().partition("\n")[0]
    why = (f"{type(error).__name__}: {said}" if said else type(error).__name__)[:WHY_LIMIT_CHARS]
    if isinstance(error, OutOfMemory) or is_out_of_memory(error):
        remedy = "Close other programs, or ask for fewer takes or a shorter clip"
        return _failed(job, "The memory was not enough", why, remedy)
    remedy = "Try again; if it returns, report it with the engine's log"
    return _failed(job, "The engine had an internal error", why, remedy)
