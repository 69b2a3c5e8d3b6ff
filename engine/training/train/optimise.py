"""Learning rate, moving average and optimiser, each as its formula."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from engine.training.train.settings import Settings


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


def trained_parameters(network: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Names and parameters that the optimiser moves, in its order; the others are the data's."""
    return [(name, p) for name, p in network.named_parameters() if p.requires_grad]


def make_optimiser(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Adam, or AdamW, over fp32 master weights."""
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
    }
    parameters = [parameter for _, parameter in trained_parameters(network)]
    return kinds[settings.optimiser](
        parameters,
        lr=settings.learning_rate,
        betas=(settings.beta_1, settings.beta_2),
        weight_decay=settings.weight_decay,
        fused=parameters[0].is_cuda,
    )
