"""A prompt cut into words, and phrases looked up whatever their hyphens, plurals and slips.

The key of a phrase is its words run together: "lo-fi", "lofi" and "Lo Fi" are one. Used by the
runtime and, with the same cuts, where what it looks up is made.
Rejected: stemming (a "rocker" is no rock), and edit distances of two ("bass", "brass" and "bells"
would be one instrument).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

LONGEST_PHRASE: Final = 5  # words
_WORD: Final = re.compile(r"[^\W_]+(?:[&'’][^\W_]+)*|&")
_BREAK: Final = re.compile(r"[,;:.!?/+()\[\]\"“”]|\s[-–—]\s")
_PLURAL_FROM: Final = 4  # letters
_SLIP_FROM: Final = 5  # letters: a slip in a shorter word makes another word

# words that name nothing by themselves; no phrase that is guessed at begins or ends with one
_WEAK_TEXT: Final = """
    a an the and or of with without in on at to by from as for into over under is are it its this
    that these those some any more most less very quite really but not no only just me my i you
    your we our he she they them want need give make made create generate can could do does please
    something anything like let's lets hear around about where when while there music musical song
    tune track beat loop part piece style type feel vibe vibes sound sounds sounding instrumental
    sample sketch idea bar bars bpm tempo key minor major
"""
WEAK: Final = frozenset(_WEAK_TEXT.split())


_NEGATIONS: Final = frozenset(("no", "without", "minus", "sans"))
_TURNS: Final = frozenset(("but", "just", "only", "with", "and", "yet"))


def asked_for(words: list[str]) -> list[list[str]]:
    """The words of a segment that are not refused by a "no" or a "without" before them, in runs."""
    return [run for run, refused in _runs(words) if not refused]


def refused_in(text: str) -> str:
    """The words of a text that a "no" or a "without" refuses, run by run, with commas between."""
    runs = (" ".join(run) for words in segments(text) for run, refused in _runs(words) if refused)
    return ", ".join(runs)


def _runs(words: list[str]) -> Iterator[tuple[list[str], bool]]:
    """A segment's words in runs that are asked for or refused, negations left out."""
    run: list[str] = []
    refused = False
    for word in [*words, None]:
        folded = "" if word is None else word.casefold()
        turned = folded in _NEGATIONS or (refused and folded in _TURNS)
        if (turned or word is None) and run:
            yield run, refused
            run = []
        if folded in _NEGATIONS:
            refused = True
            continue
        if folded in _TURNS:
            refused = False
        if word is not None:
            run.append(word)


def segments(text: str) -> Iterator[list[str]]:
    """The words of each stretch between punctuation marks, none empty."""
    for stretch in _BREAK.split(text):
        words = _WORD.findall(stretch)
        if words:
            yield words


def key(words: list[str] | str) -> str:
    """What a phrase is looked up by: its words without case, gaps or marks."""
    listed = _WORD.findall(words) if isinstance(words, str) else words
    return "".join(listed).casefold()


def found_in(phrases: Mapping[str, object], words: list[str]) -> str | None:
    """The key of a phrase in a table, as it is or in its singular; None where it is not there."""
    whole = key(words)
    if whole in phrases:
        return whole
    singular = whole[:-1]
    plural = whole.endswith("s") and len(singular) >= _PLURAL_FROM
    return singular if plural and singular in phrases else None


def split_known(
    phrases: Mapping[str, object], words: list[str]
) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Known phrases of a segment, as `split_by` finds them."""
    return split_by(lambda some: found_in(phrases, some), words, longest=LONGEST_PHRASE)


def split_by(
    find: Callable[[list[str]], str | None], words: list[str], *, longest: int
) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """What is found in words, longest first from their left, and the runs of words between.

    Args:
        find: the key of some words; None where they are nothing.
        words: of a segment.
        longest: number of words that are looked up at once.

    Returns:
        [(key, the words as written)…] and [[word…]…].
    """
    known: list[tuple[str, str]] = []
    runs: list[list[str]] = [[]]
    place = 0
    while place < len(words):
        for end in range(min(len(words), place + longest), place, -1):
            found = find(words[place:end])
            if found is not None:
                known.append((found, " ".join(words[place:end])))
                runs.append([])
                place = end
                break
        else:
            runs[-1].append(words[place])
            place += 1
    return known, [run for run in runs if run]


def spans(run: list[str], longest: int) -> list[tuple[int, int]]:
    """(first, end) of every stretch of a run that may name something, short ones first."""
    return [
        (first, first + count)
        for count in range(1, longest + 1)
        for first in range(len(run) - count + 1)
        if may_name(run[first : first + count])
    ]


def may_name(words: list[str]) -> bool:
    """Whether words may name something: no weak one at either end, and not numbers alone."""
    ends = words[0].casefold(), words[-1].casefold()
    return not WEAK.intersection(ends) and not all(word.isdigit() for word in words)


class Slips:
    """Looks up what was mistyped: a letter lost, added, replaced, or two swapped, not the first.

    Every key is kept under itself without each of its letters (symmetric deletion,
    https://github.com/wolfgarbe/SymSpell), so that a look-up costs its own length and no search.
    """

    def __init__(self, keys: Mapping[str, object]) -> None:
        self._by_shorter: dict[str, list[str]] = {}
        for whole in keys:
            if len(whole) >= _SLIP_FROM:
                for shorter in _shortened(whole):
                    self._by_shorter.setdefault(shorter, []).append(whole)

    def meant(self, typed: str) -> str | None:
        """The one key that is a slip away from what was typed; None for none, or for several."""
        if len(typed) < _SLIP_FROM:
            return None
        near = {
            whole
            for shorter in _shortened(typed)
            for whole in self._by_shorter.get(shorter, ())
            if one_slip(typed, whole)
        }
        return near.pop() if len(near) == 1 else None


def _shortened(word: str) -> set[str]:
    return {word} | {word[:place] + word[place + 1 :] for place in range(1, len(word))}


def one_slip(typed: str, meant: str) -> bool:
    """Whether a word differs by one lost, added, replaced or swapped letter, not the first."""
    if typed == meant or not typed or not meant or typed[0] != meant[0]:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    if start is None:
        return abs(len(typed) - len(meant)) == 1
    here, there = typed[start:], meant[start:]
    swapped = here[:2] == there[1::-1] and len(there) > 1 and here[2:] == there[2:]
    return here[1:] == there[1:] or here[1:] == there or here == there[1:] or swapped
