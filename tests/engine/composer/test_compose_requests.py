"""What is asked for is what comes out; the same seed is the same piece everywhere."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.composer import Request, compose, draw_plan
from engine.composer.dice import Dice
from engine.composer.genres import GENRES, MOODS
from engine.composer.humanise import swung
from engine.composer.theory.modes import MODES
from engine.music.instruments import INSTRUMENTS
from engine.music.keys import KEYS
from engine.music.meter import METER_TABLE, seconds_per_bar
from engine.music.midi import midi_bytes, score_to_midi

ROOT = Path(__file__).resolve().parents[3]
_DIGEST = """
import hashlib
from engine.composer import compose
from engine.music.midi import midi_bytes, score_to_midi
digest = hashlib.sha256()
for seed in range(6):
    digest.update(midi_bytes(score_to_midi(compose(seed))))
print(digest.hexdigest())
"""


def _digest(seeds: range) -> str:
    digest = hashlib.sha256()
    for seed in seeds:
        digest.update(midi_bytes(score_to_midi(compose(seed))))
    return digest.hexdigest()


def test_dice_fall_alike_everywhere() -> None:
    dice = Dice(7, "drums")
    assert [dice.integer(0, 99) for _ in range(6)] == [70, 1, 32, 35, 56, 47]
    assert dice.shuffled(list("abcde")) == ["c", "a", "e", "d", "b"]


def test_another_process_with_another_hash_seed_composes_the_same() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == _digest(range(6))


def test_composing_twice_gives_equal_scores() -> None:
    assert compose(123) == compose(123)
    assert compose(123) != compose(124)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**63),
    genre=st.sampled_from(sorted(GENRES)),
    bpm=st.floats(40, 220).map(lambda value: round(value, 2)),
    key=st.sampled_from(KEYS),
    meter=st.sampled_from(["4/4", "3/4", "6/8"]),
    bars=st.integers(1, 16),
    texture=st.sampled_from(["full", "sparse", "solo"]),
    loop=st.booleans(),
    instruments=st.lists(st.sampled_from(sorted(INSTRUMENTS)), max_size=2, unique=True),
)
def test_any_request_is_met(
    *, seed: int, genre: str, bpm: float, key: str, meter: str, bars: int, texture: str, loop: bool,
    instruments: list[str],
) -> None:  # fmt: skip
    request = Request(
        genre=genre, bpm=bpm, key=key, meter=meter, bars=bars, loop=loop,
        texture="full" if texture == "full" else "sparse" if texture == "sparse" else "solo",
        instruments=tuple(instruments),
    )  # fmt: skip
    score = compose(seed, request=request)
    assert (score.genre, score.bpm, score.meter, score.bars) == (genre, bpm, meter, bars)
    assert score.loop == loop
    assert score.key in (key, None)
    assert score.parts
    total_q = bars * METER_TABLE[meter][0]
    for part in score.parts:
        row = INSTRUMENTS[part.instrument]
        for note in part.notes:
            assert 0 <= note.start_q < note.start_q + note.duration_q <= total_q + 1e-9
            assert row.low <= note.pitch <= row.high
    if texture != "solo":
        playing = {part.instrument for part in score.parts}
        assert set(instruments) <= playing


@pytest.mark.parametrize("mood", sorted(MOODS))
def test_a_mood_steers_the_mode(mood: str) -> None:
    for seed in range(5):
        plan = draw_plan(seed, Request(moods=(mood,)))
        assert plan.moods == (mood,)
        assert MOODS[mood].modes.get(plan.mode, 1.0) > 0 or plan.mode in ("major", "minor")


def test_dark_is_lower_and_duller_than_uplifting() -> None:
    def height(mood: str) -> float:
        request = Request(genre="pop", moods=(mood,), texture="full", instruments=("saw lead",))
        heights = [
            note.pitch
            for seed in range(12)
            for part in compose(seed, request=request).parts
            if part.instrument == "saw lead"
            for note in part.notes
        ]
        return sum(heights) / len(heights)

    assert height("uplifting") - height("dark") > 4  # measured 9
    dark = compose(3, request=Request(genre="pop", moods=("dark",), texture="full"))
    assert any(part.effects.get("lowpass_hz", 9e9) <= 2500 for part in dark.parts)


def test_a_mode_is_its_keys_own() -> None:
    score = compose(1, request=Request(key="D minor", mode="dorian", genre="funk"))
    assert (score.tonic, score.mode) == (2, "dorian")
    with pytest.raises(ValueError, match="not a lydian key"):
        Request(key="Am", mode="lydian")


@pytest.mark.parametrize(
    "wrong",
    [
        {"genre": "polka metal"},
        {"mode": "locrian"},
        {"meter": "7/8"},
        {"instruments": ("kazoo",)},
        {"moods": ("hangry",)},
        {"era": "1850s"},
        {"key": "H"},
        {"bpm": 0.0},
        {"bars": 0},
        {"energy": 2.0},
        {"texture": "thick"},
    ],
)
def test_requests_that_no_table_knows_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Request(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_seconds_become_whole_bars() -> None:
    score = compose(5, request=Request(genre="house", bpm=120, seconds=16.2, meter="4/4"))
    assert score.bars == 8


def test_draws_are_even() -> None:
    plans = [draw_plan(seed, Request()) for seed in range(3000)]
    genres = Counter(plan.genre for plan in plans)
    assert len(genres) == len(GENRES)
    assert max(genres.values()) < 2.2 * 3000 / len(GENRES)
    keys = Counter((plan.tonic, plan.quality) for plan in plans)
    assert len(keys) == 24
    assert 0.6 * 125 < min(keys.values()) <= max(keys.values()) < 1.5 * 125
    textures = Counter(plan.texture for plan in plans)
    assert textures["full"] / 3000 == pytest.approx(0.6, abs=0.04)
    assert textures["solo"] / 3000 == pytest.approx(0.2, abs=0.04)
    places = [(plan.bpm - plan.row.bpm[0]) / (plan.row.bpm[1] - plan.row.bpm[0]) for plan in plans]
    quarters = Counter(min(3, int(place * 4)) for place in places)
    assert min(quarters.values()) > 0.17 * 3000
    assert {plan.mode for plan in plans} <= set(MODES)


def test_loops_are_whole_and_short() -> None:
    for seed in range(300):
        plan = draw_plan(seed, Request(loop=True))
        assert 4 <= plan.bars * seconds_per_bar(plan.bpm, plan.meter) <= 16


def test_swing_delays_the_off_beat() -> None:
    assert swung(0.5, 1.0, 0.5) == pytest.approx(2 / 3)  # full triplet
    assert swung(1.0, 1.0, 0.5) == 1.0
    assert swung(0.25, 0.5, 0.25) == pytest.approx(0.25 * (1 + 1 / 6))
    assert swung(0.3, 0.0, 0.5) == 0.3
    places = [swung(i / 100, 0.7, 0.5) for i in range(400)]
    assert places == sorted(places)


def test_an_excerpt_is_full_from_its_first_bar_and_does_not_close() -> None:
    playing = 0
    for seed in range(30):
        request = Request(genre="pop", bpm=120, bars=4, loop=False, texture="full", excerpt=True)
        score = compose(seed, request=request)
        assert len(score.sections) == 1
        drums = next(part for part in score.parts if part.role == "drums")
        assert drums.notes[0].start_q < 2
        last = max(note.start_q for part in score.parts for note in part.notes)
        playing += last > 13  # nobody holds a last chord from the last bar's first beat
    assert playing > 25


@pytest.mark.parametrize("loop", [True, False])
def test_who_is_asked_for_plays_all_through_what_has_no_form(*, loop: bool) -> None:
    """A pad that leaves a drop, or a lead that waits for one, would else never be heard."""
    asked = ("slow strings", "grand piano", "saw lead")
    for seed, genre in enumerate(sorted(GENRES)):
        request = Request(
            genre=genre, bpm=110, bars=4, loop=loop, texture="full", excerpt=not loop,
            instruments=asked,
        )  # fmt: skip
        score = compose(seed, request=request)
        half_q = score.bars * METER_TABLE[score.meter][0] / 2
        for name in asked:
            notes = [n for part in score.parts if part.instrument == name for n in part.notes]
            assert any(note.start_q < half_q for note in notes), (genre, name)
            assert any(note.start_q + note.duration_q > half_q for note in notes), (genre, name)


def test_a_riser_that_is_asked_for_rises_and_an_impact_strikes() -> None:
    request = Request(
        genre="house", bars=4, loop=True, texture="full", instruments=("riser", "impact")
    )
    score = compose(1, request=request)
    first_q = {part.instrument: part.notes[0].start_q for part in score.parts if part.role == "fx"}
    assert first_q == pytest.approx({"riser": 8.0, "impact": 0.0}, abs=0.1)
    riser = next(part for part in score.parts if part.instrument == "riser")
    assert riser.notes[0].duration_q == 8.0
    nobody = compose(1, request=Request(genre="house", bars=4, loop=True, texture="full"))
    assert not any(part.role == "fx" for part in nobody.parts)


def test_who_is_asked_for_stands_in_front() -> None:
    def gain_db(*instruments: str) -> float:
        request = Request(genre="pop", bars=4, texture="full", loop=True, instruments=instruments)
        parts = compose(4, request=request).parts
        return next(part.gain_db for part in parts if part.role == "bass")

    bass = next(
        part.instrument
        for part in compose(
            4, request=Request(genre="pop", bars=4, texture="full", loop=True)
        ).parts
        if part.role == "bass"
    )
    assert gain_db(bass) - gain_db() == pytest.approx(3.0)
