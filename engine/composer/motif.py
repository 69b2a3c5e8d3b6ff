"""Motifs: a bar's rhythm with a contour, and what a composer does with one.

A phrase is four bars of letters: "a" states, "a'" varies, "b" contrasts, "r" rests, and the last
bar comes to rest. Letters come back, or nobody would remember the tune.
"""

from dataclasses import dataclass

from engine.composer.dice import Dice
from engine.composer.genres.styles_melody import RHYTHMS, MelodyStyle
from engine.composer.grid import steps

# (letters of the four bars, weight): call and response, sentence, period
PHRASES: dict[str, float] = {
    "a a b c": 2.0,
    "a b a c": 3.0,
    "a a' a c": 2.0,
    "a a' b c": 2.0,
    "a s a c": 2.0,
    "a r a c": 1.0,
    "a i a c": 1.0,
    "a d a c": 1.0,
}
_SPREAD = 5


@dataclass(frozen=True)
class Cell:
    """One bar: (start_q, length_q) of each note and its height in scale steps over the first."""

    notes: tuple[tuple[float, float], ...]
    contour: tuple[int, ...]


def _contour(count: int, leap: float, lean: float, dice: Dice) -> tuple[int, ...]:
    """A walk in scale steps: mostly by step, a leap is answered by a step back."""
    heights = [0]
    direction = 1 if dice.chance(0.5 + 0.35 * lean) else -1
    leapt = False
    for _ in range(count - 1):
        if leapt or dice.chance(0.3):
            direction = -direction
        leapt = dice.chance(leap)
        step = dice.pick((2, 2, 3, 4)) if leapt else dice.pick((1, 1, 1, 1, 0, 2))
        height = heights[-1] + direction * step
        if abs(height) > _SPREAD:
            direction = -direction
            height = heights[-1] + direction * step
        heights.append(height)
    return tuple(heights)


def new_cell(style: MelodyStyle, meter: str, bar_q: float, *, lean: float, dice: Dice) -> Cell:
    """A fresh motif: a cell of the style's banks, sometimes with two notes tied or one split."""
    bank = RHYTHMS[dice.weighted(style.banks)][meter]
    notes = [(start, length) for start, length, _ in steps(dice.pick(bank), bar_q)[0]]
    if len(notes) > 3 and dice.chance(0.3):
        place = dice.integer(1, len(notes) - 1)
        before, gone = notes[place - 1], notes[place]
        notes[place - 1 : place + 1] = [(before[0], gone[0] + gone[1] - before[0])]
    if dice.chance(0.25):
        place = dice.integer(0, len(notes) - 1)
        start, length = notes[place]
        if length >= 0.5:
            notes[place : place + 1] = [(start, length / 2), (start + length / 2, length / 2)]
    return Cell(tuple(notes), _contour(len(notes), style.leap, lean, dice))


def inverted(cell: Cell) -> Cell:
    """Up becomes down."""
    return Cell(cell.notes, tuple(-height for height in cell.contour))


def displaced(cell: Cell, bar_q: float) -> Cell:
    """Half a beat later; what falls over the bar's end is left out."""
    kept = [
        ((start + 0.5, min(length, bar_q - start - 0.5)), height)
        for (start, length), height in zip(cell.notes, cell.contour, strict=True)
        if start + 0.5 < bar_q - 0.1
    ]
    return Cell(tuple(note for note, _ in kept), tuple(height for _, height in kept))


def varied(cell: Cell, dice: Dice) -> Cell:
    """The same rhythm with another tail."""
    contour = list(cell.contour)
    for place in range(len(contour) * 2 // 3, len(contour)):
        contour[place] += dice.pick((-2, -1, 1, 2))
    return Cell(cell.notes, tuple(contour))


def augmented(cell: Cell, bar_q: float) -> Cell:
    """Twice as slow: the first half of the motif fills the bar."""
    kept = [
        ((start * 2, length * 2), height)
        for (start, length), height in zip(cell.notes, cell.contour, strict=True)
        if start * 2 < bar_q - 0.1
    ]
    notes = tuple((start, min(length, bar_q - start)) for (start, length), _ in kept)
    return Cell(notes, tuple(height for _, height in kept))


def cadence(cell: Cell, bar_q: float, *, hold: float) -> Cell:
    """The motif's head, then one long note; `hold` is the share of the bar where it ends."""
    half = bar_q / 2
    head = [
        (note, height)
        for note, height in zip(cell.notes, cell.contour, strict=True)
        if note[0] + 0.2 < half
    ]
    notes = [(start, min(length, half - start)) for (start, length), _ in head]
    heights = [height for _, height in head]
    notes.append((half, max(0.5, bar_q * hold - half)))
    heights.append(heights[-1] - 1 if heights else 0)
    return Cell(tuple(notes), tuple(heights))


@dataclass(frozen=True)
class Theme:
    """The cells of a tune by letter."""

    phrase: str
    cells: dict[str, Cell]


def new_theme(
    style: MelodyStyle, meter: str, bar_q: float, *, lean: float, dice: Dice, kin: Theme | None
) -> Theme:
    """A theme of a contrasting pair of motifs; a theme with `kin` may share its rhythm."""
    first = new_cell(style, meter, bar_q, lean=lean, dice=dice)
    if kin is not None and dice.chance(0.4):
        rhythm = kin.cells["a"].notes
        first = Cell(rhythm, _contour(len(rhythm), style.leap, lean, dice))
    second = new_cell(style, meter, bar_q, lean=-lean, dice=dice)
    if dice.chance(0.35):
        second = augmented(first, bar_q) if dice.chance(0.4) else inverted(first)
    cells = {
        "a": first,
        "a'": varied(first, dice),
        "s": first,  # a sequence: the same motif from another height
        "b": second,
        "i": inverted(first),
        "d": displaced(first, bar_q),
    }
    return Theme(dice.weighted(PHRASES), cells)
