"""The seam score and `measure`: seamless loops are at most 1, cuts are well above."""

import numpy as np
import pytest
from scipy import fft

from engine.audio.measure import measure
from engine.audio.seam import measure_seam

RATE_HZ = 24_000
SAMPLES = 4 * RATE_HZ


def _stereo(sound: np.ndarray) -> np.ndarray:
    return np.repeat(sound[:, None], 2, axis=1).astype(np.float32)


def _sine(cycles: float, samples: int = SAMPLES) -> np.ndarray:
    return _stereo(0.3 * np.sin(2 * np.pi * cycles * np.arange(samples) / samples))


def _ambience(seed: int, cutoff_hz: float, period: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    spectrum = fft.rfft(rng.standard_normal(period))
    hz = np.arange(spectrum.size) * RATE_HZ / period
    sound = fft.irfft(spectrum / (1 + (hz / cutoff_hz) ** 4), n=period)
    return _stereo(0.3 * sound / np.abs(sound).max())


def _hits(seconds: float) -> np.ndarray:
    time_s = np.arange(RATE_HZ // 4) / RATE_HZ
    kick = 0.5 * np.sin(2 * np.pi * 60 * time_s) * np.exp(-15 * time_s)
    hat = 0.3 * np.random.default_rng(0).standard_normal(time_s.size) * np.exp(-60 * time_s)
    out = np.zeros(round(seconds * RATE_HZ))
    for number, first in enumerate(range(0, out.size, RATE_HZ // 4)):
        out[first : first + time_s.size] += (kick if number % 2 == 0 else 0) + hat
    return _stereo(out)


@pytest.mark.parametrize("cycles", [400, 1760, 12_000])
def test_whole_cycles_are_seamless(cycles: int) -> None:
    assert measure_seam(_sine(cycles), RATE_HZ).score <= 1


@pytest.mark.parametrize("cycles", [400.3, 1760.5, 12_000.25])
def test_a_cut_sine_is_not(cycles: float) -> None:
    seam = measure_seam(_sine(cycles), RATE_HZ)
    assert seam.score > 4
    assert seam.spectral > 4
    assert seam.score == max(seam.spectral, seam.sample)


def test_ambience_that_wraps_is_seamless_and_cut_ambience_is_not() -> None:
    looped = [measure_seam(_ambience(k, 800, SAMPLES), RATE_HZ).score for k in range(6)]
    cut = [measure_seam(_ambience(k, 800, 2 * SAMPLES)[:SAMPLES], RATE_HZ).score for k in range(6)]
    assert np.median(looped) < 1
    assert max(looped) < 1.15  # by definition one in twenty lies above its own 95th percentile
    assert min(cut) > 2


def test_hits_on_the_seam_are_like_hits_inside() -> None:
    assert measure_seam(_hits(4), RATE_HZ).score <= 1
    assert measure_seam(_hits(4)[: SAMPLES - 77], RATE_HZ).spectral <= 1


def test_where_the_loop_is_cut_open_does_not_matter() -> None:
    loop = _sine(400) + _hits(4)
    for turn in (0, 1000, 33_333):
        assert measure_seam(np.roll(loop, turn, axis=0), RATE_HZ).score <= 1.001


def test_one_channels_cut_counts() -> None:
    audio = _sine(400)
    audio[:, 1] = _sine(400.3)[:, 1]
    assert measure_seam(audio, RATE_HZ).score > 4


def test_silence_is_seamless_and_too_little_is_a_bug() -> None:
    assert measure_seam(np.zeros((SAMPLES, 2), np.float32), RATE_HZ).score == 0
    with pytest.raises(ValueError, match="too short"):
        measure_seam(np.zeros((100, 2), np.float32), RATE_HZ)


def test_measure_gathers_everything() -> None:
    time_s = np.arange(SAMPLES) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 261.5, 329.75))
    loop = _hits(4) + _stereo(0.05 * np.asarray(chord))
    measured = measure(loop, RATE_HZ, asked_bpm=120, loop=True)
    assert measured.bpm == pytest.approx(120, abs=0.2)
    assert measured.key_index == 21
    assert measured.loudness_lufs is not None
    assert -40 < measured.loudness_lufs < -10
    assert measured.true_peak_dbtp is not None
    assert measured.seam is not None
    assert measured.seam <= 1
    assert measure(loop, RATE_HZ).seam is None


def test_measures_of_silence_and_of_almost_nothing() -> None:
    for samples in (1, 100, RATE_HZ):
        measured = measure(np.zeros((samples, 2), np.float32), RATE_HZ, loop=True)
        assert measured.bpm is None
        assert measured.key_index is None
        assert measured.loudness_lufs is None
        assert measured.true_peak_dbtp is None
    tiny = measure(np.full((50, 2), 0.5, np.float32), RATE_HZ)
    assert tiny.true_peak_dbtp is not None
