"""The engine as a child process, for the command line and the tests.

The window has its own link on QProcess; this one needs no Qt. The command may be any that speaks
the protocol on its standard streams, `ssh host noisefall-engine serve` included.

No engine outlives its client: the engine ends at the end of its input, and the operating system
closes that pipe however the client dies. Rejected: asyncio (two threads and a queue do), and
raising from `send` when the engine is dead (what it said before it died would be lost; `receive`
reports the death after the last event).
"""

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import engine
from engine.errors import UserError
from engine.protocol.framing import Blob, FrameReader, ProtocolError, encode_head
from engine.protocol.messages import VERSION, Event, Failed, Hello, Ready, Request

HANDSHAKE_S: Final = 30.0
KILL_AFTER_S: Final = 2.0
STDERR_LINES: Final = 40
UNREAD_EVENTS: Final = 16  # beyond these the engine feels that its client is slow
POLL_S: Final = 0.2  # on Windows a lock's wait is deaf to Ctrl-C
READ_BYTES: Final = 1 << 20
_WINDOWS_FLAGS: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(
    subprocess, "CREATE_NO_WINDOW", 0
)

_log = logging.getLogger(__name__)

Frame = tuple[Event, memoryview]


class EngineDied(Exception):  # noqa: N818 - it is an outcome to be told, like UserError
    """The engine ended unasked.

    Attributes:
        exit_code: as `subprocess.Popen.returncode`: negative is a signal.
        stderr_tail: the last lines of the engine's log.
        reason: what the client saw.
    """

    def __init__(self, exit_code: int, stderr_tail: tuple[str, ...], reason: str) -> None:
        super().__init__(exit_code, stderr_tail, reason)
        self.exit_code = exit_code
        self.stderr_tail = stderr_tail
        self.reason = reason

    def __str__(self) -> str:
        last = next((line for line in reversed(self.stderr_tail) if line.strip()), "")
        told = f", its last words were {last.strip()[:200]!r}" if last else ""
        return f"{self.reason}, {_ending(self.exit_code)}{told}"


