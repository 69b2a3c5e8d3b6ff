"""Mel: published constants of both scales, levels in dB, the inverse, wrapping."""

import numpy as np
import pytest

from engine.audio.mel import (
    MelParameters,
    MelScale,
    band_powers,
    hz_to_mel,
    mel_filterbank,
    mel_power,
    mel_to_hz,
    stereo_mel,
)
from engine.bundle.manifest import MelSpec

DEFAULT = MelParameters()


def _sine(hz: float, amplitude: float, samples: int = 16_000) -> np.ndarray:
    time_s = np.arange(samples) / 16_000
    return (amplitude * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def test_parameters_are_the_manifests_mel_spec() -> None:
    spec = MelSpec()
    fields = MelSpec.__struct_fields__
    assert set(fields) == set(DEFAULT.__dataclass_fields__)
    assert {name: getattr(spec, name) for name in fields} == {
        name: getattr(DEFAULT, name) for name in fields
    }


@pytest.mark.parametrize(
    ("scale", "hz", "mel"),
    [
        ("htk", 0, 0),
        ("htk", 700, 2595 * np.log10(2)),
        ("htk", 1000, 999.9855),  # HTK Book 3.4, eq. 5.13
        ("htk", 8000, 2840.0230),
        ("slaney", 60, 0.9),
        ("slaney", 110, 1.65),
        ("slaney", 440, 6.6),
        ("slaney", 1000, 15),  # Auditory Toolbox: 1 kHz ends the linear part
        ("slaney", 6400, 42),  # and 27 steps make a factor of 6.4
    ],
)
def test_scales_have_their_published_values(scale: MelScale, hz: float, mel: float) -> None:
    assert float(hz_to_mel(hz, scale)) == pytest.approx(mel, abs=1e-3)
    assert float(mel_to_hz(mel, scale)) == pytest.approx(hz, abs=1e-2)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_filters_add_up_to_one_between_the_outer_centres(scale: MelScale) -> None:
    filters = mel_filterbank(
        rate_hz=16_000, n_fft=1024, n_mels=80, fmin_hz=20, fmax_hz=8000, scale=scale
    )
    assert filters.shape == (80, 513)
    assert np.all(filters.sum(axis=1) > 0)
    low, high = float(hz_to_mel(20.0, scale)), float(hz_to_mel(8000.0, scale))
    edges = mel_to_hz(np.linspace(low, high, 82), scale)
    bins_hz = np.arange(513) * 16_000 / 1024
    between = (bins_hz >= edges[1]) & (bins_hz <= edges[-2])
    assert np.abs(filters.sum(axis=0)[between] - 1).max() < 1e-5


def test_slaney_normalised_filters_have_area_one() -> None:
    filters = mel_filterbank(
        rate_hz=16_000,
        n_fft=16_384,
        n_mels=40,
        fmin_hz=0,
        fmax_hz=8000,
        scale="slaney",
        area_normalised=True,
    )
    assert np.abs(filters.sum(axis=1) * 16_000 / 16_384 - 1).max() < 0.01


def test_band_edges_beyond_nyquist_are_a_bug() -> None:
    with pytest.raises(ValueError, match="no mel bands"):
        mel_filterbank(rate_hz=16_000, n_fft=64, n_mels=4, fmin_hz=0, fmax_hz=8001)


@pytest.mark.parametrize("hz", [300.0, 1000.0, 3210.0])
@pytest.mark.parametrize("level_dbfs", [0.0, -20.0, -60.0])
def test_a_sines_bands_add_up_to_its_mean_square(hz: float, level_dbfs: float) -> None:
    sine = _sine(hz, 10 ** (level_dbfs / 20))
    power = mel_power(np.stack([sine, sine], axis=1), DEFAULT)
    total_db = 10 * np.log10(power[0, :, 50].sum())
    assert total_db == pytest.approx(level_dbfs - 3.0103, abs=0.1)


def test_levels_and_differences_are_the_definition() -> None:
    left, right = _sine(1000, 0.5), _sine(1000, 0.125)  # 12.04 dB apart
    mel = stereo_mel(np.stack([left, right], axis=1), DEFAULT)
    assert mel.shape == (160, 100)
    assert mel.dtype == np.float32
    band = int(np.argmax(mel[:80, 50]))
    power = mel_power(np.stack([left, right], axis=1), DEFAULT)[:, band, 50]
    level_db = (mel[band, 50] + 1) / 2 * 100 - 100  # −100 … 0 dB onto −1 … 1
    assert level_db == pytest.approx(10 * np.log10(power.mean()), abs=1e-3)
    assert mel[80 + band, 50] * 24 == pytest.approx(12.0412, abs=0.01)


def test_silence_is_the_floor_and_has_no_side() -> None:
    mel = stereo_mel(np.zeros((1000, 2), np.float32), DEFAULT)
    assert mel.shape == (160, 7)
    assert np.all(mel[:80] == -1)
    assert np.all(mel[80:] == 0)


def test_hard_panned_sound_clips_at_the_range() -> None:
    mel = stereo_mel(np.stack([_sine(1000, 0.5), np.zeros(16_000, np.float32)], axis=1), DEFAULT)
    band = int(np.argmax(mel[:80, 50]))
    assert mel[80 + band, 50] == 1


def test_band_powers_invert_the_mel() -> None:
    rng = np.random.default_rng(1)
    audio = (rng.standard_normal((8000, 2)) * (0.1, 0.04)).astype(np.float32)
    power = mel_power(audio, DEFAULT)
    left, right = band_powers(stereo_mel(audio, DEFAULT), DEFAULT)
    in_range = np.abs(10 * np.log10(power[0] / power[1])) < 23.9
    assert in_range.mean() > 0.95
    assert np.abs(10 * np.log10(left / power[0]))[in_range].max() < 0.01
    assert np.abs(10 * np.log10(right / power[1]))[in_range].max() < 0.01
    batch = band_powers(np.zeros((3, 160, 5), np.float32), DEFAULT)
    assert batch[0].shape == (3, 80, 5)


def test_circular_mel_turns_with_the_loop() -> None:
    audio = np.random.default_rng(2).standard_normal((3200, 2)).astype(np.float32) * 0.1
    mel = stereo_mel(audio, DEFAULT, circular=True)
    turned = stereo_mel(np.roll(audio, 800, axis=0), DEFAULT, circular=True)
    assert np.abs(np.roll(mel, 5, axis=1) - turned).max() < 1e-3


def test_mono_is_refused() -> None:
    with pytest.raises(ValueError, match="stereo"):
        stereo_mel(np.zeros((100, 1), np.float32), DEFAULT)
