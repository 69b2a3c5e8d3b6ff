"""Likeness, soft targets and losses, against numbers worked out by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.tower.classes import classes_of, targets_of
from engine.training.tower.likeness import TEMPERATURE, label_likeness, soft_targets
from engine.training.tower.losses import contrast_loss, entropy, tag_losses
from engine.training.train.data import ClipEntry


def clip(**labels: tuple[str, ...]) -> ClipEntry:
    return ClipEntry(
        key="a", first=0, frames=1, bpm=100.0, meter="4/4", bars=1, key_name=None, loop=False,
        chords=(), texts=("x",), labels=labels,
    )  # fmt: skip


def test_classes_are_the_datas_own() -> None:
    clips = [
        clip(genre=("funk",), instrument=("organ", "bass"), era=("",)),
        clip(genre=("dub",), mood=()),
    ]
    classes = classes_of(clips)
    assert classes == {"genre": ("dub", "funk"), "instrument": ("bass", "organ")}
    targets = targets_of(clips, classes)
    assert targets.hot["genre"].tolist() == [[0, 1], [1, 0]]
    assert targets.hot["instrument"].tolist() == [[1, 1], [0, 0]]
    assert targets.known["instrument"].tolist() == [True, False]


def test_an_unknown_class_is_not_counted() -> None:
    targets = targets_of(
        [clip(genre=("polka",), instrument=("bass", "alphorn"))],
        {"genre": ("dub",), "instrument": ("bass",)},
    )
    assert not targets.known["genre"][0]
    assert targets.hot["instrument"].tolist() == [[1]]
    assert targets.known["instrument"][0]


def test_likeness_is_a_weighted_jaccard() -> None:
    hot = {
        "genre": torch.tensor([[1.0, 0], [1, 0], [0, 1]]),
        "instrument": torch.tensor([[1.0, 1, 0], [0, 1, 1], [0, 1, 1]]),
    }
    alike = label_likeness(hot)
    both = 0.75  # weights of the two kinds: 0.4 and 0.35
    assert alike[0, 1].item() == pytest.approx((0.4 * 1 + 0.35 / 3) / both)
    assert alike[1, 2].item() == pytest.approx(0.35 / both)
    assert torch.equal(alike, alike.T)
    assert alike.diagonal().tolist() == [1, 1, 1]


def test_soft_targets_mix_identity_and_likeness() -> None:
    hot = {"genre": torch.tensor([[1.0, 0], [1, 0], [0, 1]])}
    targets = soft_targets(hot, 3, softness=0.5)
    twin, other = math.exp(1 / TEMPERATURE), 1.0
    assert targets[0, 0].item() == pytest.approx(0.5 + 0.5 * twin / (2 * twin + other))
    assert targets[0, 1].item() == pytest.approx(0.5 * twin / (2 * twin + other))
    assert torch.equal(soft_targets({}, 3, softness=0.5), torch.eye(3))
    assert torch.equal(soft_targets(hot, 3, softness=0.0), torch.eye(3))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.floats(0, 0.99))
def test_rows_of_targets_are_distributions(seed: int, size: int, softness: float) -> None:
    rng = np.random.default_rng(seed)
    hot = {
        kind: torch.from_numpy((rng.random((size, 4)) < 0.4).astype(np.float32))
        for kind in ("genre", "instrument", "mood")
    }
    targets = soft_targets(hot, size, softness=softness)
    assert torch.allclose(targets.sum(dim=1), torch.ones(size), atol=1e-5)
    assert (targets >= 0).all()
    assert (targets.argmax(dim=1) == torch.arange(size)).all() or softness > 0


def test_a_collapsed_batch_has_a_contrast_of_ln_batch() -> None:
    same = torch.tensor([[1.0, 0.0]]).repeat(8, 1)
    loss = contrast_loss(same, same, torch.eye(8), torch.tensor(20.0))
    assert loss.item() == pytest.approx(math.log(8))


def test_perfect_pairs_have_no_contrast_and_swapped_ones_much() -> None:
    each, scale = torch.eye(4), torch.tensor(30.0)
    assert contrast_loss(each, each, each, scale).item() < 1e-6
    swapped = contrast_loss(each, each.roll(1, dims=0), each, scale)
    assert swapped.item() == pytest.approx(30, rel=1e-3)


def test_the_floor_is_the_targets_entropy() -> None:
    targets = torch.full((2, 2), 0.5)
    assert entropy(targets).item() == pytest.approx(math.log(2))
    assert entropy(torch.eye(3)).item() == 0
    same = torch.ones(2, 1)
    assert contrast_loss(same, same, targets, torch.tensor(5.0)).item() == pytest.approx(
        math.log(2)
    )


def test_tags_that_are_not_known_do_not_count() -> None:
    logits = {"genre": torch.zeros(2, 4), "mood": torch.zeros(2, 3)}
    hot = {"genre": torch.eye(4)[:2], "mood": torch.tensor([[1.0, 0, 0], [0, 0, 0]])}
    known = {"genre": torch.tensor([1.0, 0.0]), "mood": torch.tensor([0.0, 0.0])}
    found = tag_losses(logits, hot, known)
    assert found["genre"].item() == pytest.approx(math.log(4))
    assert found["mood"].item() == 0
    everything = tag_losses(logits, hot, {**known, "mood": torch.ones(2)})
    assert everything["mood"].item() == pytest.approx(3 * math.log(2))
