"""The chords of each take: the musician's own, or drawn from what the bundle knows of the genre.

A chord track is what makes the key: without one the starter was hardly heard in the key that was
asked for. So a take has chords unless a musician wants none.

What was drawn goes into the take's recipe, so that a clip says its chords and repeats them.
Rejected: one progression for all takes of a request (takes are there to be different), and chords
drawn in the window (the command line, and every other caller, would do without).
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import msgspec

from engine.bundle.harmony import GenreHarmony, HarmonyFile
from engine.bundle.manifest import StageSpec
from engine.cascade.alone import nothing_pitched
from engine.cascade.plan import one_take
from engine.diffusion.noise import uniform_stream
from engine.music.keys import KEYS, key_index
from engine.music.progression import named, read_bars
from engine.recipe import NO_CHORDS, Recipe
from engine.text.understanding import Understanding

_SURE: Final = 0.5  # confidence from which a genre is believed
_FREE_BARS: Final = 4


def with_chords(
    recipe: Recipe, take: int, *, harmony: HarmonyFile | None, understood: Understanding | None
) -> Recipe:
    """The recipe that repeats one take alone, its chords drawn from (seed, take) if it has none.

    A key that nobody asked for is drawn with them, and stays out of the recipe.

    Args:
        recipe: checked.
        take: its number.
        harmony: the bundle's chords, None where it has none.
        understood: of the prompt, None where the bundle cannot say.
    """
    one = one_take(recipe, take)
    if one.chords or harmony is None:
        return one
    if one.key is None and nothing_pitched(one.prompt, understood, harmony.unpitched):
        return msgspec.structs.replace(one, chords=NO_CHORDS)
    drawn = _drawn(one, take, _genre(understood, harmony))
    return msgspec.structs.replace(one, chords=drawn)


def hears_chords(spec: StageSpec) -> bool:
    """Whether a stage's network takes a chord track."""
    return "chroma_present" in spec.signals


def _genre(understood: Understanding | None, harmony: HarmonyFile) -> GenreHarmony:
    for guess in () if understood is None else understood.genre:
        if guess.confidence >= _SURE and guess.name in harmony.genres:
            return harmony.genres[guess.name]
    return harmony.any


def _drawn(recipe: Recipe, take: int, genre: GenreHarmony) -> str:
    uniform = uniform_stream(recipe.seed, take, "chords")
    sides = (genre.major, genre.minor)
    if recipe.key is not None:
        table = sides[key_index(recipe.key) // 12] or genre.major or genre.minor
        return _progression(table, recipe.bars, uniform(), uniform())
    side = _weighted([sum(weight for _, weight in table) for table in sides], uniform())
    key = KEYS[12 * side + int(uniform() * 12)]
    text = _progression(sides[side], recipe.bars, uniform(), uniform())
    return named(text, key)


def _progression(
    table: Sequence[tuple[str, float]], bars: int | None, first: float, second: float
) -> str:
    """One of a table, most often of those that fill the bars; `first` and `second` in [0, 1)."""
    length = _FREE_BARS if bars is None else bars
    fitting = [row for row in table if len(read_bars(row[0])) <= length] or list(table)
    whole = [row for row in fitting if length % len(read_bars(row[0])) == 0]
    rows = whole if whole and first < 0.85 else fitting
    return rows[_weighted([weight for _, weight in rows], second)][0]


def _weighted(weights: Sequence[float], uniform: float) -> int:
    """Index of a weighted choice."""
    sums = list(accumulate(weights))
    return next(i for i, reached in enumerate(sums) if uniform * sums[-1] < reached)
