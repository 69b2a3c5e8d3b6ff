"""The sounds that the audio process holds, converted to the device's rate off its busy threads."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.playback.resample import to_rate

_log = logging.getLogger(__name__)

Run = Callable[[Callable[[], None]], None]  # runs a piece of work, now or on another thread


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """A sound as it came, and at the device's rate once that is done.

    Attributes:
        audio: (samples, 2) at `rate_hz`.
        ready: (frames, 2) at `ready_rate_hz`.
    """

    audio: NDArray[np.float32]
    rate_hz: int
    periodic: bool
    ready: NDArray[np.float32] | None = None
    ready_rate_hz: int = 0


class Shelf:
    """Slots of sounds, at whatever rate is asked for now.

    Every method is called on one thread; conversions run where `run` puts them and come back
    through `deliver`, which must put its argument on that one thread.
    """

    def __init__(self, run: Run, deliver: Callable[[Callable[[], None]], None]) -> None:
        self._run = run
        self._deliver = deliver
        self._held: dict[int, Held] = {}
        self._rate_hz = 0
        self.changed: Callable[[], None] = lambda: None

    def put(self, slot: int, sound: Held) -> None:
        """Fill a slot. The one before it stays audible until this one is converted."""
        old = self._held.get(slot)
        if old is not None and sound.ready is None:
            sound = replace(sound, ready=old.ready, ready_rate_hz=old.ready_rate_hz)
        self._held[slot] = sound
        self._convert(slot)

    def drop(self, slot: int) -> None:
        """Empty a slot."""
        self._held.pop(slot, None)
        self.changed()

    def set_rate(self, rate_hz: int) -> None:
        """Convert everything to another rate."""
        if rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            for slot in tuple(self._held):
                self._convert(slot)

    def get(self, slot: int) -> Held | None:
        """The sound in a slot if it is ready at the rate of now."""
        held = self._held.get(slot)
        if held is None or held.ready is None or held.ready_rate_hz != self._rate_hz:
            return None
        return held

    def _convert(self, slot: int) -> None:
        held, rate_hz = self._held[slot], self._rate_hz
        if rate_hz <= 0:
            return

        def work() -> None:
            ready = to_rate(held.audio, held.rate_hz, rate_hz, periodic=held.periodic)
            self._deliver(lambda: self._take(slot, held.audio, ready, rate_hz))

        self._run(work)

    def _take(
        self, slot: int, audio: NDArray[np.float32], ready: NDArray[np.float32], rate_hz: int
    ) -> None:
        held = self._held.get(slot)
        if held is None or held.audio is not audio or rate_hz != self._rate_hz:
            return  # replaced meanwhile
        self._held[slot] = replace(held, ready=ready, ready_rate_hz=rate_hz)
        self.changed()
