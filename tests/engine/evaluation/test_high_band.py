"""Measures of super-resolution against sounds whose difference is known."""

import math

import numpy as np
import pytest
from scipy import fft

from engine.audio.resample import fft_resample
from engine.evaluation.hearing import mel_of, stereo_error_db
from engine.evaluation.high_band import HIGH_BANDS, RATE_HZ, SILENT_DB, Spectra, null_test_db
from tests.engine.evaluation.made_data import FloatArray, noise


def without(audio: FloatArray, low_hz: float, high_hz: float) -> FloatArray:
    spectrum = fft.rfft(audio, axis=0)
    hz = np.arange(len(spectrum)) * RATE_HZ / len(audio)
    spectrum[(hz >= low_hz) & (hz < high_hz)] = 0
    return np.asarray(fft.irfft(spectrum, n=len(audio), axis=0), np.float32)


def test_twice_as_loud_is_six_decibels_everywhere() -> None:
    sound = noise(RATE_HZ)
    spectra = Spectra(sound, 2 * sound, loop=True)
    for band in ((0, 7_500), (7_000, 12_000), (8_000, 12_000)):
        assert spectra.distance_db(*band) == pytest.approx(6.02, abs=0.01)


def test_an_empty_octave_is_far_above_and_not_below() -> None:
    sound = noise(RATE_HZ)
    spectra = Spectra(sound, without(sound, 8_000, 12_001), loop=True)
    assert spectra.distance_db(8_050, 12_000) > 40
    assert spectra.distance_db(0, 7_500) < 0.1


def test_a_full_scale_sine_shows_0_db_and_the_floor_is_100_below() -> None:
    at_s = np.arange(RATE_HZ) / RATE_HZ
    sine = np.sin(2 * np.pi * 750 * at_s).astype(np.float32)  # on bin 64
    real = np.stack([sine, sine], axis=1)
    spectra = Spectra(real, 0 * real, loop=True)
    assert spectra.distance_db(745, 755) == pytest.approx(100, abs=0.05)


def test_nothing_loud_is_no_number() -> None:
    quiet = noise(RATE_HZ, level=1e-4)
    assert math.isnan(Spectra(quiet, quiet, loop=False).distance_db(0, 12_000))
    assert math.isnan(null_test_db(np.zeros((160, 2), np.float32), quiet[:240], loop=False))


@pytest.mark.parametrize("loop", [False, True])
def test_the_null_test_hears_the_low_band_alone(loop: bool) -> None:
    given = noise(16_000)
    clean = fft_resample(given, 24_000, periodic=loop)
    above = without(noise(24_000, seed=1), 0, 8_000)
    assert null_test_db(given, clean, loop=loop) == SILENT_DB
    assert null_test_db(given, clean + above, loop=loop) < -60
    assert null_test_db(given, clean * np.float32(1.01), loop=loop) == pytest.approx(-40, abs=0.01)


def test_the_sides_of_the_high_band_are_heard() -> None:
    sound = noise(RATE_HZ)
    turned = sound * np.array([0.5, 1], np.float32)
    mels = [mel_of(x, HIGH_BANDS, loop=False) for x in (sound, turned)]
    assert mels[0].shape == (32, 100)
    assert stereo_error_db(mels[0], mels[1], HIGH_BANDS) == pytest.approx(6.02, abs=0.02)
