"""The tempo of a MIDI clock, through jitter, late ticks and changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.midi.clock import DriverClock, TempoFilter, robust_line


def ticks(bpm: float, count: int, *, start_s: float = 0.0) -> np.ndarray:
    return start_s + np.arange(count) * 60 / (bpm * 24)


def run(times: np.ndarray) -> TempoFilter:
    follow = TempoFilter()
    for time_s in times:
        follow.tick(float(time_s))
    return follow


@pytest.mark.parametrize("seed", range(20))
def test_93_bpm_through_3_ms_of_jitter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    follow = TempoFilter()
    errors = []
    for index, time_s in enumerate(ticks(93.0, 24 * 24)):
        follow.tick(float(time_s + rng.uniform(-0.003, 0.003)))
        if index >= 4 * 24:
            assert follow.bpm is not None
            errors.append(abs(follow.bpm - 93.0))
    assert max(errors) < 0.1


@pytest.mark.parametrize("bpm", [30.0, 60.0, 93.0, 120.0, 174.0, 300.0])
def test_a_perfect_clock_is_read_exactly(bpm: float) -> None:
    assert run(ticks(bpm, 100)).bpm == pytest.approx(bpm, abs=1e-6)


def test_a_tempo_is_told_after_half_a_beat() -> None:
    assert run(ticks(93.0, 11)).bpm is None
    assert run(ticks(93.0, 12)).bpm == pytest.approx(93.0)


def test_late_ticks_count_less() -> None:
    rng = np.random.default_rng(1)
    times = ticks(93.0, 300) + rng.uniform(-0.001, 0.001, 300)
    late = rng.choice(300, 12, replace=False)
    times[late] += 0.02
    bpm = run(np.sort(times)).bpm
    assert bpm == pytest.approx(93.0, abs=0.1)


@pytest.mark.parametrize("new_bpm", [70.0, 90.0, 96.0, 140.0])
def test_a_change_is_found_within_two_beats(new_bpm: float) -> None:
    rng = np.random.default_rng(2)
    first = ticks(93.0, 400)
    second = ticks(new_bpm, 49, start_s=first[-1])[1:]
    times = np.concatenate([first, second])
    follow = run(times + rng.uniform(-0.002, 0.002, times.shape[0]))
    assert follow.bpm == pytest.approx(new_bpm, rel=0.01)


def test_blocks_of_a_sound_server_do_not_move_the_tempo() -> None:
    """JACK hands out MIDI once per block of 21.3 ms: ±10 ms on every tick."""
    block = 1024 / 48_000
    times = np.ceil(ticks(93.0, 24 * 20) / block) * block
    assert run(times).bpm == pytest.approx(93.0, abs=0.1)


def test_a_silent_clock_has_no_tempo() -> None:
    follow = run(ticks(93.0, 100))
    last = 99 * 60 / (93 * 24)
    assert not follow.silent(last + 0.9)
    assert follow.bpm is not None
    assert follow.silent(last + 1.1)
    assert follow.bpm is None


def test_time_that_runs_backwards_begins_anew() -> None:
    follow = run(ticks(93.0, 100))
    follow.tick(0.0)
    assert follow.bpm is None


@given(st.lists(st.floats(0, 1e6), max_size=200))
def test_any_times_are_survived(times: list[float]) -> None:
    bpm = run(np.array(times)).bpm
    assert bpm is None or 20 <= bpm <= 400


def test_a_line_is_found_under_outliers() -> None:
    times = 2.0 + 0.5 * np.arange(100, dtype=np.float64)
    times[::9] += 3.0
    slope, start, _ = robust_line(times)
    assert slope == pytest.approx(0.5, abs=2e-3)
    assert start == pytest.approx(2.0, abs=0.1)


def test_the_drivers_intervals_count_not_the_waiting() -> None:
    rng = np.random.default_rng(3)
    clock = DriverClock()
    true = ticks(93.0, 200)
    waits = rng.uniform(0, 0.02, 200)
    deltas = np.diff(true, prepend=true[0])
    stamps = [
        clock.stamp(float(d), float(t + w)) for d, t, w in zip(deltas, true, waits, strict=True)
    ]
    assert np.allclose(np.diff(stamps), np.diff(true), atol=1e-9)


def test_a_missing_interval_is_caught_up() -> None:
    clock = DriverClock()
    assert clock.stamp(0.0, 10.0) == 10.0
    assert clock.stamp(0.02, 15.0) == 15.0
