"""Time and noise of a training step, as functions of (seed, step, item) and nothing else.

Every random number of training is drawn from a generator seeded by what it is for. So a resumed
run, a run on two processes and a run on one see the same numbers, and no generator's state has to
be saved. Rejected: generators that run on (their states belong in checkpoints, one per process and
thread, and a different number of processes draws other numbers).
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from engine.diffusion.noise_schedule import NoiseSchedule

LOG_SNR_CLEAN: Final = 20.0  # engine.bundle.manifest's, which needs msgspec

# What a number is drawn for; part of its seed.
PURPOSES: Final = {
    "time": 1, "noise": 2, "condition": 3, "item": 4, "order": 5, "weights": 6, "chain": 7,
}  # fmt: skip


def seeded(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """The numpy generator of one purpose at one place."""
    return np.random.default_rng((seed, PURPOSES[purpose], *key))


def stratified_times(seed: int, step: int, *, first: int, count: int, batch: int) -> Tensor:
    """(count,) t of items first … first + count of a batch: one per stratum of [0, 1), shifted.

    One uniform offset moves all strata together, so each t alone is uniform and the batch covers
    [0, 1) evenly (Kingma et al., arXiv 2107.00630, appendix I.1). float64.
    """
    offset = seeded(seed, "time", step).random()
    return torch.from_numpy(((np.arange(first, first + count) + offset) / batch) % 1.0)


def noise(
    seed: int, purpose: str, step: int, *, first: int, shape: tuple[int, ...], device: torch.device
) -> Tensor:
    """Standard normal noise of `shape` (B, …) on a device, each item from a seed of its own."""
    drawn = torch.empty(shape, device=device)
    rng = torch.Generator(device)
    for item in range(shape[0]):
        key = np.random.SeedSequence((seed, PURPOSES[purpose], step, first + item))
        rng.manual_seed(int(key.generate_state(1, np.uint64)[0] >> 1))
        torch.randn(shape[1:], generator=rng, out=drawn[item])
    return drawn


def levels(schedule: NoiseSchedule, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """α_t, σ_t and λ_t of (B,) times, each (B,) of `like`'s type and device."""
    times = t.cpu().numpy()
    alpha, sigma, log_snr = (
        torch.from_numpy(np.asarray(f(times))).to(like.device, like.dtype)
        for f in (schedule.alpha, schedule.sigma, schedule.log_snr)
    )
    return alpha, sigma, log_snr


def spread(values: Tensor, like: Tensor) -> Tensor:
    """(B,) → (B, 1, …) to multiply `like` with."""
    return values.view(-1, *[1] * (like.dim() - 1))


def diffused(x0: Tensor, epsilon: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x_t = α x₀ + σ ε (eq. 2). x0, epsilon (B, …), alpha, sigma (B,)."""
    return spread(alpha, x0) * x0 + spread(sigma, x0) * epsilon
