"""Reads what was played behind the callback's back and turns it into levels."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.playback.hosting.frames import Message
from app.playback.messages import Meters
from app.playback.meters import LoudnessMeter, PeakHold, peaks_db
from app.playback.renderer import Renderer

_SILENT_FOR_S: Final = 6.0  # after so much silence, levels are told no more
_FLOOR_LUFS: Final = -70.0  # BS.1770-4's absolute gate: below, a meter shows nothing


class Metering:
    """Peak and loudness of the renderer's tap, told while anything is heard.

    The tap is read up to what leaves the speaker now, so the meters move with the ear.
    """

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._hold = PeakHold()
        self._renderer: Renderer | None = None
        self._meter: LoudnessMeter | None = None
        self._read = 0
        self._sounded_s = -1e9
        self._told = False

    def reset_hold(self) -> None:
        """Drop the held peaks."""
        self._hold.reset()

    def tick(self, renderer: Renderer, now_s: float, lead_s: float) -> None:
        """Take in what was heard since the last tick, and tell."""
        frames = self._new_frames(renderer, now_s, lead_s)
        peaks = peaks_db(frames)
        if max(peaks) > -np.inf:
            self._sounded_s = now_s
        if now_s - self._sounded_s > _SILENT_FOR_S:
            if self._told:
                self._told = False
                self._send(_meters((-np.inf, -np.inf), (-np.inf, -np.inf), -np.inf, -np.inf))
            return
        self._told = True
        meter = self._meter_for(renderer)
        meter.push(frames)
        held = self._hold.push(peaks, now_s)
        self._send(_meters(peaks, held, meter.momentary_lufs(), meter.short_term_lufs()))

    def _new_frames(self, renderer: Renderer, now_s: float, lead_s: float) -> NDArray[np.float32]:
        """(n, 2) that were heard since the last call; what is too old to be there is left out."""
        if renderer is not self._renderer:
            self._renderer, self._meter, self._read = renderer, None, 0
        block_frame, block_s = renderer.block
        until = block_frame + round((now_s - block_s - lead_s) * renderer.rate_hz)
        until = max(min(until, renderer.written), self._read)
        size = renderer.tap.shape[0]
        start = max(self._read, until - size // 2)
        self._read = until
        return np.take(renderer.tap, np.arange(start, until), axis=0, mode="wrap")

    def _meter_for(self, renderer: Renderer) -> LoudnessMeter:
        if self._meter is None:
            self._meter = LoudnessMeter(renderer.rate_hz)
        return self._meter


def _meters(
    peak_db: tuple[float, float],
    hold_db: tuple[float, float],
    momentary_lufs: float,
    short_term_lufs: float,
) -> Meters:
    return Meters(
        peak_db=(_finite(peak_db[0]), _finite(peak_db[1])),
        hold_db=(_finite(hold_db[0]), _finite(hold_db[1])),
        momentary_lufs=_finite(momentary_lufs, _FLOOR_LUFS),
        short_term_lufs=_finite(short_term_lufs, _FLOOR_LUFS),
    )


def _finite(value: float, floor: float = -140.0) -> float | None:
    return float(value) if value > floor else None
