"""Key on synthesised progressions: all 24, off-tune, under drums; none where nothing is tonal."""

import numpy as np
import pytest

from engine.audio.key import MAJOR_PROFILE, MINOR_PROFILE, measure_key
from engine.music.keys import KEYS, key_index

RATE_HZ = 24_000
# (semitones above the tonic, minor) for each chord
PROGRESSIONS = {
    "major": (
        ((0, False), (5, False), (7, False), (0, False)),
        ((0, False), (7, False), (9, True), (5, False)),
    ),
    "minor": (
        ((0, True), (5, True), (7, False), (0, True)),
        ((0, True), (5, True), (0, True), (7, True)),
    ),
}


def _note(hz: float, seconds: float, brightness: float, rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    partials = (
        h**-brightness * np.sin(2 * np.pi * hz * h * time_s + rng.uniform(0, 6))
        for h in range(1, 9)
    )
    return np.asarray(sum(partials) * np.exp(-1.5 * time_s) * (1 - np.exp(-200 * time_s)))


def _progression(
    index: int, which: int, *, brightness: float = 1.2, cents: float = 0, seconds: float = 0.5
) -> np.ndarray:
    rng = np.random.default_rng(index)
    tonic, mode = index % 12, "minor" if index >= 12 else "major"
    bars = []
    for above, minor in PROGRESSIONS[mode][which] * 2:
        root = 48 + (tonic + above) % 12
        notes = (root - 12, root, root + (3 if minor else 4), root + 7)
        hz = [440 * 2 ** ((note - 69 + cents / 100) / 12) for note in notes]
        bars.append(sum(_note(f, seconds, brightness, rng) for f in hz))
    sound = 0.05 * np.concatenate(bars)
    return np.repeat(sound[:, None], 2, axis=1).astype(np.float32)


def _drums(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * RATE_HZ))
    time_s = np.arange(RATE_HZ // 4) / RATE_HZ
    kick = np.sin(2 * np.pi * (50 * time_s + 3.3 * (1 - np.exp(-30 * time_s)))) * np.exp(
        -15 * time_s
    )
    for number, first in enumerate(range(0, out.size - time_s.size, RATE_HZ // 4)):
        tone = np.sin(2 * np.pi * 180 * time_s) * np.exp(-25 * time_s)
        snare = rng.standard_normal(time_s.size) * np.exp(-20 * time_s) + tone
        out[first : first + time_s.size] += 0.4 * (kick if number % 2 == 0 else snare)
    return np.repeat(out[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("index", range(24))
def test_every_key(index: int) -> None:
    variants = ((0, 0.7, 0), (1, 2.0, 30), (0, 1.2, -40), (1, 1.2, 0))
    for which, brightness, cents in (variants[index % 2], variants[2 + index % 2]):
        key = measure_key(_progression(index, which, brightness=brightness, cents=cents), RATE_HZ)
        assert key is not None
        assert KEYS[key.index] == KEYS[index]
        assert key.tuning_cents == pytest.approx(cents, abs=5)
        assert key.correlation > 0.7


@pytest.mark.parametrize("index", [0, 7, 12, 21])
def test_loud_drums_do_not_move_the_key(index: int) -> None:
    tonal = _progression(index, 0)
    drums = np.float32(0.5) * _drums(tonal.shape[0] / RATE_HZ)
    assert np.std(drums) > np.std(tonal)
    key = measure_key(tonal + drums, RATE_HZ)
    assert key is not None
    assert key.index == index


@pytest.mark.parametrize("index", range(24))
def test_soft_chords_say_major_or_minor_over_a_loud_bass(index: int) -> None:
    bass, chords = np.zeros(0), np.zeros(0)
    rng = np.random.default_rng(index)
    tonic, mode = index % 12, "minor" if index >= 12 else "major"
    for above, minor in PROGRESSIONS[mode][0] * 2:
        root = 440 * 2 ** ((36 + (tonic + above) % 12 - 69) / 12)
        third = 2 ** ((3 if minor else 4) / 12)
        bass = np.append(bass, _note(root, 0.5, 1.0, rng))
        chord = sum(_note(4 * root * ratio, 0.5, 2.0, rng) for ratio in (1, third, 1.4983))
        chords = np.append(chords, chord)
    chords *= 0.05 * np.std(bass) / np.std(chords)  # −26 dB
    noise = 0.003 * np.std(bass) * rng.standard_normal(bass.size)
    key = measure_key(0.1 * (bass + chords + noise)[:, None].astype(np.float32), RATE_HZ)
    assert key is not None
    assert KEYS[key.index] == KEYS[index]


def test_the_index_is_the_generators() -> None:
    assert (key_index("C"), key_index("B"), key_index("Cm"), key_index("Bm")) == (0, 11, 12, 23)
    assert KEYS[21] == "Am"


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_the_sample_rate_does_not_matter(rate_hz: int) -> None:
    time_s = np.arange(3 * rate_hz) / rate_hz
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 261.63, 329.63, 440.0))
    key = measure_key(0.1 * np.asarray(chord, np.float32)[:, None], rate_hz)
    assert key is not None
    assert KEYS[key.index] == "Am"


@pytest.mark.parametrize("seconds", [1, 5, 20])
def test_noise_drums_and_silence_have_none(seconds: int) -> None:
    white = (
        np.random.default_rng(seconds).standard_normal((seconds * RATE_HZ, 2)).astype(np.float32)
    )
    brown = np.cumsum(white, axis=0, dtype=np.float32) * 0.01
    for sound in (white, brown, _drums(seconds), np.zeros_like(white)):
        assert measure_key(sound, RATE_HZ) is None
    assert measure_key(np.zeros((0, 2), np.float32), RATE_HZ) is None


def test_profiles_are_krumhansl_and_kesslers() -> None:
    # the tonic is rated highest, then the fifth (major) and the minor third (minor)
    assert np.argsort(MAJOR_PROFILE)[::-1][:3].tolist() == [0, 7, 4]
    assert np.argsort(MINOR_PROFILE)[::-1][:3].tolist() == [0, 3, 7]
    assert sum(MAJOR_PROFILE) == pytest.approx(41.79)
    assert sum(MINOR_PROFILE) == pytest.approx(44.51)
