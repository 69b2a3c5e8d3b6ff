"""Samplers on distributions whose denoiser is known in closed form: do they sample them?

For x₀ ~ N(m, s²), E[x₀|x_t] = m + α s² (x_t − α m)/(α² s² + σ²), and the probability-flow ODE is
solved by x_t = α m + √(α² s² + σ²) z with z fixed.
"""

from typing import Any

import numpy as np
import pytest

from engine.diffusion.noise import NoiseStream
from engine.diffusion.noise_schedule import NOISE_SCHEDULES, NoiseSchedule, noise_schedule
from engine.diffusion.samplers import SAMPLERS
from engine.diffusion.signatures import Array, Denoise
from engine.diffusion.step_schedule import times

MEAN, STD = 0.3, 0.5


def _gaussian(noise: NoiseSchedule, mean: float = MEAN, std: float = STD) -> Denoise:
    def denoise(x: Array, t: float) -> Array:
        alpha, sigma = float(noise.alpha(t)), float(noise.sigma(t))
        gain = alpha * std**2 / (alpha**2 * std**2 + sigma**2)
        return (x - alpha * mean) * gain + mean

    return denoise


def _exact_variance(
    sampler: str, grid: Any, noise: NoiseSchedule, gamma: float = 0.0, start_std: float = 1.0
) -> float:
    """Variance of the result, without Monte Carlo: the updates are linear in the noises.

    Item k of the batch hears noise k alone, as an impulse; independent noises add in variance.
    """
    impulses: Any = iter(np.eye(len(grid))[:, :, None, None])  # the start, then one draw a step
    start = next(impulses) * start_std
    result = SAMPLERS[sampler](
        _gaussian(noise, mean=0.0),
        start,
        grid,
        noise=noise,
        draw=lambda shape: next(impulses),
        gamma=gamma,
    )
    return float(np.sum(result.astype(np.float64) ** 2))


# (sampler, γ, steps, relative error of the variance allowed): about twice what theory leaves,
# which is first order for the first three, second for the others, and −σ_0²/s² = −0.04 % for
# ending on x̂₀.
CASES = [
    ("ancestral", 0.0, 1000, 0.015),
    ("ancestral", 1.0, 1000, 0.008),
    ("ddim", 0.0, 1000, 0.010),
    ("dpmpp-2m", 0.0, 100, 0.002),
    ("dpmpp-2m-sde", 0.0, 100, 0.006),
]


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize(("sampler", "gamma", "steps", "tolerance"), CASES)
def test_exact_variance_of_a_gaussian_is_recovered(
    name: str, sampler: str, gamma: float, steps: int, tolerance: float
) -> None:
    noise = noise_schedule(name)
    grid = times("log-snr", steps, model="spectrogram-generator", noise=noise)
    found = _exact_variance(sampler, grid, noise, gamma)
    assert found == pytest.approx(STD**2, rel=tolerance)


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize(
    ("sampler", "gamma", "order"),
    [
        ("ancestral", 0.0, 1),
        ("ancestral", 1.0, 1),
        ("ddim", 0.0, 1),
        ("dpmpp-2m", 0.0, 2),
        ("dpmpp-2m-sde", 0.0, 2),
    ],
)
def test_order_in_which_the_variance_converges(
    name: str, sampler: str, gamma: float, order: int
) -> None:
    noise = noise_schedule(name)
    errors = []
    for steps in (100, 200, 400):
        grid = noise.t_from_log_snr(np.linspace(-4.0, 4.0, steps + 1))
        start, wanted = noise.alpha(grid[[0, -1]]) ** 2 * STD**2 + noise.sigma(grid[[0, -1]]) ** 2
        found = _exact_variance(sampler, grid, noise, gamma, start_std=float(np.sqrt(start)))
        errors.append(abs(found - float(wanted)))
    measured = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(measured, order, atol=0.12)


@pytest.mark.parametrize(("sampler", "gamma", "steps", "tolerance"), CASES)
def test_sampled_mean_and_variance_and_a_wrong_variance_shows(
    sampler: str, gamma: float, steps: int, tolerance: float
) -> None:
    noise, count = noise_schedule("linear"), 40_000
    grid = times("log-snr", min(steps, 150), model="spectrogram-generator", noise=noise)
    exact = _exact_variance(sampler, grid, noise, gamma)

    def sampled(loudness: float) -> Any:
        stream = NoiseStream(21, 1, "accuracy")

        def draw(shape: tuple[int, ...]) -> Array:
            return stream.draw(shape) * np.float32(loudness)

        start = draw((1, 1, count))
        return SAMPLERS[sampler](
            _gaussian(noise), start, grid, noise=noise, draw=draw, gamma=gamma
        ).astype(np.float64)

    right, wrong = sampled(1.0), sampled(1.04)
    four_errors = 4 * exact * np.sqrt(2 / count)  # 2.8 %
    assert abs(right.mean() - MEAN) < 4 * STD / np.sqrt(count)
    assert abs(right.var() - exact) < four_errors
    assert abs(wrong.var() - exact) > 1.5 * four_errors


