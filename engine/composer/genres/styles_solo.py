"""One player alone: which hands an instrument has, by its family.

A pianist plays left hand and tune at once, a guitarist picks bass and tune; a flute has the tune
alone. A family that is missing here plays its seat's own style.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hands:
    """What the two hands play: a row of COMP below `split` and a row of MELODY above it."""

    comp: Mapping[str, float]
    melody: Mapping[str, float]
    low: int = 40
    split: int = 62
    high: int = 84


_KEYS = Hands(
    {"left hand": 3, "ballad": 2, "alberti": 1, "block": 1, "stride": 0.5},
    {"lyric": 3, "pop": 1, "air": 1}, 41, 63, 86,
)  # fmt: skip
_GUITAR = Hands({"fingerpick": 4, "slow strum": 1}, {"lyric": 2, "pentatonic": 1}, 43, 62, 79)

HANDS: dict[str, Hands] = {
    "piano": _KEYS,
    "electric piano": Hands({"lofi": 2, "ballad": 2, "left hand": 1}, {"lyric": 2, "pop": 1}),
    "harpsichord": Hands({"alberti": 2, "block": 1}, {"stream": 2, "busy": 1}, 41, 60, 86),
    "organ": Hands({"whole": 2, "block": 2}, {"lyric": 1, "long": 1}, 41, 62, 84),
    "acoustic guitar": _GUITAR,
    "electric guitar": Hands({"fingerpick": 1, "jangle": 2}, {"lyric": 1, "pentatonic": 1}, 43, 62,
        81),
    "harp": Hands({"left hand": 2, "fingerpick": 1}, {"air": 1, "lyric": 1}, 41, 63, 93),
    "vibraphone": Hands({"whole": 1, "charleston": 1}, {"swing": 1, "lyric": 1}, 53, 65, 89),
    "marimba": Hands({"minimal": 1, "left hand": 1}, {"lyric": 1, "busy": 1}, 48, 65, 91),
    "kalimba": Hands({"fingerpick": 1}, {"pentatonic": 1}, 48, 62, 79),
    "accordion": Hands({"waltz": 1, "stride": 1}, {"air": 1, "lyric": 1}, 46, 64, 86),
}  # fmt: skip
