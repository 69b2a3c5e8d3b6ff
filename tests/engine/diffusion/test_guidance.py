"""CFG on ε is CFG on x̂₀; dynamic clipping is Imagen's."""

import numpy as np
import pytest

from engine.diffusion.guidance import dynamic_clip, guided
from engine.diffusion.prediction import x0_from_epsilon
from engine.diffusion.signatures import Array

RNG = np.random.default_rng(7)


def _normal(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("weight", [0.0, 1.0, 5.0, 10.0])
def test_guidance_is_the_papers_formula(weight: float) -> None:
    conditional, unconditional = _normal(2, 3, 16), _normal(2, 3, 16)
    found = guided(conditional, unconditional, weight)
    wanted = weight * conditional.astype(np.float64) + (1 - weight) * unconditional
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    assert found.dtype == np.float32


def test_guiding_x0_is_guiding_epsilon() -> None:
    x, conditional, unconditional = _normal(2, 3, 16), _normal(2, 3, 16), _normal(2, 3, 16)
    alpha, sigma, weight = 0.6, 0.8, 7.0
    on_epsilon = x0_from_epsilon(
        x, guided(conditional, unconditional, weight), alpha=alpha, sigma=sigma
    )
    on_x0 = guided(
        x0_from_epsilon(x, conditional, alpha=alpha, sigma=sigma),
        x0_from_epsilon(x, unconditional, alpha=alpha, sigma=sigma),
        weight,
    )
    np.testing.assert_allclose(on_x0, on_epsilon, atol=5e-5)


def test_weight_one_is_the_conditional_itself() -> None:
    conditional = _normal(1, 2, 8)
    assert guided(conditional, _normal(1, 2, 8), 1.0) is conditional


def test_guidance_leaves_its_inputs_alone() -> None:
    conditional, unconditional = _normal(1, 2, 8), _normal(1, 2, 8)
    before = conditional.copy(), unconditional.copy()
    guided(conditional, unconditional, 3.0)
    np.testing.assert_array_equal(conditional, before[0])
    np.testing.assert_array_equal(unconditional, before[1])


def test_clip_limit_is_each_items_own_percentile() -> None:
    x0 = np.stack([_normal(2, 500) * 3, _normal(2, 500) * 0.1])  # a loud item, a quiet one
    x0[1, 0, 0] = 5.0
    before = x0.copy()
    found = dynamic_clip(x0, 90.0)
    limit = np.sort(np.abs(before[0]).ravel())[900]  # rank 0.9·999 = 899.1 of 1000 values
    np.testing.assert_allclose(found[0], np.clip(before[0], -limit, limit) / limit, rtol=2e-6)
    np.testing.assert_array_equal(found[1], np.clip(before[1], -1, 1))  # never below 1
    np.testing.assert_array_equal(x0, before)
    assert found.dtype == np.float32


@pytest.mark.parametrize("percentile", [0.1, 50.0, 66.0, 71.0, 99.5, 100.0])
def test_clip_limit_is_numpys_percentile(percentile: float) -> None:
    x0 = _normal(1, 4, 5000)  # 31.7 % exceed 1: the limit leaves 1 at about 68.3
    limit = max(1.0, float(np.percentile(np.abs(x0), percentile, method="higher")))
    assert (limit > 1) == (percentile > 68.3)
    found = dynamic_clip(x0, percentile)
    np.testing.assert_allclose(found, np.clip(x0, -limit, limit) / limit, rtol=1e-6)


def test_clipped_estimate_lies_within_one_and_an_unclipped_one_is_untouched() -> None:
    assert np.abs(dynamic_clip(_normal(3, 4, 64) * 9, 99.5)).max() <= 1
    inside = np.tanh(_normal(3, 4, 64))
    assert dynamic_clip(inside, 99.5) is inside


def test_percentile_100_divides_by_the_peak() -> None:
    x0 = _normal(1, 1, 32) * 4
    np.testing.assert_allclose(dynamic_clip(x0, 100.0), x0 / np.abs(x0).max(), rtol=1e-6)


@pytest.mark.parametrize("percentile", [0.0, -1.0, 100.1, float("nan")])
def test_percentile_out_of_range_is_refused(percentile: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        dynamic_clip(_normal(1, 1, 4), percentile)


def test_a_clip_in_another_scale_is_the_clip_scaled() -> None:
    x0 = _normal(2, 4, 64) * 2
    scaled = dynamic_clip(x0 * 4, 95.0, bound=4.0)
    np.testing.assert_allclose(scaled, dynamic_clip(x0, 95.0) * 4, rtol=1e-5)
    inside = np.clip(x0, -1, 1) * 3.9
    assert dynamic_clip(inside, 95.0, bound=4.0) is inside
