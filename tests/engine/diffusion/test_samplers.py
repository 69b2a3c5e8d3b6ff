"""Each step against the paper's equations, term by term, and what every sampler promises."""

from typing import Any

import numpy as np
import pytest

from engine import recipe
from engine.diffusion.noise import NoiseStream
from engine.diffusion.noise_schedule import NOISE_SCHEDULES, NoiseSchedule, noise_schedule
from engine.diffusion.prediction import denoised
from engine.diffusion.samplers import SAMPLERS
from engine.diffusion.signatures import Array, Denoise
from engine.diffusion.step_schedule import times

RNG = np.random.default_rng(11)
X: Any = RNG.standard_normal((2, 3, 8))  # float64: the samplers keep the type of x
X0: Any = RNG.standard_normal((2, 3, 8))
FRESH: Any = RNG.standard_normal((2, 3, 8))


def _one_step(sampler: str, t: float, s: float, noise: NoiseSchedule, **kwargs: Any) -> Any:
    return SAMPLERS[sampler](
        lambda x, at: X0, X, np.array([t, s]), noise=noise, draw=lambda shape: FRESH, **kwargs
    )


def _terms(t: float, s: float, noise: NoiseSchedule) -> tuple[float, ...]:
    pair = np.array([t, s])
    (alpha_t, alpha_s), (sigma_t, sigma_s) = noise.alpha(pair), noise.sigma(pair)
    return float(alpha_t), float(sigma_t), float(alpha_s), float(sigma_s)


def test_the_table_is_what_a_recipe_may_name() -> None:
    assert tuple(SAMPLERS) == recipe.SAMPLERS


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("t", "s"), [(1.0, 0.9), (0.7, 0.2), (0.01, 0.001)])
def test_ancestral_is_equation_4(name: str, gamma: float, t: float, s: float) -> None:
    noise = noise_schedule(name)
    alpha_t, sigma_t, alpha_s, sigma_s = _terms(t, s, noise)
    epsilon = (X - alpha_t * X0) / sigma_t
    shrink = 1 - (alpha_t**2 / sigma_t**2) / (alpha_s**2 / sigma_s**2)  # 1 − e^{λ_t−λ_s}
    wanted = (
        alpha_s / alpha_t * X
        - shrink * alpha_s / alpha_t * sigma_t * epsilon
        + (shrink**0.5 * sigma_s) ** (1 - gamma) * (shrink**0.5 * sigma_t) ** gamma * FRESH
    )
    found = _one_step("ancestral", t, s, noise, gamma=gamma)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
def test_gamma_0_and_1_are_the_posterior_and_the_forward_variance(name: str) -> None:
    # Bayes on q(x_t|x_s) q(x_s|x_0): precisions add. Neither uses λ.
    t, s, noise = 0.6, 0.35, noise_schedule(name)
    alpha_t, sigma_t, alpha_s, sigma_s = _terms(t, s, noise)
    forward_variance = sigma_t**2 - (alpha_t / alpha_s) ** 2 * sigma_s**2
    precision = (alpha_t / alpha_s) ** 2 / forward_variance + 1 / sigma_s**2
    mean = (alpha_t / alpha_s * X / forward_variance + alpha_s * X0 / sigma_s**2) / precision
    posterior = _one_step("ancestral", t, s, noise, gamma=0.0)
    np.testing.assert_allclose(posterior, mean + precision**-0.5 * FRESH, rtol=1e-9, atol=1e-11)
    forward = _one_step("ancestral", t, s, noise, gamma=1.0)
    np.testing.assert_allclose(forward, mean + forward_variance**0.5 * FRESH, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
def test_ddim_keeps_the_noise_it_finds(name: str) -> None:
    noise = noise_schedule(name)
    alpha_t, sigma_t, alpha_s, sigma_s = _terms(0.8, 0.3, noise)
    wanted = alpha_s * X0 + sigma_s * (X - alpha_t * X0) / sigma_t
    found = _one_step("ddim", 0.8, 0.3, noise)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)


def test_2m_samplers_start_as_their_first_order_kin() -> None:
    noise = noise_schedule("linear")
    for second, first in (("dpmpp-2m", "ddim"), ("dpmpp-2m-sde", "ancestral")):
        found = _one_step(second, 0.8, 0.3, noise)
        np.testing.assert_array_equal(found, _one_step(first, 0.8, 0.3, noise))


