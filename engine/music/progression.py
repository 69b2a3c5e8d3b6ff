"""A progression as people write it: chord names or roman numerals, bar by bar.

    Am F C G            a bar for each
    i bVI bIII bVII     the same in A minor, and in every other key what it is there
    Dm7,G7 C            two chords in the first bar
    | Dm7 G7 | C | % |  the same, and the last bar again
    Am*2 F*2            two bars for each

Dashes and arrows between chords part bars as spaces do. Numerals count along the major scale of
the tonic (`engine.music.numerals`). Rejected: a small letter for a minor chord (of "am f c g" one
is minor), and the German H (a B would then be two notes).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from engine.music.chords import tones
from engine.music.keys import KEYS, TONICS, key_index
from engine.music.numerals import Degree, parse_numeral

Bar = tuple[str, ...]

CHARS_LIMIT: Final = 2000
BARS_LIMIT: Final = 128
CHORDS_PER_BAR_LIMIT: Final = 8

# quality → how it is written, the first as we write it
_WRITTEN: Final[dict[str, tuple[str, ...]]] = {
    "maj": ("", "maj", "M"),
    "min": ("m", "min", "-"),
    "dim": ("dim", "o", "°"),
    "aug": ("aug", "+"),
    "5": ("5",),
    "sus2": ("sus2",),
    "sus4": ("sus4", "sus"),
    "6": ("6", "maj6"),
    "min6": ("m6", "min6", "-6"),
    "7": ("7", "dom7"),
    "maj7": ("maj7", "M7", "Maj7", "Δ", "Δ7"),
    "min7": ("m7", "min7", "-7"),
    "minmaj7": ("mMaj7", "mM7", "minmaj7", "m(maj7)"),
    "min7b5": ("m7b5", "ø", "ø7", "min7b5", "-7b5"),
    "dim7": ("dim7", "o7", "°7"),
    "7sus4": ("7sus4", "7sus"),
    "add9": ("add9", "(add9)", "2"),
    "minadd9": ("madd9", "m(add9)"),
    "6/9": ("6/9", "69"),
    "9": ("9",),
    "maj9": ("maj9", "M9", "Maj9"),
    "min9": ("m9", "min9", "-9"),
    "9sus4": ("9sus4", "9sus", "11"),
    "7b9": ("7b9", "7(b9)"),
    "7#9": ("7#9", "7(#9)"),
    "7alt": ("7alt", "alt"),
    "7#11": ("7#11", "7(#11)"),
    "maj7#11": ("maj7#11", "maj7(#11)"),
    "min11": ("m11", "min11", "-11"),
    "13": ("13",),
}
_QUALITY_OF: Final = {text: quality for quality, texts in _WRITTEN.items() for text in texts}
_NATURALS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_NOTE: Final = r"([A-Ga-g])([#♯b♭]?)"
_NAME: Final = re.compile(rf"{_NOTE}(.*?)(?:/{_NOTE})?")
_PART: Final = re.compile(r"\s*(?:→|->|–|—)\s*|\s+-+\s+|-(?=[A-Ga-g])")
_TIMES: Final = re.compile(r"(.+?)(?:\*([1-9]\d{0,2}))?")
_REPEAT: Final = "%"


@lru_cache(maxsize=1024)
def read_bars(text: str) -> tuple[Bar, ...]:
    """The bars of a progression, each with its chords as they are written.

    Raises:
        ValueError: it says nothing, too much, or something that is no chord.
    """
    if len(text) > CHARS_LIMIT:
        msg = f"more than {CHARS_LIMIT} characters"
        raise ValueError(msg)
    bars: list[Bar] = []
    for word in _words(_PART.sub(" ", text)):
        match = _TIMES.fullmatch(word)
        if word == _REPEAT or match is None:
            bars += [_repeated(bars, word)]
            continue
        bar = tuple(match[1].split(","))
        for chord in bar:
            _absolute(chord) or parse_numeral(chord)
        if len(bar) > CHORDS_PER_BAR_LIMIT:
            msg = f"more than {CHORDS_PER_BAR_LIMIT} chords in a bar"
            raise ValueError(msg)
        bars += [bar] * int(match[2] or 1)
        if len(bars) > BARS_LIMIT:
            break
    if not 1 <= len(bars) <= BARS_LIMIT:
        msg = f"{'no bar' if not bars else f'more than {BARS_LIMIT} bars'}"
        raise ValueError(msg)
    if len(written(bars)) > CHARS_LIMIT:  # what is kept must be read again
        msg = f"more than {CHARS_LIMIT} characters, written out"
        raise ValueError(msg)
    return tuple(bars)


def needs_key(text: str) -> bool:
    """Whether any chord is a numeral. Raises ValueError as `read_bars`."""
    return any(_absolute(chord) is None for bar in read_bars(text) for chord in bar)


def written(bars: Sequence[Bar]) -> str:
    """Bars in the short form: words for bars, commas within them."""
    return " ".join(",".join(bar) for bar in bars)


def pitch_classes(chord: str, key: str | None) -> tuple[int, ...]:
    """The notes of a chord and of its bass, ascending.

    Raises:
        ValueError: it is no chord, or a numeral and there is no key.
    """
    degree = placed(chord, key)
    return tuple(sorted({*tones(degree.root, degree.quality), degree.bass}))


def chord_name(chord: str, key: str | None) -> str:
    """A chord by name: "bVI" in A minor is "F". Raises ValueError as `pitch_classes`."""
    degree = placed(chord, key)
    minor = degree.quality.startswith(("min", "dim"))  # C#m, but Db
    root = KEYS[degree.root + 12].removesuffix("m") if minor else TONICS[degree.root]
    name = root + _WRITTEN[degree.quality][0]
    return name if degree.bass == degree.root else f"{name}/{TONICS[degree.bass]}"


def named(text: str, key: str | None) -> str:
    """A progression by the names of its chords, in the short form. Raises ValueError."""
    return written([tuple(chord_name(chord, key) for chord in bar) for bar in read_bars(text)])


def _words(text: str) -> list[str]:
    """A word for each bar, with commas in it."""
    if "|" not in text:
        return re.sub(r"\s*,\s*", ",", text).split()
    bars = (re.split(r"[\s,]+", bar.strip(" ,\t\n:")) for bar in text.split("|"))
    return [",".join(bar) for bar in bars if bar != [""]]


def _repeated(bars: list[Bar], word: str) -> Bar:
    if not bars:
        msg = f"{word!r} repeats a bar, and there is none before it"
        raise ValueError(msg)
    return bars[-1]


@lru_cache(maxsize=1024)
def _absolute(chord: str) -> Degree | None:
    """The chord that a name means, None where it is none."""
    match = _NAME.fullmatch(chord)
    if match is None or match[3] not in _QUALITY_OF:
        return None
    letter, accidental, quality, bass_letter, bass_accidental = match.groups()
    root = (_NATURALS[letter.upper()] + _ACCIDENTALS[accidental]) % 12
    bass = root
    if bass_letter is not None:
        bass = (_NATURALS[bass_letter.upper()] + _ACCIDENTALS[bass_accidental]) % 12
    return Degree(root, _QUALITY_OF[quality], bass, chord)


def placed(chord: str, key: str | None) -> Degree:
    """A chord with its root and bass as pitch classes. Raises ValueError as `pitch_classes`."""
    absolute = _absolute(chord)
    if absolute is not None:
        return absolute
    degree = parse_numeral(chord)
    if key is None:
        msg = f"{chord!r} is a chord in a key only"
        raise ValueError(msg)
    tonic = key_index(key) % 12
    root, bass = (degree.root + tonic) % 12, (degree.bass + tonic) % 12
    return Degree(root, degree.quality, bass, chord)
