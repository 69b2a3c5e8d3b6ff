"""Prompts as musicians type them: fragments, tags, numbers stuck to their units, slips of the keys.

The caption grammar only says what is true of a clip. These say anything of anything, so that every
word meets every other, and what a text means cannot be guessed from its genre alone.

Rejected: typing errors in the texts that the teacher reads (it would teach what it misread; the
student reads the slip and learns what was meant).
"""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Final

from engine.composer.dice import Dice
from engine.training.text.vocabulary import words_by_kind

# kind → at most how many, and how often each is offered
_PARTS: Final = (
    ("mood", 2, 0.55), ("genre", 1, 0.85), ("instrument", 3, 0.5), ("sound", 2, 0.3),
    ("era", 1, 0.15), ("use", 1, 0.15), ("feeling", 1, 0.08),
)  # fmt: skip
_JOINTS: Final = (", ", ", ", ", ", " ", " ", " / ", " + ", " - ", "; ", ". ")
_BEFORE: Final = (
    "make me ", "i want ", "give me ", "something like ", "can you do ", "need ", "a ", "some ",
    "more ", "loop: ", "create ", "generate ",
)  # fmt: skip
_AFTER: Final = (
    " please", " vibes", " loop", " beat", " type beat", " instrumental", " for my track", " feel",
    " style", " no vocals", " sample", " sketch", "!!", "...",
)  # fmt: skip
_BPM: Final = ("{} bpm", "{}bpm", "{} BPM", "at {} bpm", "bpm {}", "tempo {}", "around {} bpm")
_TONICS: Final = ("C", "C#", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B", "F sharp")
_MODES: Final = ("{} minor", "{}m", "{} min", "{} major", "{} maj", "key of {}", "in {} minor")
_BARS: Final = ("4 bars", "8 bar loop", "2 bars", "16 bars")
_SLIP_CHARACTERS: Final = 4  # words as long may have one


def prompt(dice: Dice) -> str:
    """A prompt of one to about eight parts."""
    return prompt_of(dice, words_by_kind())[0]


def prompt_of(
    dice: Dice, words: Mapping[str, Sequence[str]]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A prompt of some words by their kind, and the (kind, word) that it is made of."""
    kinds = [
        (kind, dice.pick(words[kind]))
        for kind, most, share in _PARTS
        for _ in range(most)
        if dice.chance(share)
    ] or [("genre", dice.pick(words["genre"]))]
    parts = [word for _, word in kinds]
    if dice.chance(0.25):
        parts.append(dice.pick(_BPM).format(dice.integer(60, 180)))
    if dice.chance(0.15):
        parts.append(dice.pick(_MODES).format(dice.pick(_TONICS)))
    if dice.chance(0.08):
        parts.append(dice.pick(_BARS))
    if dice.chance(0.4):
        parts = dice.shuffled(parts)
    text = dice.pick(_JOINTS).join(dict.fromkeys(parts))
    before = dice.pick(_BEFORE) if dice.chance(0.2) else ""
    return before + text + (dice.pick(_AFTER) if dice.chance(0.2) else ""), tuple(kinds)


def slipped(text: str, dice: Dice) -> str:
    """The text with one word mistyped: a letter lost, doubled, swapped or replaced."""
    words = text.split(" ")
    places = [
        place for place, word in enumerate(words)
        if len(word) >= _SLIP_CHARACTERS and word.isascii() and word.isalpha()
    ]  # fmt: skip
    if not places:
        return text
    place = dice.pick(places)
    word = words[place]
    at = dice.integer(1, len(word) - 2)  # not the first: readers, too, rely on it
    words[place] = dice.pick((
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + dice.pick(ascii_lowercase) + word[at + 1 :],
    ))  # fmt: skip
    return " ".join(words)
