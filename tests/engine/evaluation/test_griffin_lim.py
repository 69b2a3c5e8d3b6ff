"""The baseline: magnitudes that have the mel's powers, and a sound that has the mel."""

import numpy as np
import pytest

from engine.audio.bands import MelParameters, mel_filterbank
from engine.evaluation.griffin_lim import fitted_magnitudes, griffin_lim
from engine.evaluation.hearing import log_mel_error_db, mel_of, stereo_error_db
from tests.engine.evaluation.made_data import FloatArray, notes

MEL = MelParameters()


def mel_of_powers(left: FloatArray, right: FloatArray) -> FloatArray:
    level = 10 * np.log10((left + right) / 2)
    span_db = MEL.level_ceil_db - MEL.level_floor_db
    difference = 10 * np.log10(left / right) / MEL.difference_range_db
    both = [2 * (level - MEL.level_floor_db) / span_db - 1, difference]
    return np.concatenate(both).astype(np.float32)


def test_white_noise_has_the_magnitudes_of_white_noise() -> None:
    mean_square, n_fft = 0.01, 640
    share = mel_filterbank(MEL, 2560).sum(axis=1) * (MEL.rate_hz / 2560) / (MEL.rate_hz / 2)
    power = np.repeat((mean_square * share)[:, None], 3, axis=1).astype(np.float32)
    magnitudes = fitted_magnitudes(mel_of_powers(power, np.float32(0.25) * power), MEL, n_fft)
    assert magnitudes.shape == (2, 321, 3)
    expected = np.sqrt(mean_square * n_fft * 3 / 8)  # E|X|² = σ² · Σw², Hann
    middle = slice(5, 315)
    assert magnitudes[0, middle] == pytest.approx(np.full((310, 3), expected), rel=0.03)
    assert magnitudes[1, middle] == pytest.approx(np.full((310, 3), expected / 2), rel=0.03)


def test_rounds_bring_the_band_powers_closer() -> None:
    sound = notes(0.5, MEL.rate_hz, hz=200)
    mel = mel_of(sound, MEL, loop=False)
    filters = mel_filterbank(MEL, 1024)

    def error(rounds: int) -> float:
        power = filters @ fitted_magnitudes(mel, MEL, 1024, rounds=rounds) ** 2
        level = 10 * np.log10(power.mean(axis=0) * 2 / (1024 * 384) + 1e-10)
        real = 50 * (mel[:80] + 1) - 100
        return float(np.abs(level - real)[30:60].mean())  # the bands of the 1024 window

    assert error(30) < 0.7 * error(0)


@pytest.mark.parametrize("loop", [False, True])
def test_the_sound_has_the_mel(loop: bool) -> None:
    mel = mel_of(notes(1.0, MEL.rate_hz), MEL, loop=loop)
    made = griffin_lim(mel, loop=loop)
    assert made.shape == (16_000, 2)
    assert made.dtype == np.float32
    again = mel_of(made, MEL, loop=loop)
    assert log_mel_error_db(mel, again, MEL) < 3
    assert stereo_error_db(mel, again, MEL) < 2
    worse = mel_of(griffin_lim(mel, loop=loop, iterations=0), MEL, loop=loop)
    assert log_mel_error_db(mel, again, MEL) < log_mel_error_db(mel, worse, MEL)


def test_the_seed_decides_the_sound() -> None:
    mel = mel_of(notes(0.3, MEL.rate_hz), MEL, loop=False)
    first, again, other = (griffin_lim(mel, loop=False, iterations=3, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_a_floor_mel_is_nearly_silent() -> None:
    floor = np.concatenate([np.full((80, 20), -1), np.zeros((80, 20))]).astype(np.float32)
    assert np.abs(griffin_lim(floor, loop=False, iterations=2)).max() < 1e-3
