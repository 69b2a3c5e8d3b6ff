"""Frames in torch against frames on the host, number by number."""

import numpy as np
import pytest
import torch

from engine.audio import frames as host
from engine.audio.bands import MelParameters, band_powers, envelope_matrix, frame_bins, hann_window
from engine.audio.mel import stereo_mel
from engine.audio.spectral import stft
from engine.training.train.frames import FrameSpace

MEL = MelParameters()
BINS = frame_bins(MEL)
FRAMES = 40


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    """(samples, 2): noise with a louder left, and a tone in the middle."""
    samples = FRAMES * 160
    noise = np.random.default_rng(0).standard_normal((samples, 2)) * (0.1, 0.03)
    tone = 0.2 * np.sin(2 * np.pi * 330 * np.arange(samples) / 16_000)
    return np.asarray(noise + tone[:, None], np.float32)


@pytest.fixture(scope="module")
def space() -> FrameSpace:
    return FrameSpace(MEL, torch.device("cpu"))


def batch(array: np.ndarray) -> torch.Tensor:
    """(1, …) float32."""
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))[None]


def three(audio: np.ndarray) -> np.ndarray:
    """(samples, 3): left, right, side."""
    return np.concatenate([audio, (audio[:, :1] - audio[:, 1:]) / 2], axis=1)


def test_magnitudes_are_those_of_the_stft(space: FrameSpace, audio: np.ndarray) -> None:
    made = space.log_magnitudes(batch(audio.T))[0].numpy()
    assert made.shape == (3, BINS, FRAMES)
    real = np.concatenate(
        [
            np.abs(stft(three(audio), n_fft=part.window.n_fft, hop_samples=160))[
                ..., part.window.bins
            ]
            for part in host._parts(MEL)
        ],
        axis=2,
    )
    np.testing.assert_allclose(np.exp(made), real.swapaxes(1, 2), rtol=2e-3, atol=2e-3)
    loud = real.swapaxes(1, 2) > 0.05
    assert loud.mean() > 0.9
    assert np.abs(made - np.log(real.swapaxes(1, 2)))[loud].max() < 1e-2


def test_interior_magnitudes_are_those_that_the_host_decimates(
    space: FrameSpace, audio: np.ndarray
) -> None:
    made = np.exp(space.log_magnitudes(batch(audio.T))[0].numpy())
    parts = host._parts(MEL)
    inside = slice(8, FRAMES - 8)  # the host's frames wrap
    for channel, ours in zip(three(audio).T, made, strict=True):
        spectra = host._analysed(np.ascontiguousarray(channel), parts)
        theirs = np.concatenate([np.abs(s) for s in spectra], axis=1).T
        assert np.abs(ours - theirs)[:, inside].max() < 2e-3 * theirs.max()


def test_silence_has_the_magnitudes_of_its_floor(space: FrameSpace) -> None:
    made = space.log_magnitudes(torch.zeros(1, 2, 3200))[0, :, -1]
    floor = np.log(1e-10 * np.sum(hann_window(512) ** 2)) / 2  # −100 dB of white noise
    assert made.numpy() == pytest.approx(floor, abs=1e-4)
    assert bool((space.log_envelope(torch.zeros(1, 2, 80, 5))[0, :, -1] - floor < 1e-4).all())


def test_powers_are_the_mels(space: FrameSpace, audio: np.ndarray) -> None:
    mel = stereo_mel(audio, MEL)
    left, right = band_powers(mel, MEL)
    made = space.powers(batch(mel))[0].numpy()
    np.testing.assert_allclose(made, np.stack([left, right]), rtol=1e-4)


def test_the_envelope_is_the_hosts(space: FrameSpace, audio: np.ndarray) -> None:
    mel = stereo_mel(audio, MEL)
    powers = space.powers(batch(mel))
    made = space.log_envelope(powers)[0].numpy()
    matrices = [
        envelope_matrix(MEL, part.window.n_fft)[part.window.bins] for part in host._parts(MEL)
    ]
    expected = np.log(np.concatenate(matrices) @ powers[0].numpy()) / 2
    np.testing.assert_allclose(made, expected, atol=1e-3)
    theirs = host.FrameSpace(mel, MEL, loop=True)
    for ours, band in zip(made, theirs._powers, strict=True):
        np.testing.assert_allclose(ours, np.log(band @ theirs._spread).T / 2, atol=1e-3)


def test_what_bands_lack_is_put_back_as_on_the_host(space: FrameSpace, audio: np.ndarray) -> None:
    mel = stereo_mel(audio, MEL)
    theirs = host.FrameSpace(mel, MEL, loop=True)
    rng = np.random.default_rng(1)
    said = rng.normal(-2, 1, (2, BINS, FRAMES)).astype(np.float32)
    powers = space.powers(batch(mel))
    made = space.corrected(batch(said), powers)[0].numpy()
    for ours, log_magnitude, band in zip(made, said, theirs._powers, strict=True):
        power = np.asarray(np.exp(2 * log_magnitude.T), np.float32)
        corrected = theirs._corrected(power, np.asarray(band, np.float32)).T
        np.testing.assert_allclose(np.exp(ours), corrected, rtol=2e-3)


def test_corrected_magnitudes_have_nearly_the_mels_powers(
    space: FrameSpace, audio: np.ndarray
) -> None:
    powers = space.powers(batch(stereo_mel(audio, MEL)))
    start = space.log_envelope(powers) + 1.0  # 8.7 dB too loud
    off = [
        float((10 * torch.log10(space._measured @ (2 * said).exp() / powers)).abs().mean())
        for said in (start, space.corrected(start, powers))
    ]
    assert off[0] > 7
    assert off[1] < 0.5
