"""What augmentation may do to a mel, and what it may not."""

import numpy as np
import torch

from engine.training.tower import augment as module
from engine.training.tower.augment import augment, blank, blur


def mels(count: int = 24, frames: int = 400) -> torch.Tensor:
    level = torch.rand(count, 80, frames) - 0.6
    return torch.cat([level, torch.rand(count, 80, frames) - 0.3], dim=1)


def test_it_is_drawn_from_the_generator_alone_and_leaves_its_input() -> None:
    given = mels()
    before = given.clone()
    first, second = (augment(given, np.random.default_rng(3)) for _ in range(2))
    other = augment(given, np.random.default_rng(4))
    assert torch.equal(given, before)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert first.abs().max() <= 1


def test_levels_move_by_six_db_and_sides_swap() -> None:
    given = torch.zeros(200, 160, 16)
    given[:, 80:] = 0.5
    found = augment(given, np.random.default_rng(0))
    levels = found[:, 30:50].mean(dim=(1, 2))  # blanked stripes drag some further down
    assert 0.08 < levels.max() < 0.14
    assert (levels > -0.14).float().mean() > 0.7
    sides = found[:, 80:].mean(dim=(1, 2))
    assert 0.35 < (sides > 0).float().mean() < 0.65
    assert 0.45 < sides.abs().max() <= 0.6


def test_blur_keeps_the_sum_and_the_images_apart() -> None:
    mel = torch.zeros(160, 20)
    mel[40, 10] = 1.0
    blur(mel, 0.25)
    assert mel[:80].sum().item() == 1
    assert mel[40, 10].item() == 0.25
    assert mel[41, 11].item() == 0.0625
    assert mel[80:].abs().max() == 0


def test_blanks_are_silent_and_few() -> None:
    for seed in range(50):
        mel = torch.ones(160, 400)
        blank(mel, np.random.default_rng(seed).random(4), 400)
        silent = mel[:80] == -1
        assert torch.equal(silent, mel[80:] == 0)
        assert silent.all(dim=1).sum() <= module.BLANK_BANDS
        assert silent.all(dim=0).sum() <= 400 // 4
