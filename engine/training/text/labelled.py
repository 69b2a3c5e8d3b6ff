"""Texts of which it is known what they mean, to fit and to measure what is understood of prompts.

    prompts    composed of words of known categories, among words that name nothing
    captions   of compositions, with the labels of their clips

A word may mean several things ("piano" is four instruments): each is right, and one is enough.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from typing import Final

from engine.composer import compose
from engine.composer.dice import Dice
from engine.corpus.annotate import Annotations, annotate
from engine.corpus.captions import describe
from engine.corpus.store.layout import Split
from engine.corpus.store.seeds import clip_seed, split_of
from engine.music.instruments import INSTRUMENTS
from engine.text.phrases import key
from engine.training.text.prompts import prompt_of, slipped
from engine.training.text.vocabulary import Category, categories, spared, words_by_kind

Choice = Callable[[Category], tuple[str, ...]]
Meaning = tuple[str, str]  # kind (genre, instrument, mood, era), name

_CAPTIONS_SEED: Final = 9187  # neither the corpus's nor that of the texts learnt from


@dataclass(frozen=True)
class Labelled:
    """A text and the things it speaks of, each as all the meanings that are right for it."""

    text: str
    parts: tuple[frozenset[Meaning], ...]

    def allows(self, meaning: Meaning) -> bool:
        """Whether it is right to report this: a part, or a family or a word that covers one."""
        return any(meaning in part or _members(meaning) & part for part in self.parts)


@cache
def _members(meaning: Meaning) -> frozenset[Meaning]:
    kind, name = meaning
    if kind != "instrument":
        return frozenset()
    family = {(kind, one) for one, row in INSTRUMENTS.items() if row.family == name}
    return word_table(known_words).get(key(name), frozenset()) | family


def meaning_of(category: Category) -> Meaning:
    """A category's meaning: what feels like a mood is one."""
    return ("mood" if category.kind == "feeling" else category.kind, category.name)


def known_words(category: Category) -> tuple[str, ...]:
    """Words of training captions."""
    return category.known


def fitted_words(category: Category) -> tuple[str, ...]:
    """Words that captions never use and the encoder has read: to fit confidences on."""
    return tuple(word for word in category.held_out if not spared(word))


def spared_words(category: Category) -> tuple[str, ...]:
    """Words that nothing has read: to measure on."""
    return tuple(word for word in category.held_out if spared(word))


@cache
def word_table(*choices: Choice) -> Mapping[str, frozenset[Meaning]]:
    """Key → meanings of the words of every category that the choices (functions above) give."""
    table: dict[str, set[Meaning]] = {}
    for category in categories():
        for choice in choices:
            for word in choice(category):
                table.setdefault(key(word), set()).add(meaning_of(category))
    return {word: frozenset(meanings) for word, meanings in table.items()}


def labelled_prompts(
    *choices: Choice, number: int, seed: int = 0, slips: bool = False
) -> list[Labelled]:
    """Prompts of the chosen words and of words that name nothing, each with its parts."""
    table = word_table(known_words, fitted_words, spared_words)
    words = {kind: list(row) for kind, row in words_by_kind().items() if kind in ("sound", "use")}
    words = {kind: [w for w in row if key(w) not in table] for kind, row in words.items()}
    for category in categories():
        for choice in choices:
            words.setdefault(category.kind, []).extend(choice(category))
    prompts = []
    for place in range(number):
        dice = Dice("labelled prompt", seed, place)
        text, parts = prompt_of(dice, words)
        said = tuple(table[key(word)] for _, word in parts if key(word) in table)
        prompts.append(Labelled(slipped(text, dice) if slips else text, said))
    return prompts


def labelled_captions(split: Split, *, clips: int, held_out: bool = False) -> list[Labelled]:
    """Long captions and tags of compositions, with all that their clips have."""
    seeds = (clip_seed(_CAPTIONS_SEED, place) for place in count())
    found: list[Labelled] = []
    for seed in islice((seed for seed in seeds if split_of(seed) == split), clips):
        labels = annotate(compose(seed))
        said = describe(labels, seed, held_out=held_out)
        parts = tuple(frozenset([meaning]) for meaning in _meanings(labels))
        found += [Labelled(text, parts) for text in (*said.long, ", ".join(said.short))]
    return found


def _meanings(labels: Annotations) -> Iterator[Meaning]:
    yield ("genre", labels.genre)
    yield from (("instrument", part.instrument) for part in labels.parts)
    yield from (("mood", mood) for mood in labels.moods)
    if labels.era:
        yield ("era", labels.era)
