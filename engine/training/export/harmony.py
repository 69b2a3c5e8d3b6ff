"""What the corpus's genres play, as a bundle says it: the composer's tables of progressions.

Left out are progressions that do not say their key by themselves, where a genre has others.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, TypeVar

from engine.bundle.harmony import SCHEMA, GenreHarmony, HarmonyFile
from engine.composer.genres import GENRES, Genre
from engine.composer.harmony import paced_bars
from engine.composer.theory.keyfit import key_margin
from engine.composer.theory.modes import QUALITY_OF_MODE, Quality
from engine.composer.theory.progressions import progressions_for
from engine.music.instruments import INSTRUMENTS
from engine.music.keys import key_index
from engine.music.numerals import parse_numeral
from engine.music.progression import pitch_classes, read_bars, written

_TONICS: Final[Mapping[Quality, str]] = {"major": "C", "minor": "Cm"}
_UNPITCHED: Final = ("drums", "drum machine")
_DIGITS: Final = 5
_Name = TypeVar("_Name")


def composed_harmony() -> HarmonyFile:
    """The chords of every genre that the composer knows."""
    genres = {name: genre_harmony(genre) for name, genre in GENRES.items()}
    return HarmonyFile(
        schema=SCHEMA,
        any=_mixed(tuple(genres.values())),
        genres=genres,
        unpitched=tuple(name for name, one in INSTRUMENTS.items() if one.family in _UNPITCHED),
    )


def genre_harmony(genre: Genre) -> GenreHarmony:
    """A genre's progressions with the weights that the composer draws them with, 1 in all."""
    sides: dict[Quality, dict[str, float]] = {"major": {}, "minor": {}}
    for mode, share in _shares(genre.modes).items():
        quality = QUALITY_OF_MODE[mode]
        side = sides[quality]
        for family, family_share in _shares(genre.chords).items():
            texts = progressions_for(family, mode)
            texts = tuple(t for t in texts if _says_key(t, quality)) or texts
            for pace, pace_share in _shares(genre.pace).items():
                for text in texts:
                    paced = written(paced_bars(text, pace))
                    weight = share * family_share * pace_share / len(texts)
                    side[paced] = side.get(paced, 0.0) + weight
    return GenreHarmony(major=_rows(sides["major"]), minor=_rows(sides["minor"]))


def _mixed(genres: tuple[GenreHarmony, ...]) -> GenreHarmony:
    major: defaultdict[str, float] = defaultdict(float)
    minor: defaultdict[str, float] = defaultdict(float)
    for genre in genres:
        for side, rows in ((major, genre.major), (minor, genre.minor)):
            for text, weight in rows:
                side[text] += weight / len(genres)
    return GenreHarmony(major=_rows(major), minor=_rows(minor))


def _rows(weights: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    rounded = {text: round(weight, _DIGITS) for text, weight in sorted(weights.items())}
    return tuple((text, weight) for text, weight in rounded.items() if weight > 0)


def _shares(weights: Mapping[_Name, float]) -> dict[_Name, float]:
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}


def _says_key(text: str, quality: Quality) -> bool:
    """Whether the chords alone, roots twice, name the key or its relative."""
    weights = [0.0] * 12
    for bar in read_bars(text):
        for chord in bar:
            root = parse_numeral(chord).root
            for note in (root, *pitch_classes(chord, _TONICS[quality])):
                weights[note] += 1 / len(bar)
    return key_margin(weights, key_index(_TONICS[quality])) > 0
