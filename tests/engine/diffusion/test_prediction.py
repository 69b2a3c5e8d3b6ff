"""The three predictions say the same thing, in float32, up to both ends of both schedules."""

from collections.abc import Callable

import numpy as np
import pytest

from engine.diffusion.noise_schedule import NOISE_SCHEDULES, noise_schedule
from engine.diffusion.prediction import (
    denoised,
    diffused,
    epsilon_from_v,
    epsilon_from_x0,
    v_from_epsilon,
    v_from_x0,
    x0_from_epsilon,
    x0_from_v,
)
from engine.diffusion.signatures import Array

RNG = np.random.default_rng(5)
X0: Array = RNG.uniform(-1, 1, (2, 3, 64)).astype(np.float32)
EPSILON: Array = RNG.standard_normal((2, 3, 64)).astype(np.float32)


def _at(name: str, t: float) -> tuple[Array, Array, float, float]:
    """x_t, v, α and σ by their definitions."""
    schedule = noise_schedule(name)
    alpha, sigma = float(schedule.alpha(t)), float(schedule.sigma(t))
    return alpha * X0 + sigma * EPSILON, alpha * EPSILON - sigma * X0, alpha, sigma


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
def test_every_conversion_finds_the_others(name: str, t: float) -> None:
    x, v, alpha, sigma = _at(name, t)
    table: tuple[tuple[Callable[..., Array], Array, Array], ...] = (
        (x0_from_epsilon, EPSILON, X0),
        (x0_from_v, v, X0),
        (epsilon_from_x0, X0, EPSILON),
        (epsilon_from_v, v, EPSILON),
        (v_from_x0, X0, v),
        (v_from_epsilon, EPSILON, v),
    )
    for convert, given, wanted in table:
        found = convert(x, given, alpha=alpha, sigma=sigma)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, atol=1e-4, err_msg=convert.__name__)


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize("t", [0.0, 1.0])
def test_the_ends_stay_within_float32s_rounding(name: str, t: float) -> None:
    x, v, alpha, sigma = _at(name, t)
    from_epsilon = x0_from_epsilon(x, EPSILON, alpha=alpha, sigma=sigma)
    assert np.abs(from_epsilon - X0).max() < 1e-6 / alpha  # 0.022 at the cosine schedule's end
    from_x0 = epsilon_from_x0(x, X0, alpha=alpha, sigma=sigma)
    assert np.abs(from_x0 - EPSILON).max() < 1e-6 / sigma
    np.testing.assert_allclose(x0_from_v(x, v, alpha=alpha, sigma=sigma), X0, atol=1e-6)


def test_zero_terminal_snr_stays_finite() -> None:
    assert np.isfinite(x0_from_epsilon(EPSILON, EPSILON, alpha=0.0, sigma=1.0)).all()
    assert np.isfinite(epsilon_from_x0(X0, X0, alpha=1.0, sigma=0.0)).all()


def test_table_of_kinds_and_equation_2() -> None:
    x, v, alpha, sigma = _at("cosine", 0.4)
    for kind, prediction in (("epsilon", EPSILON), ("v", v), ("x0", X0)):
        found = denoised(x, prediction, kind=kind, alpha=alpha, sigma=sigma)
        np.testing.assert_allclose(found, X0, atol=1e-5)
    np.testing.assert_allclose(diffused(X0, EPSILON, alpha=alpha, sigma=sigma), x, atol=1e-6)
    with pytest.raises(ValueError, match="'score' is none of epsilon, v, x0"):
        denoised(x, v, kind="score", alpha=alpha, sigma=sigma)


def test_a_float64_scalar_does_not_widen_float32() -> None:
    schedule = noise_schedule("linear")
    alpha, sigma = schedule.alpha(0.5), schedule.sigma(0.5)  # numpy scalars
    x0 = denoised(X0, EPSILON, kind="epsilon", alpha=float(alpha), sigma=float(sigma))
    assert x0.dtype == np.float32
    widened = denoised(X0, EPSILON, kind="v", alpha=alpha, sigma=sigma)  # type: ignore[arg-type]
    assert widened.dtype == np.float32
