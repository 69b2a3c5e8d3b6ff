"""Resampling: exactness for loops, quiet ends for clips, exact lengths, awkward lengths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.resample import fft_resample, soxr_resample


def _loop(samples: int, harmonics: tuple[int, ...]) -> np.ndarray:
    """A band-limited loop, stereo, sampled at `samples` points of its period."""
    phase = 2 * np.pi * np.arange(samples)[:, None] / samples
    left = sum(np.sin(k * phase + k) for k in harmonics)
    right = sum(np.cos(k * phase) for k in harmonics)
    return np.concatenate([left, right], axis=1).astype(np.float32) / len(harmonics)


@pytest.mark.parametrize(
    ("n_in", "n_out"), [(16_000, 24_000), (24_000, 16_000), (3001, 4507), (4507, 3001), (999, 1000)]
)
def test_loops_resample_exactly(n_in: int, n_out: int) -> None:
    harmonics = (1, 7, 50, min(n_in, n_out) // 2 - 3)
    out = fft_resample(_loop(n_in, harmonics), n_out, periodic=True)
    assert out.dtype == np.float32
    assert np.abs(out - _loop(n_out, harmonics)).max() < 1e-5


def test_the_nyquist_bin_is_shared_and_joined() -> None:
    alternating = np.tile([[1.0], [-1.0]], (8, 1)).astype(np.float32)
    doubled = fft_resample(alternating, 32, periodic=True)
    assert np.abs(doubled[::2] - alternating).max() < 1e-6
    assert np.abs(fft_resample(doubled, 16, periodic=True) - alternating).max() < 1e-6


def test_a_prime_length_is_exact_too() -> None:
    # both lengths are primes: the slowest case of an FFT
    out = fft_resample(_loop(479_971, (5, 1000)), 719_989, periodic=True)
    assert np.abs(out - _loop(719_989, (5, 1000))).max() < 2e-5


def _cut(hz: float, rate_hz: int, samples: int) -> np.ndarray:
    time_s = np.arange(samples) / rate_hz
    return np.sin(2 * np.pi * hz * time_s + 0.7)[:, None].astype(np.float32)


@pytest.mark.parametrize("hz", [97.0, 1003.1, 3000.0, 6007.0, 7500.3])
def test_the_ends_of_a_clip_do_not_ring(hz: float) -> None:
    out = fft_resample(_cut(hz, 16_000, 16_001), 24_002)
    error = np.abs(out - _cut(hz, 24_000, 24_002))
    assert error.max() < 1e-3
    assert error[120:-120].max() < 1e-4
    around = fft_resample(_cut(hz, 16_000, 16_001), 24_002, periodic=True)
    assert np.abs(around - _cut(hz, 24_000, 24_002)).max() > 20 * error.max()


@settings(max_examples=40, deadline=None)
@given(
    samples=st.integers(1, 1000),
    n_out=st.integers(1, 1500),
    channels=st.integers(1, 3),
    periodic=st.booleans(),
)
def test_any_length_gives_that_length_and_keeps_a_constant(
    samples: int, n_out: int, channels: int, periodic: bool
) -> None:
    level = np.arange(1, channels + 1, dtype=np.float32) / 4
    out = fft_resample(np.tile(level, (samples, 1)), n_out, periodic=periodic)
    assert out.shape == (n_out, channels)
    assert np.all(np.isfinite(out))
    if periodic:
        assert np.abs(out - level).max() < 1e-5


def test_silence_and_equal_lengths_stay() -> None:
    assert not np.any(fft_resample(np.zeros((500, 2), np.float32), 750))
    audio = _loop(100, (3,))
    same = fft_resample(audio, 100)
    assert np.array_equal(same, audio)
    assert same is not audio


@settings(max_examples=40, deadline=None)
@given(
    samples=st.integers(1, 5000), rate_hz=st.sampled_from([44_100, 48_000]), periodic=st.booleans()
)
def test_hand_off_lengths_are_exact(samples: int, rate_hz: int, periodic: bool) -> None:
    out = soxr_resample(np.zeros((samples, 2), np.float32), 24_000, rate_hz, periodic=periodic)
    assert out.shape == (round(samples * rate_hz / 24_000), 2)


def test_hand_off_keeps_the_sound() -> None:
    out = soxr_resample(_cut(1003.1, 24_000, 24_001), 24_000, 44_100)
    error = np.abs(out - _cut(1003.1, 44_100, out.shape[0]))
    assert error[2000:-2000].max() < 1e-5


def test_a_loop_stays_seamless_at_44100() -> None:
    # 4 bars at 93 BPM: 247,741.9… samples at 24 kHz, a length that no rate makes whole
    loop = _loop(247_742, (93, 5000))
    out = soxr_resample(loop, 24_000, 44_100, periodic=True)
    assert out.shape[0] == 455_226
    assert np.abs(out - _loop(455_226, (93, 5000))).max() < 1e-5
    once = soxr_resample(loop, 24_000, 44_100)
    assert np.abs(once - _loop(455_226, (93, 5000)))[:100].max() > 1e-3


def test_nothing_cannot_be_resampled() -> None:
    with pytest.raises(ValueError, match="cannot resample"):
        fft_resample(np.zeros((0, 2), np.float32), 10)
    with pytest.raises(ValueError, match="cannot resample"):
        soxr_resample(np.zeros((10, 2), np.float32), 0, 10)
