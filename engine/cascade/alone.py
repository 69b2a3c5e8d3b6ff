"""How many a prompt asks for: one player, a few, everybody; drums alone; nobody of some kind.

"A dub bass line" is one player, "dub with a bass line" is a band: what a word means here depends on
what else its stretch of the prompt names, so stretches are looked at one by one.
"""

import re
from collections.abc import Container, Sequence
from typing import Final, Literal

from engine.music.instruments import DRUM_FAMILIES, INSTRUMENTS, Players
from engine.music.score import Role
from engine.text.phrases import segments
from engine.text.understanding import Guess, Understanding

SURE: Final = 0.5  # confidence from which something is believed
DRUMS: Final = tuple(name for name, row in INSTRUMENTS.items() if row.family in DRUM_FAMILIES)
_ALONE: Final = re.compile(
    r"\b(nothing (but|else)|unaccompanied|a cappella|on (its|their) own|by (itself|themselves)"
    r"|no backing|no other (instruments?|players?)|minus the band|stem)\b"
)  # wherever it stands
_LONE: Final = re.compile(r"\b(solo|isolated|lone|naked|single(?! (coil|note)))\b")
_ONLY: Final = re.compile(r"\b(only|just|keep it to)\b")
# what has players of its own, and what joins it to one of them
_WHOLE: Final = (
    r"tracks?|tunes?|cuts?|pieces?|songs?|numbers?|jams?|beats?|sketch|miniature|vignette"
    r"|compositions?|arrangements?|soundscapes?|bangers?|productions?|workouts?|backing|band"
    r"|ensemble|orchestra|recording|mix"
)
_JOINT: Final = (
    r"with|where|by|on|over|under(neath)?|atop|featuring|feat|ft|has|have|having|plus|around|from"
    r"|full of|based|built|when"
)
_OTHERS: Final = re.compile(rf"\b({_WHOLE}|{_JOINT})\b")
_PART: Final = (
    r"(loop|part|riff|lick|line|arpeggio|melody|melodie|take|solo|groove|chord|stem|break"
    r"|breakbeat|fill)s?\b"
)  # "a flute riff"
# what a part is not followed by where it is all that is asked for
_INTO: Final = re.compile(
    r"^\s*((up )?(on|over|into|onto|to) (a|an|the|some|my)|the lead"
    r"|(carr|hold|lock|anchor|driv|keep|tak|lead|sing|play|mov)(y|e|ies|es|s)?)\b"
)
_DRUM_PIECE: Final = re.compile(
    r"\b(drum|percussion) (beat|groove|pattern|track|part)\b|\b(rhythm track|beat loop)\b",
    re.IGNORECASE,
)
_BEAT: Final = re.compile(r"\bbeats?\b", re.IGNORECASE)
_DRUM_NAMES: Final = ("drums", "drum", "percussion", "drum kit", "kit")
_DRUMS_ALONE: Final = re.compile(
    r"\b(drums?|percussion)[ -]*(only|alone|solo|loop|break|fill)s?\b"
    r"|\b(only|just|nothing but)( \w+)? (drums?|percussion)\b",
    re.IGNORECASE,
)
# "minimal" names genres that this one does not know, too
_FEW: Final = re.compile(
    r"\b(sparse(ly)?|minimal(?! (techno|house|wave|synth|dub))|minimalis(t|tic|m)|bare ?bones"
    r"|stripped (back|down)|skeletal|uncluttered|duo|duet|trio|(two|three|a few) players)\b"
)
_EVERYBODY: Final = re.compile(
    r"\b((full|whole|entire) (band|ensemble|orchestra|line ?up)|(multi ?)?layered|dense(ly)?"
    r"|everybody|maximalist|wall of sound)\b"
)
_NO_DRUMS: Final = re.compile(r"\b(drums|drummer|percussion|beats?)\b(?! machine)", re.IGNORECASE)
_DRUMLESS: Final = re.compile(r"\b(drum|beat)less\b", re.IGNORECASE)
_NO_BASS: Final = re.compile(r"(^|, )(any |a |the )?bass( line| player|line)?(,|$)", re.IGNORECASE)


def sure(guesses: Sequence[Guess]) -> list[Guess]:
    """Those of some guesses that are believed."""
    return [guess for guess in guesses if guess.confidence >= SURE]


def players_said(prompt: str, understood: Understanding | None) -> Players | None:
    """How many a prompt asks for; None where it leaves that open."""
    meant = understood or Understanding()
    if nothing_pitched(prompt, understood, DRUMS):
        return "drums only"
    if asks_for_one(prompt, sure(meant.instruments), meant.genre):
        return "one"
    return number_said(prompt, sure(meant.genre))


