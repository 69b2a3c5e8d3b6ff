"""The buses of a mix: strips are summed as they come, rooms and echoes answer at the end.

What shares a filter or a room shares the work: one high-pass for all upper parts, one convolution
for all sends. With stems every stem has buses of its own.
"""

from typing import Final

import numpy as np
from scipy import signal as dsp

from engine.corpus.render.canvas import RATE_HZ, Canvas, Signal
from engine.corpus.render.space import ROOM_VARIANTS, echo, reverb
from engine.corpus.render.strip import HIGH_PASS_HZ, HIGH_PASSED, Strip
from engine.music.score import STEM_OF_ROLE, Role, Stem

_ECHO_TO_REVERB: Final = 0.3
_NO_MUD: Final = dsp.butter(2, HIGH_PASS_HZ, "high", fs=RATE_HZ, output="sos").astype(np.float32)


class Buses:
    """Sums of strips: the dry mix, and what is sent to the rooms; per stem if asked for."""

    def __init__(self, canvas: Canvas, *, apart: bool) -> None:
        self._canvas = canvas
        self._apart = apart
        self._to_reverb: dict[Stem, Signal] = {}
        self._to_echo: dict[Stem, Signal] = {}
        self._low: dict[Stem, Signal] = {}  # drums, bass and effects
        self._high: dict[Stem, Signal] = {}  # high-passed together
        self.stems: dict[Stem, Signal] = {}

    def add(self, strip: Strip, role: Role) -> None:
        """Add a part."""
        stem: Stem = STEM_OF_ROLE[role] if self._apart else "drums"
        for sums, amount in ((self._to_reverb, strip.reverb), (self._to_echo, strip.delay)):
            if amount > 0:
                _add(sums, stem, strip.sound * np.float32(amount))
        _add(self._high if role in HIGH_PASSED else self._low, stem, strip.sound)

    def close(self, room: int, variant: int) -> None:
        """Sum what belongs together, with the rooms' answers."""
        for stem, bus in self._low.items():
            _add(self.stems, stem, bus)
        for stem, bus in self._high.items():
            clean = np.asarray(dsp.sosfilt(_NO_MUD, bus, axis=1), np.float32)
            _add(self.stems, stem, clean)
        for stem, bus in self._to_echo.items():
            repeats = echo(bus, self._canvas, variant)
            _add(self.stems, stem, repeats)
            _add(self._to_reverb, stem, repeats * np.float32(_ECHO_TO_REVERB))
        for stem, bus in self._to_reverb.items():
            _add(self.stems, stem, reverb(bus, room, variant % ROOM_VARIANTS))

    def mix(self) -> Signal:
        """(2, total) everything."""
        total = np.zeros((2, self._canvas.total), np.float32)
        for stem in sorted(self.stems):
            total += self.stems[stem]
        return total


def _add(sums: dict[Stem, Signal], stem: Stem, sound: Signal) -> None:
    if stem in sums:
        sums[stem] += sound
    else:
        sums[stem] = sound