def test_second_step_of_2m_is_algorithm_2() -> None:
    noise = noise_schedule("cosine")
    grid = np.array([0.9, 0.7, 0.4])
    answers = {0.9: X0, 0.7: FRESH}
    found: Any = SAMPLERS["dpmpp-2m"](
        lambda x, t: answers[t], X, grid, noise=noise, draw=lambda shape: FRESH
    )
    alpha, sigma = noise.alpha(grid), noise.sigma(grid)
    half = np.log(alpha / sigma)  # the paper's λ
    h = np.diff(half)
    first = sigma[1] / sigma[0] * X - alpha[1] * (np.exp(-h[0]) - 1) * X0
    r = h[0] / h[1]
    direction = (1 + 1 / (2 * r)) * FRESH - 1 / (2 * r) * X0
    wanted = sigma[2] / sigma[1] * first - alpha[2] * (np.exp(-h[1]) - 1) * direction
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_second_step_of_2m_sde_is_the_papers() -> None:
    noise = noise_schedule("cosine")
    grid = np.array([0.9, 0.7, 0.4])
    answers, draws = {0.9: X0, 0.7: FRESH}, iter([X, X0])
    found: Any = SAMPLERS["dpmpp-2m-sde"](
        lambda x, t: answers[t], X, grid, noise=noise, draw=lambda shape: next(draws)
    )
    alpha, sigma = noise.alpha(grid), noise.sigma(grid)
    h = np.diff(np.log(alpha / sigma))
    decay, grow = np.exp(-h), 1 - np.exp(-2 * h)
    first = sigma[1] / sigma[0] * decay[0] * X + alpha[1] * grow[0] * X0
    first = first + sigma[1] * grow[0] ** 0.5 * X
    slope = (FRESH - X0) / (h[0] / h[1])
    wanted = sigma[2] / sigma[1] * decay[1] * first + alpha[2] * grow[1] * (FRESH + slope / 2)
    wanted = wanted + sigma[2] * grow[1] ** 0.5 * X0
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


def _float32_epsilon_network(noise: NoiseSchedule) -> Denoise:
    """The exact denoiser of N(0.2, 0.5²), through a float32 ε as a network would give it."""

    def denoise(x: Array, t: float) -> Array:
        alpha, sigma = float(noise.alpha(t)), float(noise.sigma(t))
        slope = sigma / (alpha**2 * 0.25 + sigma**2)
        epsilon = (x - np.float32(alpha * 0.2)) * np.float32(slope)
        return denoised(x, epsilon, kind="epsilon", alpha=alpha, sigma=sigma)

    return denoise


@pytest.mark.parametrize("sampler", [*SAMPLERS])
@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize("schedule", recipe.STEP_SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 17, 100, 1000])
def test_finite_and_float32_at_any_budget(
    sampler: str, name: str, schedule: str, steps: int
) -> None:
    noise, stream = noise_schedule(name), NoiseStream(1, 2, "test")
    grid = times(schedule, steps, model="spectrogram-generator", noise=noise)
    start = stream.draw((2, 1, 16))
    before = start.copy()
    found = SAMPLERS[sampler](
        _float32_epsilon_network(noise), start, grid, noise=noise, draw=stream.draw, gamma=0.5
    )
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.abs(found - 0.2).max() < 4.0  # 8 σ: nothing was blown up at either end
    np.testing.assert_array_equal(start, before)


@pytest.mark.parametrize("sampler", [*SAMPLERS])
@pytest.mark.parametrize("gamma", [0.0, 1.0])
@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
def test_the_last_step_ends_on_the_last_estimate(sampler: str, gamma: float, name: str) -> None:
    noise, stream, estimates = noise_schedule(name), NoiseStream(3, 1, "test"), []
    found = SAMPLERS[sampler](
        _float32_epsilon_network(noise),
        stream.draw((1, 2, 8)),
        times("uniform", 5, model="spectrogram-generator", noise=noise),
        noise=noise,
        draw=stream.draw,
        gamma=gamma,
        on_step=lambda step, steps, x0: estimates.append((step, steps, x0)),
    )
    assert [(step, steps) for step, steps, _ in estimates] == [(n, 5) for n in range(1, 6)]
    np.testing.assert_array_equal(found, estimates[-1][2])


@pytest.mark.parametrize("sampler", ["ddim", "dpmpp-2m"])
def test_ode_samplers_draw_nothing(sampler: str) -> None:
    def refuse(shape: tuple[int, ...]) -> Array:
        raise AssertionError

    noise = noise_schedule("linear")
    SAMPLERS[sampler](lambda x, t: X0, X, np.linspace(1, 0, 6), noise=noise, draw=refuse, gamma=1.0)


def test_stochastic_samplers_draw_once_a_step_but_the_last() -> None:
    noise = noise_schedule("linear")
    for sampler in ("ancestral", "dpmpp-2m-sde"):
        shapes: list[tuple[int, ...]] = []

        def count(shape: tuple[int, ...], shapes: list[tuple[int, ...]] = shapes) -> Any:
            shapes.append(shape)
            return FRESH

        SAMPLERS[sampler](lambda x, t: X0, X, np.linspace(1, 0, 6), noise=noise, draw=count)
        assert shapes == [X.shape] * 4


def test_a_callback_may_stop_the_sampling() -> None:
    def stop(step: int, steps: int, x0: Array) -> None:
        if step == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        _ = SAMPLERS["ddim"](
            lambda x, t: X0,
            X,
            np.linspace(1, 0, 9),
            noise=noise_schedule("linear"),
            draw=lambda shape: FRESH,
            on_step=stop,
        )


@pytest.mark.parametrize(
    "grid", [[1.0], [1.0, 0.5, 0.5], [0.2, 0.4], [1.1, 0.0], [1.0, -0.1], [[1.0, 0.0]]]
)
def test_times_that_do_not_fall_within_0_and_1_are_refused(grid: list[float]) -> None:
    with pytest.raises(ValueError, match="times"):
        SAMPLERS["ddim"](
            lambda x, t: X0,
            X,
            np.array(grid),
            noise=noise_schedule("linear"),
            draw=lambda shape: FRESH,
        )
