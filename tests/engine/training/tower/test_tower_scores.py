"""Figures of taggers and retrieval, on cases counted by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.tower import scores


def f32(rows: object) -> np.ndarray:
    return np.array(rows, np.float32)


def test_top_k() -> None:
    probabilities = f32([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    truth = f32([[0, 1, 0], [1, 0, 0]])
    assert [scores.top_k(probabilities, truth, k) for k in (1, 2, 3)] == [0, 0.5, 1]
    assert math.isnan(scores.top_k(probabilities[:0], truth[:0], 1))


def test_average_precision() -> None:
    assert scores.average_precision(f32([0.9, 0.8, 0.7, 0.6]), f32([1, 0, 1, 0])) == pytest.approx(
        (1 + 2 / 3) / 2
    )
    assert scores.average_precision(f32([0.5] * 4), f32([1, 0, 0, 0])) == 0.25
    assert math.isnan(scores.average_precision(f32([0.5]), f32([0])))
    both = scores.mean_average_precision(f32([[0.9, 0], [0.1, 1]]), f32([[1, 0], [0, 0]]))
    assert both == 1


def test_f1_of_a_clip() -> None:
    found = np.array([[True, True, False], [False, False, False], [True, False, False]])
    truth = f32([[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    assert scores.clip_f1(found, truth) == pytest.approx((0.5 + 1 + 0) / 3)


def test_the_threshold_lies_between_the_scores() -> None:
    assert scores.best_threshold(f32([0.9, 0.8, 0.3, 0.1]), f32([1, 1, 0, 0])) == pytest.approx(
        0.55
    )
    assert scores.best_threshold(f32([0.2, 0.1]), f32([1, 1])) == pytest.approx(0.05)
    assert scores.best_threshold(f32([0.2, 0.1]), f32([0, 0])) == 0.5


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=12))
def test_no_threshold_has_a_better_f1(rows: list[tuple[int, bool]]) -> None:
    values, truth = f32([a / 5 for a, _ in rows]), f32([b for _, b in rows])

    def f1(threshold: float) -> float:
        yes = values >= threshold
        return float(2 * (yes * truth).sum() / max(yes.sum() + truth.sum(), 1))

    best = f1(scores.best_threshold(values, truth))
    assert best >= max(f1(t) for t in np.linspace(-0.05, 1.05, 12)) - 1e-6 or not truth.any()


def test_a_class_has_its_own_threshold_as_far_as_it_is_known() -> None:
    truth = np.zeros((60, 3), np.float32)
    truth[:40, 0] = 1
    truth[:2, 1] = 1
    values = np.where(truth > 0, f32([0.9, 0.3, 0.5]), f32([0.7, 0.1, 0.1])).astype(np.float32)
    common = scores.best_threshold(values, truth)
    assert common == pytest.approx(0.8)
    assert scores.thresholds(values, truth) == pytest.approx(
        [0.8, 0.8 + (0.2 - 0.8) * 2 / 22, 0.8]  # own: 0.8, 0.2, none
    )


def test_ranks_of_own_clips() -> None:
    clips = np.eye(3, dtype=np.float32)
    texts = f32([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1], [0.6, 0.8, 0]])
    ranks = scores.retrieval_ranks(texts, clips, np.array([0, 1, 2, 0]))
    assert ranks.tolist() == [0, 1, 0, 1]
    assert scores.recall_at(ranks, 1) == 0.5
    assert scores.recall_at(ranks, 2) == 1
    assert scores.retrieval_ranks(texts[:1], clips[:1].repeat(3, 0), np.array([0])).tolist() == [2]
