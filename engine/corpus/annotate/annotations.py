"""A Score's labels: everything that captions and conditioning may say, in seconds, JSON-able.

The labels are read off the notes and settings that were really composed, never off the genre: a
piece is called four-on-the-floor because its kick is, not because it is house.
Rejected: labels measured from the audio (the score knows them exactly), and keeping the notes (a
corpus shard would carry every composition twice; the MIDI file has them).
"""

import msgspec

from engine.corpus.annotate.playing import part_traits
from engine.music.instruments import INSTRUMENTS
from engine.music.meter import METER_TABLE
from engine.music.score import Note, Part, Role, Score

_DIGITS = 4  # of a second: a tenth of a millisecond


class SectionSpan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the form: name as in Score, start and end in s, energy 0–1."""

    name: str
    start_s: float
    end_s: float
    energy: float


class ChordSpan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chord: start and end in s, root and bass as pitch classes, quality, numeral."""

    start_s: float
    end_s: float
    root: int
    quality: str
    bass: int
    numeral: str


class PartLabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A player.

    Attributes:
        name, role, instrument: as in Score.
        family: the instrument's word group.
        active: (start_s, end_s) stretches in which it plays; rests under a bar are part of them.
        notes_per_s: onsets a second while it is active (a chord is one onset).
        traits: how it plays (engine.corpus.annotate.playing).
        width, reverb, delay, effects: as in Score.
        sweep: how far its filter travels, 0–1.
    """

    name: str
    role: Role
    instrument: str
    family: str
    active: tuple[tuple[float, float], ...]
    notes_per_s: float
    traits: tuple[str, ...]
    width: float
    reverb: float
    delay: float
    effects: dict[str, float]
    sweep: float


class Annotations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The labels of one composition; attributes as in Score where not said otherwise.

    Attributes:
        seconds: exact length, bars × seconds a bar.
        key: canonical key, None for drums alone.
        final_chord: whether everybody closes together on the last bar.
    """

    seed: int
    genre: str
    bpm: float
    meter: str
    bars: int
    seconds: float
    key: str | None
    tonic: int
    mode: str
    swing: float
    energy: float
    moods: tuple[str, ...]
    era: str
    texture: str
    loop: bool
    sections: tuple[SectionSpan, ...]
    chords: tuple[ChordSpan, ...]
    parts: tuple[PartLabel, ...]
    master: dict[str, float]
    final_chord: bool = False


def _active(
    notes: tuple[Note, ...], *, q_s: float, bar_q: float, total_q: float
) -> tuple[tuple[float, float], ...]:
    """Stretches of notes with gaps under a bar, cut to the clip."""
    spans: list[list[float]] = []
    for note in notes:
        start, end = max(0.0, note.start_q), min(total_q, note.start_q + note.duration_q)
        if spans and start - spans[-1][1] < bar_q:
            spans[-1][1] = max(spans[-1][1], end)
        elif end > start:
            spans.append([start, end])
    return tuple((round(a * q_s, _DIGITS), round(b * q_s, _DIGITS)) for a, b in spans)


def _sweep(part: Part) -> float:
    heights = [height for _, height in part.cutoff]
    return round(max(heights) - min(heights), 3) if heights else 0.0


def _label(score: Score, part: Part) -> PartLabel:
    bar_q = METER_TABLE[score.meter][0]
    q_s = 60 / score.bpm
    active = _active(part.notes, q_s=q_s, bar_q=bar_q, total_q=score.bars * bar_q)
    seconds = sum(end - start for start, end in active)
    onsets = len({round(note.start_q * 8) for note in part.notes})
    return PartLabel(
        name=part.name, role=part.role, instrument=part.instrument,
        family=INSTRUMENTS[part.instrument].family, active=active,
        notes_per_s=round(onsets / seconds, 2) if seconds > 0 else 0.0,
        traits=part_traits(part, meter=score.meter, bpm=score.bpm), width=part.width,
        reverb=part.reverb, delay=part.delay, effects=dict(part.effects), sweep=_sweep(part),
    )  # fmt: skip


def _closes(score: Score) -> bool:
    """Whether nobody starts a note after the first beat of the last bar, and it is not a loop."""
    start_q = (score.bars - 1) * METER_TABLE[score.meter][0]
    playing = [part for part in score.parts if part.role != "fx" and part.notes]
    late = any(note.start_q > start_q + 0.5 for part in playing for note in part.notes)
    there = any(abs(n.start_q - start_q) < 0.5 for part in playing for n in part.notes)
    return not score.loop and score.bars > 1 and there and not late


def annotate(score: Score) -> Annotations:
    """The labels of a score. Pure: the same score gives the same labels.

    Raises:
        KeyError: a meter or an instrument that no table knows.
    """
    bar_s = METER_TABLE[score.meter][0] * 60 / score.bpm
    q_s = 60 / score.bpm
    return Annotations(
        seed=score.seed, genre=score.genre, bpm=score.bpm, meter=score.meter, bars=score.bars,
        seconds=score.bars * bar_s, key=score.key, tonic=score.tonic, mode=score.mode,
        swing=score.swing, energy=score.energy, moods=score.moods, era=score.era,
        texture=score.texture, loop=score.loop,
        sections=tuple(
            SectionSpan(s.name, s.start_bar * bar_s, (s.start_bar + s.bars) * bar_s, s.energy)
            for s in score.sections
        ),
        chords=tuple(
            ChordSpan(c.start_q * q_s, (c.start_q + c.duration_q) * q_s, c.root, c.quality,
                      c.bass, c.numeral)
            for c in score.chords
        ),
        parts=tuple(_label(score, part) for part in score.parts),
        master=dict(score.master), final_chord=_closes(score),
    )  # fmt: skip
