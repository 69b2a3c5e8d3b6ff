"""The diffusion losses: what is predicted (ε, v, x₀), and how much each noise level weighs.

    "simplified"  ‖prediction − target‖²                     w_t = 1       (section 3.1)
    "sigma"       σ_t² ‖prediction − target‖²                w_t = σ_t²
    "x0"          ‖x̂₀ − x₀‖² / max(σ_t, 0.3)²                of x̂₀ from any prediction
    "x0_outline"  ‖x̂₀ − x₀‖² / max(σ_t, 0.6)²

The first two are in the prediction's own coordinates. The third weighs like ε's loss at high noise
and is bounded at low noise, where ε's grows without bound and says nothing about the sound. The
fourth is for a network on top of a filter (`engine.training.networks.axes`) that leaves little to
do at low noise.
"""

from collections.abc import Callable
from typing import Final

from torch import Tensor

from engine.training.train.diffuse import spread

_SIGMA_FLOOR: Final = 0.3
_SIGMA_FLOOR_OUTLINE: Final = 0.6
_ALPHA_FLOOR: Final = 1e-4  # the cosine schedule ends at 4.5e-5

# (x₀, ε, α, σ) → what the network should say; α and σ shaped to multiply
TARGETS: Final[dict[str, Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]]] = {
    "epsilon": lambda x0, epsilon, a, s: epsilon,
    "v": lambda x0, epsilon, a, s: a * epsilon - s * x0,
    "x0": lambda x0, epsilon, a, s: x0,
}

# (x_t, prediction, α, σ) → x̂₀
TO_X0: Final[dict[str, Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]]] = {
    "epsilon": lambda x, said, a, s: (x - s * said) / a.clamp_min(_ALPHA_FLOOR),
    "v": lambda x, said, a, s: a * x - s * said,
    "x0": lambda x, said, a, s: said,
}

# (α, σ) → weight
WEIGHTS: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "simplified": lambda a, s: s.new_ones(s.shape),
    "sigma": lambda a, s: s**2,
    "x0": lambda a, s: 1 / s.clamp_min(_SIGMA_FLOOR) ** 2,
    "x0_outline": lambda a, s: 1 / s.clamp_min(_SIGMA_FLOOR_OUTLINE) ** 2,
}


def target(kind: str, x0: Tensor, epsilon: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """What a network of this kind should predict. x0, epsilon (B, C, L), alpha, sigma (B,)."""
    return TARGETS[kind](x0, epsilon, spread(alpha, x0), spread(sigma, x0))


def denoised(kind: str, x: Tensor, said: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x̂₀ (B, C, L) from a prediction at x_t."""
    return TO_X0[kind](x, said, spread(alpha, x), spread(sigma, x))


def mean_square(error: Tensor, valid: Tensor | None = None) -> Tensor:
    """(B,) mean square of (B, C, L) over what is valid, (B, 1, L) of 0 and 1."""
    if valid is None:
        return error.square().mean(dim=(1, 2))
    total = (error.square() * valid).sum(dim=(1, 2))
    return total / (valid.sum(dim=(1, 2)) * error.shape[1]).clamp_min(1)


def diffusion_loss(
    name: str,
    kind: str,
    *,
    x: Tensor,
    said: Tensor,
    x0: Tensor,
    epsilon: Tensor,
    alpha: Tensor,
    sigma: Tensor,
    valid: Tensor | None = None,
) -> Tensor:
    """Loss of each item, (B,).

    Args:
        name: a key of WEIGHTS.
        kind: a key of TARGETS.
        x: (B, C, L) noisy state.
        said: (B, C, L) the network's prediction.
        x0: (B, C, L) data.
        epsilon: (B, C, L) the noise in x.
        alpha: (B,) share of signal.
        sigma: (B,) share of noise.
        valid: (B, 1, L), 0 where an item has ended.
    """
    if name.startswith("x0"):
        error = denoised(kind, x, said, alpha, sigma) - x0
    else:
        error = said - target(kind, x0, epsilon, alpha, sigma)
    return WEIGHTS[name](alpha, sigma) * mean_square(error, valid)
