"""A child process that owns a native library, kept alive for as long as the window is.

Why a process. Sound and MIDI libraries end or hang the whole process when their device or server
goes away: PortAudio's JACK part asserts in Pa_Terminate
(https://github.com/PortAudio/portaudio/issues/819), JACK's close never returns
(https://github.com/pure-data/pure-data/issues/2784), and the device list is frozen until PortAudio
is initialised anew, which stops every stream
(https://github.com/spatialaudio/python-sounddevice/issues/125). In a child, all three are one case:
end it and start another. It also has an interpreter lock of its own, so that painting can never
starve the audio callback.

Rejected: threads in the window (see above), and multiprocessing (frozen helpers respawn the app:
pyinstaller #7580).
"""

import logging
import sys
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, QProcess, QTimer, Signal

from app.playback.hosting.frames import LOST, Message, encode
from engine.protocol.framing import FrameReader, ProtocolError

HOST_OPTION: Final = "--host"
# after so many short lives in a row; one that lost its device did nothing wrong, and the next one
# plays in silence until there is one
_RESTART_MS: Final = (0, 100, 300, 1000, 2000)
_SHORT_LIFE_MS: Final = 3000
_END_MS: Final = 500
_STDERR_CHARS: Final = 2000

_log = logging.getLogger(__name__)


def host_command(module: str) -> list[str]:
    """Program and arguments that run a host module ("app.playback.host").

    Frozen, there is no `-m`: the window's own program is started with HOST_OPTION and the module's
    name, and its entry point hands over to `app.playback.hosting.run`.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, HOST_OPTION, module]
    return [sys.executable, "-m", module]


class Child(QObject):
    """Starts, hears, restarts and ends one host process. All on the GUI thread, nothing waits.

    Signals:
        up(): a process was started and takes messages (again: send it all it must know).
        received(object, object): a message and its blob (memoryview).
        down(int): it ended without being asked to; another one follows.
    """

    up = Signal()
    received = Signal(object, object)
    down = Signal(int)

    def __init__(self, command: list[str], kind: object, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._kind = kind
        self._process: QProcess | None = None
        self._wanted = False
        self._short_lives = 0
        self._age = QElapsedTimer()
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self._spawn)
        self._reader: FrameReader[Message] = FrameReader(kind)

    @property
    def running(self) -> bool:
        """Whether a process is there to send to."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Its process id, 0 without one."""
        return 0 if self._process is None else int(self._process.processId())

    @property
    def short_lives(self) -> int:
        """How many processes in a row ended within 3 s of their start."""
        return self._short_lives

    def start(self) -> None:
        """Start the process, and another one whenever it ends."""
        if not self._wanted:
            self._wanted = True
            self._spawn()

    def send(self, message: Message, blob: bytes = b"") -> None:
        """Send to the running process; dropped when there is none (`up` follows)."""
        if self._process is not None:
            self._process.write(encode(message, blob))

    def stop(self) -> None:
        """End the process: by the end of its input, then by force."""
        self._wanted = False
        self._retry.stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.finished.disconnect(self._finished)
        process.closeWriteChannel()
        if not process.waitForFinished(_END_MS):
            process.kill()
            process.waitForFinished(_END_MS)
        process.deleteLater()

    def _spawn(self) -> None:
        if not self._wanted or self._process is not None:
            return
        process = QProcess(self)
        self._reader = FrameReader(self._kind)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        process.started.connect(self.up)
        self._process = process
        self._age.start()
        process.start(self._command[0], self._command[1:])

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        data = process.readAllStandardOutput().data()
        try:
            frames = self._reader.feed(data)
        except ProtocolError as error:
            _log.warning("the host process sent something else than frames: %s", error)
            process.kill()
            return
        for message, blob in frames:
            self.received.emit(message, blob)

    def _read_errors(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            _log.debug("host: %s", text.strip()[:_STDERR_CHARS])

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            _log.warning("the host process did not start: %s", self._command[0])
            self._finished(-1)

    def _finished(self, status: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.deleteLater()
        short = self._age.elapsed() < _SHORT_LIFE_MS
        self._short_lives = self._short_lives + 1 if short else 0
        self.down.emit(status)
        if self._wanted:
            lives = 0 if status == LOST else min(self._short_lives, len(_RESTART_MS) - 1)
            self._retry.start(_RESTART_MS[lives])
