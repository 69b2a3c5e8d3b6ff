"""Losses, spectral terms, augmentation and resampling against closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.bands import MelParameters, mel_filterbank
from engine.bundle import manifest
from engine.diffusion.noise_schedule import noise_schedule
from engine.diffusion.prediction import denoised as numpy_denoised
from engine.training.train.augment import (
    augmented,
    blur_image,
    blur_samples,
    drawn_augmentation,
    gaussian,
)
from engine.training.train.bands import band_limited, high_passed, moved, resampled
from engine.training.train.diffuse import (
    LOG_SNR_CLEAN,
    diffused,
    levels,
    noise,
    seeded,
    stratified_times,
)
from engine.training.train.losses import TARGETS, denoised, diffusion_loss, mean_square, target
from engine.training.train.spectral import RESOLUTIONS, audio_distances, mel_filters, powers

CPU = torch.device("cpu")


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def spectral_distance(ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    return audio_distances(ours, theirs, rate_hz=16_000, spectral=1.0, log_mel=0.0)


def log_mel_distance(ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
    return audio_distances(ours, theirs, rate_hz=16_000, spectral=0.0, log_mel=1.0)


def at(*t: float, schedule: str = "linear") -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return levels(noise_schedule(schedule), torch.tensor(t, dtype=torch.float64), draw(1))


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_the_perfect_prediction_gives_x0_back_and_costs_nothing(kind: str, schedule: str) -> None:
    x0, epsilon = draw(3, 2, 8), draw(3, 2, 8, seed=1)
    alpha, sigma, log_snr = at(0.05, 0.5, 0.95, schedule=schedule)
    assert torch.allclose(alpha**2 + sigma**2, torch.ones(3, dtype=torch.float64))
    assert torch.allclose(log_snr, 2 * (alpha / sigma).log())
    x = diffused(x0, epsilon, alpha, sigma)
    said = target(kind, x0, epsilon, alpha, sigma)
    assert torch.allclose(denoised(kind, x, said, alpha, sigma), x0)
    for name in ("simplified", "sigma", "x0", "x0_outline"):
        loss = diffusion_loss(
            name, kind, x=x, said=said, x0=x0, epsilon=epsilon, alpha=alpha, sigma=sigma
        )
        assert loss.shape == (3,)
        assert float(loss.max()) < 1e-20


@pytest.mark.parametrize("kind", TARGETS)
def test_x0_agrees_with_the_engine(kind: str) -> None:
    x, said = draw(1, 2, 8), draw(1, 2, 8, seed=1)
    alpha, sigma, _ = at(0.4)
    theirs = numpy_denoised(
        x.numpy(), said.numpy(), kind=kind, alpha=float(alpha), sigma=float(sigma)
    )
    np.testing.assert_allclose(denoised(kind, x, said, alpha, sigma).numpy(), theirs, rtol=1e-12)


def test_weights_are_the_papers_and_the_trials() -> None:
    x0, epsilon = draw(2, 1, 16), draw(2, 1, 16, seed=1)
    sigma = torch.tensor([0.1, 0.8], dtype=torch.float64)
    alpha = (1 - sigma**2).sqrt()
    x = diffused(x0, epsilon, alpha, sigma)
    off = {"x": x, "x0": x0, "epsilon": epsilon, "alpha": alpha, "sigma": sigma}
    simplified = diffusion_loss("simplified", "epsilon", said=epsilon + 2, **off)
    assert simplified.tolist() == pytest.approx([4, 4])
    assert diffusion_loss("sigma", "epsilon", said=epsilon + 2, **off).tolist() == pytest.approx(
        [4 * 0.01, 4 * 0.64]
    )
    assert diffusion_loss("x0", "x0", said=x0 + 2, **off).tolist() == pytest.approx(
        [4 / 0.09, 4 / 0.64]
    )
    assert diffusion_loss("x0_outline", "x0", said=x0 + 2, **off).tolist() == pytest.approx(
        [4 / 0.36, 4 / 0.64]
    )
    v = target("v", x0, epsilon, alpha, sigma)  # an error d in v is an error σ d in x̂₀
    assert diffusion_loss("x0", "v", said=v + 2, **off).tolist() == pytest.approx([4 / 9, 4])


def test_what_has_ended_costs_nothing() -> None:
    error, valid = torch.ones(2, 3, 4), torch.ones(2, 1, 4)
    error[0, :, 2:], valid[0, :, 2:] = 100, 0
    assert mean_square(error, valid).tolist() == [1, 1]


def test_times_are_stratified_over_the_whole_batch_and_shared_between_processes() -> None:
    whole = stratified_times(3, 7, first=0, count=8, batch=8)
    halves = [stratified_times(3, 7, first=f, count=4, batch=8) for f in (0, 4)]
    assert torch.equal(whole, torch.cat(halves))
    assert sorted((whole * 8).long().tolist()) == list(range(8))
    first = np.array(
        [float(stratified_times(3, s, first=0, count=1, batch=8)) for s in range(4000)]
    )
    assert np.histogram(first * 8, bins=4, range=(0, 1))[0] == pytest.approx(1000, rel=0.15)


def test_noise_belongs_to_its_item_alone() -> None:
    whole = noise(0, "noise", 5, first=0, shape=(4, 2, 1000), device=CPU)
    part = noise(0, "noise", 5, first=2, shape=(2, 2, 1000), device=CPU)
    assert torch.equal(whole[2:], part)
    assert float(whole.std()) == pytest.approx(1, abs=0.02)
    for other in (noise(0, "noise", 6, first=0, shape=(1, 2, 1000), device=CPU), whole[1:2]):
        assert abs(float((whole[:1] * other).mean())) < 0.1


def test_the_clean_log_snr_is_the_manifests() -> None:
    assert LOG_SNR_CLEAN == manifest.LOG_SNR_CLEAN


def test_spectral_distances_of_a_gain_are_its_logarithm() -> None:
    x = draw(2, 2, 8192)
    gain = 0.5
    # mean |ln g| and spectral convergence 1 − g
    expected = pytest.approx([math.log(2) + 0.5] * 2, rel=1e-3)
    assert spectral_distance(gain * x, x).tolist() == expected
    assert log_mel_distance(gain * x, x).tolist() == pytest.approx([math.log(2)] * 2, rel=1e-3)
    assert float(spectral_distance(x, x).max()) < 1e-6
    both = audio_distances(gain * x, x, rate_hz=16_000, spectral=2.0, log_mel=3.0)
    assert both.tolist() == pytest.approx([5 * math.log(2) + 1] * 2, rel=1e-3)


def test_a_lost_side_costs_although_left_and_right_hardly_change() -> None:
    mid, side = draw(1, 1, 8192), 0.05 * draw(1, 1, 8192, seed=1)
    stereo = torch.cat([mid + side, mid - side], dim=1)
    mono = torch.cat([mid, mid], dim=1)
    both = float(spectral_distance(mono, stereo))
    left = float(spectral_distance(mono[:, :1], stereo[:, :1]))
    assert both > 5 * left


def test_silence_has_finite_distances_and_gradients() -> None:
    x = torch.zeros(1, 2, 4096, requires_grad=True)
    reference = torch.zeros(1, 2, 4096)
    loss = spectral_distance(x, reference) + log_mel_distance(x, reference)
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert float(loss.detach()) == pytest.approx(0, abs=1e-2)
    assert x.grad is not None
    assert bool(torch.isfinite(x.grad).all())


@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_mel_filters_are_the_engines(rate_hz: int) -> None:
    mel = MelParameters(rate_hz=rate_hz, fmax_hz=rate_hz / 2)
    filters = mel_filters(rate_hz)
    assert tuple(filters) == RESOLUTIONS[::-1]
    assert sum(len(bank) for bank in filters.values()) == mel.n_mels
    for n_fft, bands in mel.window_bands():
        np.testing.assert_array_equal(filters[n_fft].numpy(), mel_filterbank(mel, n_fft)[bands])


def test_what_lies_below_a_frequency_counts_in_no_spectral_distance() -> None:
    t = torch.arange(8192, dtype=torch.float64) / 16_000
    low, high = (0.5 * torch.sin(2 * math.pi * hz * t)[None, None] for hz in (1000, 6000))

    def distance(made: torch.Tensor, above_hz: float) -> float:
        return float(
            audio_distances(
                made, low + high, rate_hz=16_000, spectral=1.0, log_mel=0.0, above_hz=above_hz
            )
        )

    everything, above, lost = distance(high, 0.0), distance(high, 4000.0), distance(low, 4000.0)
    assert everything > 0.5
    assert above < 0.05
    assert lost > 0.5


def test_powers_are_those_of_left_right_middle_and_side() -> None:
    x = draw(2, 2, 8192)
    left, right = x[:, :1], x[:, 1:]
    four = torch.cat([left, right, (left + right) / 2, (left - right) / 2], dim=1)
    for n_fft in RESOLUTIONS:
        made = powers(x, n_fft)
        assert len(made) == 4
        for channel, power in enumerate(made):
            (alone,) = powers(four[:, channel : channel + 1], n_fft)
            torch.testing.assert_close(power, alone, rtol=1e-9, atol=1e-9)
        assert float(made[0].mean()) == pytest.approx(1, abs=0.1)  # of unit variance


def test_gaussian_kernels() -> None:
    kernel = gaussian(5, torch.tensor([0.2, 1.0]))
    assert kernel.sum(dim=1).tolist() == pytest.approx([1, 1])
    assert kernel[1, 2] / kernel[1, 1] == pytest.approx(math.exp(0.5))
    assert kernel[0, 2] > 0.99999


@pytest.mark.parametrize("blur", [blur_samples, blur_image])
def test_blur_keeps_constants_and_spreads_an_impulse(blur: object) -> None:
    assert callable(blur)
    sigma = torch.tensor([1.0])
    flat = torch.full((1, 160, 40), 0.3)
    assert torch.allclose(blur(flat, sigma), flat)
    impulse = torch.zeros(1, 160, 40)
    impulse[0, 40, 20] = 1
    spread = blur(impulse, sigma)
    assert float(spread.sum()) == pytest.approx(1, abs=1e-5)
    across = 5 if blur is blur_image else 1
    assert int((spread[0].sum(dim=1) > 1e-3).sum()) == across
    assert float(spread[:, 80:].abs().max()) == 0  # the other image is left alone


def test_augmentation_says_what_it_did() -> None:
    low, epsilon = draw(3, 2, 4000).float(), draw(3, 2, 4000, seed=1).float()
    t = torch.tensor([0.9, 0.9, 0.0], dtype=torch.float64)
    kept, told = augmented(
        low, schedule=noise_schedule("linear"), t=t, epsilon=epsilon,
        clean=torch.tensor([True, False, False]), blur="none", blur_sigma=torch.ones(3),
    )  # fmt: skip
    assert torch.equal(kept[0], low[0])
    expected = noise_schedule("linear").log_snr(t.numpy())
    assert told.tolist() == pytest.approx([LOG_SNR_CLEAN, expected[1], expected[2]], rel=1e-5)
    correlation = float((kept[1] * low[1]).mean())
    assert correlation == pytest.approx(float(noise_schedule("linear").alpha(0.9)), abs=0.05)


def test_drawn_augmentation_has_the_papers_ranges() -> None:
    rngs = [seeded(0, "condition", 0, i) for i in range(4000)]
    t, clean, sigma = drawn_augmentation(rngs, t_max=0.5, clean=0.3, blur="samples")
    assert float(clean.double().mean()) == pytest.approx(0.3, abs=0.03)
    assert float(t.mean()) == pytest.approx(0.25, abs=0.01)
    assert float(t.max()) < 0.5
    assert float(sigma.mean()) == pytest.approx(2.55, abs=0.1)
    assert 0.1 <= float(sigma.min()) <= float(sigma.max()) <= 5


def test_resampling_is_exact_for_a_periodic_tone() -> None:
    t = torch.arange(1600, dtype=torch.float64) / 16_000
    tone = torch.sin(2 * math.pi * 440 * t)
    there = resampled(tone, 2400)
    exact = torch.sin(2 * math.pi * 440 * torch.arange(2400, dtype=torch.float64) / 24_000)
    assert float((there - exact).abs().max()) < 1e-9
    assert float((resampled(there, 1600) - tone).abs().max()) < 1e-9


@settings(max_examples=20, deadline=None)
@given(frequency=st.floats(50, 1300))
def test_crops_with_margins_are_nearly_exact(frequency: float) -> None:
    margin = 480
    t = torch.arange(-margin, 3200 + margin, dtype=torch.float64) / 16_000
    tone = torch.sin(2 * math.pi * frequency * t)[None, None]
    high = moved(tone, rate_in=16_000, rate_out=24_000, margin_s=0.03)
    exact = torch.sin(2 * math.pi * frequency * torch.arange(4800, dtype=torch.float64) / 24_000)
    assert high.shape == (1, 1, 4800)
    assert float((high[0, 0] - exact).abs().max()) < 0.01
    kept = band_limited(tone, rate_hz=16_000, low_hz=3_200, margin_s=0.03)
    assert float((kept - tone[..., margin:-margin]).abs().max()) < 0.05


def test_the_band_above_is_gone() -> None:
    t = torch.arange(16_000, dtype=torch.float64) / 16_000
    tone = torch.sin(2 * math.pi * 3000 * t)[None, None]
    assert float(band_limited(tone, rate_hz=16_000, low_hz=3_200, margin_s=0.03).abs().max()) < 1e-6


def test_a_high_pass_takes_what_lies_below_and_leaves_what_lies_above() -> None:
    t = torch.arange(24_000, dtype=torch.float64) / 24_000
    below, above = (torch.sin(2 * math.pi * hz * t)[None, None] for hz in (3_000, 10_000))
    kept = high_passed(below + above, rate_hz=24_000, above_hz=7_000)
    assert float((kept - above).abs().max()) < 1e-6  # −60 dB would be 1e-3
    assert float(high_passed(below, rate_hz=24_000, above_hz=7_000).abs().max()) < 1e-6
    # a tone that fits no period of the crop: what leaks is the ends' jump
    cut = high_passed(below[..., :10_003], rate_hz=24_000, above_hz=7_000)[..., 2000:-2000]
    assert float(cut.abs().max()) < 1e-3
    middle = torch.sin(2 * math.pi * 7_000 * t)[None, None]
    halved = high_passed(middle, rate_hz=24_000, above_hz=7_000)
    torch.testing.assert_close(halved, middle / 2, atol=1e-6, rtol=0)
