"""Lengths are sample-exact at every rate, overrides resolve, other bundles are refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle.manifest import (
    FileEntry,
    Manifest,
    MelSpec,
    SamplerPreset,
    StagePresets,
    StageSpec,
    TextSpec,
)
from engine.cascade.plan import Take, check_runnable, conditions, lengths, stage_plan
from engine.errors import UserError
from engine.music.meter import METER_TABLE, seconds_per_bar
from engine.recipe import Recipe, StageSettings, checked

PRESETS = StagePresets(
    draft=SamplerPreset(steps=8),
    standard=SamplerPreset(steps=16, sampler="dpmpp-2m", guidance=3.0),
    paper=SamplerPreset(steps=1000, sampler="ancestral", step_schedule="back-heavy-eval"),
)


def manifest(max_length: int = 3072) -> Manifest:
    def stage(rate_hz: int, limit: int) -> StageSpec:
        return StageSpec(
            model="net.onnx",
            prediction="x0",
            noise_schedule="cosine",
            channels=2,
            rate_hz=rate_hz,
            multiple=16,
            max_length=limit,
            presets=PRESETS,
        )

    return Manifest(
        schema=1,
        name="test",
        version="1",
        licence="Apache-2.0",
        mel=MelSpec(),
        text=TextSpec(model="t.onnx", tokenizer="t.json", width=8),
        stages={
            "generator": stage(100, max_length),
            "vocoder": stage(16_000, 480_000),
            "super_resolution": stage(24_000, 720_000),
        },
        files={"net.onnx": FileEntry(size_bytes=1, sha256="0" * 64)},
    )


@given(st.integers(300, 3000), st.integers(1, 64), st.sampled_from(list(METER_TABLE)))
def test_loops_are_sample_exact(tenth_bpm: int, bars: int, meter: str) -> None:
    bpm = tenth_bpm / 10
    seconds = bars * seconds_per_bar(bpm, meter)
    if not 0.5 <= seconds <= 30:
        return
    recipe = checked(Recipe(prompt="x", bpm=bpm, bars=bars, meter=meter, loop=True))
    grid = lengths(recipe)
    quarters = METER_TABLE[meter][0]
    assert grid.clip_samples == round(bars * quarters * 60 / bpm * 24_000)
    assert grid.take_samples == round(bars * quarters * 60 / bpm * 16_000)
    assert abs(grid.frames - seconds * 100) <= 0.5 + 1e-6
    assert grid.elements(16_000) == grid.frames * 160
    assert grid.elements(24_000) == grid.frames * 240


@pytest.mark.parametrize(
    ("bpm", "bars", "frames", "samples"),
    [(120, 4, 800, 192_000), (72, 8, 2667, 640_000), (174, 1, 138, 33_103)],
)
def test_known_loops(bpm: float, bars: int, frames: int, samples: int) -> None:
    grid = lengths(checked(Recipe(prompt="x", bpm=bpm, bars=bars, loop=True)))
    assert (grid.frames, grid.clip_samples) == (frames, samples)


def test_one_shots_are_covered_whole() -> None:
    grid = lengths(checked(Recipe(prompt="x", seconds=10.001)))
    assert grid.frames == 1001
    assert grid.clip_samples == 240_024
    assert lengths(checked(Recipe(prompt="x", seconds=10.0))).frames == 1000


def test_overrides_replace_only_what_they_name() -> None:
    recipe = Recipe(prompt="x", generator=StageSettings(steps=5, guidance=7.0))
    plan = stage_plan(recipe, manifest(), "generator")
    assert (plan.settings.steps, plan.settings.guidance) == (5, 7.0)
    assert plan.settings.sampler == "dpmpp-2m"
    assert stage_plan(recipe, manifest(), "vocoder").settings.steps == 16
    assert plan.table_8_model == "spectrogram-generator"


def test_a_stage_without_a_filter_has_no_autoguidance() -> None:
    recipe = Recipe(prompt="x", generator=StageSettings(autoguidance=1.5))
    bundle = manifest()
    with pytest.raises(UserError, match="autoguidance was asked of the generator"):
        stage_plan(recipe, bundle, "generator")
    spec = msgspec.structs.replace(bundle.stages["generator"], autoguidance=True)
    filtered = msgspec.structs.replace(bundle, stages={**bundle.stages, "generator": spec})
    assert stage_plan(recipe, filtered, "generator").settings.autoguidance == 1.5


def test_a_loops_bars_fill_its_frames_exactly() -> None:
    recipe = checked(Recipe(prompt="x", bpm=133, bars=3, loop=True))
    given_conditions = conditions(Take(recipe), lengths(recipe).frames, 100)
    assert given_conditions.timeline.bars == 3
    assert given_conditions.loop


def test_another_bundles_recipe_is_refused() -> None:
    recipe = checked(Recipe(prompt="x", bundle="a" * 64))
    with pytest.raises(UserError, match="Install that bundle"):
        check_runnable(recipe, manifest(), "b" * 64)
    check_runnable(recipe, manifest(), "a" * 64)


def test_too_long_for_the_generator() -> None:
    recipe = checked(Recipe(prompt="x", seconds=20))
    with pytest.raises(UserError, match=r"at most 10\.0 s"):
        check_runnable(recipe, manifest(max_length=1000), "b" * 64)
