"""Harmony: a progression per kind of section, coloured, spiced, and brought to an end.

A numeral is enriched alike wherever it returns in a song, or the harmony would not sound decided.
"""

from collections.abc import Sequence

from engine.composer.dice import Dice
from engine.composer.request import Plan
from engine.composer.song import Span
from engine.composer.theory.keyfit import key_margin
from engine.composer.theory.modes import nearest_key, scale
from engine.composer.theory.progressions import progressions_for
from engine.composer.theory.richer import richer
from engine.music.chords import tones
from engine.music.keys import key_index
from engine.music.numerals import Degree, parse_numeral
from engine.music.progression import Bar, placed, read_bars
from engine.music.score import Chord

_BRIGHT_SECTIONS = frozenset({"chorus", "B", "drop"})
_TONIC = {"major": "I", "minor": "i"}
CADENCES: dict[str, tuple[str, ...]] = {
    "major": ("V", "V7", "IV", "ii,V", "IV,V", "bVII"),
    "minor": ("V", "V7", "iv", "bVII", "iv,V", "bVI,bVII"),
}
_PLAGAL = frozenset({"ambient", "hip-hop", "afro", "funk"})

_DRAFTS = 6


def paced_bars(text: str, pace: float) -> list[Bar]:
    """Bars of a progression at a pace: 0.5 holds every bar for two, 2 plays two bars in one."""
    bars = list(read_bars(text))
    if pace == 0.5:
        return [bar for bar in bars for _ in range(2)]
    return bars


def _choose(plan: Plan, dice: Dice, *, bright: bool, limit: int) -> list[Bar]:
    """One progression of at most `limit` bars if there is one, at the genre's pace."""
    row = plan.row
    table = row.chorus if bright and row.chorus else row.chords
    family = dice.weighted(table)
    texts = progressions_for(family, plan.mode)
    pace = dice.weighted(row.pace)
    fitting = [text for text in texts if len(paced_bars(text, pace)) <= limit]
    if not fitting and pace == 0.5:
        pace = 1.0
        fitting = [text for text in texts if len(paced_bars(text, pace)) <= limit]
    whole = [text for text in fitting if limit % len(paced_bars(text, pace)) == 0]
    if whole and dice.chance(0.85):
        fitting = whole
    return paced_bars(dice.pick(fitting or list(texts)), pace)


def _bars(plan: Plan, spans: tuple[Span, ...], dice: Dice) -> list[Bar]:
    """One entry per bar of the song."""
    longest = max(span.bars for span in spans)
    home = _choose(plan, dice, bright=False, limit=plan.bars)
    other = home
    if plan.row.chorus or dice.chance(0.35):
        other = _choose(plan, dice, bright=True, limit=longest)
    result: list[Bar] = []
    place = {id(home): 0, id(other): 0}
    for span in spans:
        source = other if span.name in _BRIGHT_SECTIONS else home
        if len(source) <= span.bars:
            place[id(source)] = 0
        start = place[id(source)]
        result += [source[(start + i) % len(source)] for i in range(span.bars)]
        place[id(source)] = start + span.bars
    return result


def _close(plan: Plan, bars: list[Bar], dice: Dice) -> None:
    """End on the tonic, prepared by a cadence in functional music."""
    tonic = _TONIC[plan.quality]
    bars[-1] = (tonic,)
    if len(bars) >= 4 and plan.row.family not in _PLAGAL and plan.mode in ("major", "minor"):
        bars[-2] = tuple(dice.pick(CADENCES[plan.quality]).split(","))


def _coloured(plan: Plan, degree: Degree, memo: dict[str, str], dice: Dice) -> str:
    """The quality that a numeral has in this song."""
    if degree.numeral not in memo:
        allowed = frozenset(scale(plan.tonic, plan.mode))
        root = (degree.root + plan.tonic) % 12
        options = richer(root, degree.quality, depth=plan.row.depth, allowed=allowed)
        use = bool(options) and degree.quality != "5" and dice.chance(plan.row.colour)
        memo[degree.numeral] = dice.pick(options) if use else degree.quality
    return memo[degree.numeral]


