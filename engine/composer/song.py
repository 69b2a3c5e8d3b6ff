"""The song while it is being written: the plan, its form and harmony, and who plays.

Generators read it and return events, tuples (start_q, duration_q, pitch, velocity) on the straight
grid: swing, human timing and tidying come after (engine.composer.humanise). The drummer's
kicks and the tune are kept here for those who listen to them.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from engine.composer.dice import Dice
from engine.composer.genres import Seat
from engine.composer.request import Plan
from engine.composer.theory.modes import scale
from engine.music.chords import tones
from engine.music.score import Chord

Event = tuple[float, float, int, int]


@dataclass(frozen=True)
class Span:
    """A section: `level` (0–1) is its place in the form, `energy` what that means in this song."""

    name: str
    start_bar: int
    bars: int
    level: float
    energy: float

    @property
    def end_bar(self) -> int:
        """The bar after its last."""
        return self.start_bar + self.bars


@dataclass(frozen=True)
class Player:
    """Who sits where: a seat, an instrument, the register that both can play."""

    seat: Seat
    instrument: str
    name: str
    low: int
    high: int


@dataclass
class Song:
    """A plan with its form and harmony; `kicks` (q) and `tune` are filled in as they are played."""

    plan: Plan
    spans: tuple[Span, ...]
    chords: tuple[Chord, ...]
    kicks: list[float] = field(default_factory=list)
    tune: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [chord.start_q for chord in self.chords]
        self._locals: dict[tuple[int, str], tuple[int, ...]] = {}
        self.scale = scale(self.plan.tonic, self.plan.mode)

    def dice(self, *name: object) -> Dice:
        """The stream of chance for a decision."""
        return Dice(self.plan.seed, self.plan.attempt, *name)

    def chord_index(self, q: float) -> int:
        """Place of the chord that sounds at q; past the end of a loop, its first."""
        if q >= self.plan.total_q - 1e-6:
            return 0 if self.plan.loop else len(self.chords) - 1
        return max(0, bisect_right(self._starts, q + 1e-6) - 1)

    def chord_at(self, q: float) -> Chord:
        """The chord that sounds at q."""
        return self.chords[self.chord_index(q)]

    def next_change(self, q: float) -> float:
        """Where the chord that sounds at q ends."""
        chord = self.chord_at(q)
        return chord.start_q + chord.duration_q

    def local_scale(self, chord: Chord) -> tuple[int, ...]:
        """The key's scale bent to a chord: tones that contradict its own give way to them."""
        cached = self._locals.get((chord.root, chord.quality))
        if cached is not None:
            return cached
        own = set(tones(chord.root, chord.quality))
        foreign = own.difference(self.scale)
        bent = own | {
            note
            for note in self.scale
            if note in own or not ({(note + 1) % 12, (note - 1) % 12} & foreign)
        }
        result = tuple(sorted(bent))
        self._locals[chord.root, chord.quality] = result
        return result

    def span_at(self, bar: int) -> Span:
        """The section that a bar belongs to."""
        for span in self.spans:
            if span.start_bar <= bar < span.end_bar:
                return span
        return self.spans[-1]


def clamp_velocity(velocity: float) -> int:
    """A MIDI velocity 1–127."""
    return max(1, min(127, round(velocity)))


def nearest(pitch_class: int, around: float, low: int, high: int) -> int:
    """The note of a pitch class in [low, high] nearest to `around`.

    A range under an octave may lack it: then the one nearest to the range is taken.
    """
    first = low + (pitch_class - low) % 12
    best = first
    for note in range(first, high + 1, 12):
        if abs(note - around) < abs(best - around):
            best = note
    return best
