"""The captions that clips are labelled with: long ones of the grammar, short tags of the lexicon.

They stand for the paper's LaMDA-LF (sentences of a language model) and the raters' tags: neither
can be had here, and the grammar says only what music can be. Captions that name a tempo, a key or
a number of bars are left out, because those are measured.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.composer import compose
from engine.corpus.annotate import annotate
from engine.corpus.captions import describe
from engine.corpus.store.seeds import clip_seed
from engine.training.text.vocabulary import words_by_kind

_SEED: Final = 5501
_MEASURED: Final = re.compile(
    r"\b(?:bpm|beats per|bars?|major|minor|(?:in|key of) [A-G](?:#|b)?|\d+/\d+)\b", re.IGNORECASE
)
_TAG_KINDS: Final = ("genre", "instrument", "mood", "era", "sound")

FloatArray = NDArray[np.float32]
# N texts → (N, D) joint vectors of length 1
Place = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True)
class Vocabulary:
    """Captions and where they lie: texts, and vectors (V, D) of length 1."""

    texts: tuple[str, ...]
    vectors: FloatArray


def long_captions(clips: int) -> tuple[str, ...]:
    """Sentences on as many compositions, each once, without what is measured."""
    found: dict[str, None] = {}
    for place in range(clips):
        seed = clip_seed(_SEED, place)
        for text in describe(annotate(compose(seed)), seed).long:
            if not _MEASURED.search(text):
                found[text] = None
    return tuple(found)


def tags() -> tuple[str, ...]:
    """The lexicon's words for genres, instruments, moods, eras and sounds, each once."""
    words = words_by_kind()
    listed = dict.fromkeys(word for kind in _TAG_KINDS for word in words[kind])
    return tuple(word for word in listed if not _MEASURED.search(word))


def placed(texts: Sequence[str], place: Place) -> Vocabulary:
    """A vocabulary of texts. Raises ValueError where a vector is no direction."""
    vectors = place(texts)
    if not np.isfinite(vectors).all():
        msg = "a caption's vector is no direction"
        raise ValueError(msg)
    return Vocabulary(tuple(texts), vectors)
