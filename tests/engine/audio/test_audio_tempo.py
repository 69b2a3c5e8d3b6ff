"""Tempo on synthesised drums: accuracy, metrical levels, and nothing where nothing pulses."""

from typing import Literal

import numpy as np
import pytest

from engine.audio.tempo import MINIMUM_CLARITY, measure_tempo

RATE_HZ = 24_000
Groove = Literal["click", "rock", "house", "swing", "six-eight", "waltz"]

# (position in beats, drum, gain) within a pattern of so many beats
PATTERNS: dict[Groove, tuple[float, tuple[tuple[float, str, float], ...]]] = {
    "click": (1, ((0, "click", 1.0),)),
    "rock": (
        4,
        (
            *((beat, "kick" if beat % 2 == 0 else "snare", 1.0) for beat in range(4)),
            *((half / 2, "hat", 0.8 if half % 2 == 0 else 0.5) for half in range(8)),
            (2.5, "kick", 0.7),
        ),
    ),
    "house": (
        2,
        ((0, "kick", 1), (1, "kick", 1), (1, "snare", 0.8), (0.5, "hat", 1), (1.5, "hat", 1)),
    ),
    "swing": (
        2,
        (
            (0, "kick", 1),
            (1, "snare", 1),
            (0, "hat", 1),
            (1, "hat", 1),
            (2 / 3, "hat", 0.6),
            (5 / 3, "hat", 0.6),
        ),
    ),
    "six-eight": (
        3,
        (
            (0, "kick", 1),
            (1.5, "snare", 1),
            *((eighth / 2, "hat", 0.8 if eighth % 3 == 0 else 0.5) for eighth in range(6)),
        ),
    ),
    "waltz": (3, ((0, "kick", 1), (1, "hat", 1), (2, "hat", 1))),
}


