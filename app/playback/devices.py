"""Which devices can play, through sounddevice; and silence in real time where none can.

On Windows PortAudio shows every device once per sound system; only WASAPI's are listed there, with
their full names. Ids are made of names: an index changes with every plug.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.playback.sound import OutputDevice

LATENCY_S: Final = 0.04  # asked for; low enough for a transport, easy for a Python callback
SILENT_RATE_HZ: Final = 48_000
_SILENT_BLOCK: Final = 1024
_PREFERRED: Final = ("Windows WASAPI",)
_HIDDEN: Final = ("Windows WDM-KS",)  # takes a device away from every other program

Callback = Callable[[NDArray[np.float32], float], None]  # (frames to fill, lead in seconds)


class Stream(Protocol):
    """An open output."""

    rate_hz: int
    latency_s: float

    def close(self) -> None:
        """End it."""

    def finished(self) -> bool:
        """Whether the device ended it."""


class Backend(Protocol):
    """A sound system: sounddevice, or a test's."""

    def refresh(self) -> None:
        """Look for devices anew. No stream may be open. Raises OSError."""

    def devices(self) -> tuple[OutputDevice, ...]:
        """Devices that can play. Raises OSError."""

    def open(self, device: OutputDevice, callback: Callback) -> Stream:
        """Start playing. Raises OSError."""


class PortAudio:
    """The real sound system. PortAudio's errors become OSError with its words."""

    def __init__(self) -> None:
        self._library: Any = None
        self._indices: dict[str, int] = {}

    def refresh(self) -> None:
        """PortAudio lists devices when it is initialised, and never again."""
        if self._library is None:
            try:
                import sounddevice  # noqa: PLC0415 - loads and initialises PortAudio
            except (OSError, ImportError) as error:
                raise OSError(str(error)) from error
            except Exception as error:
                if type(error).__name__ != "PortAudioError":
                    raise
                raise OSError(str(error)) from error
            self._library = sounddevice
            return
        try:
            self._library._terminate()
            self._library._initialize()
        except self._library.PortAudioError as error:
            raise OSError(str(error)) from error

    def devices(self) -> tuple[OutputDevice, ...]:
        """Devices that can play, the default first."""
        try:
            found = list(self._library.query_devices())
            systems = [str(api["name"]) for api in self._library.query_hostapis()]
            default = self._default()
        except self._library.PortAudioError as error:
            raise OSError(str(error)) from error
        listed = _one_system(found, systems)
        self._indices = {}
        devices = []
        for index in listed:
            entry = found[index]
            system, name = systems[entry["hostapi"]], str(entry["name"])
            device_id = f"{system}|{name}"
            if device_id in self._indices:
                continue
            self._indices[device_id] = index
            devices.append(
                OutputDevice(
                    id=device_id,
                    name=name,
                    system=system,
                    channels=int(entry["max_output_channels"]),
                    is_default=index == default,
                )
            )
        return tuple(sorted(devices, key=lambda device: not device.is_default))

    def _default(self) -> int:
        for api in self._library.query_hostapis():
            if api["name"] in _PREFERRED and api["default_output_device"] >= 0:
                return int(api["default_output_device"])
        return int(self._library.default.device[1])

    def open(self, device: OutputDevice, callback: Callback) -> Stream:
        """Start playing through a device at its own rate."""
        index = self._indices.get(device.id)
        if index is None:
            raise OSError(f"{device.name} is not there")
        try:
            return _PortAudioStream(self._library, index, callback)
        except (self._library.PortAudioError, ValueError) as error:
            raise OSError(str(error)) from error


class _PortAudioStream:
    def __init__(self, library: Any, index: int, callback: Callback) -> None:
        self._ended = False
        entry = library.query_devices(index)

        def fill(out: NDArray[np.float32], _frames: int, times: Any, _status: Any) -> None:
            lead = times.outputBufferDacTime - times.currentTime
            callback(out, lead if 0.0 < lead < 1.0 else self.latency_s)

        self.latency_s = LATENCY_S
        self._stream = library.OutputStream(
            device=index,
            samplerate=entry["default_samplerate"],
            channels=min(2, int(entry["max_output_channels"])),
            dtype="float32",
            latency=LATENCY_S,
            callback=fill,
            finished_callback=self._end,
        )
        self.rate_hz = round(self._stream.samplerate)
        self.latency_s = float(self._stream.latency)
        self._stream.start()

    def close(self) -> None:
        self._stream.close()

    def finished(self) -> bool:
        # JACK never calls back when its server is gone; it only goes inactive
        return self._ended or not self._stream.active

    def _end(self) -> None:
        self._ended = True


class SilentStream:
    """A clock where no device is: renders in real time and lets the result go.

    The playhead moves and the meters show what would be heard.
    """

    def __init__(self, callback: Callback) -> None:
        self.rate_hz = SILENT_RATE_HZ
        self.latency_s = 0.0
        self._callback = callback
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="silent clock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the clock."""
        self._stop.set()
        self._thread.join()

    def finished(self) -> bool:
        """Never of itself."""
        return False

    def _run(self) -> None:
        scratch = np.zeros((_SILENT_BLOCK, 2), np.float32)
        block_s = _SILENT_BLOCK / self.rate_hz
        due = time.perf_counter()
        while not self._stop.is_set():
            self._callback(scratch, 0.0)
            due = max(due + block_s, time.perf_counter() - 1.0)  # after a sleep, do not catch up
            self._stop.wait(max(0.0, due - time.perf_counter()))


def _one_system(found: list[dict[str, Any]], systems: list[str]) -> list[int]:
    """Indices of output devices, of the preferred system alone where it is there."""
    outputs = [index for index, entry in enumerate(found) if entry["max_output_channels"] > 0]
    for preferred in _PREFERRED:
        own = [index for index in outputs if systems[found[index]["hostapi"]] == preferred]
        if own:
            return own
    return [index for index in outputs if systems[found[index]["hostapi"]] not in _HIDDEN]
