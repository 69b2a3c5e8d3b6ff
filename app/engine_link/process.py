"""One engine process from start to end: bytes to messages, and every way in which it can end.

Rejected: `engine.protocol.client` (its threads and queues do for a command line what Qt's event
loop does here), and reading in a thread (a preview of four 30 s takes is parsed in a millisecond,
and two threads of Python share one interpreter anyway).
"""

import logging
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import engine
from engine.protocol.framing import Blob, FrameReader, ProtocolError, encode_head
from engine.protocol.messages import VERSION, Event, Failed, Hello, Ready, Request

HANDSHAKE_MS: Final = 30_000
KILL_AFTER_MS: Final = 2_000
STDERR_LINES: Final = 40
LINE_LIMIT_BYTES: Final = 64 << 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ending:
    """How an engine process ended.

    Attributes:
        asked: it was told to.
        reason: what was seen, in words.
        refused: what the engine itself said while it was greeted, or None.
        log: the last lines of its standard error.
    """

    asked: bool
    reason: str
    refused: Failed | None = None
    log: tuple[str, ...] = ()


class EngineProcess(QObject):
    """A process that is started once.

    Signals:
        ready(object): the Ready message of the greeting.
        frame(object, object): an Event and its blob (a read-only memoryview).
        answered(): the engine said anything at all.
        ended(object): an Ending, once; also where it could not be started.
    """

    ready = Signal(object)
    frame = Signal(object, object)
    answered = Signal()
    ended = Signal(object)

    def __init__(
        self,
        command: Sequence[str],
        parent: QObject | None = None,
        *,
        handshake_ms: int = HANDSHAKE_MS,
    ) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._reader: FrameReader[Event] = FrameReader(Event)
        self._greeted = False
        self._asked = False
        self._over = False
        self._reason = ""
        self._refused: Failed | None = None
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._rest = b""
        self._process = QProcess(self)
        self._process.setProcessEnvironment(_environment())
        self._process.started.connect(self._greet)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_log)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)
        self._handshake = QTimer(self, singleShot=True, interval=handshake_ms)
        self._handshake.timeout.connect(
            lambda: self.kill(self.tr("it did not answer the greeting"))
        )
        self._killer = QTimer(self, singleShot=True, interval=KILL_AFTER_MS)
        self._killer.timeout.connect(self._process.kill)

    @property
    def pid(self) -> int:
        """The process that was started (of `ssh`, where the engine is elsewhere); 0 is none."""
        return int(self._process.processId())

    @property
    def unsent_bytes(self) -> int:
        """What the process has not read yet."""
        return int(self._process.bytesToWrite())

    def start(self) -> None:
        """Start it; `ready` or `ended` follows."""
        if not self._command:
            self._end(self.tr("the command is empty"))
            return
        self._handshake.start()
        self._process.start(self._command[0], self._command[1:])

    def send(self, request: Request, blob: Blob = b"") -> None:
        """Send a request. To a dead engine it goes nowhere: `ended` tells.

        Raises:
            ProtocolError: the message is over the framing's limits.
        """
        view = memoryview(blob).cast("B")
        head = encode_head(request, view.nbytes)
        if self._process.state() == QProcess.ProcessState.NotRunning:
            return
        self._process.write(head)
        if view.nbytes:
            self._process.write(bytes(view))

    def stop(self) -> None:
        """End of input: the engine ends by itself, or is killed after KILL_AFTER_MS."""
        self._asked = True
        self._process.closeWriteChannel()
        self._killer.start()

    def kill(self, reason: str) -> None:
        """End it now."""
        self._reason = self._reason or reason
        self._process.kill()

    def wait(self, timeout_ms: int = KILL_AFTER_MS) -> None:
        """Block until it is gone, killing it at the end. Only for when the application quits."""
        if not self._process.waitForFinished(timeout_ms):
            self._process.kill()
            self._process.waitForFinished(timeout_ms)

    # ── slots ─────────────────────────────────────────────────────────────────────────────

    def _greet(self) -> None:
        self.send(Hello(version=VERSION, app_version=engine.__version__))

    def _read(self) -> None:
        data = bytes(self._process.readAllStandardOutput().data())
        try:
            frames = self._reader.feed(data)
        except ProtocolError as error:
            frames = cast("list[tuple[Event, memoryview]]", error.before)
            self.kill(self.tr("its output was not understood ({0})").format(error))
        for message, blob in frames:
            self._receive(message, blob)
        if frames:
            self.answered.emit()

    def _receive(self, message: Event, blob: memoryview) -> None:
        if self._greeted:
            self.frame.emit(message, blob)
        elif isinstance(message, Ready) and message.version == VERSION:
            self._handshake.stop()
            self._greeted = True
            self.ready.emit(message)
        elif isinstance(message, Failed):
            self._refused = message
        else:
            self.kill(self.tr("it answered the greeting with something else"))

    def _read_log(self) -> None:
        data = self._rest + bytes(self._process.readAllStandardError().data())
        *lines, rest = data.split(b"\n")
        self._rest = rest[-LINE_LIMIT_BYTES:]
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            self._stderr.append(text)
            _log.info("engine: %s", text)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            words = self.tr("{0} cannot be run ({1})")
            self._end(words.format(repr(self._command[0]), self._process.errorString()))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_log()
        crashed = status == QProcess.ExitStatus.CrashExit
        code_said = self.tr("it ended with exit code {0}").format(code)
        self._end(self._reason or (self.tr("it crashed") if crashed else code_said))

    def _end(self, reason: str) -> None:
        if self._over:
            return
        self._over = True
        self._handshake.stop()
        self._killer.stop()
        self.ended.emit(Ending(self._asked, reason, self._refused, tuple(self._stderr)))


def _environment() -> QProcessEnvironment:
    """The window's environment, with this very engine importable by the child."""
    environment = QProcessEnvironment.systemEnvironment()
    here = str(Path(engine.__file__).resolve().parents[1])
    before = environment.value("PYTHONPATH")
    environment.insert("PYTHONPATH", os.pathsep.join((here, before)) if before else here)
    return environment