def _drum(kind: str, rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(RATE_HZ // 4) / RATE_HZ
    noise = rng.standard_normal(time_s.size)
    sounds = {
        "kick": np.sin(2 * np.pi * (50 * time_s + 3.3 * (1 - np.exp(-30 * time_s))))
        * np.exp(-15 * time_s),
        "snare": 0.4 * noise * np.exp(-20 * time_s),
        "hat": 0.25 * np.diff(noise, prepend=0) * np.exp(-60 * time_s),
        "click": noise * np.exp(-200 * time_s),
    }
    return sounds[kind]


def _drums(
    groove: Groove, bpm: float, seconds: float, *, seed: int, jitter_s: float = 0
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = np.zeros((round(seconds * RATE_HZ), 2), np.float32)
    beats, hits = PATTERNS[groove]
    for start in np.arange(0, seconds * bpm / 60, beats):
        for position, kind, gain in hits:
            time_s = (start + position) * 60 / bpm + jitter_s * rng.standard_normal()
            first = max(0, round(time_s * RATE_HZ))
            sound = 0.5 * gain * _drum(kind, rng)[: max(0, out.shape[0] - first)]
            out[first : first + sound.size] += sound[:, None]
    return out


@pytest.mark.parametrize("groove", list(PATTERNS))
@pytest.mark.parametrize("jitter_s", [0, 0.004])
def test_tempo_is_right_to_a_tenth_of_a_beat_per_minute(groove: Groove, jitter_s: float) -> None:
    rng = np.random.default_rng(5)
    for seed, seconds in enumerate((10, 20)):
        bpm = float(rng.uniform(35, 280) if groove == "click" else rng.uniform(60, 180))
        audio = _drums(groove, bpm, seconds, seed=seed, jitter_s=jitter_s)
        tempo = measure_tempo(audio, RATE_HZ, asked_bpm=bpm)
        assert tempo is not None
        assert tempo.bpm == pytest.approx(bpm, abs=0.05 if jitter_s == 0 else 0.2)
        assert tempo.clarity > 2 * MINIMUM_CLARITY


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_the_sample_rate_does_not_matter(rate_hz: int) -> None:
    audio = np.zeros((rate_hz * 10, 1), np.float32)
    for beat in range(20):
        first = round(beat * 60 / 123.4 * rate_hz)
        audio[first : first + 100, 0] = np.hanning(100) * 0.5
    tempo = measure_tempo(audio, rate_hz, asked_bpm=123.4)
    assert tempo is not None
    assert tempo.bpm == pytest.approx(123.4, abs=0.1)


@pytest.mark.parametrize("asked_bpm", [None, 55.0, 110.0, 220.0, 111.5, 109.0, 97.0, 300.0])
def test_what_was_asked_chooses_the_level_and_never_moves_the_figure(
    asked_bpm: float | None,
) -> None:
    audio = _drums("rock", 110, 12, seed=1)
    own = measure_tempo(audio, RATE_HZ)
    tempo = measure_tempo(audio, RATE_HZ, asked_bpm=asked_bpm)
    assert own is not None
    assert tempo is not None
    assert tempo.clarity == own.clarity
    ratio = tempo.bpm / own.bpm
    expected = {55.0: 55, 110.0: 110, 220.0: 220, 111.5: 110, 109.0: 110}.get(asked_bpm or 0)
    if expected is None:
        assert ratio == 1
    else:
        assert tempo.bpm == pytest.approx(expected, abs=0.05)
        assert ratio in (0.25, 0.5, 1.0, 2.0, 4.0)


def test_a_factor_of_three_needs_onsets_at_that_period() -> None:
    quarters = _drums("click", 100, 12, seed=2)
    tempo = measure_tempo(quarters, RATE_HZ, asked_bpm=150)
    assert tempo is not None
    assert tempo.bpm == pytest.approx(100, abs=0.05)
    triplets = _drums("click", 300, 12, seed=2)
    for asked_bpm in (100, 150, 300):
        tempo = measure_tempo(triplets, RATE_HZ, asked_bpm=asked_bpm)
        assert tempo is not None
        assert tempo.bpm == pytest.approx(asked_bpm, abs=0.1)


def test_short_loops_have_a_tempo() -> None:
    for bpm in (90.0, 128.0, 174.0):
        audio = _drums("rock", bpm, 8 * 60 / bpm, seed=3)
        tempo = measure_tempo(audio, RATE_HZ, asked_bpm=bpm)
        assert tempo is not None
        assert tempo.bpm == pytest.approx(bpm, rel=0.01)


def _tones(hz: tuple[float, ...], seconds: float) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = np.sin(2 * np.pi * np.outer(time_s, hz)).sum(axis=1)
    return np.repeat(0.1 * sound[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_noise_and_sustained_sound_have_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seconds = (3, 10, 20)[seed % 3]
    white = rng.standard_normal((seconds * RATE_HZ, 2)).astype(np.float32) * 0.1
    brown = np.cumsum(white, axis=0) * 0.01
    tones = _tones((110, 164.81, 220, 277.18), seconds)
    swell = tones * np.sin(np.pi * np.linspace(0, 1, tones.shape[0]))[:, None].astype(np.float32)
    for sound in (white, brown, tones, swell, tones + 0.03 * white, _tones((440,), seconds)):
        assert measure_tempo(np.asarray(sound, np.float32), RATE_HZ) is None


def test_silence_one_hit_and_too_little_have_none() -> None:
    silence = np.zeros((RATE_HZ * 4, 2), np.float32)
    assert measure_tempo(silence, RATE_HZ) is None
    one_hit = silence.copy()
    one_hit[: RATE_HZ // 4] += _drum("snare", np.random.default_rng(0))[:, None]
    assert measure_tempo(one_hit, RATE_HZ) is None
    assert measure_tempo(_drums("rock", 120, 0.9, seed=0), RATE_HZ) is None
    assert measure_tempo(np.zeros((0, 2), np.float32), RATE_HZ) is None
