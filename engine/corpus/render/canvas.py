"""The canvas that a score is painted on: its rate, its length, and where every note falls.

Everything is mixed at 24 kHz, the rate of the clips. Measured with FluidSynth (4th-order
interpolation) against 48 kHz: band levels up to 10 kHz within 1 dB for drums, strings, guitars
and winds (closed hats gain 4 dB above 8 kHz by folding, and stay hats; above 10 kHz cymbals lose
2 dB, and what is 40 dB down loses more), at half the cost for every voice, effect and measurement.
Rejected: 48 kHz and 32 kHz.

A loop is rendered with its tail folded onto its start, and mixed after a stretch of its own end
(`lead`), so that reverbs, delays and compressors have reached their steady state where it starts.
Rejected: effects that know about loops, one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.music.meter import METER_TABLE
from engine.music.score import Note, Score

Signal = NDArray[np.float32]  # (channels, samples) at RATE_HZ, channels first

RATE_HZ: Final = 24_000
LOW_RATE_HZ: Final = 16_000
_LEAD_S: Final = 3.0
TAIL_S: Final = 3.0


@dataclass(frozen=True)
class Played:
    """A note on the canvas, in samples.

    Attributes:
        start: first sample, ≥ 0.
        held: samples until it is let go, ≥ 1.
        pitch: MIDI note number.
        velocity: 1–127.
    """

    start: int
    held: int
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Canvas:
    """Length and grid of one rendering.

    Attributes:
        bpm: quarter notes per minute.
        quarters: length in quarter notes.
        frames: samples of the 24 kHz clip, exactly round(seconds · 24 000).
        frames_low: samples of the 16 kHz clip.
        loop: whether the end leads back to the start.
    """

    bpm: float
    quarters: float
    frames: int
    frames_low: int
    loop: bool

    @property
    def lead(self) -> int:
        """Samples of the loop's own end that are mixed before its start; 0 for a one-shot."""
        return round(_LEAD_S * RATE_HZ) if self.loop else 0

    @property
    def total(self) -> int:
        """Samples that the mixer works on."""
        return self.lead + self.frames

    @property
    def samples_per_quarter(self) -> float:
        """Stretched by less than a sample over the clip, so that a loop's bars fill it exactly."""
        return self.frames / self.quarters

    def place(self, notes: Iterable[Note]) -> list[Played]:
        """Notes in samples: round the seam in a loop, cut at both ends in a one-shot."""
        placed = []
        for note in notes:
            start = round(note.start_q * self.samples_per_quarter)
            held = round(note.duration_q * self.samples_per_quarter)
            if self.loop:
                start %= self.frames
            elif start < 0:
                start, held = 0, held + start
            if start < self.frames:
                placed.append(
                    Played(start, min(max(held, 1), self.frames), note.pitch, note.velocity)
                )
        return sorted(placed, key=lambda played: (played.start, played.pitch))

    def dry_frames(self, notes: Iterable[Played]) -> int:
        """Samples to render a part in: a loop's tail goes past its end."""
        if not self.loop:
            return self.frames
        last = max((note.start + note.held for note in notes), default=0)
        return max(last, self.frames) + round(TAIL_S * RATE_HZ)

    def fold(self, dry: Signal) -> Signal:
        """(channels, ≥ frames) dry part → (channels, total): tail on start, lead before."""
        if not self.loop:
            return dry[:, : self.total]
        round_trip = np.array(dry[:, : self.frames])
        for begin in range(self.frames, dry.shape[1], self.frames):
            tail = dry[:, begin : begin + self.frames]
            round_trip[:, : tail.shape[1]] += tail
        return self.with_lead(round_trip)

    def with_lead(self, clip: Signal) -> Signal:
        """(…, frames) → (…, total): a loop's end put before its start."""
        if not self.loop:
            return clip
        around = np.arange(-self.lead, self.frames)
        return np.asarray(np.take(clip, around, axis=-1, mode="wrap"))

    def cycles(self, rate_hz: float) -> float:
        """The frequency next to `rate_hz` that closes on itself in a loop."""
        if not self.loop:
            return rate_hz
        seconds = self.frames / RATE_HZ
        return max(1, round(rate_hz * seconds)) / seconds

    def phase(self, rate_hz: float, *, step: int = 1) -> NDArray[np.float32]:
        """(⌈total/step⌉,) phase in radians of an LFO that is 0 at the clip's first sample."""
        turns = (np.arange(0, self.total, step) - self.lead) * (self.cycles(rate_hz) / RATE_HZ)
        return np.asarray(2 * np.pi * np.mod(turns, 1.0), np.float32)


def canvas_of(score: Score) -> Canvas:
    """The canvas of a score: whole bars, rounded to a sample."""
    quarters = score.bars * METER_TABLE[score.meter][0]
    seconds = quarters * 60 / score.bpm
    return Canvas(
        score.bpm, quarters, round(seconds * RATE_HZ), round(seconds * LOW_RATE_HZ), score.loop
    )
