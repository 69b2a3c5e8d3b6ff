"""The known region is forward-diffused known data at every level, and itself at the end."""

import numpy as np
import pytest

from engine.diffusion.known_region import known_region
from engine.diffusion.noise import NoiseStream
from engine.diffusion.noise_schedule import NOISE_SCHEDULES, NoiseSchedule, noise_schedule
from engine.diffusion.samplers import SAMPLERS
from engine.diffusion.signatures import Array, Denoise
from engine.diffusion.step_schedule import times

LENGTH = 4000
KNOWN: Array = np.random.default_rng(2).uniform(-1, 1, (2, 3, LENGTH)).astype(np.float32)
MASK: Array = np.zeros((2, 1, LENGTH), np.float32)
MASK[0, :, : LENGTH // 2] = 1
MASK[1, :, LENGTH // 4 :] = 1


def _shrinking(noise: NoiseSchedule) -> Denoise:
    """The denoiser of N(0, 0.25²)."""

    def denoise(x: Array, t: float) -> Array:
        alpha, sigma = float(noise.alpha(t)), float(noise.sigma(t))
        return x * (alpha / 16 / (alpha**2 / 16 + sigma**2))

    return denoise


@pytest.mark.parametrize("sampler", [*SAMPLERS])
@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize("steps", [1, 2, 30])
def test_known_data_come_back_exactly(sampler: str, name: str, steps: int) -> None:
    noise, stream = noise_schedule(name), NoiseStream(4, 1, "test")
    found = SAMPLERS[sampler](
        known_region(_shrinking(noise), KNOWN, mask=MASK),
        stream.draw(KNOWN.shape),
        times("front-heavy", steps, model="spectrogram-generator", noise=noise),
        noise=noise,
        draw=stream.draw,
    )
    inside = np.broadcast_to(MASK == 1, KNOWN.shape)
    np.testing.assert_array_equal(found[inside], KNOWN[inside])
    assert found[~inside].std() < 0.35  # the rest was sampled, not copied (known: 0.58)
    assert found.dtype == np.float32


@pytest.mark.parametrize("sampler", [*SAMPLERS])
@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
def test_every_level_is_forward_diffused_known_data(sampler: str, name: str) -> None:
    noise, stream = noise_schedule(name), NoiseStream(6, 1, "test")
    inside = np.broadcast_to(MASK == 1, KNOWN.shape)
    known = KNOWN[inside]
    visited = []

    def watch(x: Array, t: float) -> Array:
        epsilon = (x[inside] - float(noise.alpha(t)) * known) / float(noise.sigma(t))
        visited.append((epsilon.mean(), epsilon.std(), np.corrcoef(epsilon, known)[0, 1]))
        return _shrinking(noise)(x, t)

    SAMPLERS[sampler](
        known_region(watch, KNOWN, mask=MASK),
        stream.draw(KNOWN.shape),
        times("log-snr", 12, model="spectrogram-generator", noise=noise),
        noise=noise,
        draw=stream.draw,
    )
    count = inside.sum()
    for mean, std, correlation in visited:
        assert abs(mean) < 5 / np.sqrt(count) + 1e-3
        assert abs(std - 1) < 5 / np.sqrt(2 * count)
        assert abs(correlation) < 5 / np.sqrt(count) + 4e-3  # x_1 is pure noise: α_1 is missing


def test_a_soft_edge_crossfades_estimates() -> None:
    mask = np.linspace(0, 1, LENGTH, dtype=np.float32)[None, None]
    answer = known_region(lambda x, t: np.zeros_like(x), KNOWN, mask=mask)(KNOWN, 0.5)
    np.testing.assert_allclose(answer, KNOWN * mask, atol=1e-7)


def test_mask_0_is_the_denoiser_itself() -> None:
    denoise = _shrinking(noise_schedule("linear"))
    wrapped = known_region(denoise, KNOWN, mask=np.zeros((1, 1, 1), np.float32))
    np.testing.assert_array_equal(wrapped(KNOWN, 0.3), denoise(KNOWN, 0.3))


def test_one_known_for_a_batch_and_a_boolean_mask() -> None:
    wrapped = known_region(lambda x, t: x, KNOWN[:1], mask=MASK[:1] == 1)
    answer = wrapped(KNOWN, 0.3)
    assert answer.dtype == np.float32
    np.testing.assert_array_equal(answer[1, :, : LENGTH // 2], KNOWN[0, :, : LENGTH // 2])
    np.testing.assert_array_equal(answer[1, :, LENGTH // 2 :], KNOWN[1, :, LENGTH // 2 :])


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_mask_outside_0_to_1_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="mask spans"):
        known_region(lambda x, t: x, KNOWN, mask=np.full((1, 1, 4), value, np.float32))
