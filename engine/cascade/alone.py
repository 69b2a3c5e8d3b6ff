"""How many a prompt asks for: one player, a few, everybody; drums alone; nobody of some kind."""

import re
from collections.abc import Container, Sequence
from typing import Final

from engine.composer.request import Texture
from engine.music.score import Role
from engine.text.understanding import Guess, Understanding

_ALONE: Final = re.compile(
    r"\b(solo|only|alone|just|nothing but|loop|break|breakbeat|fill|percussion)\b", re.IGNORECASE
)  # a genre's drums with no band around them
_ONE: Final = re.compile(
    r"\b(solo|only|alone|just|nothing (but|else)|unaccompanied|a cappella|isolated|lone|naked"
    r"|single|on its own|by itself|no backing|minus the band)\b",
    re.IGNORECASE,
)
_PIECE: Final = r"\s+(loop|part|riff|lick|line|arpeggio|melody|take|solo)s?\b"  # "a flute riff"
_DRUM_PIECE: Final = re.compile(
    r"\b(drum|percussion) (beat|groove|pattern|track|part)\b|\b(rhythm track|beat loop)\b",
    re.IGNORECASE,
)
_DRUMS_ALONE: Final = re.compile(
    r"\b(drums?|percussion)[ -]*(only|alone|solo|loop|break|fill)s?\b"
    r"|\b(only|just|nothing but)( \w+)? (drums?|percussion)\b",
    re.IGNORECASE,
)
# "minimal" names genres, too
_FEW: Final = re.compile(
    r"\b(sparse(ly)?|minimal(?! (techno|house|wave|synth|dub))|minimalis(t|tic|m)|bare[- ]?bones"
    r"|stripped[- ](back|down)|skeletal|uncluttered|duo|duet|trio|(two|three|a few) players)\b",
    re.IGNORECASE,
)
_EVERYBODY: Final = re.compile(
    r"\b((full|whole|entire)[- ](band|ensemble|orchestra|line-?up)|(multi-)?layered|dense(ly)?"
    r"|everybody|maximalist|wall[- ]of[- ]sound)\b",
    re.IGNORECASE,
)
_NO_DRUMS: Final = re.compile(r"\b(drums|drummer|percussion|beats?)\b(?! machine)", re.IGNORECASE)
_DRUMLESS: Final = re.compile(r"\b(drum|beat)less\b", re.IGNORECASE)
_NO_BASS: Final = re.compile(r"(^|, )(any |a |the )?bass( line| player|line)?(,|$)", re.IGNORECASE)


def nothing_pitched(
    prompt: str, understood: Understanding | None, unpitched: Container[str]
) -> bool:
    """Whether a prompt asks for instruments that play no pitches, and nothing else."""
    if _DRUMS_ALONE.search(prompt) is not None:
        return True
    if understood is None or not understood.instruments:
        return _DRUM_PIECE.search(prompt) is not None
    if not all(guess.name in unpitched for guess in understood.instruments):
        return False
    return not understood.genre or _ALONE.search(prompt) is not None


def asks_for_one(prompt: str, instruments: Sequence[Guess]) -> bool:
    """Whether a prompt wants the one instrument that it names alone."""
    if len(instruments) != 1:
        return False
    piece = re.compile(rf"\b{re.escape(instruments[0].words)}{_PIECE}", re.IGNORECASE)
    return _ONE.search(prompt) is not None or piece.search(prompt) is not None


def texture_said(prompt: str) -> Texture | None:
    """Whether a prompt asks for few players or for everybody; None where it says neither."""
    if _FEW.search(prompt) is not None:
        return "sparse"
    return "full" if _EVERYBODY.search(prompt) is not None else None


def refused_roles(refused: str, prompt: str) -> frozenset[Role]:
    """Roles that must not be played at all, by what is refused and by words such as drumless."""
    roles: set[Role] = set()
    if _NO_DRUMS.search(refused) or _DRUMLESS.search(prompt):
        roles.add("drums")
    if _NO_BASS.search(refused):
        roles.add("bass")
    return frozenset(roles)
