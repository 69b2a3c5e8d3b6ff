"""The measures themselves, on sounds and sets whose answer is known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.mel import stereo_mel
from engine.audio.seam import measure_seam
from engine.evaluation.music import two_sample
from engine.evaluation.music.ear import MEL
from engine.evaluation.music.figures import Target, bootstrap_median
from engine.evaluation.music.frechet import (
    axes_for,
    frechet,
    frechet_infinity,
    principal_axes,
)
from engine.evaluation.music.heard import Asked, heard, right_key
from engine.evaluation.music.likeness import matched, shuffled, spread, way_up
from engine.evaluation.music.rhythm import beat_phase_ms, heard_bpm, right_tempo
from engine.evaluation.music.rough import rough_sound
from engine.evaluation.music.seams import seam_beside_beats
from engine.evaluation.music.tags import likeliest, said_share
from engine.evaluation.music.two_sample import told_apart
from engine.music.keys import key_index

FloatArray = NDArray[np.float32]


def clicks(bpm: float, seconds: float, *, late_s: float = 0.0) -> FloatArray:
    """A noise burst on every beat, (samples, 2) at 16 kHz."""
    at_s = np.arange(round(seconds * 16_000)) / 16_000
    rng = np.random.default_rng(0)
    envelope = np.exp(-60 * ((at_s - late_s) % (60 / bpm)))
    burst = (0.4 * rng.standard_normal(at_s.size) * envelope).astype(np.float32)
    return np.stack([burst, burst], axis=1)


@pytest.mark.parametrize("late_ms", [-90, -20, 0, 35, 120])
@pytest.mark.parametrize("bpm", [87.0, 120.0])
def test_beats_off_the_grid_are_heard_to_six_milliseconds(bpm: float, late_ms: float) -> None:
    audio = clicks(bpm, 8, late_s=late_ms / 1000)
    found = beat_phase_ms(audio, 16_000, bpm=bpm, meter="4/4")
    assert found == pytest.approx(late_ms, abs=6)


def test_silence_has_no_beat() -> None:
    silence = np.zeros((48_000, 2), np.float32)
    assert beat_phase_ms(silence, 16_000, bpm=120, meter="4/4") is None
    assert heard_bpm(silence, 16_000) is None


def test_tempo_is_heard_without_being_told() -> None:
    assert heard_bpm(clicks(97, 9.9), 16_000) == pytest.approx(97, rel=0.005)
    assert heard_bpm(clicks(120, 4), 16_000) == pytest.approx(120, rel=0.005)


@pytest.mark.parametrize(
    ("bpm", "meter", "right"),
    [
        (120.0, "4/4", True),
        (122.3, "4/4", True),
        (122.5, "4/4", False),
        (60.0, "4/4", True),
        (240.0, "4/4", True),
        (80.0, "4/4", False),
        (80.0, "6/8", True),  # the dotted quarter
        (180.0, "3/4", True),
        (None, "4/4", False),
    ],
)
def test_tempo_is_right_within_two_percent(bpm: float | None, meter: str, right: bool) -> None:
    assert right_tempo(bpm, 120, meter) is right


def test_a_key_is_right_exact_or_relative() -> None:
    assert right_key(key_index("C"), "C")
    assert right_key(key_index("Am"), "C")
    assert right_key(key_index("C"), "Am")
    assert not right_key(key_index("G"), "C")
    assert not right_key(None, "C")


def test_what_is_heard_depends_on_what_was_asked() -> None:
    audio = clicks(120, 2)
    found = heard(audio, 16_000, Asked(bpm=120, loop=True))
    assert found.bpm == pytest.approx(120, rel=0.01)
    assert found.phase_ms == pytest.approx(0, abs=6)
    assert found.seam is not None
    assert found.seam <= 1.2
    assert found.seam_beside_beats is not None
    cut = heard(audio[:25_000], 16_000, Asked(bpm=120, loop=False))
    assert cut.seam is None
    assert heard(audio, 16_000, Asked()) == heard(audio * 0, 16_000, Asked())


def test_a_seam_is_compared_with_the_other_beats() -> None:
    audio = clicks(120, 4)
    loud = audio * np.where(np.arange(len(audio)) < 8_000, 1.3, 1)[:, None].astype(np.float32)
    assert seam_beside_beats(loud, 16_000, 8) <= 1  # a strong first beat is no fault
    tone = 0.3 * np.sin(2 * np.pi * 100.3 * np.arange(64_000) / 16_000)
    broken = np.stack([tone, tone], axis=1).astype(np.float32)
    assert seam_beside_beats(broken, 16_000, 8) > 1.5
    assert seam_beside_beats(broken, 16_000, 1) == measure_seam(broken, 16_000).score


def test_rough_sound_has_the_mels_levels_and_beats() -> None:
    audio = clicks(120, 4)
    rough = rough_sound(stereo_mel(audio, MEL, circular=True), loop=True)
    assert rough.shape == (64_000, 1)
    assert np.std(rough) == pytest.approx(np.std(audio), rel=0.5)
    assert heard_bpm(rough, 16_000) == pytest.approx(120, rel=0.01)
    late_ms = beat_phase_ms(rough, 16_000, bpm=120, meter="4/4")
    assert late_ms == pytest.approx(0, abs=16)  # low bands of a mel see far


def test_what_was_said_is_among_as_many_tags_as_the_clip_has() -> None:
    classes = ("piano", "bass", "kit", "harp")
    probabilities = np.array([0.9, 0.1, 0.8, 0.3], np.float32)
    labels = ("piano", "kit", "bass")
    assert said_share(probabilities, classes, said=("piano", "bass"), labels=labels) == 0.5
    assert said_share(probabilities, classes, said=("harp",), labels=labels[:2]) == 0
    assert said_share(probabilities, classes, said=("harp",), labels=labels) == 1
    assert math.isnan(said_share(probabilities, classes, said=("oboe",), labels=("oboe",)))
    assert likeliest({"a": probabilities[None]}, {"a": classes}, 0) == {"a": "piano"}


def test_the_frechet_distance_of_gaussians_is_the_formulas() -> None:
    rng = np.random.default_rng(0)
    first = rng.standard_normal((200_000, 2)) * (1.0, 2.0)
    second = rng.standard_normal((200_000, 2)) * (3.0, 2.0) + (1.0, -2.0)
    assert frechet(first, second) == pytest.approx(1 + 4 + (3 - 1) ** 2, rel=0.02)
    assert frechet(first, first) == pytest.approx(0, abs=1e-9)


def test_with_endless_clips_a_set_from_the_same_source_is_at_no_distance() -> None:
    """The plain distance of 100 clips is far from it."""
    rng = np.random.default_rng(1)
    real = rng.standard_normal((4000, 8))
    plain, endless = [], []
    for _ in range(6):
        other = rng.standard_normal((100, 8))
        plain.append(frechet(real, other))
        endless.append(frechet_infinity(real, other, rng))
    assert np.mean(plain) > 0.3
    assert abs(np.mean(endless)) < 0.1
    assert math.isnan(frechet_infinity(real, real[:5], rng))
    moved = frechet_infinity(real, rng.standard_normal((100, 8)) + 1, rng)
    assert moved == pytest.approx(8, rel=0.25)


def test_axes_follow_the_real_ones_spread_and_have_no_unit() -> None:
    rng = np.random.default_rng(2)
    features = (rng.standard_normal((300, 10)) * ([9.0] + [0.1] * 9)).astype(np.float32)
    axes = principal_axes(features, 2)
    assert abs(axes.axes[0, 0]) > 0.99
    assert np.var(axes.of(features), axis=0).sum() == pytest.approx(1, rel=0.01)
    larger = principal_axes(features * 7, 2)
    assert larger.of(features * 7) == pytest.approx(axes.of(features), abs=1e-5)
    assert [axes_for(n, 128) for n in (5, 40, 200, 9999)] == [1, 4, 20, 32]
    assert axes_for(9999, 10) == 10


def apart(
    real: FloatArray, other: FloatArray, groups: list[str] | None = None, *, seed: int = 0
) -> float:
    return told_apart(
        real, other, rng=np.random.default_rng(seed),
        real_groups=groups or [f"r{i}" for i in range(len(real))],
        other_groups=groups or [f"o{i}" for i in range(len(other))],
    )  # fmt: skip


def test_only_what_differs_is_told_apart() -> None:
    rng = np.random.default_rng(3)
    real, same, moved = (rng.standard_normal((n, 12)).astype(np.float32) for n in (120, 80, 240))
    moved[:, 0] += 3
    assert apart(real, same) == pytest.approx(0.5, abs=0.1)
    assert apart(real, moved) > 0.88
    assert math.isnan(apart(real, moved[:5]))


def test_the_larger_set_does_not_decide_the_accuracy() -> None:
    """Saying "other" always would be right for nine in ten."""
    rng = np.random.default_rng(4)
    real, other = (rng.standard_normal((n, 6)).astype(np.float32) for n in (40, 360))
    assert apart(real, other) == pytest.approx(0.5, abs=0.12)


def test_how_the_folds_are_drawn_hardly_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    real, other = (rng.standard_normal((100, 8)).astype(np.float32) for _ in range(2))
    other[:, 0] += 1
    means = [apart(real, other, seed=seed) for seed in range(12)]
    monkeypatch.setattr(two_sample, "DRAWS", 1)
    singles = [apart(real, other, seed=seed) for seed in range(12)]
    assert np.std(means) < 0.5 * np.std(singles)


def test_copies_in_one_fold_are_not_recognised() -> None:
    """Two sets of the same few sounds: with shared groups no set can be learnt by heart."""
    rng = np.random.default_rng(5)
    real = rng.standard_normal((60, 8)).astype(np.float32)
    assert apart(real, real.copy(), [f"g{i}" for i in range(60)]) == pytest.approx(0.5, abs=0.01)


def test_likeness() -> None:
    texts = np.eye(3, 4, dtype=np.float32)
    sounds = np.array([[1, 0, 0, 0], [0, 0.6, 0, 0.8], [1, 0, 0, 0]], np.float32)
    assert matched(texts, sounds) == pytest.approx([1, 0.6, 0])
    assert shuffled(texts, sounds, ["a", "b", "c"]) == pytest.approx(1 / 6)
    assert shuffled(texts, sounds, ["a", "b", "a"]) == pytest.approx(0)
    assert math.isnan(shuffled(texts, sounds, ["a"] * 3))
    assert way_up(0.4, bottom=0.2, top=0.6) == pytest.approx(0.5)
    assert math.isnan(way_up(0.4, bottom=0.5, top=0.5))
    assert spread(sounds) == pytest.approx(2 / 3)
    assert spread(texts) == pytest.approx(1)
    assert math.isnan(spread(texts[:1]))


def test_targets() -> None:
    assert Target("at least", 0.7).met(0.7, math.nan) is True
    assert Target("at most", 15).met(15.1, 3) is False
    assert Target("of the ceiling", 0.8).met(0.4, 0.5) is True
    assert Target("of the ceiling", 0.8).met(0.39, 0.5) is False
    assert Target("of the ceiling", 0.8).met(0.4, 0) is None
    assert Target("at most", 15).met(math.nan, 3) is None


def test_a_median_has_an_interval() -> None:
    found = bootstrap_median([1.0, 2.0, 3.0, 100.0, math.nan, 2.5])
    assert (found.value, found.clips) == (2.5, 5)
    assert found.low < 2.5 < found.high
    assert math.isnan(bootstrap_median([math.nan]).value)
