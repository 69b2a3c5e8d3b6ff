"""From noise to data: each sampler is one function, and all have one signature (`Sampler`).

    x = SAMPLERS["ddim"](denoise, x, times, noise=noise, draw=draw, on_step=on_step)

`denoise` answers x̂₀, so the four differ in two choices only: the step's kind (the probability-flow
ODE, or eq. 4's stochastic step), and whether x̂₀ is extrapolated from the step before (2M) or taken
as it is. Adding a sampler is adding a function and a row in `SAMPLERS`.

**The last step.** t = 0 is read as clean data: α = 1, σ = 0, λ = ∞, and no noise is added, so every
sampler ends on the last x̂₀ itself. The schedules stop short of that (σ_0² = 1e-4 on the linear one:
eq. 4 taken literally leaves white noise at −40 dB, DDPM's own code leaves none), and the data live
at σ = 0. A grid that ends above t = 0 is carried to its last level by the plain formula.

Rejected: a class per sampler with state (a step could not be read on its own), ε inside the loop
(it costs a pass over x and a division by σ, and cancels), and changing x in place (denoisers and
callbacks may keep it). Weights are plain floats; x's type is kept; each step allocates one x.
"""

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from engine.diffusion.noise_schedule import NoiseSchedule
from engine.diffusion.signatures import Array, Denoise, Draw, OnStep, Sampler, Times, silent


class _Level(NamedTuple):
    t: float
    alpha: float
    sigma: float
    log_snr: float


_CLEAN = _Level(0.0, 1.0, 0.0, math.inf)


def ancestral(
    denoise: Denoise,
    x: Array,
    times: Times,
    *,
    noise: NoiseSchedule,
    draw: Draw,
    gamma: float = 0.0,
    on_step: OnStep = silent,
) -> Array:
    """Eq. 4: γ = 0 adds the posterior's variance, γ = 1 the forward process's.

    The paper's first two terms, with ε = (x_t − α_t x̂₀)/σ_t and e = e^{λ_t−λ_s} put in:
    (α_s/α_t) x_t − (1−e)(α_s/α_t) σ_t ε = e (α_s/α_t) x_t + (1−e) α_s x̂₀.
    """
    levels, scratch = _levels(times, noise), np.empty_like(x)
    for step, (t, s) in enumerate(pairwise(levels), start=1):
        x0 = denoise(x, t.t)
        keep, add, spread = _eq_4(t, s, gamma)
        x = _weighted_sum(scratch, (keep, x), (add, x0))
        x = _with_noise(scratch, x, spread, draw)
        on_step(step, len(levels) - 1, x0)
    return x


def ddim(
    denoise: Denoise,
    x: Array,
    times: Times,
    *,
    noise: NoiseSchedule,
    draw: Draw,
    gamma: float = 0.0,
    on_step: OnStep = silent,
) -> Array:
    """DDIM with η = 0 (arXiv 2010.02502, eq. 12): x_s = α_s x̂₀ + σ_s ε̂. Ignores `draw` and γ."""
    levels, scratch = _levels(times, noise), np.empty_like(x)
    for step, (t, s) in enumerate(pairwise(levels), start=1):
        x0 = denoise(x, t.t)
        keep, add = _ode(t, s)
        x = _weighted_sum(scratch, (keep, x), (add, x0))
        on_step(step, len(levels) - 1, x0)
    return x


def dpmpp_2m(
    denoise: Denoise,
    x: Array,
    times: Times,
    *,
    noise: NoiseSchedule,
    draw: Draw,
    gamma: float = 0.0,
    on_step: OnStep = silent,
) -> Array:
    """DPM-Solver++(2M) (arXiv 2211.01095, algorithm 2): second order. Ignores `draw` and γ.

    The first step and the step to clean data are of first order, which is DDIM's: one has no
    history, and across the other, infinite in λ, no line can be drawn (k-diffusion #43).
    """
    levels, scratch = _levels(times, noise), np.empty_like(x)
    before: _Level | None = None
    previous_x0 = x
    for step, (t, s) in enumerate(pairwise(levels), start=1):
        x0 = denoise(x, t.t)
        keep, add = _ode(t, s)
        slope = _extrapolation(before, t, s)
        x = _weighted_sum(scratch, (keep, x), (add * (1 + slope), x0), (-add * slope, previous_x0))
        on_step(step, len(levels) - 1, x0)
        before, previous_x0 = t, x0
    return x


