"""Table 8, number by number, and its scaling to any step budget."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diffusion.noise_schedule import NOISE_SCHEDULES, noise_schedule
from engine.diffusion.step_schedule import (
    LOG_SNR_RANGE,
    TABLE_8,
    TRUNCATED_AT,
    model_of,
    published_steps,
    times,
)
from engine.recipe import STEP_SCHEDULES

LINEAR = noise_schedule("linear")

# The paper's own notation (Table 8), from t = 0 upward.
WAVEFORM_GENERATOR = (
    [0.01 / 200] * 200 + [0.04 / 400] * 400 + [0.15 / 200] * 200 + [0.3 / 150] * 150
) + [0.5 / 50] * 50
CASCADER = [0.05 / 400] * 400 + [0.15 / 200] * 200 + [0.3 / 150] * 150 + [0.5 / 50] * 50
SPECTROGRAM_GENERATOR = (
    [0.01 / 400] * 400 + [0.04 / 800] * 800 + [0.15 / 400] * 400 + [0.3 / 300] * 300
) + [0.5 / 100] * 100
BACK_HEAVY_EVAL = [0.3 / 50] * 50 + [0.3 / 150] * 150 + [0.2 / 300] * 300 + [0.2 / 500] * 500
VOCODER = [0.05 / 50] * 50 + [0.15 / 30] * 30 + [0.3 / 15] * 15 + [0.5 / 5] * 5

PUBLISHED = {
    ("waveform-generator", "front-heavy"): WAVEFORM_GENERATOR,
    ("waveform-generator", "back-heavy"): WAVEFORM_GENERATOR[::-1],
    ("waveform-generator", "uniform"): [1.0 / 1000] * 1000,
    ("waveform-cascader", "front-heavy"): CASCADER,
    ("waveform-cascader", "back-heavy"): CASCADER[::-1],
    ("waveform-cascader", "uniform"): [1.0 / 800] * 800,
    ("spectrogram-generator", "front-heavy"): SPECTROGRAM_GENERATOR,
    ("spectrogram-generator", "back-heavy"): SPECTROGRAM_GENERATOR[::-1],
    ("spectrogram-generator", "uniform"): [1.0 / 1000] * 1000,
    ("spectrogram-generator", "back-heavy-eval"): BACK_HEAVY_EVAL,
    ("spectrogram-vocoder", "front-heavy"): VOCODER,
    ("spectrogram-vocoder", "back-heavy"): VOCODER[::-1],
    ("spectrogram-vocoder", "uniform"): [1.0 / 100] * 100,
    ("super-resolution", "front-heavy"): CASCADER,
}
MODELS = st.sampled_from(sorted(TABLE_8))
SCHEDULES = st.sampled_from(STEP_SCHEDULES)


def test_table_8_holds_what_was_published_and_nothing_else() -> None:
    assert {(model, name) for model, row in TABLE_8.items() for name in row} == set(PUBLISHED)
    for row in TABLE_8.values():
        for runs in row.values():
            assert sum(run.percent for run in runs) == 100


@pytest.mark.parametrize(("model", "schedule"), sorted(PUBLISHED))
def test_published_count_gives_the_published_times(model: str, schedule: str) -> None:
    sizes = PUBLISHED[model, schedule]
    steps = published_steps(schedule, model=model)
    assert steps == len(sizes)
    grid = times(schedule, steps, model=model, noise=LINEAR)
    np.testing.assert_allclose(grid[::-1], np.cumsum([0.0, *sizes]), atol=1e-12)


def test_published_step_counts_of_table_4() -> None:
    assert published_steps("front-heavy", model="waveform-generator") == 1000
    assert published_steps("front-heavy", model="waveform-cascader") == 800
    assert published_steps("back-heavy-eval", model="spectrogram-generator") == 1000
    assert published_steps("front-heavy", model="spectrogram-vocoder") == 100
    assert published_steps("front-heavy", model="super-resolution") == 800


@settings(deadline=None)  # no test depends on the clock
@given(
    model=MODELS,
    schedule=SCHEDULES,
    steps=st.integers(1, 4000),
    noise=st.sampled_from([*NOISE_SCHEDULES]),
)
def test_any_budget_gives_exactly_its_steps_between_exact_ends(
    model: str, schedule: str, steps: int, noise: str
) -> None:
    grid = times(schedule, steps, model=model, noise=noise_schedule(noise))
    assert grid.shape == (steps + 1,)
    assert grid[0] == 1.0
    assert grid[-1] == 0.0
    assert np.all(np.diff(grid) < 0)


@settings(deadline=None)  # no test depends on the clock
@given(model=MODELS, schedule=st.sampled_from(STEP_SCHEDULES[:4]), steps=st.integers(1, 4000))
def test_scaling_keeps_every_runs_share_of_steps(model: str, schedule: str, steps: int) -> None:
    # Wherever a run ends (at t = share so far), the steps taken below are its share of N, within
    # the one step that straddles.
    runs = PUBLISHED.get((model, schedule))
    if runs is None:
        return
    reached = np.cumsum(runs)
    grid = times(schedule, steps, model=model, noise=LINEAR)[::-1]
    for published in range(0, len(runs), max(1, len(runs) // 7)):
        below = int(np.searchsorted(grid, reached[published] - 1e-12)) - 1
        assert abs(below - (published + 1) * steps / len(runs)) <= 1 + 1e-9


def test_half_the_budget_is_every_second_time_and_double_halves_each_step() -> None:
    full = times("front-heavy", 100, model="spectrogram-vocoder", noise=LINEAR)
    half = times("front-heavy", 50, model="spectrogram-vocoder", noise=LINEAR)
    double = times("front-heavy", 200, model="spectrogram-vocoder", noise=LINEAR)
    np.testing.assert_allclose(half, full[::2], atol=1e-15)
    np.testing.assert_allclose(double[::2], full, atol=1e-15)
    np.testing.assert_allclose(np.diff(double)[::2], np.diff(full) / 2, atol=1e-15)


def test_four_steps_lose_no_share_of_t() -> None:
    # 20 of the vocoder's 100 steps cover 80 % of t: a quarter of 4 steps must still cross it.
    grid = times("front-heavy", 4, model="spectrogram-vocoder", noise=LINEAR)
    np.testing.assert_allclose(grid, [1.0, 0.05 + 0.15 * 25 / 30, 0.05, 0.025, 0.0], atol=1e-15)


@pytest.mark.parametrize("model", sorted(TABLE_8))
def test_back_heavy_mirrors_front_heavy(model: str) -> None:
    front = times("front-heavy", 37, model=model, noise=LINEAR)
    back = times("back-heavy", 37, model=model, noise=LINEAR)
    np.testing.assert_allclose(back, 1 - front[::-1], atol=1e-12)
    assert np.median(front) < 0.2
    assert np.median(back) > 0.8


def test_empty_cells_take_their_kins_shape() -> None:
    for schedule, kin in (
        ("back-heavy", "waveform-cascader"),
        ("uniform", "waveform-cascader"),
        ("back-heavy-eval", "spectrogram-generator"),
    ):
        np.testing.assert_array_equal(
            times(schedule, 60, model="super-resolution", noise=LINEAR),
            times(schedule, 60, model=kin, noise=LINEAR),
        )


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
def test_log_snr_steps_are_equal_inside_the_named_range(name: str) -> None:
    noise = noise_schedule(name)
    grid = times("log-snr", 24, model="spectrogram-generator", noise=noise)
    log_snr = noise.log_snr(grid[1:-1])
    low = max(LOG_SNR_RANGE[0], float(noise.log_snr(1.0)))
    high = min(LOG_SNR_RANGE[1], float(noise.log_snr(0.0)))
    np.testing.assert_allclose(log_snr, np.linspace(low, high, 25)[1:-1], atol=1e-8)


@pytest.mark.parametrize("name", [*NOISE_SCHEDULES])
@pytest.mark.parametrize("steps", [1, 2, 5, 24])
def test_truncated_steps_are_equal_up_to_where_they_end(name: str, steps: int) -> None:
    noise = noise_schedule(name)
    grid = times("log-snr-truncated", steps, model="spectrogram-generator", noise=noise)
    low = max(LOG_SNR_RANGE[0], float(noise.log_snr(1.0)))
    step = (TRUNCATED_AT - low) / steps
    log_snr = noise.log_snr(grid[1:-1])
    np.testing.assert_allclose(log_snr, low + step * np.arange(1, steps), atol=1e-8)
    assert (grid[0], grid[-1]) == (1, 0)


def test_models_of_both_routes() -> None:
    assert model_of("generator", route="spectrogram") == "spectrogram-generator"
    assert model_of("generator", route="waveform") == "waveform-generator"
    assert model_of("vocoder", route="spectrogram") == "spectrogram-vocoder"
    assert model_of("cascader", route="waveform") == "waveform-cascader"
    assert model_of("super_resolution", route="waveform") == "super-resolution"
    with pytest.raises(ValueError, match="'waveform' route has no stage 'vocoder'"):
        model_of("vocoder", route="waveform")


def test_bad_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="0 steps"):
        times("uniform", 0, model="super-resolution", noise=LINEAR)
    with pytest.raises(ValueError, match="'side-heavy' is not in Table 8"):
        times("side-heavy", 9, model="super-resolution", noise=LINEAR)
    with pytest.raises(ValueError, match="model 'vocoder' is none of"):
        times("uniform", 9, model="vocoder", noise=LINEAR)
