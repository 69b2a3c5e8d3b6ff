"""Super-resolution on frames: a band on top, and nothing else changed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.resample import fft_resample
from engine.bundle.store import open_bundle
from engine.cascade import sampling
from engine.cascade.plan import Lengths, stage_plan
from engine.cascade.sampling import stage_windows
from engine.cascade.stages import StageContext, super_resolve
from engine.recipe import Recipe
from engine.runtime.cancel import Cancelled, CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime

FloatArray = NDArray[np.float32]
Contexts = Callable[..., StageContext]


@pytest.fixture(scope="module")
def contexts(tiny_frames_bundle: Path) -> Contexts:
    """Makes the context of one super-resolution on `frames` frames."""
    bundle, runtime = open_bundle(tiny_frames_bundle), Runtime(choose("cpu"), 1)

    def made(frames: int, *, loop: bool, seed: int = 0) -> StageContext:
        recipe = Recipe(prompt="", seed=seed)
        return StageContext(
            recipe=recipe,
            lengths=Lengths(frames, loop, frames * 160, frames * 240),
            plans={"super_resolution": stage_plan(recipe, bundle.manifest, "super_resolution")},
            model=lambda name: runtime.model(bundle.file(f"{name}.onnx"), None),
            cancel=CancelToken(),
        )

    return made


def take(frames: int, *, seed: int = 0) -> FloatArray:
    """(1, 2, frames · 160) of white noise."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.1, (1, 2, frames * 160)).astype(np.float32)


def resolved(context: StageContext, audio: FloatArray) -> FloatArray:
    return super_resolve(context, audio, 1, lambda *_: None)


def decibels(part: NDArray[np.generic], whole: NDArray[np.generic]) -> float:
    powers = (np.mean(np.abs(array) ** 2) for array in (part, whole))
    return float(10 * np.log10(next(powers) / next(powers) + 1e-20))


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("frames", [5, 64, 101])
def test_a_band_comes_on_top_and_the_rest_stays(
    contexts: Contexts, frames: int, loop: bool
) -> None:
    audio = take(frames)
    clip = resolved(contexts(frames, loop=loop), audio)
    assert clip.shape == (1, 2, frames * 240)
    assert clip.dtype == np.float32
    plain = fft_resample(audio[0].T, frames * 240, periodic=loop).T
    difference, reference = np.fft.rfft(clip[0] - plain), np.fft.rfft(plain)
    hz = np.fft.rfftfreq(frames * 240, 1 / 24_000)
    below = hz < 7_400
    if loop:  # a one-shot's ends are no circle, and its spectrum leaks
        assert decibels(difference[:, below], reference[:, below]) < -60
    assert -20 < decibels(np.fft.rfft(clip[0])[:, hz > 8_100], reference[:, below]) < 20


@pytest.mark.parametrize("loop", [True, False])
def test_chunked_and_whole_bands_agree(
    contexts: Contexts, loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, audio = contexts(203, loop=loop), take(203)
    whole = resolved(context, audio)
    monkeypatch.setattr(sampling, "CHUNK_S", 0.4)
    assert len(stage_windows(context.plans["super_resolution"], context.lengths)) >= 5
    assert decibels(resolved(context, audio) - whole, whole) < -80


@pytest.mark.parametrize("frames", [96, 127])
def test_a_loops_band_has_no_beginning(contexts: Contexts, frames: int) -> None:
    """A rotated loop's band is the loop's own, rotated, but for one phase of the whole."""
    context, audio, turned = contexts(frames, loop=True), take(frames), 32
    straight = np.roll(resolved(context, audio), turned * 240, axis=-1)
    rotated = resolved(context, np.roll(audio, turned * 160, axis=-1))
    first = round(8_100 / 24_000 * frames * 240)
    ours, theirs = (np.fft.rfft(clip[0])[:, first:] for clip in (straight, rotated))
    norm = np.linalg.norm(ours) * np.linalg.norm(theirs)
    assert abs(np.vdot(ours, theirs)) / norm > 0.995  # half a turn between end and beginning: 0.5


def test_the_band_is_one_step_and_no_matter_of_seeds(contexts: Contexts) -> None:
    audio, seen = take(40), list[tuple[int, int]]()
    first = super_resolve(
        contexts(40, loop=True), audio, 1, lambda step, steps, _: seen.append((step, steps))
    )
    assert seen == [(1, 1)]
    assert np.array_equal(resolved(contexts(40, loop=True, seed=9), audio), first)


def test_the_band_is_cancelled(contexts: Contexts) -> None:
    context = contexts(40, loop=True)
    context.cancel.cancel()
    with pytest.raises(Cancelled):
        resolved(context, take(40))
