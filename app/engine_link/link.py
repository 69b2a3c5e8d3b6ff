"""Keeps an engine alive: starts it, watches it, restarts it, and gives up in the end.

An engine is asked for a sign of life every second, by the greeting, which its reading thread
answers whatever the job does; one that is silent is killed. After an unasked end the next one
starts at once, then after growing pauses; after GIVE_UP quick ends in a row it is down until the
user asks again. Rejected: taking silence during a job for a hang (one step of the paper's preset
may take a minute on an old machine).
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

import engine
from app.engine_link.process import Ending, EngineProcess
from engine.protocol.framing import Blob
from engine.protocol.messages import (
    VERSION,
    Event,
    Hello,
    Preview,
    Progress,
    Ready,
    Request,
)

GIVE_UP: Final = 5  # as Jupyter's kernel restarter
PAUSES_MS: Final = (0, 200, 500, 1_000, 2_000)

_log = logging.getLogger(__name__)


class LinkState(Enum):
    """What the link is at."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    DOWN = "down"


@dataclass(frozen=True)
class LinkTimes:
    """Patience, in milliseconds; tests have less of it.

    Attributes:
        handshake: from the start to Ready; an engine behind ssh needs some.
        beat: between two signs of life.
        silence: without any sign, after which it is killed. Importing a large native library may
            stop a Python process for seconds on a cold disk.
        preview: least time between two previews that are passed on.
        quick: an engine that lived longer has done well.
    """

    handshake: int = 30_000
    beat: int = 1_000
    silence: int = 10_000
    preview: int = 80
    quick: int = 20_000


class EngineLink(QObject):
    """The engine, whichever process it is at the moment.

    Args:
        command: gives the command at each start, so that settings can change it.

    Signals:
        state_changed(): see `state`.
        ready(object): Ready, of each engine that started.
        frame(object, object): an Event and its blob; of previews the newest one only.
        lost(object): an Ending that nobody asked for; what was under way is gone.
    """

    state_changed = Signal()
    ready = Signal(object)
    frame = Signal(object, object)
    lost = Signal(object)

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        parent: QObject | None = None,
        *,
        times: LinkTimes = LinkTimes(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._command = command
        self._times = times
        self._clock = clock
        self._state = LinkState.OFF
        self._process: EngineProcess | None = None
        self._quick_ends = 0
        self._started_s = 0.0
        self._heard_s = 0.0
        self._asked_s = 0.0
        self._last_ending: Ending | None = None
        self._preview: tuple[Preview, memoryview] | None = None
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._start)
        self._beat = QTimer(self, interval=times.beat)
        self._beat.timeout.connect(self._on_beat)
        self._preview_timer = QTimer(self, singleShot=True, interval=times.preview)
        self._preview_timer.timeout.connect(self._pass_preview)

    @property
    def state(self) -> LinkState:
        """What the link is at."""
        return self._state

    @property
    def last_ending(self) -> Ending | None:
        """How the engine before this one ended, unasked."""
        return self._last_ending

    @property
    def pid(self) -> int:
        """The process at the moment; 0 is none."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Start, or try again after it was given up."""
        if self._state in (LinkState.OFF, LinkState.DOWN):
            self._quick_ends = 0
            self._start()

    def restart(self) -> None:
        """End this engine and start another: other settings, or a job that does not end.

        What was under way is lost without `lost` being told: whoever asks knows.
        """
        self._discard("it was restarted")
        self._quick_ends = 0
        self._set_state(LinkState.RESTARTING)
        self._pause.start(0)

    def stop(self) -> None:
        """End the engine and wait for it, at most 2 s. For when the application quits."""
        self._pause.stop()
        self._beat.stop()
        process, self._process = self._process, None
        if process is not None:
            process.ended.disconnect(self._on_ended)
            process.frame.disconnect(self._on_frame)
            process.stop()
            process.wait()
        self._set_state(LinkState.OFF)

    def send(self, request: Request, blob: Blob = b"") -> bool:
        """Send a request; whether an engine is there to get it.

        Raises:
            ProtocolError: the message is over the framing's limits.
        """
        if self._process is None or self._state is not LinkState.READY:
            return False
        self._process.send(request, blob)
        return True

    # ── a process's life ──────────────────────────────────────────────────────────────────

    def _start(self) -> None:
        self._set_state(
            LinkState.RESTARTING if self._last_ending is not None else LinkState.STARTING
        )
        self._started_s = self._heard_s = self._asked_s = self._clock()
        process = EngineProcess(self._command(), self, handshake_ms=self._times.handshake)
        process.ready.connect(self._on_ready)
        process.frame.connect(self._on_frame)
        process.answered.connect(self._on_answered)
        process.ended.connect(self._on_ended)
        self._process = process
        process.start()

    def _discard(self, reason: str) -> None:
        """Kill the process and hear no more of it."""
        process, self._process = self._process, None
        self._forget_preview()
        self._beat.stop()
        if process is not None:
            process.ended.disconnect(self._on_ended)
            process.frame.disconnect(self._on_frame)
            process.ended.connect(process.deleteLater)
            process.kill(reason)

    def _on_ready(self, message: Ready) -> None:
        self._heard_s = self._clock()
        self._beat.start()
        self._set_state(LinkState.READY)
        self.ready.emit(message)

    def _on_ended(self, ending: Ending) -> None:
        process, self._process = self._process, None
        self._forget_preview()
        self._beat.stop()
        if process is not None:
            process.deleteLater()
        _log.warning("the engine ended: %s", ending.reason)
        self._last_ending = ending
        lived_ms = (self._clock() - self._started_s) * 1e3
        self._quick_ends = self._quick_ends + 1 if lived_ms < self._times.quick else 1
        hopeless = ending.refused is not None or self._quick_ends >= GIVE_UP
        self._set_state(LinkState.DOWN if hopeless else LinkState.RESTARTING)
        if not hopeless:
            self._pause.start(PAUSES_MS[min(self._quick_ends, len(PAUSES_MS)) - 1])
        self.lost.emit(ending)

    def _set_state(self, state: LinkState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit()

    # ── what it says ──────────────────────────────────────────────────────────────────────

    def _on_answered(self) -> None:
        self._heard_s = self._clock()

    def _on_beat(self) -> None:
        """Ask for a sign of life; kill what has been silent for too long.

        A window that was itself stopped (a suspended laptop) must not blame the engine: time
        counts only while beats come on time.
        """
        now_s = self._clock()
        late = now_s - self._asked_s > 3 * self._times.beat / 1e3
        self._asked_s = now_s
        if late:
            self._heard_s = now_s
        elif (now_s - self._heard_s) * 1e3 > self._times.silence and self._process is not None:
            self._process.kill(self.tr("it did not answer any more"))
            return
        if self._process is not None and self._process.unsent_bytes == 0:
            self._process.send(Hello(version=VERSION, app_version=engine.__version__))

    def _on_frame(self, message: Event, blob: memoryview) -> None:
        if isinstance(message, Ready):  # the answer to a beat
            return
        if isinstance(message, Preview):
            self._preview = (message, blob)
            if not self._preview_timer.isActive():
                self._pass_preview()
            return
        if not isinstance(message, Progress):
            self._pass_preview()  # it came before what ends the job
        self.frame.emit(message, blob)

    def _pass_preview(self) -> None:
        """Pass on the newest preview; the next one waits its time."""
        preview, self._preview = self._preview, None
        if preview is not None:
            self._preview_timer.start()
            self.frame.emit(*preview)

    def _forget_preview(self) -> None:
        self._preview_timer.stop()
        self._preview = None
