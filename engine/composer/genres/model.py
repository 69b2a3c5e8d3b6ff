"""What a genre is, as data: the players it seats, the tables they draw from, how it is mixed.

A genre is a row, not a class with code: the composer's machinery is shared, and a genre differs by
which progressions, grooves, styles and instruments it may draw. Rejected: a module of code per
genre (forty of them would repeat one another and drift apart).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.music.score import Role

Feel = Literal["machine", "tight", "groove", "loose", "lazy", "rubato"]
FormFamily = Literal["club", "song", "jam", "jazz", "cinematic", "ambient", "classical"]
Voices = Literal["close", "open", "triad", "rootless", "shell", "power", "fifths", "choral"]


def weights(text: str) -> dict[str, float]:
    """A weighted choice from its short form: "grand piano*3, harp" → {"grand piano": 3, "harp": 1}.

    Raises:
        ValueError: a weight is no number, or an option is empty.
    """
    table: dict[str, float] = {}
    for item in text.split(","):
        name, _, weight = item.strip().partition("*")
        if not name:
            msg = f"an empty option in {text!r}"
            raise ValueError(msg)
        table[name] = float(weight) if weight else 1.0
    return table


@dataclass(frozen=True)
class Seat:
    """A chair in the band.

    Attributes:
        role: what it does.
        styles: rows of the style table of its role, weighted.
        instruments: who may sit there, weighted.
        chance: how often it is there at all in a full texture.
        enter, leave: it plays where enter <= a section's level < leave.
        low, high: the register it plays in; the instrument's own range narrows it further.
        voices: how chords are laid out.
        gain_db, pan, width, reverb, delay, effects: the mix (engine.music.score.Part).
        sweep: its filter follows the form.
        solo: how often it is chosen to play alone, in proportion; 0 never.
    """

    role: Role
    styles: Mapping[str, float]
    instruments: Mapping[str, float]
    chance: float = 1.0
    enter: float = 0.0
    leave: float = 2.0
    low: int = 48
    high: int = 84
    voices: Voices = "close"
    gain_db: float = 0.0
    pan: float = 0.0
    width: float = 0.3
    reverb: float = 0.15
    delay: float = 0.0
    effects: Mapping[str, float] = field(default_factory=dict)
    sweep: bool = False
    solo: float = 0.0


@dataclass(frozen=True)
class Genre:
    """One genre.

    Attributes:
        family: the shelf it stands on ("electronic", "jazz").
        bpm: lowest and highest quarter notes per minute.
        modes: weighted; major and minor sides are drawn alike where a genre has both.
        chords: progression families, weighted.
        chorus: progression families for its brighter sections; empty: the same as `chords`.
        grooves: rows of the groove table by meter, weighted; a meter is possible if it has a row.
        seats: the band.
        meters: weighted.
        swing: range of swing 0–1, and `swing_unit` the note value (q) that is swung.
        feel: how tight the players are (engine.composer.humanise).
        form: family of forms.
        colour: how often plain chords are enriched, and `depth` how far (1 sevenths, 2 ninths).
        spice: how often a chord is approached by its dominant, its tritone sub or borrowed.
        pace: bars of the progression per bar of music: 0.5 holds each chord for two bars; weighted.
        moods: keys of MOODS that suit it.
        eras: weighted.
        energy: lowest and highest.
        master: treatment of the mix.
        phrase: bars in a phrase.
        fills: families of drum fills, weighted.
    """

    family: str
    bpm: tuple[float, float]
    modes: Mapping[str, float]
    chords: Mapping[str, float]
    grooves: Mapping[str, Mapping[str, float]]
    seats: tuple[Seat, ...]
    moods: tuple[str, ...]
    meters: Mapping[str, float] = field(default_factory=lambda: {"4/4": 1.0})
    chorus: Mapping[str, float] = field(default_factory=dict)
    swing: tuple[float, float] = (0.0, 0.0)
    swing_unit: float = 0.5
    feel: Feel = "groove"
    form: FormFamily = "song"
    colour: float = 0.0
    depth: int = 1
    spice: float = 0.0
    pace: Mapping[float, float] = field(default_factory=lambda: {1.0: 1.0})
    eras: Mapping[str, float] = field(default_factory=lambda: {"": 1.0})
    energy: tuple[float, float] = (0.3, 0.8)
    master: Mapping[str, float] = field(default_factory=dict)
    phrase: int = 4
    fills: Mapping[str, float] = field(default_factory=lambda: {"toms": 1.0, "snare": 1.0})


def drums(
    instruments: str,
    *,
    enter: float = 0.2,
    solo: float = 2.0,
    reverb: float = 0.1,
    effects: Mapping[str, float] | None = None,
    gain_db: float = 0.0,
    chance: float = 1.0,
) -> Seat:
    """The drummer."""
    return Seat(
        "drums", {"groove": 1.0}, weights(instruments), chance=chance, enter=enter, low=35, high=81,
        gain_db=gain_db, width=0.5, reverb=reverb, effects=effects or {}, solo=solo,
    )  # fmt: skip


def bass(
    styles: str,
    instruments: str,
    *,
    enter: float = 0.3,
    solo: float = 0.7,
    low: int = 28,
    high: int = 52,
    chance: float = 1.0,
    effects: Mapping[str, float] | None = None,
    gain_db: float = 0.0,
    reverb: float = 0.03,
    sweep: bool = False,
) -> Seat:
    """The bass player: mono, dry, in the middle."""
    return Seat(
        "bass", weights(styles), weights(instruments), chance=chance, enter=enter, low=low,
        high=high, gain_db=gain_db, width=0.0, reverb=reverb, effects=effects or {}, sweep=sweep,
        solo=solo,
    )  # fmt: skip


def chords(
    styles: str,
    instruments: str,
    *,
    voices: Voices = "close",
    enter: float = 0.2,
    leave: float = 2.0,
    chance: float = 1.0,
    low: int = 52,
    high: int = 76,
    gain_db: float = 0.0,
    pan: float = 0.0,
    width: float = 0.4,
    reverb: float = 0.18,
    delay: float = 0.0,
    effects: Mapping[str, float] | None = None,
    sweep: bool = False,
    solo: float = 0.5,
) -> Seat:
    """Whoever comps, strums, stabs or riffs."""
    return Seat(
        "harmony", weights(styles), weights(instruments), chance, enter, leave, low, high, voices,
        gain_db, pan, width, reverb, delay, effects or {}, sweep, solo,
    )  # fmt: skip


def pad(
    instruments: str,
    *,
    styles: str = "hold",
    voices: Voices = "open",
    enter: float = 0.0,
    leave: float = 2.0,
    chance: float = 0.7,
    low: int = 50,
    high: int = 79,
    gain_db: float = -4.0,
    width: float = 0.8,
    reverb: float = 0.4,
    effects: Mapping[str, float] | None = None,
    sweep: bool = False,
    solo: float = 0.3,
) -> Seat:
    """A bed of long chords."""
    return Seat(
        "pad", weights(styles), weights(instruments), chance, enter, leave, low, high, voices,
        gain_db, 0.0, width, reverb, 0.0, effects or {}, sweep, solo,
    )  # fmt: skip


def arp(
    styles: str,
    instruments: str,
    *,
    enter: float = 0.4,
    leave: float = 2.0,
    chance: float = 0.6,
    low: int = 60,
    high: int = 88,
    gain_db: float = -2.0,
    pan: float = 0.2,
    width: float = 0.5,
    reverb: float = 0.25,
    delay: float = 0.25,
    effects: Mapping[str, float] | None = None,
    sweep: bool = False,
    solo: float = 0.5,
    voices: Voices = "close",
) -> Seat:
    """Broken chords."""
    return Seat(
        "arpeggio", weights(styles), weights(instruments), chance, enter, leave, low, high, voices,
        gain_db, pan, width, reverb, delay, effects or {}, sweep, solo,
    )  # fmt: skip


def lead(
    styles: str,
    instruments: str,
    *,
    enter: float = 0.5,
    leave: float = 2.0,
    chance: float = 0.9,
    low: int = 60,
    high: int = 86,
    gain_db: float = 1.0,
    pan: float = 0.0,
    width: float = 0.25,
    reverb: float = 0.22,
    delay: float = 0.12,
    effects: Mapping[str, float] | None = None,
    sweep: bool = False,
    solo: float = 0.5,
) -> Seat:
    """Whoever has the tune."""
    return Seat(
        "melody", weights(styles), weights(instruments), chance, enter, leave, low, high, "close",
        gain_db, pan, width, reverb, delay, effects or {}, sweep, solo,
    )  # fmt: skip


def fx(instruments: str = "riser, impact", *, chance: float = 0.6, gain_db: float = -8.0) -> Seat:
    """Risers before and impacts on the turns of the form."""
    return Seat(
        "fx", {"turns": 1.0}, weights(instruments), chance=chance, enter=0.0, low=36, high=72,
        gain_db=gain_db, width=0.8, reverb=0.4,
    )  # fmt: skip