def test_gamma_orders_the_variance_at_a_finite_budget() -> None:
    # The posterior variance is right for a point mass, the forward one for N(0, 1): between the
    # two, γ = 0 gives too little and γ = 1 too much, and eq. 4 interpolates.
    noise = noise_schedule("cosine")
    grid = times("uniform", 50, model="spectrogram-generator", noise=noise)
    found = [_exact_variance("ancestral", grid, noise, gamma) for gamma in (0.0, 0.5, 1.0)]
    assert found[0] < STD**2 * 0.97
    assert found[2] > STD**2
    assert found[0] < found[1] < found[2]


def _ode_error(sampler: str, steps: int, noise: NoiseSchedule) -> float:
    ends = noise.t_from_log_snr([-4.0, 4.0])
    grid = noise.t_from_log_snr(np.linspace(-4.0, 4.0, steps + 1))
    alpha, sigma = noise.alpha(ends), noise.sigma(ends)
    start, wanted = alpha * MEAN + np.sqrt(alpha**2 * STD**2 + sigma**2) * 1.7
    found = SAMPLERS[sampler](
        _gaussian(noise),
        np.full((1, 1, 1), start),  # float64, to see the order
        grid,
        noise=noise,
        draw=lambda shape: np.zeros(shape, np.float32),
    )
    return abs(found.item() - float(wanted))


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize(("sampler", "order"), [("ddim", 1), ("dpmpp-2m", 2)])
def test_order_of_convergence(name: str, sampler: str, order: int) -> None:
    noise = noise_schedule(name)
    errors = [_ode_error(sampler, steps, noise) for steps in (40, 80, 160, 320)]
    measured = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(measured, order, atol=0.2)
    np.testing.assert_allclose(measured[-1], order, atol=0.06)


def test_second_order_needs_a_fraction_of_the_steps() -> None:
    noise = noise_schedule("linear")
    assert _ode_error("dpmpp-2m", 20, noise) < _ode_error("ddim", 200, noise)


def test_2m_sde_beats_ancestral_at_the_same_budget() -> None:
    noise = noise_schedule("linear")
    grid = times("log-snr", 40, model="spectrogram-generator", noise=noise)
    errors = {
        sampler: abs(_exact_variance(sampler, grid, noise) - STD**2)
        for sampler in ("ancestral", "dpmpp-2m-sde")
    }
    assert errors["dpmpp-2m-sde"] < errors["ancestral"] / 4


@pytest.mark.parametrize(("sampler", "gamma", "steps", "tolerance"), CASES)
def test_two_modes_keep_their_shares_and_widths(
    sampler: str, gamma: float, steps: int, tolerance: float
) -> None:
    noise, count, std = noise_schedule("cosine"), 10_000, 0.1
    weights, means = np.array([0.3, 0.7]), np.array([-0.8, 0.6])

    def denoise(x: Array, t: float) -> Array:
        alpha, sigma = float(noise.alpha(t)), float(noise.sigma(t))
        variance = alpha**2 * std**2 + sigma**2
        away = x[..., None] - alpha * means  # (1, 1, L, modes)
        log_odds = np.log(weights) - away**2 / (2 * variance)
        odds = np.exp(log_odds - log_odds.max(axis=-1, keepdims=True))
        odds /= odds.sum(axis=-1, keepdims=True)
        estimate = np.sum(odds * (means + alpha * std**2 / variance * away), axis=-1)
        return np.asarray(estimate, np.float32)

    stream = NoiseStream(8, 1, "modes")
    grid = times("log-snr", min(steps, 150), model="spectrogram-generator", noise=noise)
    found = SAMPLERS[sampler](
        denoise, stream.draw((1, 1, count)), grid, noise=noise, draw=stream.draw, gamma=gamma
    )
    low = found < -0.1
    assert abs(low.mean() - 0.3) < 4 * np.sqrt(0.21 / count) + 0.01
    for mode, mean in ((found[low], -0.8), (found[~low], 0.6)):
        assert abs(mode.mean() - mean) < 0.01
        assert mode.std() == pytest.approx(std, rel=0.08)
