"""Learning rate and moving average, each as its formula."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor


def learning_rate(step: int, *, peak: float, warmup: int, end: int) -> float:
    """The rate of step 0, 1, …: linear up to `peak` at `warmup`, a cosine down to 0 at `end`."""
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= end:
        return 0.0
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (end - warmup)))


def ema_decay(step: int, limit: float) -> float:
    """Decay after update number `step` (1, 2, …): (1 + n)/(10 + n), at most `limit`.

    Otherwise 0.9999 would remember the random start for tens of thousands of steps.
    """
    return min(limit, (1 + step) / (10 + step))


@torch.no_grad()
def update_ema(average: list[Tensor], weights: Iterable[Tensor], decay: float) -> None:
    """Move the average: decay · average + (1 − decay) · weights, in place."""
    torch._foreach_lerp_(average, list(weights), 1 - decay)
