"""Chord progressions by family and by mode, as roman numerals.

Bars are parted by spaces, a comma shares a bar, "*2" holds two (engine.music.progression).
A family need not know every mode: `progressions_for` falls back to the modal vamps, then to the
family's major or minor. "chorus" families answer the verse's with another harmonic colour.
"""

from engine.composer.theory.modes import QUALITY_OF_MODE
from engine.composer.theory.progressions_club import CLUB
from engine.composer.theory.progressions_song import SONG

# What a mode sounds like when nothing else is said: the chord with its colour note beside the home.
MODAL: dict[str, tuple[str, ...]] = {
    "dorian": ("i IV", "i7 IV7", "i i bIII IV", "i ii bIII IV", "i bVII IV i", "i7 IV7 bVII i7"),
    "phrygian": ("i bII", "i bII i bvii", "i*2 bII i", "i bII bIII bII", "i i bII,bIII i"),
    "lydian": ("I II", "Imaj7 II", "I II iii II", "I I II I", "I V II I"),
    "mixolydian": ("I bVII IV I", "I bVII", "I v bVII IV", "I IV bVII I", "I I bVII IV"),
    "harmonic minor": ("i iv V7 i", "i bVI V7 i", "i iv i V7", "i bVI iv V7", "i V7 i,iv V7"),
    "melodic minor": ("i IV V7 i", "i6 ii V7 i6", "i IV i V7"),
    "blues": ("I7*4 IV7*2 I7*2 V7 IV7 I7 V7", "I7 IV7", "I7 I7 IV7 I7"),
}

PROGRESSIONS: dict[str, dict[str, tuple[str, ...]]] = SONG | CLUB


def progressions_for(family: str, mode: str) -> tuple[str, ...]:
    """The progressions of a family that fit a mode; never empty.

    Raises:
        KeyError: unknown family or mode.
    """
    by_mode = PROGRESSIONS[family]
    quality = QUALITY_OF_MODE[mode]
    if mode in by_mode:
        return by_mode[mode]
    if mode != quality and mode in MODAL:
        return MODAL[mode]
    return by_mode.get(quality) or PROGRESSIONS["pop"][quality]
