"""Measures of a vocoder against sounds whose difference is known."""

import math

import numpy as np
import pytest

from engine.audio.bands import MelParameters
from engine.evaluation.hearing import (
    chroma_cosine,
    level_db,
    log_mel_error_db,
    mel_of,
    onset_f1,
    stereo_error_db,
    stft_distance,
)
from tests.engine.evaluation.made_data import FloatArray, noise, notes

RATE_HZ = 16_000
MEL = MelParameters()


def mel(audio: FloatArray) -> FloatArray:
    return mel_of(audio, MEL, loop=False)


def clicks(delay_s: float) -> FloatArray:
    sound = np.zeros((4 * RATE_HZ, 2), np.float32)
    burst = noise(400, level=0.5) * np.exp(-np.arange(400) / 80)[:, None]
    for beat in range(7):
        start = round((0.3 + 0.5 * beat + delay_s) * RATE_HZ)
        sound[start : start + 400] = burst
    return sound


def test_twice_as_loud_is_six_decibels_in_every_band() -> None:
    sound = noise(RATE_HZ)
    assert log_mel_error_db(mel(sound), mel(sound), MEL) == 0
    assert log_mel_error_db(mel(sound), mel(2 * sound), MEL) == pytest.approx(6.02, abs=0.01)
    assert stereo_error_db(mel(sound), mel(2 * sound), MEL) == pytest.approx(0, abs=0.01)


def test_levels_are_in_decibels() -> None:
    span = np.array([[-1.0], [0.0], [1.0]], np.float32)
    both = np.concatenate([np.repeat(span, [40, 20, 20], axis=0), np.zeros((80, 1), np.float32)])
    assert level_db(both, MEL)[[0, 40, 60], 0] == pytest.approx([-100, -50, 0])


def test_what_nobody_hears_is_no_error() -> None:
    quiet = noise(RATE_HZ, level=1e-5)  # bands below −100 dB
    assert log_mel_error_db(mel(quiet), mel(0 * quiet), MEL) == 0
    assert math.isnan(stereo_error_db(mel(quiet), mel(quiet), MEL))


def test_a_side_at_half_is_six_decibels_to_the_other() -> None:
    sound = noise(RATE_HZ)
    turned = sound * np.array([0.5, 1], np.float32)
    assert stereo_error_db(mel(sound), mel(turned), MEL) == pytest.approx(6.02, abs=0.02)


def test_the_stft_distance_of_twice_the_sound_is_one_and_the_logarithm_of_two() -> None:
    sound = noise(RATE_HZ)
    assert stft_distance(sound, sound) == 0
    assert stft_distance(sound, 2 * sound) == pytest.approx(1 + math.log(2), abs=1e-3)


def test_a_silent_difference_channel_does_not_decide_the_stft_distance() -> None:
    mono = np.repeat(noise(RATE_HZ)[:, :1], 2, axis=1)
    wider = mono + noise(RATE_HZ, level=0.001, seed=1)
    assert stft_distance(mono, wider) < 2


def test_pitch_classes_tell_a_tritone_from_an_octave() -> None:
    low, octave, tritone = (notes(2, RATE_HZ, hz=hz) for hz in (261.63, 523.25, 369.99))
    assert chroma_cosine(low, low, RATE_HZ) == pytest.approx(1, abs=1e-5)
    assert chroma_cosine(low, octave, RATE_HZ) > 0.95
    assert chroma_cosine(low, tritone, RATE_HZ) < 0.2
    assert math.isnan(chroma_cosine(0 * low, low, RATE_HZ))


@pytest.mark.parametrize(("delay_s", "f1"), [(0.0, 1.0), (0.03, 1.0), (0.12, 0.0)])
def test_onsets_count_within_50_ms(delay_s: float, f1: float) -> None:
    assert onset_f1(clicks(0), clicks(delay_s), RATE_HZ) == pytest.approx(f1)


def test_onsets_of_silence() -> None:
    silence = np.zeros((RATE_HZ, 2), np.float32)
    assert onset_f1(clicks(0), silence, RATE_HZ) == 0
    assert math.isnan(onset_f1(silence, clicks(0), RATE_HZ))


def test_a_very_short_clip_is_heard_too() -> None:
    sound = notes(0.2, RATE_HZ)
    assert stft_distance(sound, sound) == 0
    assert chroma_cosine(sound, sound, RATE_HZ) == pytest.approx(1, abs=1e-5)
    assert onset_f1(sound, sound, RATE_HZ) in (1.0, pytest.approx(math.nan, nan_ok=True))
