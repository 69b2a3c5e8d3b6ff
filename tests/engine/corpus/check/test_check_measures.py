"""The ears of `corpus check`, on sounds whose tempo and key are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.corpus.check.key import MAJOR, MINOR, key_of_chroma, measure_key
from engine.corpus.check.tempo import factor_of, measure_tempo
from engine.music.keys import KEYS, key_index

RATE_HZ = 24_000
DEMBOW = (0.0, 0.75, 1.0, 1.5, 2.0, 2.75, 3.0, 3.5)  # a tresillo over four beats


def clicks(
    bpm: float, pattern: tuple[float, ...], *, bar_q: float, bars: int
) -> NDArray[np.float32]:
    """Hits at the quarters of `pattern` in every bar, the first one strongest."""
    quarter_s = 60 / bpm
    sound = np.zeros(round(bars * bar_q * quarter_s * RATE_HZ), np.float32)
    t_s = np.arange(2400) / RATE_HZ
    hit = (np.sin(2 * np.pi * 1800 * t_s) * np.exp(-60 * t_s)).astype(np.float32)
    for bar in range(bars):
        for place in pattern:
            start = round((bar * bar_q + place) * quarter_s * RATE_HZ)
            end = min(start + hit.size, sound.size)
            sound[start:end] += (1.0 if place == 0 else 0.6) * hit[: end - start]
    return np.stack([sound, sound], axis=1)


@pytest.mark.parametrize("bpm", [61.0, 87.0, 97.3, 120.0, 141.0, 174.0])
def test_tempo_is_right_within_a_thousandth_but_for_octaves(bpm: float) -> None:
    audio = clicks(bpm, (0, 1, 2, 2.5, 3), bar_q=4, bars=int(28 * bpm / 240))
    heard = measure_tempo(audio, loop=False)
    assert heard is not None
    octave = round(np.log2(heard / bpm))
    assert heard / bpm / 2.0**octave == pytest.approx(1, abs=0.001)
    assert factor_of(heard, bpm, meter="4/4", swing=0) is not None


def test_a_tresillo_over_beats_has_the_tempo_of_its_bars() -> None:
    heard = measure_tempo(clicks(100, DEMBOW, bar_q=4, bars=11), loop=False)
    assert heard is not None
    assert factor_of(heard, 100, meter="4/4", swing=0) in ("1/2", "1", "2")


def test_a_short_loop_is_heard_often() -> None:
    audio = clicks(128, (0, 1, 2, 3), bar_q=4, bars=2)
    heard = measure_tempo(audio, loop=True)
    assert heard is not None
    assert factor_of(heard, 128, meter="4/4", swing=0) is not None


def test_silence_has_neither_tempo_nor_key() -> None:
    silence = np.zeros((RATE_HZ * 10, 2), np.float32)
    assert measure_tempo(silence, loop=False) is None
    assert measure_key(silence, RATE_HZ) is None


@pytest.mark.parametrize(
    ("ratio", "meter", "swing", "factor"),
    [
        (1.0, "4/4", 0.0, "1"), (1.019, "4/4", 0.0, "1"), (1.021, "4/4", 0.0, None),
        (0.5, "4/4", 0.0, "1/2"), (4.0, "4/4", 0.0, "4"), (2 / 3, "4/4", 0.0, None),
        (2 / 3, "6/8", 0.0, "2/3"), (1.5, "4/4", 0.6, "3/2"), (1 / 3, "3/4", 0.0, "1/3"),
        (1.25, "6/8", 0.0, None),
    ],
)  # fmt: skip
def test_threes_count_only_where_they_are_felt(
    ratio: float, meter: str, swing: float, factor: str | None
) -> None:
    assert factor_of(100 * ratio, 100, meter=meter, swing=swing) == factor


def test_profiles_name_their_own_key() -> None:
    for index in range(24):
        profile = (MAJOR, MINOR)[index // 12]
        assert key_of_chroma(np.roll(profile, index % 12)) == index


@pytest.mark.parametrize("key", ["C", "F#", "Bb", "Am", "Ebm", "Gm"])
def test_a_cadence_with_drums_is_in_its_key(key: str) -> None:
    index = key_index(key)
    tonic, minor = index % 12, index >= 12
    third = 3 if minor else 4
    chords = (
        (0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7),
    )  # i iv V i  # fmt: skip
    t_s = np.arange(2 * RATE_HZ) / RATE_HZ
    tones = [
        sum(
            np.sin(2 * np.pi * 261.6256 * partial * 2 ** ((tonic + tone) / 12) * t_s) / partial**2
            for tone in chord
            for partial in (1, 2, 3)
        )
        for chord in (*chords, *chords)
    ]
    tonal = np.concatenate(tones)
    noise = np.random.default_rng(1).standard_normal(tonal.size)
    drums = noise * np.exp(-20 * np.mod(np.arange(tonal.size) / RATE_HZ, 0.5))
    audio = np.stack([tonal + drums, tonal - 0.5 * drums], axis=1).astype(np.float32)
    heard = measure_key(audio, RATE_HZ)
    assert heard is not None
    assert KEYS[heard] == KEYS[index]
