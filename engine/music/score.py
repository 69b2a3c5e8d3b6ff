"""A composition as data: what the composer makes, the renderer plays and the captions describe.

Time is in quarter notes ("q") from the start, at a constant tempo: a clip is 30 s and lands on a
grid. Rejected: MIDI files as the internal form (they hold neither chords nor sections nor why a
note is there); MIDI is written from a Score, part by part.
"""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final, Literal

from engine.music.meter import METER_TABLE

Role = Literal["drums", "bass", "harmony", "melody", "arpeggio", "pad", "fx"]
Stem = Literal["drums", "bass", "harmony", "melody"]

STEM_OF_ROLE: dict[Role, Stem] = {
    "drums": "drums",
    "bass": "bass",
    "harmony": "harmony",
    "pad": "harmony",
    "arpeggio": "melody",
    "melody": "melody",
    "fx": "drums",
}


@dataclass(frozen=True)
class Note:
    """One note. Humanised timing is already in `start_q`; it may be slightly before its beat.

    Attributes:
        start_q, duration_q: in quarter notes; duration > 0.
        pitch: MIDI note number (drums: General MIDI percussion key).
        velocity: 1–127.
    """

    start_q: float
    duration_q: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Chord:
    """One chord of the harmony.

    Attributes:
        start_q, duration_q: in quarter notes.
        root: pitch class 0–11 (C = 0).
        quality: key of the chord table ("maj", "min7", "sus4", "7#9", …).
        bass: pitch class of the bass note (inversions and slash chords).
        numeral: what it does in the key ("ii7", "V/vi", "bVII").
    """

    start_q: float
    duration_q: float
    root: int
    quality: str
    bass: int
    numeral: str


@dataclass(frozen=True)
class Section:
    """A stretch of the form. `name` is intro, verse, chorus, A, B, build, drop, break, outro."""

    name: str
    start_bar: int
    bars: int
    energy: float  # 0–1


@dataclass(frozen=True)
class Part:
    """One player.

    Attributes:
        name: unique in the score ("bass", "pad 2").
        role: what it does.
        instrument: key of engine.music.instruments.INSTRUMENTS.
        notes: sorted by start.
        gain_db: relative to the genre's balance.
        pan: −1 left … 1 right.
        width: 0 mono … 1 wide.
        reverb, delay: send levels 0–1.
        effects: mix effects by name with their amounts ("sidechain": 0.7, "saturation": 0.3,
            "lowpass_hz": 1800, "filter_sweep": 1, "chorus": 0.4, "tremolo": 0.2).
        cutoff: filter automation as (q, 0–1) points, for sweeps and builds; may be empty.
    """

    name: str
    role: Role
    instrument: str
    notes: tuple[Note, ...]
    gain_db: float = 0.0
    pan: float = 0.0
    width: float = 0.3
    reverb: float = 0.15
    delay: float = 0.0
    effects: dict[str, float] = field(default_factory=dict)
    cutoff: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Score:
    """One composition.

    Attributes:
        seed: the number that it was composed from.
        genre: key of the genre table.
        bpm: quarter notes per minute.
        meter: "4/4", "3/4" or "6/8".
        bars: length.
        tonic: pitch class of the key.
        mode: "major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "harmonic minor",
            "blues", …
        key: canonical name of the nearest of the 24 keys (engine.music.keys), None for drums alone.
        swing: 0 straight … 1 full triplet swing, as applied to the notes.
        sections, chords, parts: the music.
        energy: 0–1 overall.
        moods: mood words by their keys in the lexicon ("dreamy", "dark").
        era: "1960s" … "2020s" or "" where it does not matter.
        texture: "full", "sparse" or "solo" (one instrument, or a drum loop alone).
        master: treatment of the whole mix by name ("vinyl": 0.5, "tape": 0.4, "lofi_hz": 6000,
            "reverb_room": 0.3, "glue": 0.4).
        loop: whether the end leads back to the start.
    """

    seed: int
    genre: str
    bpm: float
    meter: str
    bars: int
    tonic: int
    mode: str
    key: str | None
    swing: float
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]
    parts: tuple[Part, ...]
    energy: float
    moods: tuple[str, ...]
    era: str
    texture: Literal["full", "sparse", "solo"]
    master: dict[str, float] = field(default_factory=dict)
    loop: bool = False


_STUB_Q: Final = 0.05  # what is left of a note that belongs to the bar behind the end


def cut(score: Score, end_q: float) -> Score:
    """The score up to `end_q`, in as many bars as that takes; what sounds beyond it ends there."""
    bars = ceil(round(end_q / METER_TABLE[score.meter][0], 4))
    return replace(
        score,
        bars=bars,
        sections=tuple(
            replace(section, bars=min(section.bars, bars - section.start_bar))
            for section in score.sections
            if section.start_bar < bars
        ),
        chords=tuple(
            replace(chord, duration_q=min(chord.duration_q, end_q - chord.start_q))
            for chord in score.chords
            if chord.start_q < end_q
        ),
        parts=tuple(replace(part, notes=_notes_until(part, end_q)) for part in score.parts),
    )


def _notes_until(part: Part, end_q: float) -> tuple[Note, ...]:
    notes = []
    for note in part.notes:
        left_q = end_q - note.start_q
        if note.duration_q <= left_q:
            notes.append(note)
        elif left_q > _STUB_Q:
            notes.append(replace(note, duration_q=left_q))
    return tuple(notes)
