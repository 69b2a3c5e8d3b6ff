"""Roman numerals: "ii7", "bVII", "V7/vi", "I/3" → root, quality and bass.

Degrees count along the major scale of the tonic whatever the mode, so flats are written out
("i bVI bVII"): one numeral means one chord. After a slash a roman numeral is a target ("V7/ii" is
the dominant of ii) and a digit the chord tone in the bass ("I/3" first inversion).
Rejected: degrees along the mode (the same text would mean two chords).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.music.chords import tones

_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_ACCIDENTALS = {"": 0, "b": -1, "#": 1}
_NUMERAL = re.compile(r"(b|#)?(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)([^/]*)", re.ASCII)
_TONE_OF_DIGIT = {"3": 1, "5": 2, "7": 3}

# what follows the numeral → (quality on an upper-case numeral, quality on a lower-case one)
_SUFFIXES: dict[str, tuple[str, str]] = {
    "": ("maj", "min"),
    "5": ("5", "5"),
    "o": ("dim", "dim"),
    "o7": ("dim7", "dim7"),
    "ø7": ("min7b5", "min7b5"),
    "+": ("aug", "aug"),
    "sus2": ("sus2", "sus2"),
    "sus4": ("sus4", "sus4"),
    "7sus4": ("7sus4", "7sus4"),
    "9sus4": ("9sus4", "9sus4"),
    "6": ("6", "min6"),
    "69": ("6/9", "min6"),
    "7": ("7", "min7"),
    "maj7": ("maj7", "minmaj7"),
    "9": ("9", "min9"),
    "maj9": ("maj9", "minmaj7"),
    "add9": ("add9", "minadd9"),
    "11": ("9sus4", "min11"),
    "13": ("13", "min11"),
    "7b9": ("7b9", "min7"),
    "7#9": ("7#9", "min7"),
    "7alt": ("7alt", "min7"),
    "7#11": ("7#11", "min7"),
    "maj7#11": ("maj7#11", "minmaj7"),
}


@dataclass(frozen=True)
class Degree:
    """A chord relative to the tonic, which is 0: pitch classes `root` and `bass`."""

    root: int
    quality: str
    bass: int
    numeral: str


@lru_cache(maxsize=1024)
def parse_numeral(text: str) -> Degree:
    """The chord that a numeral names.

    Raises:
        ValueError: the text is no numeral of this grammar.
    """
    head, _, tail = text.partition("/")
    match = _NUMERAL.fullmatch(head)
    if match is None or match[3] not in _SUFFIXES:
        msg = f"{text!r} is no chord"
        raise ValueError(msg)
    accidental, roman, suffix = match.groups(default="")
    root = (_DEGREES[roman.lower()] + _ACCIDENTALS[accidental]) % 12
    quality = _SUFFIXES[suffix][0 if roman.isupper() else 1]
    if tail in _TONE_OF_DIGIT:
        chord_tones = tones(root, quality)
        place = _TONE_OF_DIGIT[tail]
        if place >= len(chord_tones):
            msg = f"{text!r} has no tone {tail}"
            raise ValueError(msg)
        return Degree(root, quality, chord_tones[place], text)
    if tail:
        root = (root + parse_numeral(tail).root) % 12
    return Degree(root, quality, root, text)
