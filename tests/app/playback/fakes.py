"""A sound system that the test drives by hand, and a child process that it speaks for."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.playback.devices import Callback
from app.playback.hosting.frames import Message
from app.playback.sound import OutputDevice


def device(name: str, *, default: bool = False) -> OutputDevice:
    return OutputDevice(id=f"fake|{name}", name=name, system="fake", channels=2, is_default=default)


class FakeStream:
    def __init__(self, backend: "FakeSound", rate_hz: int, callback: Callback) -> None:
        self.rate_hz, self.latency_s = rate_hz, 0.02
        self._backend, self.callback = backend, callback
        self.ended = False

    def close(self) -> None:
        assert self in self._backend.streams
        self._backend.streams.remove(self)

    def finished(self) -> bool:
        return self.ended

    def play(self, frames: int, block: int = 512) -> NDArray[np.float32]:
        """Be the device for some frames."""
        out = np.full((frames, 2), np.nan, np.float32)
        for start in range(0, frames, block):
            self.callback(out[start : start + block], self.latency_s)
        return out


class FakeSound:
    def __init__(self, *devices: OutputDevice, rate_hz: int = 48_000) -> None:
        self.there = list(devices)
        self.rates: dict[str, int] = {}
        self.rate_hz = rate_hz
        self.broken: set[str] = set()
        self.streams: list[FakeStream] = []
        self.absent = False
        self.looks = 0

    def refresh(self) -> None:
        assert not self.streams, "a refresh stops streams"
        self.looks += 1
        if self.absent:
            raise OSError("PortAudio library not found")

    def devices(self) -> tuple[OutputDevice, ...]:
        return tuple(self.there)

    def open(self, chosen: OutputDevice, callback: Callback) -> FakeStream:
        if chosen.id in self.broken or chosen not in self.there:
            raise OSError("busy")
        stream = FakeStream(self, self.rates.get(chosen.id, self.rate_hz), callback)
        self.streams.append(stream)
        return stream


class FakeSilence(FakeStream):
    """The silent clock, driven by hand."""

    def __init__(self, callback: Callback) -> None:
        self.rate_hz, self.latency_s = 48_000, 0.0
        self.callback = callback
        self.ended = False

    def close(self) -> None:
        pass


class FakeChild(QObject):
    """Looks like a child process; the test speaks for it."""

    up = Signal()
    received = Signal(object, object)
    down = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[Message, bytes]] = []
        self.running = False
        self.short_lives = 0

    def start(self) -> None:
        self.running = True
        self.up.emit()

    def stop(self) -> None:
        self.running = False

    def send(self, message: Message, blob: bytes = b"") -> None:
        if self.running:
            self.sent.append((message, blob))

    def say(self, *messages: Message) -> None:
        for message in messages:
            self.received.emit(message, memoryview(b""))

    def last(self, kind: type) -> Message:
        """The last message of a kind."""
        return next(message for message, _ in reversed(self.sent) if isinstance(message, kind))
