"""What may be asked of the composer, and the decisions that fill in the rest.

Keys are drawn first and alike (24 of them), then the mode among the genre's on that side, then the
moods that the mode allows, then tempo, so that every genre appears in every key over its range.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from engine.composer.dice import Dice
from engine.composer.genres import ERAS, GENRES, MOODS, Genre, Mood
from engine.composer.theory.modes import MODES, QUALITY_OF_MODE, Quality
from engine.music.instruments import INSTRUMENTS
from engine.music.keys import key_index
from engine.music.meter import METER_TABLE, seconds_per_bar
from engine.music.score import Chord

Texture = Literal["full", "sparse", "solo"]

METERS = ("4/4", "3/4", "6/8")
TEXTURES: dict[Texture, float] = {"full": 0.6, "sparse": 0.2, "solo": 0.2}
LOOP_SHARE = 0.25
CLIP_SECONDS = (24.0, 30.0)
LOOP_SECONDS = (4.0, 16.0)
_LOOP_BARS = (1, 2, 4, 8, 16)
BPM_LIMITS = (30.0, 300.0)
MAX_BARS = 256


@dataclass(frozen=True)
class Request:
    """What is fixed; None is drawn.

    Attributes:
        genre: key of GENRES.
        bpm: quarter notes per minute, 30–300; may lie outside the genre's range.
        key: any spelling of one of the 24 keys ("Am").
        mode: key of MODES; must lie on the key's side where both are given.
        meter: "4/4", "3/4" or "6/8".
        bars, seconds: length; bars win.
        energy: 0–1.
        texture: full, sparse or solo.
        loop: whether the end leads back to the start.
        instruments: keys of INSTRUMENTS that must play.
        moods: keys of MOODS.
        era: key of ERAS.
        without: keys of INSTRUMENTS that must not play.
        chords: the harmony of the whole length without gaps; empty is drawn.
        excerpt: it begins and ends in the midst of a piece: everybody plays, and nobody closes.
        keeps_beat: where few play, drums that the genre always has are among them.
    """

    genre: str | None = None
    bpm: float | None = None
    key: str | None = None
    mode: str | None = None
    meter: str | None = None
    bars: int | None = None
    seconds: float | None = None
    energy: float | None = None
    texture: Texture | None = None
    loop: bool | None = None
    instruments: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    era: str | None = None
    without: frozenset[str] = frozenset()
    chords: tuple[Chord, ...] = ()
    excerpt: bool = False
    keeps_beat: bool = False

    def __post_init__(self) -> None:
        """Refuse what no table knows."""
        known: tuple[tuple[str, str | None, Container[str]], ...] = (
            ("genre", self.genre, GENRES), ("mode", self.mode, MODES),
            ("meter", self.meter, METERS), ("texture", self.texture, TEXTURES),
            ("era", self.era, ERAS),
            *(("instrument", name, INSTRUMENTS) for name in (*self.instruments, *self.without)),
            *(("mood", name, MOODS) for name in self.moods),
        )  # fmt: skip
        for what, value, table in known:
            if value is not None and value not in table:
                msg = f"unknown {what} {value!r}"
                raise ValueError(msg)
        if self.key is not None:
            key_index(self.key)
            if self.mode is not None and _quality_of_key(self.key) != QUALITY_OF_MODE[self.mode]:
                msg = f"{self.key!r} is not a {self.mode} key"
                raise ValueError(msg)
        ranges = (
            ("bpm", self.bpm, *BPM_LIMITS), ("bars", self.bars, 1, MAX_BARS),
            ("energy", self.energy, 0, 1), ("seconds", self.seconds, 1, 600),
        )  # fmt: skip
        for what, number, low, high in ranges:
            if number is not None and not low <= number <= high:
                msg = f"{what} {number} is not in {low}–{high}"
                raise ValueError(msg)


@dataclass(frozen=True)
class Plan:
    """Every decision about a composition but its notes.

    Attributes as in Score; `row` is the genre, `mood` the moods blended, `bar_q` a bar's length in
    quarter notes, `ending` whether a one-shot closes with a final chord, `chords` the harmony where
    it is given, `without`, `excerpt` and `keeps_beat` as in Request, `attempt` which of several
    drafts of the same plan this is.
    """

    seed: int
    genre: str
    row: Genre
    bpm: float
    meter: str
    bar_q: float
    bars: int
    tonic: int
    mode: str
    moods: tuple[str, ...]
    mood: Mood
    era: str
    energy: float
    texture: Texture
    loop: bool
    swing: float
    ending: bool
    instruments: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    chords: tuple[Chord, ...] = ()
    excerpt: bool = False
    keeps_beat: bool = False
    attempt: int = 0

    @property
    def quality(self) -> Quality:
        """Major or minor, as the nearest key has it."""
        return QUALITY_OF_MODE[self.mode]

    @property
    def total_q(self) -> float:
        """Length in quarter notes."""
        return self.bars * self.bar_q


def _quality_of_key(key: str) -> Quality:
    return "major" if key_index(key) < 12 else "minor"


def _draw_mode(row: Genre, request: Request, dice: Dice) -> str:
    """A mode of the genre; major and minor sides alike where moods and genre allow both."""
    if request.mode is not None:
        return request.mode
    table: dict[Quality, dict[str, float]] = {"major": {}, "minor": {}}
    for mode, weight in row.modes.items():
        for mood in request.moods:
            weight *= MOODS[mood].modes.get(mode, 1.0)  # noqa: PLW2901 (a running product)
        if weight > 0:
            table[QUALITY_OF_MODE[mode]][mode] = weight
    sides: list[Quality] = [side for side in ("major", "minor") if table[side]]
    side: Quality = dice.pick(sides or ["major", "minor"])
    if request.key is not None:
        side = _quality_of_key(request.key)
    fitting: dict[str, float] = table[side] or {str(side): 1.0}
    return dice.weighted(fitting)


def _draw_moods(row: Genre, mode: str, dice: Dice) -> tuple[str, ...]:
    """One mood that the mode allows, and a partner half of the time."""
    fitting = {name: MOODS[name].modes.get(mode, 1.0) for name in row.moods}
    if not any(fitting.values()):
        fitting = {"groovy": 1.0}
    first = dice.weighted(fitting)
    partners = [name for name in MOODS[first].partners if MOODS[name].modes.get(mode, 1.0) > 0]
    if partners and dice.chance(0.5):
        return (first, dice.pick(partners))
    return (first,)


def blend(moods: tuple[str, ...]) -> Mood:
    """Several moods as one: the first counts twice."""
    if not moods:
        return Mood()
    rows = [MOODS[moods[0]], *(MOODS[name] for name in moods)]
    count = len(rows)
    return Mood(
        tempo=sum(m.tempo for m in rows) / count,
        energy=sum(m.energy for m in rows) / count,
        register=round(sum(m.register for m in rows) / count),
        density=sum(m.density for m in rows) / count,
        lowpass_hz=rows[0].lowpass_hz,
        reverb=sum(m.reverb for m in rows) / count,
        contour=sum(m.contour for m in rows) / count,
        velocity=sum(m.velocity for m in rows) / count,
    )


def _draw_bpm(row: Genre, lean: float, dice: Dice) -> float:
    """A whole number of BPM over the genre's range; a mood's lean picks the better of two draws."""
    first, second = dice.between(0, 1), dice.between(0, 1)
    place = first
    if dice.chance(abs(lean) * 0.6):
        place = max(first, second) if lean > 0 else min(first, second)
    low, high = row.bpm
    return float(round(low + (high - low) * place))


def clip_bars(bpm: float, meter: str, *, phrase: int = 4) -> int:
    """The bars of a standard clip: 24–30 s, whole phrases if possible, else even, else any."""
    bar_s = seconds_per_bar(bpm, meter)
    low, high = CLIP_SECONDS
    fitting = [n for n in range(1, MAX_BARS + 1) if low <= n * bar_s <= high + 1e-9]
    if not fitting:
        return max(1, int(high / bar_s))
    for unit in (2 * phrase, phrase, 2):
        whole = [n for n in fitting if n % unit == 0]
        if whole:
            return whole[-1]
    return fitting[-1]


def _draw_bars(request: Request, bpm: float, meter: str, loop: bool, dice: Dice) -> int:
    bar_s = seconds_per_bar(bpm, meter)
    if request.bars is not None:
        return request.bars
    if request.seconds is not None:
        return min(MAX_BARS, max(1, round(request.seconds / bar_s)))
    if loop:
        low, high = LOOP_SECONDS
        fitting = [n for n in _LOOP_BARS if low <= n * bar_s <= high]
        return dice.pick(fitting) if fitting else max(1, round(low / bar_s))
    return clip_bars(bpm, meter)


def draw_plan(seed: int, request: Request) -> Plan:
    """Every decision for a seed; what the request fixes stays fixed."""
    dice = Dice(seed, "plan")
    genre = request.genre or dice.pick(list(GENRES))
    row = GENRES[genre]
    meter = request.meter or dice.weighted(row.meters)
    tonic = dice.integer(0, 11)
    if request.key is not None:
        tonic = key_index(request.key) % 12
    mode = _draw_mode(row, request, Dice(seed, "mode"))
    moods = request.moods or _draw_moods(row, mode, Dice(seed, "moods"))
    mood = blend(moods)
    bpm = request.bpm or _draw_bpm(row, mood.tempo, Dice(seed, "tempo"))
    drawn: Texture = dice.weighted(TEXTURES)
    texture = request.texture or drawn
    loop = dice.chance(LOOP_SHARE) if request.loop is None else request.loop
    low, high = row.energy
    energy = dice.between(low, high) + mood.energy
    if request.energy is not None:
        energy = request.energy
    ending = not loop and dice.chance(0.45)
    closes = not request.chords or request.chords[-1].root == tonic
    ending = ending and closes and not request.excerpt
    return Plan(
        seed=seed, genre=genre, row=row, bpm=bpm, meter=meter, bar_q=METER_TABLE[meter][0],
        bars=_draw_bars(request, bpm, meter, loop, dice), tonic=tonic, mode=mode, moods=moods,
        mood=mood, era=dice.weighted(row.eras) if request.era is None else request.era,
        energy=round(min(1.0, max(0.05, energy)), 3), texture=texture, loop=loop,
        swing=round(dice.between(*row.swing), 3), ending=ending,
        instruments=tuple(name for name in request.instruments if name not in request.without),
        without=request.without, chords=request.chords, excerpt=request.excerpt,
        keeps_beat=request.keeps_beat,
    )  # fmt: skip
