"""The texts that the encoder learns from, and those that it is measured on.

    captions   of compositions that are never rendered: long ones, tags, titles, entities
    words      of the lexicon, and wider ones, in frames
    prompts    as musicians type them
    synonyms   WordNet's words of one meaning, and glosses, its definition of it

Music is the most of it by far; WordNet says where the other words of English lie. Texts with a
spared word (`engine.training.text.vocabulary`) are in neither part; compositions are split as the
corpus splits them, WordNet's meanings by a hash.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Final

from engine.composer import compose
from engine.composer.dice import Dice
from engine.corpus.annotate import annotate
from engine.corpus.captions import describe
from engine.corpus.store.layout import Split
from engine.corpus.store.seeds import clip_seed, split_of
from engine.training.text.prompts import prompt
from engine.training.text.vocabulary import framed_words, mentions_spared
from engine.training.text.wordnet import Synset

_CORPUS_SEED: Final = 2302  # no corpus of music is likely to have it: these clips are not heard
_MUSICAL: Final = re.compile(
    r"\b(?:music|musical|instruments?|songs?|dances?|melod\w+|rhythm\w*|tones?|sounds?|sing\w*"
    r"|tempo|beat|chords?|drums?|guitar|piano|strings?|jazz|noise|voice)\b"
)
_LONGEST_GLOSS: Final = 120  # characters
_TESTED_OF_256: Final = 5  # meanings that are kept for measuring: 2 %


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """How many texts of each sort, at most."""

    captions: int = 14_336
    framed: int = 20_000  # words in frames: all that there are, some 12,000
    prompts: int = 14_000
    synonyms: int = 16_000
    glosses: int = 8_000


def learnt_texts(synsets: Iterable[Synset], amounts: Amounts, *, seed: int = 0) -> list[str]:
    """Texts to learn from: distinct, in a fixed order, none with a spared word."""
    meanings = [synset for synset in synsets if not _tested(synset)]
    sources = (
        (captions("train"), amounts.captions),
        (framed_words(), amounts.framed),
        (_prompts(seed), amounts.prompts),
        (_synonyms(meanings, seed), amounts.synonyms),
        (_glosses(meanings, seed), amounts.glosses),
    )
    learnt: dict[str, None] = {}
    for source, number in sources:
        fresh = (text for text in source if text not in learnt and not mentions_spared(text))
        for text in islice(fresh, number):
            learnt[text] = None  # here, so that `fresh` knows it
    return list(learnt)


def measured_texts(synsets: Iterable[Synset], *, number: int = 500) -> dict[str, list[str]]:
    """Sort → texts to measure on, none of them learnt from."""
    meanings = [synset for synset in synsets if _tested(synset)]
    return {
        "captions": list(islice(captions("test", held_out=False), number)),
        "captions of held-out words": list(islice(captions("test", held_out=True), number)),
        "prompts of the grammar": list(islice(_prompts(-1), number)),
        "glosses": list(islice(_glosses(meanings, 0), number)),
    }


def captions(split: Split, *, held_out: bool | None = None) -> Iterator[str]:
    """Texts of one composition after the other, without end.

    Args:
        split: of the compositions.
        held_out: whether in words that training captions never use; None: in every third clip.
    """
    for number in count():
        seed = clip_seed(_CORPUS_SEED, number)
        if split_of(seed) != split:
            continue
        labels = annotate(compose(seed))
        wanted = number % 3 == 0 if held_out is None else held_out
        said = describe(labels, seed, held_out=wanted)
        yield from said.long
        yield ", ".join(said.short)
        if number % 4 == 0:
            yield said.title
            yield ", ".join(said.entities)


def _prompts(seed: int) -> Iterator[str]:
    for number in count():
        yield prompt(Dice("typed prompt", seed, number))


def _synonyms(synsets: list[Synset], seed: int) -> Iterator[str]:
    """Words of one meaning; musical meanings and adjectives first."""
    for synset in _ranked(synsets, seed):
        yield ", ".join(synset.words[:4])


def _glosses(synsets: list[Synset], seed: int) -> Iterator[str]:
    for synset in _ranked(synsets, seed):
        if len(synset.gloss) <= _LONGEST_GLOSS:
            yield synset.gloss


def _ranked(synsets: list[Synset], seed: int) -> list[Synset]:
    """Common nouns, verbs, adjectives: the musical before a mixture of the rest."""
    common = [synset for synset in synsets if synset.words[0].islower() and synset.kind != "r"]
    return sorted(common, key=lambda it: (not _MUSICAL.search(it.gloss), _hash(it, seed)))


def _hash(synset: Synset, seed: int) -> bytes:
    """A place in a mixture where adjectives, which moods are made of, come four times as soon."""
    key = f"{seed} {synset.kind} {synset.offset}".encode()
    value = int.from_bytes(hashlib.blake2b(key, digest_size=6).digest())
    return (value >> (2 if synset.kind in "as" else 0)).to_bytes(6)


def _tested(synset: Synset) -> bool:
    key = f"tested {synset.kind} {synset.offset}".encode()
    return hashlib.blake2b(key, digest_size=1).digest()[0] < _TESTED_OF_256
