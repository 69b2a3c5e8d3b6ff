"""α, σ and λ against DDPM's own discrete product, eq. 6, and their own inverses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diffusion.noise_schedule import (
    NOISE_SCHEDULES,
    CosineSchedule,
    LinearSchedule,
    noise_schedule,
)

NAMES = tuple(NOISE_SCHEDULES)
GRID = np.linspace(0, 1, 2001)


def test_linear_equals_ddpms_product_at_all_thousand_levels() -> None:
    betas = np.linspace(1e-4, 0.02, 1000)
    alpha_bar = np.cumprod(1 - betas)
    t = np.arange(1000) / 999
    schedule = noise_schedule("linear")
    np.testing.assert_allclose(schedule.alpha(t) ** 2, alpha_bar, rtol=1e-11)
    np.testing.assert_allclose(schedule.sigma(t) ** 2, 1 - alpha_bar, rtol=1e-10)


def test_linear_ends_where_the_paper_says() -> None:
    schedule = noise_schedule("linear")
    assert float(schedule.sigma(0.0)) ** 2 == pytest.approx(1e-4, rel=1e-10)
    assert float(schedule.sigma(1.0)) ** 2 == pytest.approx(1 - 4.0358e-5, abs=1e-9)


def test_linear_is_smooth_between_the_levels() -> None:
    # A table's linear interpolation has second differences of 0 between knots and a jump on them.
    t = np.linspace(0.1, 0.9, 8001)  # ten points a level
    curvature = np.diff(np.log(LinearSchedule().alpha(t)), 2)
    assert np.abs(np.diff(curvature)).max() < 0.01 * np.abs(curvature).mean()


def test_linear_with_other_betas_equals_its_own_product() -> None:
    betas = np.linspace(1e-3, 0.05, 200)
    alpha = LinearSchedule(beta_first=1e-3, beta_last=0.05, levels=200).alpha(np.arange(200) / 199)
    np.testing.assert_allclose(alpha**2, np.cumprod(1 - betas), rtol=1e-9)


def test_cosine_is_equation_6() -> None:
    b = np.arctan(np.exp(-10.0))
    a = np.arctan(np.exp(10.0)) - b
    schedule = noise_schedule("cosine")
    np.testing.assert_allclose(schedule.alpha(GRID), np.cos(a * GRID + b), rtol=1e-10)
    np.testing.assert_allclose(schedule.log_snr([0.0, 0.5, 1.0]), [20, 0, -20], atol=1e-9)
    assert float(schedule.alpha(1.0)) == pytest.approx(4.54e-5, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_variance_is_preserved_and_log_snr_is_its_definition(name: str) -> None:
    schedule = noise_schedule(name)
    alpha, sigma = schedule.alpha(GRID), schedule.sigma(GRID)
    np.testing.assert_allclose(alpha**2 + sigma**2, 1, atol=1e-14)
    np.testing.assert_allclose(schedule.log_snr(GRID), np.log(alpha**2 / sigma**2), atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_noise_grows_strictly_with_t(name: str) -> None:
    schedule = noise_schedule(name)
    assert np.all(np.diff(schedule.sigma(GRID)) > 0)
    assert np.all(np.diff(schedule.log_snr(GRID)) < 0)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)  # no test depends on the clock
@given(t=st.floats(0, 1))
def test_log_snr_leads_back_to_t(name: str, t: float) -> None:
    schedule = noise_schedule(name)
    assert float(schedule.t_from_log_snr(schedule.log_snr(t))) == pytest.approx(t, abs=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_log_snr_beyond_the_ends_gives_the_ends(name: str) -> None:
    found = noise_schedule(name).t_from_log_snr([1e4, 25.0, -25.0, -1e4])
    np.testing.assert_allclose(found, [0, 0, 1, 1], atol=1e-12)
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_shape_is_kept_and_values_are_float64(name: str) -> None:
    schedule = noise_schedule(name)
    t = np.full((2, 3), 0.25, np.float32)
    for values in (schedule.alpha(t), schedule.sigma(t), schedule.log_snr(t)):
        assert values.shape == (2, 3)
        assert values.dtype == np.float64
    assert schedule.t_from_log_snr(np.zeros((2, 3))).shape == (2, 3)


def test_look_up_by_name() -> None:
    assert noise_schedule("cosine") == CosineSchedule()
    with pytest.raises(ValueError, match="'sigmoid' is none of linear, cosine"):
        noise_schedule("sigmoid")
