"""The measures: what a perfect encoder and a random one get."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.training.text.measure import PROMPTS, likeness, report, retrieval
from engine.training.text.vocabulary import categories, spared

KINDS = ("genre", "instrument", "mood")


def random_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    rows = []
    for text in texts:
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest())
        rows.append(np.random.default_rng(seed).standard_normal(48))
    found = np.array(rows, np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def knows_categories(texts: Sequence[str]) -> NDArray[np.float32]:
    """A word lies where its category lies."""
    names: dict[str, str] = {}
    for category in categories():
        for word in (*category.known, *category.held_out):
            names.setdefault(word, category.kind + category.name)
    return random_vectors([names.get(text, text) for text in texts])


def test_an_encoder_is_like_itself_only() -> None:
    ours, others = random_vectors(PROMPTS), random_vectors([text + "!" for text in PROMPTS])
    same = likeness(ours, ours)
    assert (same.number, same.cosine, same.geometry) == pytest.approx((20, 1, 1))
    other = likeness(ours, others)
    assert abs(other.cosine) < 0.15
    assert abs(other.geometry) < 0.25


def test_geometry_does_not_mind_a_rotation() -> None:
    ours = random_vectors(PROMPTS)
    turned = ours @ np.linalg.qr(np.random.default_rng(0).standard_normal((48, 48))).Q
    found = likeness(turned.astype(np.float32), ours)
    assert found.geometry == pytest.approx(1, abs=1e-4)
    assert found.cosine < 0.5


def test_who_knows_the_categories_finds_them() -> None:
    found = retrieval(knows_categories, lambda _: True, KINDS)
    assert found.number > 170
    assert found.top1 > 0.97  # a word or two stand in two categories


def test_chance_finds_hardly_any() -> None:
    found = retrieval(random_vectors, lambda _: True, KINDS)
    assert found.top3 < 0.15
    assert found.top1 <= found.top3


def test_spared_words_can_be_asked_alone() -> None:
    alone = retrieval(random_vectors, spared, KINDS).number
    rest = retrieval(random_vectors, lambda word: not spared(word), KINDS).number
    assert 15 < alone < rest
    assert retrieval(random_vectors, lambda _: False, KINDS).number == 0


def test_a_report_has_a_line_for_everything() -> None:
    lines = report(random_vectors, knows_categories, {"captions": ["a", "b", "c", "d"]})
    assert any(line.startswith("captions ") for line in lines)
    assert any(line.startswith("prompts typed by a person") for line in lines)
    assert sum("%" in line for line in lines) == 7