def _ending(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return f"killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"killed by signal {-exit_code}"


def engine_command(*options: str) -> list[str]:
    """The command that starts this installation's engine, frozen or not."""
    if getattr(sys, "frozen", False):
        executable = Path(sys.executable)
        return [
            str(executable.with_name("noisefall-engine" + executable.suffix)),
            "serve",
            *options,
        ]
    # -P: a folder named "engine" where the user happens to be must not shadow ours.
    return [sys.executable, "-P", "-m", "engine.worker", "serve", *options]


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """The client's environment, with this very engine importable by the child."""
    here = str(Path(engine.__file__).resolve().parents[1])
    before = os.environ.get("PYTHONPATH")
    paths = here if not before else os.pathsep.join((here, before))
    return {**os.environ, "PYTHONPATH": paths, **(extra or {})}


class EngineClient:
    """One engine process: a context manager that starts it and leaves nothing behind.

    `receive` and `send` are for one thread. Blobs are read-only views.
    """

    def __init__(
        self, command: Sequence[str] | None = None, *, env: Mapping[str, str] | None = None
    ) -> None:
        self._command = list(engine_command() if command is None else command)
        self._env = _environment(env)
        self._frames: queue.Queue[Frame | None] = queue.Queue(UNREAD_EVENTS)
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._threads: list[threading.Thread] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = False
        self._reason = "the engine ended"
        self._died: EngineDied | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process that was started (of `ssh`, where the engine is elsewhere)."""
        return self._child.pid

    @property
    def stderr_tail(self) -> tuple[str, ...]:
        """The last lines of the engine's log so far."""
        return tuple(self._stderr)

    def start(self, timeout_s: float = HANDSHAKE_S) -> Ready:
        """Start the process and greet it.

        Raises:
            UserError: the command cannot be run, the engine did not answer in time, or it refused.
            EngineDied: it ended before it answered.
        """
        self._process = _spawned(self._command, self._env)
        self._threads = [
            threading.Thread(target=target, args=(pipe.fileno(),), name=name, daemon=True)
            for name, target, pipe in (
                ("engine-events", self._read_events, self._process.stdout),
                ("engine-stderr", self._read_stderr, self._process.stderr),
            )
            if pipe is not None
        ]
        for thread in self._threads:
            thread.start()
        try:
            return self._greet(timeout_s)
        except BaseException:
            self.close(kill_after_s=0.0)
            raise

    def send(self, request: Request, blob: Blob = b"") -> None:
        """Send a request. A dead engine is not an error here: `receive` tells.

        Raises:
            ProtocolError: the message is over the framing's limits.
        """
        view = memoryview(blob).cast("B")
        pieces = (memoryview(encode_head(request, view.nbytes)), view)
        pipe = self._child.stdin
        try:
            for piece in pieces:
                while piece.nbytes and pipe is not None:
                    piece = piece[pipe.write(piece) :]  # noqa: PLW2901 - what is left of it
        except (OSError, ValueError) as error:  # broken pipe, or closed
            _log.debug("not sent: %s", error)

    def receive(self, timeout_s: float | None = None) -> Frame | None:
        """The next event and its blob; None when nothing came within `timeout_s` (None waits on).

        Raises:
            EngineDied: the engine ended, or wrote what is no frame; all its events were received.
        """
        if self._died is not None:
            raise self._died
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left_s = POLL_S if deadline_s is None else min(POLL_S, deadline_s - time.monotonic())
            try:
                frame = self._frames.get(timeout=max(0.0, left_s))
            except queue.Empty:
                if deadline_s is not None and time.monotonic() >= deadline_s:
                    return None
                continue
            if frame is None:
                self._died = self._bury()
                raise self._died
            return frame

    def events(self) -> Iterator[Frame]:
        """Every event until the engine dies. Raises as `receive`."""
        while True:
            frame = self.receive()
            if frame is not None:
                yield frame

    def close(self, kill_after_s: float = KILL_AFTER_S) -> int | None:
        """End the engine: end of input, and a kill after `kill_after_s`. Returns its exit code."""
        process = self._process
        if process is None:
            return None
        self._closing = True
        if process.stdin is not None:
            process.stdin.close()  # says Shutdown, and cannot block as a message to a hung engine
        try:
            process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join(KILL_AFTER_S)  # a grandchild may hold the pipes open: do not wait for it
        for thread, pipe in zip(self._threads, (process.stdout, process.stderr), strict=True):
            if pipe is not None and not thread.is_alive():
                pipe.close()
        return process.returncode

    @property
    def _child(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            msg = "the client was not started"
            raise RuntimeError(msg)
        return self._process

    def _greet(self, timeout_s: float) -> Ready:
        self.send(Hello(version=VERSION, app_version=engine.__version__))
        frame = self.receive(timeout_s)
        match frame:
            case None:
                raise UserError(
                    "The engine was not started",
                    f"it did not answer within {timeout_s:g} s",
                    "Try again, or look at the engine's own output",
                )
            case (Ready() as ready, _):
                return ready
            case (Failed(what=what, why=why, remedy=remedy), _):
                raise UserError(what, why, remedy)
            case (message, _):
                raise UserError(
                    "The engine was not started",
                    f"it answered the greeting with {type(message).__name__}",
                    "Install the same version of Noisefall on both sides",
                )

    def _bury(self) -> EngineDied:
        """Reap a process whose events have ended."""
        exit_code = self.close()
        return EngineDied(-1 if exit_code is None else exit_code, self.stderr_tail, self._reason)

    def _read_events(self, fd: int) -> None:
        """Thread: bytes → frames → queue, then one None."""
        reader: FrameReader[Event] = FrameReader(Event)
        try:
            while data := os.read(fd, READ_BYTES):
                for frame in reader.feed(data):
                    self._queue(frame)
            if reader.partial:
                self._reason = "the engine ended in the middle of a message"
        except ProtocolError as error:
            for frame in cast(list[Frame], error.before):
                self._queue(frame)
            self._reason = f"the engine's output was not understood: {error}"
        except OSError as error:
            self._reason = f"the engine's output broke off: {error}"
        self._queue(None)

    def _queue(self, frame: Frame | None) -> None:
        while not self._closing:
            try:
                return self._frames.put(frame, timeout=POLL_S)
            except queue.Full:
                continue
        return None

    def _read_stderr(self, fd: int) -> None:
        """Thread: always drained, or an engine that logs much would stop."""
        rest = b""
        while data := _read_or_end(fd):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-READ_BYTES:]
            for line in lines:
                self._note(line)
        if rest:
            self._note(rest)

    def _note(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        self._stderr.append(text)
        _log.debug("engine: %s", text)


def _read_or_end(fd: int) -> bytes:
    try:
        return os.read(fd, READ_BYTES)
    except OSError:
        return b""


def _spawned(command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal is the client's to handle, by a Cancel.
    if not command:
        raise _not_started("the command is empty")
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=dict(env),
            start_new_session=True,
            creationflags=_WINDOWS_FLAGS,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _not_started(f"{command[0]!r}: {reason}") from None


def _not_started(why: str) -> UserError:
    remedy = "Check the command, or reinstall Noisefall"
    return UserError("The engine was not started", why, remedy)