def nothing_pitched(
    prompt: str, understood: Understanding | None, unpitched: Container[str]
) -> bool:
    """Whether a prompt asks for instruments that play no pitches, and nothing else."""
    meant = understood or Understanding()
    if any(
        guess.name not in unpitched and guess.name not in DRUM_FAMILIES
        for guess in meant.instruments
    ):
        return False
    if _DRUMS_ALONE.search(prompt) is not None:
        return True
    names = [*_DRUM_NAMES, *(guess.words for guess in meant.instruments)]
    stretches = _stretches(prompt)
    if any(_is_alone(stretch, name) for stretch in stretches for name in names):
        return True
    if not meant.instruments:
        beat = _BEAT.search(prompt) is not None and any(map(_ALONE.search, stretches))
        return beat or _DRUM_PIECE.search(prompt) is not None
    return not meant.genre or _is_for_one(prompt, names, meant.genre)


def asks_for_one(prompt: str, instruments: Sequence[Guess], genres: Sequence[Guess] = ()) -> bool:
    """Whether a prompt wants the one instrument that it names alone.

    Args:
        prompt: the text.
        instruments: that it surely names.
        genres: that it names. A riff in another stretch than its genre is a band's; where there is
            neither a genre nor a song, as in "sad piano", the instrument is all that is asked for.
    """
    if len(instruments) != 1:
        return False
    name = instruments[0].words
    if any(_ALONE.search(stretch) or _is_alone(stretch, name) for stretch in _stretches(prompt)):
        return True
    if not genres and not names_a_song(prompt):
        return True
    return _is_for_one(prompt, [name], genres)


def names_a_song(prompt: str) -> bool:
    """Whether a prompt is about a whole, or joins things to one; tags and parts are not."""
    return any(_OTHERS.search(stretch) is not None for stretch in _stretches(prompt))


def _stretches(prompt: str) -> list[str]:
    """The words between punctuation marks, without case and hyphens."""
    return [" ".join(words).casefold() for words in segments(prompt)]


def _found(stretch: str, name: str) -> re.Match[str] | None:
    return re.search(rf"\b{re.escape(name.casefold())}\b", stretch)


def _is_alone(stretch: str, name: str) -> bool:
    """Whether a stretch says that what it names plays alone."""
    named = _found(stretch, name)
    if named is None:
        return False
    until, after = stretch[: named.end()], stretch[named.end() :]
    if _ALONE.search(stretch) is not None or re.match(r"( \w+)? (alone|only)\b", after):
        return True
    only = _ONLY.search(until)
    if only is not None and _OTHERS.search(until, only.end()) is None:
        return True
    return _LONE.search(until) is not None and _OTHERS.search(until) is None


def _is_for_one(prompt: str, names: Sequence[str], genres: Sequence[Guess]) -> bool:
    """Whether a stretch, the first or that of the genre, is about a part for one player."""
    return any(
        any(_is_part(stretch, name) for name in names)
        and (not genres or not place or _names(stretch, genres))
        for place, stretch in enumerate(_stretches(prompt))
    )


def _names(stretch: str, guesses: Sequence[Guess]) -> bool:
    return any(_found(stretch, guess.words) is not None for guess in guesses)


def _is_part(stretch: str, name: str) -> bool:
    """Whether a stretch is about a part for one player."""
    part = re.search(rf"\b{re.escape(name.casefold())} {_PART}", stretch)
    if part is None or _INTO.match(stretch[part.end() :]) is not None:
        return False
    return _OTHERS.search(stretch[: part.start()]) is None


def number_said(prompt: str, genres: Sequence[Guess] = ()) -> Literal["few", "all"] | None:
    """Whether a prompt asks for few players or for everybody; None where it says neither.

    Args:
        prompt: the text.
        genres: that it surely names: minimalism is no small band.
    """
    stretches = _stretches(prompt)
    if any(_says(_FEW, stretch, genres) for stretch in stretches):
        return "few"
    return "all" if any(_says(_EVERYBODY, stretch, genres) for stretch in stretches) else None


def _says(words: re.Pattern[str], stretch: str, genres: Sequence[Guess]) -> bool:
    """Whether a stretch has one of some words outside the names of genres."""
    named = [found.span() for guess in genres if (found := _found(stretch, guess.words))]
    return any(
        not any(start <= match.start() < end for start, end in named)
        for match in words.finditer(stretch)
    )


def refused_roles(refused: str, prompt: str) -> frozenset[Role]:
    """Roles that must not be played at all, by what is refused and by words such as drumless."""
    roles: set[Role] = set()
    if _NO_DRUMS.search(refused) or _DRUMLESS.search(prompt):
        roles.add("drums")
    if _NO_BASS.search(refused):
        roles.add("bass")
    return frozenset(roles)
