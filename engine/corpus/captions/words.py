"""The lexicon's notation: a phrase, when it is true, and whether it is kept for evaluation.

A table's text is a list of phrases parted by commas. After a phrase may come "@need" (a fact that
must hold; "@a/b" either) and "@!ban" (a fact that must not); "~" at the end holds it out (never in
training captions). "/p" after the phrase makes it plural, "/m" keeps articles away, "/n" gives it
the number of the noun inside it. Facts are made by engine.corpus.captions.facts.
Rejected: a predicate function per phrase (two thousand of them could not be read as a table), and
drawing the held-out part by a hash (a word may stand in several groups, and must be out of all).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Number = Literal["s", "p", "m", "n"]  # singular with an article, plural, no article, as its noun

Facts = frozenset[str] | set[str]


@dataclass(frozen=True, slots=True)
class Word:
    """A phrase.

    Attributes:
        text: as it is written inside a sentence.
        needs: every one of these sets must share a fact with the clip's.
        bans: none of these may.
        held_out: whether training captions may not contain it.
        number: for nouns; see the notation.
    """

    text: str
    needs: tuple[frozenset[str], ...] = ()
    bans: frozenset[str] = frozenset()
    held_out: bool = False
    number: Number = "s"

    def fits(self, facts: Facts) -> bool:
        """Whether it is true of a clip with these facts."""
        if self.bans and not self.bans.isdisjoint(facts):
            return False
        for need in self.needs:  # noqa: SIM110 (a loop is twice as fast here as any())
            if need.isdisjoint(facts):
                return False
        return True


_NUMBERS: dict[str, Number] = {"/p": "p", "/m": "m", "/n": "n"}


def parse_word(text: str) -> Word:
    """One phrase in the notation above.

    Raises:
        ValueError: there is no phrase before the marks.
    """
    body = text.strip()
    held_out = body.endswith("~")
    body = body.removesuffix("~").strip()
    phrase, *marks = body.split(" @")
    number: Number = "s"
    if phrase[-2:] in _NUMBERS:
        phrase, number = phrase[:-2], _NUMBERS[phrase[-2:]]
    if not phrase.strip() or phrase.startswith("@"):
        msg = f"no phrase in {text!r}"
        raise ValueError(msg)
    needs = tuple(_facts(mark) for mark in marks if not mark.startswith("!"))
    bans = [_facts(mark[1:]) for mark in marks if mark.startswith("!")]
    return Word(phrase.strip(), needs, frozenset().union(*bans), held_out, number)


_SLASH = "÷"  # a slash in a fact's name ("meter:3/4") is written so


def _facts(mark: str) -> frozenset[str]:
    """Alternatives: "m:dark/tense" is m:dark or m:tense. The kind holds until another is named."""
    names: list[str] = []
    kind = ""
    for item in mark.strip().split("/"):
        if ":" in item:
            kind = item.partition(":")[0] + ":"
        names.append((item if ":" in item else kind + item).replace(_SLASH, "/"))
    return frozenset(names)


def parse_words(text: str) -> tuple[Word, ...]:
    """A comma-separated table. Raises ValueError for an empty phrase."""
    return tuple(parse_word(item) for item in text.split(","))


def table(rows: Mapping[str, str]) -> dict[str, tuple[Word, ...]]:
    """A group of tables by the attribute's value."""
    return {name: parse_words(text) for name, text in rows.items()}