def dpmpp_2m_sde(
    denoise: Denoise,
    x: Array,
    times: Times,
    *,
    noise: NoiseSchedule,
    draw: Draw,
    gamma: float = 0.0,
    on_step: OnStep = silent,
) -> Array:
    """SDE-DPM-Solver++(2M) (arXiv 2211.01095). Ignores γ.

    Its first-order step is eq. 4 with γ = 0, so it is the ancestral step on an extrapolated x̂₀.
    """
    levels, scratch = _levels(times, noise), np.empty_like(x)
    before: _Level | None = None
    previous_x0 = x
    for step, (t, s) in enumerate(pairwise(levels), start=1):
        x0 = denoise(x, t.t)
        keep, add, spread = _eq_4(t, s, 0.0)
        slope = _extrapolation(before, t, s)
        x = _weighted_sum(scratch, (keep, x), (add * (1 + slope), x0), (-add * slope, previous_x0))
        x = _with_noise(scratch, x, spread, draw)
        on_step(step, len(levels) - 1, x0)
        before, previous_x0 = t, x0
    return x


SAMPLERS: Final[dict[str, Sampler]] = {
    "ancestral": ancestral,
    "ddim": ddim,
    "dpmpp-2m": dpmpp_2m,
    "dpmpp-2m-sde": dpmpp_2m_sde,
}


def _eq_4(t: _Level, s: _Level, gamma: float) -> tuple[float, float, float]:
    """Eq. 4's weights of x_t, of x̂₀ and of the fresh noise, from level t to s < t."""
    fade = math.exp(t.log_snr - s.log_snr)  # e^{λ_t−λ_s}
    one_minus_fade = -math.expm1(t.log_snr - s.log_snr)
    posterior = math.sqrt(one_minus_fade) * s.sigma  # σ̃_{s|t}, eq. 3
    forward = math.sqrt(one_minus_fade) * t.sigma  # σ_{t|s}, eq. 3
    spread = posterior ** (1 - gamma) * forward**gamma if s.sigma > 0 else 0.0
    return fade * s.alpha / t.alpha, one_minus_fade * s.alpha, spread


def _ode(t: _Level, s: _Level) -> tuple[float, float]:
    """The exact weights of x_t and x̂₀ for the probability-flow ODE with x̂₀ held constant."""
    half_step = (s.log_snr - t.log_snr) / 2  # the step of ln(α/σ)
    return s.sigma / t.sigma, -s.alpha * math.expm1(-half_step)


def _extrapolation(before: _Level | None, t: _Level, s: _Level) -> float:
    """1/(2r): how far past x̂₀, along the line through the last two, the step's middle in λ is."""
    if before is None or s.sigma == 0:
        return 0.0
    return (s.log_snr - t.log_snr) / (2 * (t.log_snr - before.log_snr))


def _levels(times: Times, noise: NoiseSchedule) -> list[_Level]:
    if times.ndim != 1 or len(times) < 2 or not 1 >= times[0] > times[-1] >= 0:
        msg = f"times of shape {times.shape} are not two or more within [0, 1]"
        raise ValueError(msg)
    if not np.all(np.diff(times) < 0):
        msg = "times do not strictly fall"
        raise ValueError(msg)
    columns = (times, noise.alpha(times), noise.sigma(times), noise.log_snr(times))
    levels = [_Level(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return [_CLEAN if level.t == 0 else level for level in levels]


def _weighted_sum(scratch: Array, *terms: tuple[float, Array]) -> Array:
    """Σ weight·array, a new array like `scratch`; terms of weight 0 are left out, so 0·∞ too."""
    (weight, array), *others = [term for term in terms if term[0] != 0]
    total = np.multiply(array, weight, out=np.empty_like(scratch))
    for weight, array in others:
        total += np.multiply(array, weight, out=scratch)
    return total


def _with_noise(scratch: Array, x: Array, spread: float, draw: Draw) -> Array:
    """X with noise of standard deviation `spread` added in place; draws nothing where that is 0."""
    if spread > 0:
        x += np.multiply(draw(x.shape), spread, out=scratch)
    return x
