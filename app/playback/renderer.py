"""The audio callback: copies, multiplies and adds, nothing else.

It runs on the sound system's thread with a deadline. So it takes no lock, calls no Qt, logs
nothing, and makes no array: buffers exist before the first call, and numpy writes into them with
`out=`. (Python itself makes a few small objects per block, slices among them; their memory is
recycled.) Plans come in by one assignment; what happened goes out through two rings that one
thread writes and one reads.

Rejected: sounddevice's blocking `write` (its queue is latency that cannot be measured), and one
stream per sound (switching takes would not be sample-exact).
"""

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.playback.plan import ATTACK_S, FADE_S, NO_WRAP, QUIET, Plan, fade_in

CHUNK_FRAMES: Final = 1024  # longest piece worked on at once
EVENTS: Final = 64  # power of two; a reader looks 30 times a second
FRAME, POSITION, MOVING, TAKE, SERIAL, ENDED = range(6)  # columns of the event ring


class _Voice:
    """A plan being played from a frame on."""

    __slots__ = ("plan", "position", "sounding")

    def __init__(self) -> None:
        self.plan = Plan()
        self.position = 0
        self.sounding = False


class Renderer:
    """Turns plans into blocks of audio.

    Attributes:
        rate_hz: of the device.
        written: frames rendered so far: the clock of events and of the tap.
        block: (value of `written`, perf_counter seconds) at the start of the last block.
        tap: (power of two, 2) ring of what was rendered before the volume; the meters read it.
        events: (EVENTS, 6) int64 ring: from FRAME of the clock on, the sound is at POSITION.
        event_count: rows written so far.
    """

    def __init__(self, rate_hz: int, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self.rate_hz = rate_hz
        self._clock = clock
        self.written = 0
        self.block = (0, clock())
        self.tap = np.zeros((1 << (2 * rate_hz - 1).bit_length(), 2), np.float32)
        self.events = np.zeros((EVENTS, 6), np.int64)
        self.event_count = 0
        self.fade_frames = max(1, round(FADE_S * rate_hz))
        self._switch = _fades(self.fade_frames)
        self._attack = _fades(max(1, round(ATTACK_S * rate_hz)))
        self._fades = self._switch
        self._fade_at = self._fade_frames = 0
        self._now, self._before = _Voice(), _Voice()
        self._next = self._now.plan
        self._mix = np.zeros((CHUNK_FRAMES, 2), np.float32)
        self._old = np.zeros((CHUNK_FRAMES, 2), np.float32)
        self._line = np.arange(1, CHUNK_FRAMES + 1, dtype=np.float32)[:, None]
        self._gains = np.zeros((CHUNK_FRAMES, 1), np.float32)
        self._volume = 1.0
        self._volume_left = 0
        self._volume_target = 1.0

    def publish(self, plan: Plan) -> None:
        """Hand over the next plan, from any thread: it is taken up at once or after a fade."""
        self._next = plan

    def render(self, out: NDArray[np.float32]) -> None:
        """Fill (frames, channels) with what is played; channels is 1 or 2."""
        self.block = (self.written, self._clock())
        frames = out.shape[0]
        done = 0
        while done < frames:
            fading = self._fade_frames - self._fade_at
            if fading == 0 and self._next is not self._now.plan:
                self._turn(self._next)
                fading = self._fade_frames - self._fade_at
            count = min(frames - done, CHUNK_FRAMES, fading or CHUNK_FRAMES)
            mix = self._mix[:count]
            self._fill(self._now, mix, heard=True)
            if fading:
                self._crossfade(mix, count)
            self._to_tap(mix, count)
            self._apply_volume(mix, count)
            if out.shape[1] == 1:
                np.mean(mix, axis=1, keepdims=True, out=out[done : done + count])
            else:
                out[done : done + count] = mix
            done += count

    # ── one plan to the next ────────────────────────────────────────────────────────────

    def _turn(self, plan: Plan) -> None:
        """Take up a plan, with the fade that it needs."""
        old, new = self._now, self._before
        seek = plan.seek_serial != old.plan.seek_serial
        position = plan.seek_frame if seek else old.position
        if plan.wrap_to != NO_WRAP and position >= plan.end:
            position = plan.wrap_to
        new.plan, new.position = plan, position
        new.sounding = plan.playing and position < plan.end
        ended = plan.playing and not new.sounding and plan.end > 0
        self._now, self._before = new, old
        self._start_fade(old, new)
        self._note(new, ended=ended)

    def _start_fade(self, old: _Voice, new: _Voice) -> None:
        self._fade_at = self._fade_frames = 0
        if old.sounding and new.sounding and _continues(old, new):
            return
        if old.sounding:
            self._fades = self._switch
        elif new.sounding and _opens_loud(new):
            self._fades = self._attack
        else:
            return
        self._fade_frames = self._fades[0].shape[0]

    def _crossfade(self, mix: NDArray[np.float32], count: int) -> None:
        at = self._fade_at
        rise, fall = self._fades
        old = self._old[:count]
        self._fill(self._before, old, heard=False)
        np.multiply(mix, rise[at : at + count], out=mix)
        np.multiply(old, fall[at : at + count], out=old)
        np.add(mix, old, out=mix)
        self._fade_at = at + count
        if self._fade_at == self._fade_frames:
            self._fade_at = self._fade_frames = 0

    # ── one plan ────────────────────────────────────────────────────────────────────────

    def _fill(self, voice: _Voice, out: NDArray[np.float32], *, heard: bool) -> None:
        """The voice's next frames; silence after its end."""
        plan, done, frames = voice.plan, 0, out.shape[0]
        tail_start = plan.tail_start
        while done < frames and voice.sounding:
            position = voice.position
            if position < tail_start:
                source, at, stop = plan.audio, position, tail_start
            else:
                source, at, stop = plan.tail, position - tail_start, plan.end
            count = min(frames - done, stop - position)
            np.multiply(source[at : at + count], plan.gain, out=out[done : done + count])
            done += count
            voice.position = position + count
            if voice.position >= plan.end:
                self._end(voice, done, heard=heard)
        if done < frames:
            out[done:] = 0

    def _end(self, voice: _Voice, done: int, *, heard: bool) -> None:
        """Wrap, or stop; `done` frames of the piece at hand are behind."""
        wraps = voice.plan.wrap_to != NO_WRAP
        if wraps:
            voice.position = voice.plan.wrap_to
        else:
            voice.sounding = False
        if heard:
            self._note(voice, ended=not wraps, ahead=done)

    def _note(self, voice: _Voice, *, ended: bool, ahead: int = 0) -> None:
        row = self.events[self.event_count % EVENTS]
        row[FRAME] = self.written + ahead
        row[POSITION] = voice.position
        row[MOVING] = voice.sounding
        row[TAKE] = voice.plan.take
        row[SERIAL] = voice.plan.serial
        row[ENDED] = ended
        self.event_count += 1

    # ── what leaves ─────────────────────────────────────────────────────────────────────

    def _to_tap(self, mix: NDArray[np.float32], count: int) -> None:
        size = self.tap.shape[0]
        at = self.written % size
        first = min(count, size - at)
        self.tap[at : at + first] = mix[:first]
        if first < count:
            self.tap[: count - first] = mix[first:]
        self.written += count

    def _apply_volume(self, mix: NDArray[np.float32], count: int) -> None:
        target = self._next.volume
        if target != self._volume_target:
            self._volume_target, self._volume_left = target, self.fade_frames
        if self._volume_left == 0:
            if self._volume != 1.0:
                np.multiply(mix, self._volume, out=mix)
            return
        ramp = min(count, self._volume_left)
        step = (target - self._volume) / self._volume_left
        gains = self._gains[:ramp]
        np.multiply(self._line[:ramp], step, out=gains)
        np.add(gains, self._volume, out=gains)
        np.multiply(mix[:ramp], gains, out=mix[:ramp])
        self._volume_left -= ramp
        self._volume = target if self._volume_left == 0 else self._volume + step * ramp
        if ramp < count:
            np.multiply(mix[ramp:], self._volume, out=mix[ramp:])


def _fades(frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rise = fade_in(frames)
    return rise, 1 - rise


def _continues(old: _Voice, new: _Voice) -> bool:
    """Whether the new plan says the same as the old one, as far as is heard now."""
    return (
        new.plan.audio is old.plan.audio
        and new.plan.gain == old.plan.gain
        and new.position == old.position
        and new.position < min(old.plan.tail_start, new.plan.tail_start)
    )


def _opens_loud(voice: _Voice) -> bool:
    first = voice.plan.audio[voice.position]
    return bool(abs(first[0]) >= QUIET or abs(first[1]) >= QUIET)
