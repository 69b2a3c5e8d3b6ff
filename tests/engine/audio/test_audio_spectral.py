"""STFT: exact reconstruction at every padding and length, alignment, wrapping."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.spectral import Padding, frame_count, hann, istft, one_channel, stft


def _noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((samples, 2)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    samples=st.integers(1, 3000),
    sizes=st.sampled_from([(1024, 160), (640, 160), (512, 128), (64, 16), (64, 30)]),
    padding=st.sampled_from(["reflect", "zero", "circular"]),
)
def test_an_unmodified_stft_comes_back_exactly(
    samples: int, sizes: tuple[int, int], padding: Padding
) -> None:
    n_fft, hop = sizes
    audio = _noise(samples)
    spectrum = stft(audio, n_fft=n_fft, hop_samples=hop, padding=padding)
    assert spectrum.shape == (2, -(-samples // hop), n_fft // 2 + 1)
    assert spectrum.dtype == np.complex64
    again = istft(spectrum, samples=samples, hop_samples=hop, circular=padding == "circular")
    assert again.dtype == np.float32
    assert np.abs(again - audio).max() < 5e-6


def test_frame_i_is_centred_on_its_own_hop() -> None:
    audio = np.zeros((1600, 1), np.float32)
    audio[5 * 160 + 80] = 1.0  # the middle of frame 5
    spectrum = stft(audio, n_fft=1024, hop_samples=160, padding="zero")
    energy = np.sum(np.abs(spectrum[0]) ** 2, axis=1)
    assert np.argmax(energy) == 5
    assert energy[4] == pytest.approx(energy[6], rel=1e-5)


def test_the_mel_of_a_reversed_clip_is_reversed() -> None:
    audio = _noise(1600)
    forward = np.abs(stft(audio, n_fft=1024, hop_samples=160))
    backward = np.abs(stft(audio[::-1], n_fft=1024, hop_samples=160))
    # the periodic window is one sample from symmetric: close, not equal
    assert np.abs(forward - backward[:, ::-1]).mean() < 0.02 * forward.mean()


def test_circular_frames_do_not_know_where_the_loop_begins() -> None:
    audio = _noise(1600)
    spectrum = stft(audio, n_fft=1024, hop_samples=160, padding="circular")
    turned = stft(np.roll(audio, 480, axis=0), n_fft=1024, hop_samples=160, padding="circular")
    assert np.abs(np.roll(spectrum, 3, axis=1) - turned).max() < 1e-4


def test_a_full_scale_sine_has_the_window_sum_as_peak() -> None:
    time_s = np.arange(16_000) / 16_000
    audio = np.sin(2 * np.pi * 1000 * time_s)[:, None].astype(np.float32)
    spectrum = stft(audio, n_fft=1024, hop_samples=160)
    assert np.abs(spectrum[0, 50]).max() == pytest.approx(hann(1024).sum() / 2, rel=1e-3)


def test_what_cannot_be_framed_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no frames"):
        stft(np.zeros((0, 2), np.float32), n_fft=64, hop_samples=16)
    with pytest.raises(ValueError, match="no frames"):
        stft(_noise(10), n_fft=64, hop_samples=65)
    with pytest.raises(ValueError, match="do not make"):
        istft(np.zeros((1, 3, 33), np.complex64), samples=10, hop_samples=16)


def test_frame_count_is_the_ceiling() -> None:
    assert [frame_count(n, 160) for n in (1, 160, 161, 480_000)] == [1, 1, 2, 3000]


def test_one_channel_keeps_what_is_out_of_phase() -> None:
    audio = _noise(100)
    opposite = np.stack([audio[:, 0], -audio[:, 0]], axis=1)
    assert np.allclose(one_channel(opposite)[:, 0], audio[:, 0])
    assert np.allclose(one_channel(audio[:, :1]), audio[:, :1])
    assert np.allclose(one_channel(np.abs(audio)), np.abs(audio).mean(axis=1, keepdims=True))
