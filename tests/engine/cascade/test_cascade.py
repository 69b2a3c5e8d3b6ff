"""Whole renders with real sessions and tiny random bundles: what is asked is what comes out."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import signal

from engine.audio.resample import fft_resample
from engine.bundle.store import open_bundle
from engine.cascade import sampling
from engine.cascade.cascade import Cascade
from engine.cascade.events import (
    CascadeEvent,
    ClipReady,
    MelPreview,
    StageProgress,
    TakeReady,
)
from engine.errors import UserError
from engine.recipe import Recipe, StageSettings
from engine.runtime.cancel import Cancelled, CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime


@pytest.fixture(scope="module")
def cascade(tiny_bundle: Path) -> Cascade:
    return Cascade(open_bundle(tiny_bundle), Runtime(choose("cpu"), 1))


@pytest.fixture(scope="module")
def waveform_cascade(tiny_waveform_bundle: Path) -> Cascade:
    return Cascade(open_bundle(tiny_waveform_bundle), Runtime(choose("cpu"), 1))


def rendered(cascade: Cascade, recipe: Recipe) -> list[CascadeEvent]:
    events: list[CascadeEvent] = []
    cascade.render(recipe, emit=events.append, cancel=CancelToken())
    return events


def takes_of(events: list[CascadeEvent]) -> list[TakeReady]:
    return [event for event in events if isinstance(event, TakeReady)]


def finished(cascade: Cascade, take: TakeReady) -> ClipReady:
    events: list[CascadeEvent] = []
    cascade.finish(take.recipe, take.audio, take.take, emit=events.append, cancel=CancelToken())
    (clip,) = [event for event in events if isinstance(event, ClipReady)]
    return clip


def decibels(part: np.ndarray, whole: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(part**2) / np.mean(whole**2) + 1e-20))


LOOP = Recipe(prompt="lo-fi guitar", bpm=174, bars=1, loop=True, seed=5)
SHOT = Recipe(prompt="lo-fi guitar", seconds=1.237, seed=5)


@pytest.mark.parametrize(
    ("recipe", "take_samples", "clip_samples"),
    [(LOOP, 22_069, 33_103), (SHOT, 19_792, 29_688)],
)
def test_takes_and_clips_are_sample_exact(
    cascade: Cascade, recipe: Recipe, take_samples: int, clip_samples: int
) -> None:
    (take,) = takes_of(rendered(cascade, recipe))
    assert take.audio.shape == (take_samples, 2)
    assert take.audio.dtype == np.float32
    clip = finished(cascade, take)
    assert clip.audio.shape == (clip_samples, 2)
    assert (clip.measured.seam is not None) == recipe.loop


def test_the_waveform_route_renders(waveform_cascade: Cascade) -> None:
    events = rendered(waveform_cascade, LOOP)
    (take,) = takes_of(events)
    assert take.audio.shape == (22_069, 2)
    assert finished(waveform_cascade, take).audio.shape == (33_103, 2)
    assert not any(isinstance(event, MelPreview) for event in events)
    stages = [event.stage for event in events if isinstance(event, StageProgress)]
    assert list(dict.fromkeys(stages)) == ["text", "generator", "cascader"]


def test_events_tell_the_render_in_order(cascade: Cascade) -> None:
    recipe = msgspec.structs.replace(SHOT, takes=2, generator=StageSettings(steps=3))
    events = rendered(cascade, recipe)
    progress = [(e.stage, e.step, e.steps) for e in events if isinstance(e, StageProgress)]
    assert progress[:4] == [
        ("text", 1, 1),
        ("generator", 1, 3),
        ("generator", 2, 3),
        ("generator", 3, 3),
    ]
    assert {stage for stage, _, _ in progress[4:]} == {"vocoder"}
    previews = [event for event in events if isinstance(event, MelPreview)]
    assert [preview.step for preview in previews] == [1, 2, 3]
    assert all(preview.mel.shape == (2, 160, 124) for preview in previews)
    assert [take.take for take in takes_of(events)] == [1, 2]


def test_same_recipe_same_sound_and_other_seeds_differ(cascade: Cascade) -> None:
    first, again = (takes_of(rendered(cascade, LOOP))[0].audio for _ in range(2))
    assert np.array_equal(first, again)
    other = takes_of(rendered(cascade, msgspec.structs.replace(LOOP, seed=6)))[0].audio
    assert not np.allclose(first, other, atol=1e-3)


@pytest.mark.parametrize("recipe", [LOOP, SHOT])
def test_a_takes_recipe_repeats_it_alone(cascade: Cascade, recipe: Recipe) -> None:
    together = takes_of(rendered(cascade, msgspec.structs.replace(recipe, takes=3)))
    third = together[2]
    assert (third.recipe.takes, third.recipe.first_take) == (1, 3)
    (alone,) = takes_of(rendered(cascade, third.recipe))
    assert decibels(alone.audio - third.audio, third.audio) < -100
    assert not np.allclose(together[0].audio, third.audio, atol=1e-3)


@pytest.mark.parametrize("loop", [True, False])
def test_chunked_and_whole_renders_agree(
    cascade: Cascade, loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = msgspec.structs.replace(LOOP, bars=4, loop=loop)

    def clip() -> np.ndarray:
        return finished(cascade, takes_of(rendered(cascade, recipe))[0]).audio

    whole = clip()
    monkeypatch.setattr(sampling, "CHUNK_S", 0.7)
    chunked = clip()
    assert decibels(chunked - whole, whole) < -60


def test_every_condition_is_heard(cascade: Cascade) -> None:
    plain = takes_of(rendered(cascade, SHOT))[0].audio
    for change in (
        {"prompt": "metal"},
        {"negative_prompt": "drums"},
        {"bpm": 90.0},
        {"key": "Am"},
        {"generator": StageSettings(guidance=1.5)},
        {"generator": StageSettings(steps=5)},
        {"vocoder": StageSettings(sampler="ancestral", gamma=1.0)},
    ):
        recipe = msgspec.structs.replace(SHOT, **change)
        changed = takes_of(rendered(cascade, recipe))[0].audio
        assert not np.array_equal(plain, changed), change


def test_super_resolution_leaves_the_takes_band_alone(cascade: Cascade) -> None:
    recipe = msgspec.structs.replace(LOOP, bars=2, loudness_lufs=None, ceiling_dbtp=None)
    (take,) = takes_of(rendered(cascade, recipe))
    clip = finished(cascade, take)
    # on the loop's own grid both are periodic, and their spectra compare bin by bin
    upsampled = fft_resample(take.audio, len(clip.audio), periodic=True)
    difference = np.fft.rfft(clip.audio - upsampled, axis=0)
    reference = np.fft.rfft(upsampled, axis=0)
    hz = np.fft.rfftfreq(len(upsampled), 1 / 24_000)
    kept = hz < 7_450
    assert (
        10 * np.log10((np.abs(difference[kept]) ** 2).sum() / (np.abs(reference[kept]) ** 2).sum())
        < -60
    )
    assert np.abs(difference[~kept]).sum() > 0.1 * np.abs(reference[~kept]).sum()


def test_clips_meet_loudness_and_ceiling(cascade: Cascade) -> None:
    recipe = msgspec.structs.replace(SHOT, seconds=3.0, loudness_lufs=-14.0, ceiling_dbtp=-1.0)
    clip = finished(cascade, takes_of(rendered(cascade, recipe))[0])
    assert clip.measured.true_peak_dbtp is not None
    assert clip.measured.loudness_lufs is not None
    assert clip.measured.true_peak_dbtp <= -1 + 1e-3
    assert clip.measured.loudness_lufs <= -14 + 1e-3
    assert max(clip.measured.loudness_lufs + 14, clip.measured.true_peak_dbtp + 1) > -1e-2
    oversampled = signal.resample(clip.audio, 4 * len(clip.audio))
    assert 20 * np.log10(np.abs(oversampled).max()) < -0.8


def test_one_shots_end_in_silence_and_loops_do_not(cascade: Cascade) -> None:
    shot = finished(cascade, takes_of(rendered(cascade, SHOT))[0]).audio
    loop = finished(cascade, takes_of(rendered(cascade, LOOP))[0]).audio
    assert np.abs(shot[-1]).max() < 1e-6
    assert np.abs(loop[-50:]).max() > 1e-3


def test_a_take_of_the_wrong_length_is_not_finished(cascade: Cascade) -> None:
    (take,) = takes_of(rendered(cascade, SHOT))
    with pytest.raises(UserError, match="Render the take again"):
        cascade.finish(take.recipe, take.audio[:-1], 1, emit=lambda _: None, cancel=CancelToken())


def test_the_recipe_names_its_bundle(cascade: Cascade) -> None:
    (take,) = takes_of(rendered(cascade, SHOT))
    assert take.recipe.bundle == cascade.bundle.sha256
    with pytest.raises(UserError, match="Install that bundle"):
        rendered(cascade, msgspec.structs.replace(SHOT, bundle="0" * 64))


@pytest.mark.parametrize("stage", ["generator", "vocoder", "super_resolution"])
def test_cancel_at_any_stage(cascade: Cascade, stage: str) -> None:
    token = CancelToken()

    def cancel_at_stage(event: CascadeEvent) -> None:
        if isinstance(event, StageProgress) and event.stage == stage:
            token.cancel()

    (take,) = takes_of(rendered(cascade, SHOT))
    finish = partial(cascade.finish, take.recipe, take.audio, 1)
    run = finish if stage == "super_resolution" else partial(cascade.render, SHOT)
    with pytest.raises(Cancelled):
        run(emit=cancel_at_stage, cancel=token)
    assert len(takes_of(rendered(cascade, SHOT))) == 1  # and the next job is well


def out_of_memory_until(batch: int) -> Callable[..., Any]:
    """A session factory whose sessions fail like onnxruntime while the batch is too large."""
    from engine.runtime.session import make_session  # noqa: PLC0415 - replaced below

    class Session:
        def __init__(self, session: Any) -> None:
            self._session = session

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

        def run(self, names: Any, feeds: dict[str, np.ndarray], options: Any) -> Any:
            if "signals" in feeds and len(feeds["x"]) > 2 * batch:  # two branches of guidance
                raise RuntimeError("bad_alloc")
            return self._session.run(names, feeds, options)

    return lambda *arguments: Session(make_session(*arguments))


def test_memory_running_out_means_smaller_batches_and_the_same_takes(
    tiny_bundle: Path, cascade: Cascade
) -> None:
    notices: list[str] = []
    small = Cascade(
        open_bundle(tiny_bundle),
        Runtime(choose("cpu"), 1, notify=notices.append, factory=out_of_memory_until(1)),
    )
    recipe = msgspec.structs.replace(SHOT, takes=4)
    takes = takes_of(rendered(small, recipe))
    assert [take.take for take in takes] == [1, 2, 3, 4]
    assert notices == [
        "Memory ran out: going on with 2 takes at a time.",
        "Memory ran out: going on with 1 take at a time.",
    ]
    for take, expected in zip(takes, takes_of(rendered(cascade, recipe)), strict=True):
        assert decibels(take.audio - expected.audio, expected.audio) < -100


def test_memory_that_never_suffices_is_said(tiny_bundle: Path) -> None:
    hopeless = Cascade(
        open_bundle(tiny_bundle), Runtime(choose("cpu"), 1, factory=out_of_memory_until(0))
    )
    with pytest.raises(UserError, match="too little memory"):
        rendered(hopeless, SHOT)


def test_eta_is_known_from_the_second_render_on(cascade: Cascade) -> None:
    rendered(cascade, SHOT)
    events = [event for event in rendered(cascade, SHOT) if isinstance(event, StageProgress)]
    etas = [event.eta_s for event in events]
    assert None not in etas
    assert etas[-1] == 0
