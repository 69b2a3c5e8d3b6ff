"""The 24 keys: parsing what people type, one canonical spelling, one index.

Index order is the generator's conditioning order: 0–11 major C…B, 12–23 minor C…B.
Rejected: enharmonic spellings kept apart (F♯ and G♭ sound alike, and a file name holds one).
"""

import re

TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
KEYS = TONICS + tuple(
    f"{tonic}m" for tonic in ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
)

_PITCH_CLASS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTAL = {
    "": 0,
    "#": 1,
    "♯": 1,
    "b": -1,
    "♭": -1,
    " sharp": 1,
    "-sharp": 1,
    " flat": -1,
    "-flat": -1,
}
_KEY = re.compile(
    r"([A-Ga-g])(#|♯|b|♭|[ -](?i:sharp|flat))?[ -]?((?i:maj|major|min|minor)|m|M)?", re.ASCII
)


def key_index(text: str) -> int:
    """Index 0–23 of a key typed as "Am", "A minor", "F#", "g flat major", "Bbmaj".

    Raises:
        ValueError: the text is no key.
    """
    match = _KEY.fullmatch(text.strip())
    if match is None:
        msg = f"{text!r} is no key"
        raise ValueError(msg)
    letter, accidental, mode = match.groups(default="")
    pitch_class = (_PITCH_CLASS[letter.upper()] + _ACCIDENTAL[accidental.lower()]) % 12
    return pitch_class + (12 if mode == "m" or mode.lower().startswith("min") else 0)


def canonical_key(text: str) -> str:
    """The canonical spelling ("A minor" → "Am", "gb" → "F#"). Raises ValueError as `key_index`."""
    return KEYS[key_index(text)]


def relative_key(index: int) -> int:
    """Index of the key with the same notes: C ↔ Am."""
    return (index + 9) % 12 + 12 if index < 12 else (index + 3) % 12


def is_exact_or_relative(found: int | None, key: int) -> bool:
    """Whether an index is a key's own or its relative's; None, where nothing was found, is not."""
    return found in (key, relative_key(key))
