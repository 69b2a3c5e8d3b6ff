"""Prompts about one clip in words that its captions never used, and what a text says of a clip.

A generator can only be held to what it was told, so every prompt goes with the labels that it
mentions. Paraphrases are fragments as musicians type them; held-out prompts are made of the
lexicon's held-out words alone, so that nothing known beside them gives the answer away.

Rejected: `engine.training.text.prompts.prompt` (it says anything of anything, and no clip is that).
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from engine.composer.dice import Dice
from engine.training.text.vocabulary import Category, categories

Labels = Mapping[str, tuple[str, ...]]

KINDS: Final = ("genre", "instrument", "mood")  # what taggers are asked about

# kind → at most how many, and how often each is offered
_PARTS: Final = {"mood": (2, 0.6), "genre": (1, 0.9), "instrument": (3, 0.6)}
_JOINTS: Final = (", ", ", ", " ", " / ", " + ", " - ", "; ", ". ")
_BEFORE: Final = ("make me ", "i want ", "give me ", "something like ", "need ", "some ", "more ")
_AFTER: Final = (" please", " vibes", " instrumental", " for my track", " feel", " sketch", "...")


@cache
def _category(kind: str, name: str) -> Category | None:
    return next((c for c in categories() if (c.kind, c.name) == (kind, name)), None)


def words_of(kind: str, name: str, *, held_out: bool) -> tuple[str, ...]:
    """The lexicon's words for a label, those with a slot in them left out."""
    category = _category(kind, name)
    if category is None:
        return ()
    words = category.held_out if held_out else category.known
    return tuple(word for word in words if "{" not in word)


def paraphrase(labels: Labels, dice: Dice, *, held_out: bool = False) -> tuple[str, Labels] | None:
    """A short prompt of a clip's labels, and what it says; None where there are no words for any.

    Args:
        labels: kind → what the clip has of it.
        dice: the prompt's own stream of chance.
        held_out: of held-out words alone.
    """
    found = {
        (kind, name): words
        for kind in KINDS
        for name in labels.get(kind, ())
        if (words := words_of(kind, name, held_out=held_out))
    }
    if not found:
        return None
    chosen: list[tuple[str, str]] = []
    for kind, (most, share) in _PARTS.items():
        names = dice.shuffled([pair for pair in found if pair[0] == kind])[:most]
        chosen += [pair for pair in names if dice.chance(share)]
    chosen = chosen or [dice.pick(list(found))]
    parts = [dice.pick(found[pair]) for pair in dice.shuffled(chosen)]
    text = dice.pick(_JOINTS).join(dict.fromkeys(parts))
    before = dice.pick(_BEFORE) if dice.chance(0.25) else ""
    after = dice.pick(_AFTER) if dice.chance(0.25) else ""
    said = {kind: tuple(name for k, name in chosen if k == kind) for kind in KINDS}
    return before + text + after, {kind: names for kind, names in said.items() if names}


def mentioned(text: str, labels: Labels) -> Labels:
    """Those of a clip's labels that a text has a word for."""
    said = {
        kind: tuple(name for name in labels.get(kind, ()) if _says(text, kind, name))
        for kind in KINDS
    }
    return {kind: names for kind, names in said.items() if names}


def _says(text: str, kind: str, name: str) -> bool:
    pattern = _pattern(kind, name)
    return pattern is not None and pattern.search(text) is not None


@cache
def _pattern(kind: str, name: str) -> re.Pattern[str] | None:
    """Any word for a label, known or held out, one or several; a mood's nouns count as well."""
    kinds = (kind, "feeling") if kind == "mood" else (kind,)
    words = {
        word
        for of in kinds
        for held_out in (False, True)
        for word in words_of(of, name, held_out=held_out)
    }
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?:e?s)?(?!\w)", re.IGNORECASE
    )
