"""The MIDI process: owns RtMidi, turns ticks into a tempo and the rest into messages.

One thread reads the pipe, one works; RtMidi calls back on its own and only puts what came into a
queue. Why a process: `app/playback/hosting/child.py`.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NoReturn

import mido

from app.midi import messages as m
from app.midi.clock import DriverClock, TempoFilter
from app.midi.ports import Backend, MidiServerLostError, PortWatch, RtMidi
from app.playback.hosting.frames import Message
from app.playback.hosting.guard import Guard
from app.playback.hosting.service import hear, run_host_process, work_to_the_end
from app.playback.hosting.streams import Pipes

LOOK_S: Final = 1.0
_LEAST_CHANGE_BPM: Final = 0.01
_DRIVER_LIMIT_S: Final = 3.0
_TRANSPORT: Final = ("start", "continue", "stop")
_SIXTEENTHS_PER_BEAT: Final = 4
_LONGEST: Final = 3  # bytes of any message that is listened to


def decode(data: Sequence[int]) -> "mido.Message | None":
    """The message in these bytes; None for what is no message or too long to be of use."""
    if not 1 <= len(data) <= _LONGEST:
        return None
    try:
        return mido.Message.from_bytes(list(data))
    except (ValueError, KeyError, IndexError, TypeError):
        return None


class MidiHost:
    """What the process does, without its threads. All methods on one thread."""

    def __init__(
        self,
        backend: Backend,
        send: Callable[[Message], None],
        arrived: Callable[[str, list[int], float], None],
    ) -> None:
        self._send = send
        self._watch = PortWatch(backend, arrived)
        self._clocks: dict[str, DriverClock] = {}
        self._tempo = TempoFilter()
        self._tempo_port = ""
        self._told_bpm: float | None = None
        self._looked_s = -1e9

    def handle(self, message: m.ToHost) -> None:
        """Do what the window asks."""
        self._watch.choose(message.ports)
        self._tell_ports()

    def take(self, port: str, data: Sequence[int], delta_s: float, now_s: float) -> None:
        """One message from a port, taken from the driver at `now_s`."""
        time_s = self._clocks.setdefault(port, DriverClock()).stamp(delta_s, now_s)
        message = decode(data)
        if message is None:
            return
        kind = str(message.type)
        if kind == "clock":
            self._tick(port, time_s)
        elif kind in _TRANSPORT:
            self._send(m.Transport(what=kind))
        elif kind == "songpos":
            self._send(m.SongPosition(beats=message.pos / _SIXTEENTHS_PER_BEAT))
        elif kind == "control_change":
            self._send(
                m.Control(
                    port=port,
                    channel=message.channel + 1,
                    control=message.control,
                    value=message.value,
                )
            )

    def look(self, now_s: float) -> None:
        """Once in a while: ports that came or went, a clock that stopped.

        Raises:
            MidiServerLostError: the process has to end.
        """
        if self._tempo.silent(now_s):
            self._tempo_port = ""
            self._tell_tempo()
        if now_s - self._looked_s >= LOOK_S:
            first = self._looked_s < 0
            self._looked_s = now_s
            if self._watch.look() or first:
                self._tell_ports()
        for port in tuple(self._clocks):
            if port not in self._watch.connected:
                del self._clocks[port]

    def _tick(self, port: str, time_s: float) -> None:
        """A clock tick; of two clocks, the one that came first counts while it runs."""
        self._tempo_port = self._tempo_port or port
        if port == self._tempo_port:
            self._tempo.tick(time_s)
            self._tell_tempo()

    def _tell_tempo(self) -> None:
        bpm = None if self._tempo.bpm is None else round(self._tempo.bpm, 2)
        told = self._told_bpm
        same = bpm == told
        if bpm is not None and told is not None:
            same = abs(bpm - told) < _LEAST_CHANGE_BPM
        if not same:
            self._told_bpm = bpm
            self._send(m.Tempo(bpm=bpm))

    def _tell_ports(self) -> None:
        watch = self._watch
        self._send(m.Ports(ports=watch.names, connected=watch.connected, trouble=watch.trouble))


def serve(backend: Backend, pipes: Pipes) -> None:
    """Run the host until the window is gone or the MIDI server is lost."""
    guard = Guard(_DRIVER_LIMIT_S)
    work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def arrived(port: str, data: list[int], delta_s: float) -> None:
        now_s = time.perf_counter()
        work.put(lambda: host.take(port, data, delta_s, now_s))

    def guarded(message: m.ToHost) -> None:
        with guard.call():
            host.handle(message)

    def asked(message: m.ToHost, _blob: memoryview) -> None:
        work.put(partial(guarded, message))

    host = MidiHost(backend, pipes.send, arrived)
    job = partial(work_to_the_end, partial(_work, host, work, guard), MidiServerLostError)
    threading.Thread(target=job, name="worker", daemon=True).start()
    hear(pipes, m.ToHost, asked)


def _work(host: MidiHost, work: queue.SimpleQueue[Callable[[], None]], guard: Guard) -> NoReturn:
    while True:
        with contextlib.suppress(queue.Empty):
            work.get(timeout=LOOK_S / 4)()
        if work.empty():  # what waits is older than now: a clock must not seem to have stopped
            with guard.call():
                host.look(time.perf_counter())


def main() -> NoReturn:
    """Entry point of the MIDI process."""
    run_host_process(lambda pipes: serve(RtMidi(), pipes))


if __name__ == "__main__":
    main()
