"""Classifier-free guidance, and the clipping that keeps it from over-saturating (section 3.1).

Both act on x̂₀. Guidance is defined on ε, but x̂₀ = (x_t − σ ε)/α is affine in ε and the weights
w and 1 − w sum to 1, so guiding x̂₀ is guiding ε. Clipping belongs to the guided base stage only:
without guidance x̂₀ rarely leaves [−1, 1], and an up-sampler should not squeeze what it was given
(imagen-pytorch #58). Rejected: static clipping at ±1 (with w = 5–10 most of a mel would sit on it).
"""

import math

import numpy as np

from engine.diffusion.signatures import Array


def guided(conditional: Array, unconditional: Array, weight: float) -> Array:
    """w·c + (1−w)·u, on ε, v or x̂₀ alike; w = 1 is c itself, w > 1 exaggerates. All (B, C, L)."""
    if weight == 1:
        return conditional
    total = conditional - unconditional
    total *= float(weight)
    total += unconditional
    return total


def dynamic_clip(x0: Array, percentile: float, *, bound: float = 1.0) -> Array:
    """Clamp x̂₀ to its percentile of |x̂₀| and bring that back to the bound (arXiv 2205.11487).

    The percentile is each batch item's own, over all its channels and times.

    Args:
        x0: (B, C, L). Returned as it is where all of it lies within the bound.
        percentile: in (0, 100]; 99.5 is usual. At less than the bound, the bound itself.
        bound: what data never exceed, in x's own scale.

    Raises:
        ValueError: the percentile is out of range.
    """
    if not 0 < percentile <= 100:
        msg = f"percentile {percentile} is not in (0, 100]"
        raise ValueError(msg)
    if max(float(x0.max()), -float(x0.min())) <= bound:
        return x0
    clipped = np.empty_like(x0)
    for item, out in zip(x0, clipped, strict=True):
        limit = _limit(np.abs(item), percentile, bound)
        np.clip(item, -limit, limit, out=out)
        np.multiply(out, bound / limit, out=out)
    return clipped


def _limit(magnitude: Array, percentile: float, bound: float) -> float:
    """max(bound, percentile), of the ranks either side the higher.

    Only what exceeds the bound is searched: np.percentile on a whole mel takes as long as its
    network.
    """
    rank = math.ceil(percentile / 100 * (magnitude.size - 1))  # in ascending order, from 0
    loud = magnitude[magnitude > bound]
    rank_in_loud = rank - (magnitude.size - loud.size)
    if rank_in_loud < 0:
        return bound
    return float(np.partition(loud, rank_in_loud)[rank_in_loud])
