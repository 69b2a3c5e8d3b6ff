"""A prompt becomes takes, and a kept take becomes a clip.

`render` stops at 16 kHz (hear early); `finish` runs super-resolution for one take, from the take's
audio alone, so that it works after a restart. Rejected: yielding events from inside the samplers
(every sampler would become a generator); a sink that is called on the way is the same to a reader
and leaves samplers plain functions.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.audio.resample import fft_resample
from engine.bundle.manifest import StageName
from engine.bundle.verify import Bundle
from engine.cascade.budget import free_bytes, stage_needs
from engine.cascade.events import CascadeEvent, ClipReady, MelPreview, TakeReady
from engine.cascade.measures import faded_out, levelled, measured
from engine.cascade.notes import notes_file
from engine.cascade.opened import stage_context
from engine.cascade.plan import (
    CLIP_RATE_HZ,
    FRAME_RATE_HZ,
    TAKE_RATE_HZ,
    Lengths,
    StagePlan,
    Take,
    check_runnable,
    lengths,
    one_take,
)
from engine.cascade.prompts import Prompts
from engine.cascade.speed import Meter, Speeds, Workload
from engine.cascade.stages import (
    StageContext,
    cascade_up,
    generate,
    super_resolve,
    vocode,
)
from engine.errors import UserError
from engine.recipe import Recipe, checked
from engine.runtime.cancel import CancelToken
from engine.runtime.ladder import preflight
from engine.runtime.memory import OutOfMemory
from engine.runtime.session import Runtime
from engine.text.encoder import EncodedText
from engine.text.understanding import Understanding

FloatArray = NDArray[np.float32]
Emit = Callable[[CascadeEvent], None]
Result = TypeVar("Result")


class Cascade:
    """One opened bundle on one runtime.

    Args:
        bundle: verified files and manifest.
        runtime: sessions and device.
        clock: seconds, for the ETA.
    """

    def __init__(
        self, bundle: Bundle, runtime: Runtime, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bundle = bundle
        self._runtime = runtime
        self._clock = clock
        self._speeds = Speeds()
        self._prompts = Prompts(bundle, runtime)

    @property
    def bundle(self) -> Bundle:
        """The bundle that renders."""
        return self._bundle

    def render(self, recipe: Recipe, *, emit: Emit, cancel: CancelToken) -> None:
        """Render every take of a recipe; emits StageProgress, MelPreview and TakeReady.

        Raises:
            UserError: the recipe is wrong, or too much for this bundle or this machine.
            Cancelled: the token was cancelled.
        """
        recipe = self._resolved(recipe)
        context = self._context(recipe, cancel)
        waiting = self._prompts.takes(recipe, cancel=cancel)

        def attempt(batch: int) -> None:
            self._render_batch(context, waiting, batch, emit)

        drafting = [name for name in context.plans if name != "super_resolution"]
        self._with_memory(context, drafting, attempt, takes=len(waiting))

    def understand(self, prompt: str, *, cancel: CancelToken) -> Understanding | None:
        """What the bundle's text encoder makes of a prompt; None where the bundle cannot say.

        Only the text encoder is loaded: about 10 ms for a prompt of ten words on one core.

        Raises:
            Cancelled: the token was cancelled.
        """
        return self._prompts.understand(prompt, cancel=cancel)

    def finish(
        self, recipe: Recipe, audio: FloatArray, take: int, *, emit: Emit, cancel: CancelToken
    ) -> None:
        """Finish one take to the 24 kHz master; emits StageProgress and ClipReady.

        Args:
            recipe: the take's recipe.
            audio: (samples, 2) at 16 kHz, as TakeReady carried it.
            take: its number.
            emit: the sink of events.
            cancel: the job's token.

        Raises:
            UserError: the audio has not the length that the recipe asks for.
            Cancelled: the token was cancelled.
        """
        recipe = self._resolved(recipe)
        context = self._context(recipe, cancel)
        if audio.shape != (context.lengths.take_samples, 2):
            raise UserError(
                "The take was not finished",
                f"it has {len(audio)} samples, and its recipe asks for "
                f"{context.lengths.take_samples}",
                "Render the take again",
            )
        on_grid = _to_grid(audio, context.lengths).T[None]  # (1, 2, frames · 160)

        def attempt(_: int) -> FloatArray:
            workload = _workload(context.plans["super_resolution"], context.lengths, 1)
            meter = self._meter([workload], emit)
            return super_resolve(
                context, on_grid, take, lambda i, n, _: meter.step_done("super_resolution", i, n)
            )

        full = self._with_memory(context, ["super_resolution"], attempt)
        clip = _from_grid(full[0].T, context.lengths, context.lengths.clip_samples)
        if not recipe.loop:
            clip = faded_out(clip, CLIP_RATE_HZ)
        clip, found = levelled(clip, CLIP_RATE_HZ, recipe)
        cancel.check()
        emit(ClipReady(clip, CLIP_RATE_HZ, take, one_take(recipe, take), found))

    # ── parts of a render ─────────────────────────────────────────────────────────────────

    def _with_memory(
        self,
        context: StageContext,
        stages: Sequence[StageName],
        attempt: Callable[[int], Result],
        *,
        takes: int = 1,
    ) -> Result:
        """Run `attempt(takes per batch)` on the first plan that fits, then on smaller ones."""
        plans = {name: context.plans[name] for name in stages}
        ladder = preflight(
            stage_needs(self._bundle, plans, context.lengths),
            takes=takes,
            free_bytes=free_bytes(self._runtime.device),
        )
        self._runtime.follow(ladder)
        while True:
            with suppress(OutOfMemory):
                return attempt(ladder.plan.batch)
            # Here, outside the block, nothing holds the failed call's memory any more.
            ladder = self._runtime.step_down(ladder)

    def _render_batch(
        self, context: StageContext, waiting: list[Take], batch: int, emit: Emit
    ) -> None:
        """Render the waiting takes, `batch` at a time; each leaves the list when it is out."""
        meter = self._meter(_render_workloads(context, len(waiting), batch), emit)
        text = self._prompts.encode(context.recipe, context.cancel)
        meter.step_done("text", 1, 1)
        while waiting:
            takes = waiting[:batch]
            drafts = self._generate(context, text, takes, meter, emit)
            for index, take in enumerate(takes):
                audio = self._draft_audio(context, text, drafts[index : index + 1], take, meter)
                emit(_take_ready(context, audio, take))
                waiting.remove(take)
                meter.restart_clock()

    def _resolved(self, recipe: Recipe) -> Recipe:
        recipe = checked(recipe)
        check_runnable(recipe, self._bundle.manifest, self._bundle.sha256)
        return msgspec.structs.replace(recipe, bundle=self._bundle.sha256)

    def _context(self, recipe: Recipe, cancel: CancelToken) -> StageContext:
        return stage_context(
            self._bundle, self._runtime, recipe, lengths=lengths(recipe),
            stages=self._bundle.manifest.stages, cancel=cancel,
        )  # fmt: skip

    def _generate(
        self,
        context: StageContext,
        text: EncodedText,
        takes: Sequence[Take],
        meter: Meter,
        emit: Emit,
    ) -> FloatArray:
        shows_mel = self._bundle.manifest.route == "spectrogram"

        def on_step(step: int, steps: int, estimate: FloatArray) -> None:
            meter.step_done("generator", step, steps)
            if shows_mel:
                emit(MelPreview(estimate, takes[0].recipe.first_take, step, steps))

        return generate(context, text, takes, on_step)

    def _draft_audio(
        self,
        context: StageContext,
        text: EncodedText,
        draft: FloatArray,
        take: Take,
        meter: Meter,
    ) -> FloatArray:
        """Draft (1, …) to 16 kHz audio (1, 2, frames · 160)."""
        stage = "vocoder" if self._bundle.manifest.route == "spectrogram" else "cascader"

        def on_step(step: int, steps: int, _: FloatArray) -> None:
            meter.step_done(stage, step, steps)

        meter.restart_clock()
        if stage == "vocoder":
            return vocode(context, draft, take.recipe.first_take, on_step)
        return cascade_up(context, draft, text, take, on_step)

    def _meter(self, workloads: list[Workload], emit: Emit) -> Meter:
        return Meter(workloads, speeds=self._speeds, clock=self._clock, emit=emit)


def _take_ready(context: StageContext, audio: FloatArray, take: Take) -> TakeReady:
    recipe = take.recipe
    draft = _from_grid(audio[0].T, context.lengths, context.lengths.take_samples)
    heard = measured(draft, TAKE_RATE_HZ, recipe)
    return TakeReady(draft, TAKE_RATE_HZ, recipe.first_take, recipe, heard, midi=notes_file(take))


def _workload(plan: StagePlan, grid: Lengths, takes: int) -> Workload:
    elements, guided = takes * grid.elements(plan.spec.rate_hz), plan.guided_steps
    branches = [2 if step in guided else 1 for step in range(plan.settings.steps)]
    return Workload(plan.name, tuple(count * elements for count in branches))


def _render_workloads(context: StageContext, takes: int, batch: int) -> list[Workload]:
    """The generator batch by batch, the second stage take by take."""
    second: StageName = "vocoder" if "vocoder" in context.plans else "cascader"
    batches = [min(batch, takes - start) for start in range(0, takes, batch)]
    return [
        *[_workload(context.plans["generator"], context.lengths, size) for size in batches],
        *[_workload(context.plans[second], context.lengths, 1) for _ in range(takes)],
    ]


def _from_grid(audio: FloatArray, grid: Lengths, samples: int) -> FloatArray:
    """Audio (grid samples, 2) to its exact length: a loop is resampled, a one-shot cut."""
    if not grid.loop:
        return np.ascontiguousarray(audio[:samples])
    return np.ascontiguousarray(fft_resample(audio, samples, periodic=True))


def _to_grid(audio: FloatArray, grid: Lengths) -> FloatArray:
    """The reverse of `_from_grid` for a 16 kHz take."""
    samples = grid.frames * TAKE_RATE_HZ // FRAME_RATE_HZ
    if grid.loop:
        return fft_resample(audio, samples, periodic=True)
    return np.pad(audio, [(0, samples - len(audio)), (0, 0)])
