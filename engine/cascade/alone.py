"""Prompts that ask for one player, for drums and nothing else, or for music without somebody."""

import re
from collections.abc import Container, Sequence
from typing import Final

from engine.music.score import Role
from engine.text.understanding import Understanding

_ALONE: Final = re.compile(
    r"\b(solo|only|alone|just|nothing but|loop|break|breakbeat|fill|percussion)\b", re.IGNORECASE
)  # a genre's drums with no band around them
_ONE: Final = re.compile(
    r"\b(solo|only|alone|just|nothing but|unaccompanied|a cappella)\b", re.IGNORECASE
)
_DRUMS_ALONE: Final = re.compile(
    r"\b(drums?|percussion)[ -]*(only|alone|solo|loop|break|fill)s?\b"
    r"|\b(only|just|nothing but)( \w+)? (drums?|percussion)\b",
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
        return False
    if not all(guess.name in unpitched for guess in understood.instruments):
        return False
    return not understood.genre or _ALONE.search(prompt) is not None


def asks_for_one(prompt: str, instruments: Sequence[str]) -> bool:
    """Whether a prompt wants its one instrument alone."""
    return len(instruments) == 1 and _ONE.search(prompt) is not None


def refused_roles(refused: str, prompt: str) -> frozenset[Role]:
    """Roles that must not be played at all, by what is refused and by words such as drumless."""
    roles: set[Role] = set()
    if _NO_DRUMS.search(refused) or _DRUMLESS.search(prompt):
        roles.add("drums")
    if _NO_BASS.search(refused):
        roles.add("bass")
    return frozenset(roles)