def _approach(plan: Plan, chord: Chord, following: Chord, dice: Dice) -> tuple[Chord, ...]:
    """A chord, its second half given to what leads to the next: V7, its tritone sub, or iv."""
    half = chord.duration_q / 2
    if half < 1 or following.root == chord.root or chord.quality.startswith("7"):
        return (chord,)
    first = Chord(chord.start_q, half, chord.root, chord.quality, chord.bass, chord.numeral)
    root = (following.root + 7) % 12
    quality, numeral = "7", f"V7/{following.numeral}"
    if chord.numeral.startswith("IV") and plan.quality == "major" and dice.chance(0.5):
        root, quality, numeral = chord.root, "min6" if plan.row.depth > 1 else "min", "iv"
    elif plan.row.depth > 1 and dice.chance(0.35):
        root, numeral = (following.root + 1) % 12, f"bII7/{following.numeral}"
    elif plan.row.depth > 1:
        minor = following.quality.startswith("min")
        quality = dice.pick(("7b9", "7alt")) if minor else dice.pick(("9", "13", "7"))
    return (first, Chord(chord.start_q + half, half, root, quality, root, numeral))


def _merged(chords: list[Chord]) -> tuple[Chord, ...]:
    """Neighbours that sound the same become one."""
    result: list[Chord] = []
    for chord in chords:
        last = result[-1] if result else None
        if last and (last.root, last.quality, last.bass) == (chord.root, chord.quality, chord.bass):
            result[-1] = Chord(
                last.start_q, last.duration_q + chord.duration_q, last.root, last.quality,
                last.bass, last.numeral,
            )  # fmt: skip
        else:
            result.append(chord)
    return tuple(result)


def chord_weights(chords: Sequence[Chord]) -> list[float]:
    """How long the chords alone sound each pitch class (12 values, q), roots twice."""
    weights = [0.0] * 12
    for chord in chords:
        for note in (chord.root, *tones(chord.root, chord.quality)[:4]):
            weights[note] += chord.duration_q
    return weights


def _says_key(plan: Plan, chords: tuple[Chord, ...]) -> float:
    """How clearly the chords alone say the key."""
    return key_margin(chord_weights(chords), key_index(nearest_key(plan.tonic, plan.mode)))


def draw_chords(plan: Plan, spans: tuple[Span, ...]) -> tuple[Chord, ...]:
    """The harmony of a song: of a few drafts the first that says its key, else the clearest."""
    drafts: list[tuple[float, tuple[Chord, ...]]] = []
    for number in range(_DRAFTS):
        chords = _draft(plan, spans, Dice(plan.seed, plan.attempt, "harmony", number))
        drafts.append((_says_key(plan, chords), chords))
        if drafts[-1][0] > 0:
            return chords
    return max(drafts, key=lambda draft: draft[0])[1]


def given_chords(text: str, key: str | None, *, bars: int, bar_q: float) -> tuple[Chord, ...]:
    """A musician's own progression, again and again over some bars, as harmony.

    Args:
        text: as in engine.music.progression.
        key: what its numerals count from.
        bars: how many.
        bar_q: quarter notes in each.

    Raises:
        ValueError: it is no progression, or has numerals and there is no key.
    """
    written = read_bars(text)
    chords: list[Chord] = []
    for number in range(bars):
        bar = written[number % len(written)]
        share = bar_q / len(bar)
        for place, name in enumerate(bar):
            degree = placed(name, key)
            start = number * bar_q + place * share
            foot = degree.bass
            chords.append(Chord(start, share, degree.root, degree.quality, foot, name))
    return _merged(chords)


def _draft(plan: Plan, spans: tuple[Span, ...], dice: Dice) -> tuple[Chord, ...]:
    """One harmony, in time, without gaps."""
    bars = _bars(plan, spans, dice)
    if plan.ending and len(bars) > 1:
        _close(plan, bars, dice)
    memo: dict[str, str] = {}
    plain: list[Chord] = []
    for number, bar in enumerate(bars):
        share = plan.bar_q / len(bar)
        for place, numeral in enumerate(bar):
            degree = parse_numeral(numeral)
            quality = _coloured(plan, degree, memo, dice)
            root, foot = (degree.root + plan.tonic) % 12, (degree.bass + plan.tonic) % 12
            if foot not in tones(root, quality):
                foot = root
            start = number * plan.bar_q + place * share
            plain.append(Chord(start, share, root, quality, foot, numeral))
    spiced: list[Chord] = []
    for chord, following in zip(plain, [*plain[1:], plain[0]], strict=True):
        last = chord is plain[-1]
        if plan.row.spice and not (last and not plan.loop) and dice.chance(plan.row.spice * 0.5):
            spiced += _approach(plan, chord, following, dice)
        else:
            spiced.append(chord)
    return _merged(spiced)
