"""How much of the teacher the student understands, on texts that it has never read.

Beside the teacher on every measure: where the teacher itself is wrong ("speed garage" is no car),
the student can do no better.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.training.text.vocabulary import Category, categories, spared

# N texts → (N, E) of length 1
Embed = Callable[[Sequence[str]], NDArray[np.float32]]

# Typed by a person, without the grammar: no text that is learnt from is made of these.
PROMPTS: Final = (
    "crunchy drums and a sleepy upright piano, something for 3am",
    "chill beat to smoke to, jazzy chords, rain on the window",
    "aggressive 808s w/ creepy music box, 140",
    "sounds like driving through tokyo at night in 1986",
    "sad cowboy song, just guitar",
    "uplifting strings for a charity advert",
    "four on the floor, filtered disco sample, french touch",
    "tense ticking clock underscore, no melody",
    "grandma's church organ but make it trap",
    "wobbly tape guitars, shoegazy, no singer",
    "boss battle theme, 8bit, fast",
    "mellow rhodes solo over brushed drums",
    "nasty reese bass roller 174",
    "warm fuzzy sunday morning folk thing with banjo",
    "movie trailer braams and big percussion",
    "latin percussion loop, congas + timbales, no bass",
    "spaced out dub, tons of echo on the snare",
    "elevator music, cheesy bossa",
    "funeral procession, slow brass",
    "hyper cute arcade tune, major key",
)
_TOP: Final = (1, 3)


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike two encoders are on some texts.

    Attributes:
        number: of texts.
        cosine: mean of each text's.
        geometry: Pearson correlation of all pairs' similarities: whether what is near is near.
    """

    number: int
    cosine: float
    geometry: float


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """How often a held-out word lies nearest to its own category.

    Attributes:
        number: of words.
        categories: to choose from, mean over the words.
        top1, top3: shares.
    """

    number: int
    categories: float
    top1: float
    top3: float


def likeness(ours: NDArray[np.float32], teachers: NDArray[np.float32]) -> Likeness:
    """Compare (N, E) with (N, E), rows of length 1, N ≥ 3."""
    above = np.triu_indices(len(ours), 1)
    pairs = (ours @ ours.T)[above], (teachers @ teachers.T)[above]
    return Likeness(
        number=len(ours),
        cosine=float(np.mean(np.sum(ours * teachers, axis=1))),
        geometry=float(np.corrcoef(*pairs)[0, 1]),
    )


def retrieval(embed: Embed, wanted: Callable[[str], bool], kinds: Sequence[str]) -> Retrieval:
    """Look up held-out words among the categories of their kind.

    Args:
        embed: the encoder.
        wanted: which held-out words.
        kinds: of the categories.
    """
    ranks: list[int] = []
    sizes: list[int] = []
    for kind in kinds:
        rows = [category for category in categories() if category.kind == kind]
        found = _ranks(embed, rows, wanted)
        ranks += found
        sizes += [len(rows)] * len(found)
    if not ranks:
        return Retrieval(number=0, categories=0.0, top1=0.0, top3=0.0)
    places = np.array(ranks)
    shares = [float(np.mean(places < most)) for most in _TOP]
    return Retrieval(
        number=len(places), categories=float(np.mean(sizes)), top1=shares[0], top3=shares[1]
    )


def _ranks(embed: Embed, rows: list[Category], wanted: Callable[[str], bool]) -> list[int]:
    """For each held-out word how many categories lie nearer than its own."""
    asked = [
        (place, word) for place, row in enumerate(rows) for word in row.held_out if wanted(word)
    ]
    if not asked:
        return []
    centres = category_vectors(embed, rows)
    similar = embed([word for _, word in asked]) @ centres.T
    own = similar[np.arange(len(asked)), [place for place, _ in asked]]
    ranks: list[int] = (similar > own[:, None]).sum(axis=1).tolist()
    return ranks


def category_vectors(embed: Embed, rows: Sequence[Category]) -> NDArray[np.float32]:
    """(C, E): each category as the mean of its known words, of length 1."""
    words = [word for row in rows for word in row.known]
    vectors = embed(words)
    edges = np.cumsum([0] + [len(row.known) for row in rows])
    means = np.add.reduceat(vectors, edges[:-1], axis=0)
    unit: NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def report(student: Embed, teacher: Embed, tests: Mapping[str, Sequence[str]]) -> list[str]:
    """Every measure as lines of text."""
    lines = [f"{'texts never read':<34}{'number':>8}{'cosine':>9}{'geometry':>10}"]
    for name, texts in {**tests, "prompts typed by a person": PROMPTS}.items():
        found = likeness(student(texts), teacher(texts))
        lines.append(f"{name:<34}{found.number:>8}{found.cosine:>9.3f}{found.geometry:>10.3f}")
    lines.append("")
    lines.append(
        f"{'held-out words → own category':<34}{'number':>8}{'of':>5}"
        f"{'teacher 1st':>13}{'in 3':>7}{'student 1st':>13}{'in 3':>7}"
    )
    every = ("genre", "instrument", "mood", "feeling", "era")
    lines += [_retrieved(kind, student, teacher, lambda _: True, (kind,)) for kind in every]
    learnt = _retrieved("all: learnt from the teacher", student, teacher, _learnt, every)
    never = _retrieved("all: spared, in no text learnt", student, teacher, spared, every)
    return [*lines, learnt, never]


def _learnt(word: str) -> bool:
    return not spared(word)


def _retrieved(
    name: str, student: Embed, teacher: Embed, wanted: Callable[[str], bool], kinds: Sequence[str]
) -> str:
    theirs, ours = retrieval(teacher, wanted, kinds), retrieval(student, wanted, kinds)
    return (
        f"{name:<34}{ours.number:>8}{ours.categories:>5.0f}{theirs.top1:>13.1%}{theirs.top3:>7.0%}"
        f"{ours.top1:>13.1%}{ours.top3:>7.0%}"
    )
