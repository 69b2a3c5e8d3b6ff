"""The audio process: owns PortAudio, and nothing of the window.

Three threads. The main one reads the pipe and ends the process at its end; the worker handles
messages, looks after the device and reports 30 times a second; the sound system's own runs the
callback. Conversions run on a fourth. When the device is lost the process says so and ends without
closing anything (see `hosting/child.py` for why); the player starts another.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, NoReturn

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from app.playback import messages as m
from app.playback.devices import Backend, PortAudio, SilentStream, Stream
from app.playback.hosting.frames import Message
from app.playback.hosting.guard import Guard
from app.playback.hosting.service import hear, run_host_process, work_to_the_end
from app.playback.hosting.streams import Pipes
from app.playback.metering import Metering
from app.playback.output import DeviceLostError, Output
from app.playback.plan import Plan, stretch
from app.playback.playhead import Heard, heard
from app.playback.renderer import Renderer
from app.playback.shelf import Held, Shelf

TICK_S: Final = 1 / 30
_DRIVER_LIMIT_S: Final = 8.0
_START_RATE_HZ: Final = 48_000
_NO_GUARD: Final = contextlib.nullcontext
Work = Callable[[float], None]  # of the worker thread, at a perf_counter time


class AudioHost:
    """What the process does, without its threads: messages and ticks in, messages out.

    `handle`, `tick` and whatever `deliver` passes on run on one thread; `fill` on the device's.
    """

    def __init__(
        self,
        backend: Backend,
        send: Callable[[Message], None],
        *,
        run: Callable[[Callable[[], None]], None],
        deliver: Callable[[Callable[[], None]], None],
        silent: Callable[..., Stream] = SilentStream,
        guard: Callable[[], AbstractContextManager[None]] = _NO_GUARD,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._send = send
        self._clock = clock
        self._guard = guard
        self._renderer = Renderer(_START_RATE_HZ, clock=clock)
        self._lead_s = 0.0
        self._output = Output(backend, self.fill, silent=silent)
        self._shelf = Shelf(run, deliver)
        self._shelf.changed = self._publish
        self._metering = Metering(send)
        self._arranged: m.Arrange | None = None
        self._reported: Heard | None = None
        self._report_due = True

    def fill(self, out: NDArray[np.float32], lead_s: float) -> None:
        """The audio callback."""
        self._lead_s = lead_s
        self._renderer.render(out)

    # ── messages ────────────────────────────────────────────────────────────────────────

    def handle(self, message: m.ToHost, blob: memoryview, now_s: float) -> None:
        """Do what the player asks."""
        match message:
            case m.Load():
                audio = np.frombuffer(blob, np.float32).reshape(-1, 2)
                held = Held(audio=audio, rate_hz=message.rate_hz, periodic=message.periodic)
                self._shelf.put(message.slot, held)
            case m.Drop():
                self._shelf.drop(message.slot)
            case m.Arrange():
                self._arranged = message
                self._report_due = True
                self._watch(now_s)
                self._publish()
            case m.UseDevice():
                with self._guard():
                    self._output.use(message.device, now_s)
                self._adopt(now_s)
            case m.Refresh():
                self._refresh(now_s)
            case m.ResetHold():
                self._metering.reset_hold()

    def _refresh(self, now_s: float) -> None:
        """List anew where no stream is interrupted by it; else tell what is known."""
        if not self._busy():
            with self._guard():
                self._output.reopen(now_s)
            self._adopt(now_s)
        else:
            self._tell_devices()

    # ── plans ───────────────────────────────────────────────────────────────────────────

    def _publish(self) -> None:
        """Make the plan of now and hand it to the callback."""
        arranged = self._arranged
        if arranged is None:
            return
        rate_hz = self._renderer.rate_hz
        held = self._shelf.get(arranged.slot)
        common = {
            "serial": arranged.serial,
            "playing": arranged.playing,
            "take": arranged.slot,
            "seek_serial": arranged.seek_serial,
            "seek_frame": max(0, round(arranged.seek_s * rate_hz)),
            "volume": arranged.volume,
        }
        if held is None or held.ready is None:
            self._renderer.publish(Plan(**common))  # type: ignore[arg-type] # a table of fields
            return
        region = arranged.region_s
        part = stretch(
            held.ready,
            periodic=held.periodic,
            loop=arranged.loop,
            region=None
            if region is None
            else (round(region[0] * rate_hz), round(region[1] * rate_hz)),
            fade_frames=self._renderer.fade_frames,
        )
        self._renderer.publish(
            Plan(
                **common,  # type: ignore[arg-type]
                audio=held.ready,
                gain=arranged.gains.get(arranged.slot, 1.0),
                end=part.end,
                wrap_to=part.wrap_to,
                tail=part.tail,
            )
        )

    def _adopt(self, now_s: float) -> None:
        """After a stream was opened: its rate, everybody's position, the news."""
        rate_hz = self._output.rate_hz or self._renderer.rate_hz
        if rate_hz != self._renderer.rate_hz:
            at = heard(self._renderer, now_s, self._lead_s)
            self._renderer = Renderer(rate_hz, clock=self._clock)
            if self._arranged is not None:
                self._arranged = _moved(self._arranged, at.position_s)
        self._shelf.set_rate(rate_hz)
        self._publish()
        self._tell_devices()

    def _tell_devices(self) -> None:
        output = self._output
        self._send(
            m.Devices(
                devices=output.devices,
                current="" if output.current is None else output.current.id,
                rate_hz=output.rate_hz,
                latency_s=output.latency_s,
                trouble=output.trouble,
            )
        )

    # ── 30 times a second ───────────────────────────────────────────────────────────────

    def tick(self, now_s: float) -> None:
        """Look after the device, report what is heard and how loud.

        Raises:
            DeviceLostError: the process has to end.
        """
        self._watch(now_s)
        now_heard = heard(self._renderer, now_s, self._lead_s)
        if now_heard.moving or self._report_due or now_heard != self._reported:
            self._reported = now_heard
            self._report_due = False
            self._send(
                m.Report(
                    serial=now_heard.serial,
                    slot=now_heard.take,
                    position_s=now_heard.position_s,
                    at_s=now_s,
                    moving=now_heard.moving,
                    ended=now_heard.ended,
                )
            )
        self._metering.tick(self._renderer, now_s, self._lead_s)

    def _busy(self) -> bool:
        wanted = self._arranged is not None and self._arranged.playing
        return wanted or (self._reported is not None and self._reported.moving)

    def _watch(self, now_s: float) -> None:
        with self._guard():
            try:
                changed = self._output.watch(now_s, self._renderer.block[1], busy=self._busy())
            except DeviceLostError as error:
                self._send(m.Lost(device=str(error)))
                raise
        if changed:
            self._adopt(now_s)


