"""The frame vocoder in the cascade, and single stages run alone: the same numbers as a render."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.bands import MelParameters, frame_bins
from engine.audio.mel import stereo_mel
from engine.audio.seam import measure_seam
from engine.bundle.manifest import LOG_SNR_CLEAN
from engine.bundle.store import open_bundle
from engine.cascade import cascade as cascade_module
from engine.cascade import on_frames, sampling
from engine.cascade.cascade import Cascade
from engine.cascade.events import CascadeEvent, ClipReady, StageProgress, TakeReady
from engine.cascade.plan import FRAME_RATE_HZ, Lengths, mel_parameters, stage_plan
from engine.cascade.sampling import OnStep, stage_windows
from engine.cascade.single import StageRunner
from engine.cascade.stages import StageContext, super_resolve, vocode
from engine.diffusion.noise import BatchNoise
from engine.errors import UserError
from engine.recipe import Recipe, StageSettings
from engine.runtime.cancel import Cancelled, CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Model, Runtime

FloatArray = NDArray[np.float32]

MEL = MelParameters()
LOOP = Recipe(prompt="lo-fi guitar", bpm=174, bars=1, loop=True, seed=5)
SHOT = Recipe(prompt="lo-fi guitar", seconds=1.237, seed=5)


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime(choose("cpu"), 1)


@pytest.fixture(scope="module")
def cascade(tiny_frames_bundle: Path, runtime: Runtime) -> Cascade:
    return Cascade(open_bundle(tiny_frames_bundle), runtime)


@pytest.fixture(scope="module")
def runner(cascade: Cascade, runtime: Runtime) -> StageRunner:
    return StageRunner(cascade.bundle, runtime)


Contexts = Callable[..., StageContext]


@pytest.fixture(scope="module")
def contexts(cascade: Cascade, runtime: Runtime) -> Contexts:
    """Makes the context of one vocoder run on `frames` frames."""
    bundle = cascade.bundle

    def made(
        frames: int,
        *,
        loop: bool,
        seed: int = 0,
        steps: int | None = None,
        cancel: CancelToken | None = None,
    ) -> StageContext:
        recipe = Recipe(prompt="", seed=seed, vocoder=StageSettings(steps=steps))
        return StageContext(
            recipe=recipe,
            lengths=Lengths(frames, loop, frames * 160, frames * 240),
            plans={"vocoder": stage_plan(recipe, bundle.manifest, "vocoder")},
            model=lambda name: runtime.model(bundle.file(f"{name}.onnx"), None),
            cancel=cancel or CancelToken(),
            mel=mel_parameters(bundle.manifest),
        )

    return made


def nothing(step: int, steps: int, estimate: FloatArray) -> None:
    """Nobody watches."""


def some_mel(frames: int, *, seed: int = 0) -> FloatArray:
    """(1, 160, frames) of smooth levels around −50 dB and small differences, circular."""
    rng = np.random.default_rng(seed)
    at = np.arange(frames) / max(frames, 1) * 2 * np.pi
    turns, phases = rng.integers(1, 4, (160, 1)), rng.uniform(0, 6, (160, 1))
    mel = 0.2 * np.sin(turns * at + phases)
    mel[:80] -= 0.1
    return mel[None].astype(np.float32)


def sound(
    context: StageContext, mel: FloatArray, *, take: int = 0, on_step: OnStep = nothing
) -> FloatArray:
    return vocode(context, mel, take, on_step)


def decibels(part: FloatArray, whole: FloatArray) -> float:
    return float(10 * np.log10(np.mean(part**2) / np.mean(whole**2) + 1e-20))


# ── the stage ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("frames", [3, 17, 127, 130])
def test_every_frame_is_a_hop_of_samples(contexts: Contexts, frames: int, loop: bool) -> None:
    audio = sound(contexts(frames, loop=loop), some_mel(frames))
    assert audio.shape == (1, 2, frames * 160)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()
    assert 1e-4 < np.sqrt(np.mean(audio**2)) < 1


@pytest.mark.parametrize("loop", [True, False])
def test_chunked_and_whole_sound_agree(
    contexts: Contexts, loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, mel = contexts(203, loop=loop), some_mel(203)
    whole = sound(context, mel)
    assert len(stage_windows(context.plans["vocoder"], context.lengths)) == 1
    monkeypatch.setattr(sampling, "CHUNK_S", 0.4)
    assert len(stage_windows(context.plans["vocoder"], context.lengths)) >= 5
    assert decibels(sound(context, mel) - whole, whole) < -60


@pytest.mark.parametrize("turned", [1, 50, 126])
def test_a_loop_has_no_beginning(
    contexts: Contexts, turned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotated mel under noise rotated alike is the rotated sound."""
    context, mel = contexts(127, loop=True), some_mel(127)
    straight = sound(context, mel)

    class Turned(BatchNoise):
        def draw(self, shape: tuple[int, ...]) -> FloatArray:
            return np.roll(super().draw(shape), turned * 160, axis=-1)

    monkeypatch.setattr(on_frames, "BatchNoise", Turned)
    rotated = sound(context, np.roll(mel, turned, axis=-1))
    assert decibels(rotated - np.roll(straight, turned * 160, axis=-1), straight) < -60


