"""ε, v and x₀ are one prediction in three coordinates, with α² + σ² = 1.

    x_t = α x₀ + σ ε        v = α ε − σ x₀        (v: Salimans & Ho, arXiv 2202.00512)

Six conversions, each one pass or two over the arrays; α and σ are plain floats, so that float32
stays float32. Two of them divide by α and two by σ. The schedules never reach 0: at the cosine
schedule's ends the divisor is 4.5e-5, which a float32 bears (rounding grows to about 1e-3 of x̂₀),
but an error of the network grows 22,000-fold in x̂₀ there. So divisors are floored, which changes
nothing on the paper's schedules and keeps a schedule of zero terminal SNR finite. Rejected: a clamp
on x̂₀ in here (that is guidance's, and belongs to the stage that asks for it).
"""

import math
from collections.abc import Callable
from typing import Final

from engine.diffusion.signatures import Array

DIVISOR_FLOOR: Final = 1e-6  # 45 times below the smallest α and σ of the paper's schedules


def diffused(x0: Array, epsilon: Array, *, alpha: float, sigma: float) -> Array:
    """x_t = α x₀ + σ ε (eq. 2). All (B, C, L)."""
    return _combine(x0, alpha, epsilon, sigma)


def x0_from_epsilon(x: Array, epsilon: Array, *, alpha: float, sigma: float) -> Array:
    """x̂₀ = (x_t − σ ε)/α."""
    return _combine(x, 1 / _floored(alpha), epsilon, -sigma / _floored(alpha))


def x0_from_v(x: Array, v: Array, *, alpha: float, sigma: float) -> Array:
    """x̂₀ = α x_t − σ v."""
    return _combine(x, alpha, v, -sigma)


def epsilon_from_x0(x: Array, x0: Array, *, alpha: float, sigma: float) -> Array:
    """ε̂ = (x_t − α x₀)/σ."""
    return _combine(x, 1 / _floored(sigma), x0, -alpha / _floored(sigma))


def epsilon_from_v(x: Array, v: Array, *, alpha: float, sigma: float) -> Array:
    """ε̂ = σ x_t + α v."""
    return _combine(x, sigma, v, alpha)


def v_from_x0(x: Array, x0: Array, *, alpha: float, sigma: float) -> Array:
    """v̂ = (α x_t − x₀)/σ. With ε at hand, α ε − σ x₀ loses less near t = 0."""
    return _combine(x, alpha / _floored(sigma), x0, -1 / _floored(sigma))


def v_from_epsilon(x: Array, epsilon: Array, *, alpha: float, sigma: float) -> Array:
    """v̂ = (ε − σ x_t)/α. With x₀ at hand, α ε − σ x₀ loses less near t = 1."""
    return _combine(x, -sigma / _floored(alpha), epsilon, 1 / _floored(alpha))


def _identity(x: Array, x0: Array, *, alpha: float, sigma: float) -> Array:
    return x0


_TO_X0: Final[dict[str, Callable[..., Array]]] = {
    "epsilon": x0_from_epsilon,
    "v": x0_from_v,
    "x0": _identity,
}


def denoised(x: Array, prediction: Array, *, kind: str, alpha: float, sigma: float) -> Array:
    """x̂₀ from what a network of this `kind` (a key of the table above) predicted at x_t.

    x and prediction are (B, C, L); so is the answer, which for "x0" is the prediction itself.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in _TO_X0:
        msg = f"prediction {kind!r} is none of {', '.join(_TO_X0)}"
        raise ValueError(msg)
    return _TO_X0[kind](x, prediction, alpha=alpha, sigma=sigma)


def _floored(divisor: float) -> float:
    return math.copysign(max(abs(divisor), DIVISOR_FLOOR), divisor)


def _combine(a: Array, a_weight: float, b: Array, b_weight: float) -> Array:
    # float(): a float64 scalar would make float32 arrays float64
    total = a * float(a_weight)
    total += b * float(b_weight)
    return total
