"""Patches of the data as a network sees them, to fit its `PrincipalAxes` to."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from engine.training.networks.layers import fold_time
from engine.training.train.batches import Arrays, Batches
from engine.training.train.examples import Example

_PATCHES: Final = 40_000  # 60 times the numbers in a mel's patch
_MOST_STEPS: Final = 64


def data_patches(
    batches: Batches,
    as_example: Callable[[Arrays], Example],
    *,
    batch: int,
    patch: int,
    count: int = _PATCHES,
) -> Tensor:
    """(N, patch · C) patches of x₀ of the first steps' items, those that lie inside their clips.

    The same for every process of a run. N is about `count`, or less where the items are short.

    Args:
        batches: of the training split.
        as_example: makes tensors of them.
        batch: items of a step.
        patch: elements of x in a patch.
        count: how many are enough.
    """
    found: list[Tensor] = []
    for step in range(_MOST_STEPS):
        example = as_example(batches.batch(step, first=0, count=batch))
        folded = fold_time(example.x0[:, :, None], patch)[:, :, 0].transpose(1, 2)  # (B, L/p, pC)
        whole = example.valid[:, 0].reshape(len(folded), -1, patch).amin(dim=2) > 0  # (B, L/p)
        found.append(folded[whole].cpu())
        if sum(map(len, found)) >= count:
            break
    return torch.cat(found)
