"""The optional file of a bundle that says which chords its genres go through.

JSON: genre → progressions with their weights, in major and in minor. Where a musician gives no
chords, a take gets one of them (engine.cascade.harmony). Rejected: one table for every bundle (a
bundle trained on another world has other genres), and a network that writes chords (the corpus's
own composer draws them from these tables).
"""

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from engine.errors import UserError
from engine.music.progression import CHARS_LIMIT, pitch_classes, read_bars

SCHEMA: Final = 1
FILE_NAME: Final = "harmony.json"
LIMIT_BYTES: Final = 4 * 2**20

Name = Annotated[str, Meta(max_length=100)]
Text = Annotated[str, Meta(min_length=1, max_length=CHARS_LIMIT)]
Weight = Annotated[float, Meta(gt=0, le=1e6)]
Progressions = Annotated[tuple[tuple[Text, Weight], ...], Meta(max_length=4096)]


class GenreHarmony(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Progressions of one genre as numerals (engine.music.progression); one side may be empty."""

    major: Progressions = ()
    minor: Progressions = ()


class HarmonyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decoded file.

    Attributes:
        any: of a prompt that names no genre.
        genres: by the names that the bundle's understanding has for them.
        unpitched: instruments, by such names, that play no chords: a prompt for nothing else has
            no harmony.
    """

    schema: int
    any: GenreHarmony
    genres: dict[Name, GenreHarmony] = {}
    unpitched: tuple[Name, ...] = ()


def read_harmony(data: bytes) -> HarmonyFile:
    """Decode and check.

    Raises:
        UserError: it is too large, damaged, of another schema, or holds what is no progression.
    """
    if len(data) > LIMIT_BYTES:
        raise _refused(f"it is larger than {LIMIT_BYTES >> 20} MiB")
    try:
        found = msgspec.json.decode(data, type=HarmonyFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(str(error)) from None
    for fault in _faults(found):
        raise _refused(fault)
    return found


def _faults(file: HarmonyFile) -> Iterator[str]:
    if file.schema != SCHEMA:
        yield f"its schema is {file.schema}, and this version reads schema {SCHEMA}"
    for genre in (file.any, *file.genres.values()):
        if not genre.major and not genre.minor:
            yield "it has a genre without chords"
        for text, _ in (*genre.major, *genre.minor):
            try:
                for chord in (chord for bar in read_bars(text) for chord in bar):
                    pitch_classes(chord, "C")
            except ValueError as error:
                yield str(error)


def _refused(why: str) -> UserError:
    return UserError(
        "The bundle was refused",
        f"its file of chords cannot be used: {why}"[:300],
        "Get the bundle again",
    )
