"""Modes and scales, and the nearest of the 24 keys.

Rejected: scales spelt with letters (a pitch class is all that sounds); a mode of its own for every
exotic scale (a listener, and the generator's key signal, knows major and minor).
"""

from typing import Literal

from engine.music.keys import KEYS

Quality = Literal["major", "minor"]

# mode → semitones above the tonic
MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "blues": (0, 2, 3, 4, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
}

QUALITY_OF_MODE: dict[str, Quality] = {
    "major": "major",
    "lydian": "major",
    "mixolydian": "major",
    "blues": "major",
    "minor": "minor",
    "dorian": "minor",
    "phrygian": "minor",
    "harmonic minor": "minor",
    "melodic minor": "minor",
}

# Five notes that fit almost any chord of the key, and the blues' six.
PENTATONIC: dict[Quality, tuple[int, ...]] = {"major": (0, 2, 4, 7, 9), "minor": (0, 3, 5, 7, 10)}
BLUES_SCALE: dict[Quality, tuple[int, ...]] = {
    "major": (0, 2, 3, 4, 7, 9),
    "minor": (0, 3, 5, 6, 7, 10),
}


def scale(tonic: int, mode: str) -> tuple[int, ...]:
    """Pitch classes of a mode from its tonic upwards. Raises KeyError for an unknown mode."""
    return tuple((tonic + step) % 12 for step in MODES[mode])


def nearest_key(tonic: int, mode: str) -> str:
    """Canonical name of the major or minor key that a mode leans to (D dorian → "Dm")."""
    return KEYS[tonic % 12 + (12 if QUALITY_OF_MODE[mode] == "minor" else 0)]


def ladder(pitch_classes: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """Every MIDI note of some pitch classes in [low, high], rising: what a line climbs on."""
    wanted = frozenset(pitch_classes)
    return tuple(note for note in range(low, high + 1) if note % 12 in wanted)
