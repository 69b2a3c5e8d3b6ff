"""The open device: chosen, watched, replaced by silence, and taken up again.

While nothing has been played for a while the stream is closed and devices are listed anew every few
seconds, because PortAudio can only do so without a stream. So a device that was plugged in, or a
new default, is found before the next note rather than never.
"""

import logging
from collections.abc import Callable
from typing import Final

from app.playback.devices import Backend, Callback, Stream
from app.playback.sound import OutputDevice
from app.texts import QT_TRANSLATE_NOOP, Line

IDLE_CLOSE_S: Final = 15.0
LOOK_S: Final = 0.5  # between looks for a device while there is none, or not the chosen one
IDLE_LOOK_S: Final = 3.0
STALL_S: Final = 1.0  # without a callback, a device is lost
_NONE_THERE: Final = QT_TRANSLATE_NOOP(
    "sound", "No sound device: connect one, and it is used by itself"
)
_NONE_OPENS: Final = QT_TRANSLATE_NOOP(
    "sound", "No sound device opens: close the program that holds it, or choose another"
)
_ANOTHER: Final = QT_TRANSLATE_NOOP(
    "sound", "{0} is not there: playing through {1} until it returns"
)

_log = logging.getLogger(__name__)


class DeviceLostError(Exception):
    """The stream ended or stalled: its library is no longer to be trusted."""


class Output:
    """Holds one stream at a time. All methods on one thread; `driver` guards calls that may hang.

    Attributes:
        devices: as last listed.
        current: the device that plays (or will, as long as nothing is open), None for silence.
        trouble: one calm line, empty where all is well.
    """

    def __init__(
        self, backend: Backend, callback: Callback, *, silent: Callable[[Callback], Stream]
    ) -> None:
        self._backend = backend
        self._callback = callback
        self._silent = silent
        self._stream: Stream | None = None
        self._wanted = ""
        self._looked_s = -1e9
        self._active_s = 0.0
        self._failed: set[str] = set()
        self.devices: tuple[OutputDevice, ...] = ()
        self.current: OutputDevice | None = None
        self.trouble = Line()

    @property
    def rate_hz(self) -> int:
        """Rate of the stream, 0 while there is none."""
        return 0 if self._stream is None else self._stream.rate_hz

    @property
    def latency_s(self) -> float:
        """Latency of the stream."""
        return 0.0 if self._stream is None else self._stream.latency_s

    def use(self, device_id: str, now_s: float) -> None:
        """Choose a device ("" follows the system) and play through it."""
        self._wanted = device_id
        self._failed.clear()
        self.reopen(now_s)

    def reopen(self, now_s: float) -> None:
        """List devices and open the best one; silence where none opens."""
        self.close()
        self._list()
        self._open(now_s)

    def _open(self, now_s: float) -> None:
        self._looked_s = self._active_s = now_s
        for device in self._candidates():
            try:
                self._stream = self._backend.open(device, self._callback)
            except OSError as error:
                _log.warning("%s does not open: %s", device.name, error)
                self._failed.add(device.id)
                continue
            self.current = device
            self._tell(device)
            return
        self.current = None
        self._stream = self._silent(self._callback)
        self._tell(None)

    def close(self) -> None:
        """End the stream. A device that is alive only: closing a dead one may hang."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def watch(self, now_s: float, last_block_s: float, *, busy: bool) -> bool:
        """Look after the stream; True if something changed.

        Args:
            now_s: perf_counter.
            last_block_s: when the callback last ran.
            busy: something is played or still heard.

        Raises:
            DeviceLostError: the device went away.
        """
        if busy:
            self._active_s = now_s
        if self._stream is None:
            return self._look_idle(now_s, busy=busy)
        if self.current is None:
            return self._look_silent(now_s)
        if self._stream.finished() or now_s - max(last_block_s, self._looked_s) > STALL_S:
            raise DeviceLostError(self.current.name)
        if busy:
            return False
        if self._wanted not in ("", self.current.id) and now_s - self._looked_s > IDLE_LOOK_S:
            before = self._state()
            self.reopen(now_s)
            return self._state() != before
        if now_s - self._active_s > IDLE_CLOSE_S:
            self.close()
        return False

    def _look_idle(self, now_s: float, *, busy: bool) -> bool:
        """Nothing is open: open what is to play, or list devices now and then."""
        if busy:
            self.reopen(now_s)
            return True
        if now_s - self._looked_s < IDLE_LOOK_S:
            return False
        self._looked_s = now_s
        before = self._state()
        self._list()
        candidates = self._candidates()
        self.current = candidates[0] if candidates else None
        self._tell(self.current)
        return self._state() != before

    def _look_silent(self, now_s: float) -> bool:
        """The silent clock runs: is there a device? It stops only when there is one to try."""
        if now_s - self._looked_s < LOOK_S:
            return False
        self._looked_s = now_s
        before = self._state()
        self._list()
        if any(device.id not in self._failed for device in self.devices):
            self.close()
            self._open(now_s)
        else:
            self._failed &= {device.id for device in self.devices}  # replugged, it is tried again
            self._tell(None)
        return self._state() != before

    def _list(self) -> None:
        try:
            self._backend.refresh()
            self.devices = self._backend.devices()
        except OSError as error:
            _log.info("no sound system: %s", error)
            self.devices = ()

    def _candidates(self) -> list[OutputDevice]:
        """The chosen device, then the system's default, then any; those that failed come last."""
        ranked = sorted(
            self.devices,
            key=lambda d: (d.id in self._failed, d.id != self._wanted, not d.is_default),
        )
        return ranked[:4]

    def _state(self) -> tuple[object, ...]:
        return self.devices, self.current, self.rate_hz, self.trouble

    def _tell(self, device: OutputDevice | None) -> None:
        if device is None and not self.devices:
            self.trouble = Line(_NONE_THERE)
        elif device is None:
            self.trouble = Line(_NONE_OPENS)
        elif self._wanted and device.id != self._wanted:
            name = self._wanted.rpartition("|")[2]
            self.trouble = Line(_ANOTHER, (name, device.name))
        else:
            self.trouble = Line()