def _moved(arranged: m.Arrange, position_s: float) -> m.Arrange:
    """The same transport, to begin at a position in a renderer that has seen no seek yet."""
    return replace(arranged, seek_serial=arranged.seek_serial or -1, seek_s=position_s)


def serve(backend: Backend, pipes: Pipes) -> None:
    """Run the host until the window is gone or the device is lost."""
    work: queue.SimpleQueue[Work] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(1, thread_name_prefix="convert")
    host = AudioHost(
        backend,
        pipes.send,
        run=lambda task: void(pool.submit(task)),
        deliver=lambda task: work.put(lambda _now_s: task()),
        guard=Guard(_DRIVER_LIMIT_S).call,
    )

    def handle(message: m.ToHost, blob: memoryview) -> None:
        work.put(lambda now_s: host.handle(message, blob, now_s))

    job = partial(work_to_the_end, partial(_work, host, work), DeviceLostError)
    threading.Thread(target=job, name="worker", daemon=True).start()
    hear(pipes, m.ToHost, handle)


def void(_value: object) -> None:
    """Drop a value where a callable has to return nothing."""


def _work(host: AudioHost, work: queue.SimpleQueue[Work]) -> NoReturn:
    due = time.perf_counter()
    while True:
        with contextlib.suppress(queue.Empty):
            work.get(timeout=max(0.0, due - time.perf_counter()))(time.perf_counter())
        now = time.perf_counter()
        if now >= due:
            host.tick(now)
            due = now + TICK_S


def main() -> NoReturn:
    """Entry point of the audio process."""
    run_host_process(lambda pipes: serve(PortAudio(), pipes))


if __name__ == "__main__":
    main()