def test_a_seed_and_a_take_are_a_sound(contexts: Contexts) -> None:
    mel = some_mel(90)
    first, again = (sound(contexts(90, loop=True, seed=3), mel, take=2) for _ in range(2))
    assert np.array_equal(first, again)
    for other in (
        sound(contexts(90, loop=True, seed=4), mel, take=2),
        sound(contexts(90, loop=True, seed=3), mel, take=1),
    ):
        assert decibels(other - first, first) > -20


def test_steps_are_iterations(contexts: Contexts) -> None:
    mel, seen = some_mel(60), list[tuple[int, int]]()
    standard = sound(contexts(60, loop=True), mel, on_step=lambda i, n, _: seen.append((i, n)))
    assert seen == [(step, 6) for step in range(1, 7)]
    seen.clear()
    fewer = sound(
        contexts(60, loop=True, steps=4), mel, on_step=lambda i, n, _: seen.append((i, n))
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert decibels(fewer - standard, standard) > -60


@pytest.mark.parametrize("after", [0, 1, 7])
def test_cancelling_ends_the_iterations(contexts: Contexts, after: int) -> None:
    token, seen = CancelToken(), list[int]()

    def cancel_at(step: int, steps: int, _: FloatArray) -> None:
        seen.append(step)
        if step == after:
            token.cancel()

    if after == 0:
        token.cancel()
    context = contexts(60, loop=True, steps=10, cancel=token)
    with pytest.raises(Cancelled):
        sound(context, some_mel(60), on_step=cancel_at)
    assert seen == list(range(1, after + 1))


def test_a_frame_vocoder_needs_a_mel(contexts: Contexts) -> None:
    with pytest.raises(ValueError, match="this bundle has none"):
        sound(replace(contexts(20, loop=True), mel=None), some_mel(20))


class SilentModel(Model):
    """A network that says nothing (every bin lies on the envelope), and what it was told."""

    def __init__(self) -> None:
        self.told: dict[str, FloatArray] = {}
        self.lengths: list[int] = []

    def bind(self, **constants: FloatArray) -> "SilentModel":  # type: ignore[override]
        self.told = constants
        return self

    def run(self, cancel: CancelToken, *, x: FloatArray) -> FloatArray:
        self.lengths.append(x.shape[-1])
        return np.zeros((1, 3 * frame_bins(MEL), x.shape[-1]), np.float32)


def chords(frames: int) -> FloatArray:
    """(samples, 2) of three sines, noise on top, the left louder; circular."""
    at_s = np.arange(frames * 160) / 16_000
    tone = sum(np.sin(2 * np.pi * hz * at_s) for hz in (110, 165, 1320))
    noise = np.random.default_rng(1).standard_normal((2, frames * 160))
    sides = np.stack([0.1 * tone, 0.05 * tone]) + 0.02 * noise
    return sides.T.astype(np.float32)


@pytest.mark.parametrize("loop", [True, False])
def test_the_sound_has_the_mel_that_it_was_made_of(contexts: Contexts, loop: bool) -> None:
    model, frames = SilentModel(), 203
    mel = stereo_mel(chords(frames), MEL, circular=loop)
    context = replace(contexts(frames, loop=loop, steps=12), model=lambda _: model)
    made = stereo_mel(sound(context, mel[None])[0].T, MEL, circular=loop)
    level_error_db = np.abs(made - mel)[:80].mean() * 50  # the scale's 100 dB are 2 wide
    assert level_error_db < 2
    assert np.abs(made - mel)[80:].mean() * 24 < 2
    assert model.told["log_snr"] == pytest.approx([0.0])
    assert model.told["augmentation_log_snr"] == pytest.approx([LOG_SNR_CLEAN])
    assert all(length % 4 == 0 for length in model.lengths)


def test_a_loops_seam_is_like_its_inside_and_a_one_shots_is_not(contexts: Contexts) -> None:
    mel = stereo_mel(chords(200), MEL, circular=True)
    scores = {}
    for loop in (True, False):
        made = [
            sound(
                replace(contexts(200, loop=loop, seed=seed), model=lambda _: SilentModel()),
                mel[None],
            )
            for seed in range(4)
        ]
        scores[loop] = [measure_seam(audio[0].T, 16_000).score for audio in made]
    assert max(scores[True]) < 1  # 0.75 to 0.93
    assert min(scores[False]) > 1.1  # 1.2 to 1.9


# ── in a render ───────────────────────────────────────────────────────────────────────────────


def rendered(cascade: Cascade, recipe: Recipe) -> list[CascadeEvent]:
    events: list[CascadeEvent] = []
    cascade.render(recipe, emit=events.append, cancel=CancelToken())
    return events


def take_of(events: list[CascadeEvent]) -> TakeReady:
    (take,) = [event for event in events if isinstance(event, TakeReady)]
    return take


@pytest.mark.parametrize(
    ("recipe", "take_samples", "clip_samples"),
    [(LOOP, 22_069, 33_103), (SHOT, 19_792, 29_688)],
)
def test_a_render_is_sample_exact_and_told(
    cascade: Cascade, recipe: Recipe, take_samples: int, clip_samples: int
) -> None:
    events = rendered(cascade, recipe)
    take = take_of(events)
    assert take.audio.shape == (take_samples, 2)
    steps = [e.step for e in events if isinstance(e, StageProgress) and e.stage == "vocoder"]
    assert steps == [1, 2, 3, 4, 5, 6]
    finished: list[CascadeEvent] = []
    cascade.finish(take.recipe, take.audio, 1, emit=finished.append, cancel=CancelToken())
    (clip,) = [event for event in finished if isinstance(event, ClipReady)]
    assert clip.audio.shape == (clip_samples, 2)


def test_a_render_is_cancelled_amid_iterations(cascade: Cascade) -> None:
    token, steps = CancelToken(), list[int]()

    def cancel_at_third(event: CascadeEvent) -> None:
        if isinstance(event, StageProgress) and event.stage == "vocoder":
            steps.append(event.step)
            if event.step == 3:
                token.cancel()

    with pytest.raises(Cancelled):
        cascade.render(SHOT, emit=cancel_at_third, cancel=token)
    assert steps == [1, 2, 3]
    assert take_of(rendered(cascade, SHOT)).audio.any()  # and the next job is well


# ── one stage alone ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("frames", [5, 13, 101])
def test_a_stage_alone_gives_what_it_promises(runner: StageRunner, frames: int, loop: bool) -> None:
    audio = runner.vocode(some_mel(frames)[0], loop=loop, preset="draft")
    assert audio.shape == (frames * 160, 2)
    clip = runner.super_resolve(audio, loop=loop, preset="draft")
    assert clip.shape == (frames * 240, 2)
    assert audio.dtype == clip.dtype == np.float32


def test_settings_presets_and_seeds_reach_a_stage_alone(runner: StageRunner) -> None:
    mel = some_mel(50)[0]
    plain = runner.vocode(mel, loop=True)
    assert np.array_equal(plain, runner.vocode(mel, loop=True))
    six = runner.vocode(mel, loop=True, preset="paper", settings=StageSettings(steps=6))
    assert np.array_equal(plain, six)
    for other in (
        runner.vocode(mel, loop=True, preset="draft"),
        runner.vocode(mel, loop=True, settings=StageSettings(steps=2)),
        runner.vocode(mel, loop=True, seed=1),
    ):
        assert decibels(other - plain, plain) > -60


def test_a_stage_that_is_not_there_is_told(tiny_waveform_bundle: Path, runtime: Runtime) -> None:
    runner = StageRunner(open_bundle(tiny_waveform_bundle), runtime)
    with pytest.raises(UserError, match="tiny-waveform has no vocoder"):
        runner.vocode(some_mel(20)[0], loop=True)
    clip = runner.super_resolve(chords(20), loop=False, preset="draft")
    assert clip.shape == (4800, 2)


@pytest.mark.parametrize("bundle", ["tiny_frames_bundle", "tiny_bundle"])
@pytest.mark.parametrize("recipe", [LOOP, SHOT])
def test_a_stage_alone_is_the_stage_of_a_render(
    request: pytest.FixtureRequest,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
    bundle: str,
    recipe: Recipe,
) -> None:
    """For the same input, seed and take; a stage alone is take 0, which no render has."""
    seen: dict[str, tuple[FloatArray, FloatArray]] = {}

    def spied(stage: Callable[..., FloatArray]) -> Callable[..., FloatArray]:
        def run(context: StageContext, given: FloatArray, take: int, on_step: OnStep) -> FloatArray:
            seen[stage.__name__] = (given[0], stage(context, given, 0, on_step)[0].T)
            return seen[stage.__name__][1].T[None]

        return run

    for stage in (vocode, super_resolve):
        monkeypatch.setattr(cascade_module, stage.__name__, spied(stage))
    whole = Cascade(open_bundle(request.getfixturevalue(bundle)), runtime)
    take = take_of(rendered(whole, recipe))
    whole.finish(take.recipe, take.audio, 1, emit=lambda _: None, cancel=CancelToken())
    alone = StageRunner(whole.bundle, runtime)
    mel, audio = seen["vocode"]
    assert mel.shape[-1] * 160 == len(audio)
    assert np.array_equal(alone.vocode(mel, loop=recipe.loop, seed=5), audio)
    low, clip = seen["super_resolve"]
    assert low.shape[-1] * FRAME_RATE_HZ == mel.shape[-1] * 16_000
    assert np.array_equal(alone.super_resolve(low.T, loop=recipe.loop, seed=5), clip)
