"""Where the sound is, as heard: read from what the callback noted, carried on between reports.

The device plays a block some time after the callback made it. A reader therefore asks for the
frame that leaves the speaker now, and looks up which event it belongs to: after a seek or a wrap
the old position stays heard for as long as the device's latency.
"""

from dataclasses import dataclass
from typing import Final

from app.playback.renderer import (
    ENDED,
    EVENTS,
    FRAME,
    MOVING,
    POSITION,
    SERIAL,
    TAKE,
    Renderer,
)

_CATCH_UP: Final = 0.2  # share of a small error taken up per report
_JUMP_S: Final = 0.05  # beyond, the playhead has really moved


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What leaves the speaker at one moment.

    Attributes:
        position_s: on the sound's timeline.
        moving: it advances.
        take: index of the sound.
        serial: of the plan that it belongs to.
        ended: the plan has come to its end.
    """

    position_s: float = 0.0
    moving: bool = False
    take: int = 0
    serial: int = 0
    ended: bool = False


def heard(renderer: Renderer, now_s: float, lead_s: float) -> Heard:
    """What is heard at `now_s` (perf_counter).

    Args:
        renderer: whose events are read; it may be writing on another thread.
        now_s: the moment.
        lead_s: seconds from a callback to its first frame in the speaker.
    """
    block_frame, block_s = renderer.block
    frame = block_frame + round((now_s - block_s - lead_s) * renderer.rate_hz)
    frame = min(frame, renderer.written)
    count = renderer.event_count
    # the oldest row may be being overwritten: leave it
    for index in range(count - 1, max(count - EVENTS, -1), -1):
        row = renderer.events[index % EVENTS]
        if row[FRAME] <= frame:
            moving = bool(row[MOVING])
            position = int(row[POSITION]) + (frame - int(row[FRAME]) if moving else 0)
            return Heard(
                position_s=position / renderer.rate_hz,
                moving=moving,
                take=int(row[TAKE]),
                serial=int(row[SERIAL]),
                ended=bool(row[ENDED]),
            )
    return Heard()


class Playhead:
    """Carries a position on between uneven reports. Pure: time is given.

    Rejected: showing each report as it is. At 30 reports a second the line would stutter at 60 Hz.
    """

    def __init__(self) -> None:
        self._position_s = 0.0
        self._at_s = 0.0
        self.moving = False
        self._wrap: tuple[float, float] | None = None
        self._end_s = 0.0

    def set_span(self, *, wrap: tuple[float, float] | None, end_s: float) -> None:
        """Where the sound wraps (start, end), or None and where it ends, in seconds."""
        self._wrap, self._end_s = wrap, end_s

    def put(self, position_s: float, now_s: float, *, moving: bool) -> None:
        """Be at a position at a moment, at once."""
        self._position_s, self._at_s, self.moving = position_s, now_s, moving

    def report(self, position_s: float, at_s: float, now_s: float, *, moving: bool) -> None:
        """Take in that the sound was at `position_s` at `at_s`."""
        if not moving or not self.moving:
            self.put(position_s, at_s, moving=moving)
            return
        error = position_s - self.at(at_s)
        if abs(error) > _JUMP_S:
            self.put(position_s, at_s, moving=True)
        else:
            self.put(self.at(now_s) + _CATCH_UP * error, now_s, moving=True)

    def at(self, now_s: float) -> float:
        """Position in seconds at a moment."""
        if not self.moving:
            return self._position_s
        position = self._position_s + (now_s - self._at_s)
        if self._wrap is not None:
            start, end = self._wrap
            if position >= end > start:
                return start + (position - start) % (end - start)
            return max(position, 0.0)
        return max(0.0, min(position, self._end_s))
