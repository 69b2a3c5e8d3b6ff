"""One stage sampled from noise: the loop around a Denoiser, shared by every stage."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.cascade.denoiser import Denoiser, StageInputs
from engine.cascade.plan import Lengths, StagePlan
from engine.cascade.windows import Window, round_up, windows
from engine.diffusion.noise import BatchNoise, offset_stream
from engine.diffusion.noise_schedule import NoiseSchedule, noise_schedule
from engine.diffusion.rotation import rotated
from engine.diffusion.samplers import SAMPLERS
from engine.diffusion.signatures import Draw, Times
from engine.diffusion.step_schedule import times
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Model

FloatArray = NDArray[np.float32]
OnStep = Callable[[int, int, FloatArray], None]

CHUNK_S: Final = 10.0  # bounds the memory of long stages; longer chunks save little time
LOOP_CONTEXT_S: Final = 1.0  # circular context of stages whose receptive field is global


def state_length(plan: StagePlan, lengths: Lengths) -> int:
    """Elements that are sampled: a loop's exact circle, else padded to the network's stride."""
    elements = lengths.elements(plan.spec.rate_hz)
    return elements if lengths.loop else round_up(elements, plan.spec.multiple)


def stage_windows(plan: StagePlan, lengths: Lengths) -> list[Window]:
    """The windows of one evaluation: chunks where the network is local, else all at once."""
    spec = plan.spec
    longest = max(spec.multiple, spec.max_length - 2 * round_up(spec.context, spec.multiple))
    return windows(
        state_length(plan, lengths),
        multiple=spec.multiple,
        context=spec.context or (round(LOOP_CONTEXT_S * spec.rate_hz) if lengths.loop else 0),
        chunk=min(round(CHUNK_S * spec.rate_hz), longest) if spec.context else None,
        loop=lengths.loop,
    )


def last_log_snr(plan: StagePlan) -> float:
    """λ of a stage's last estimate."""
    noise, grid = _grid(plan)
    return float(noise.log_snr(float(grid[-2])))


def _grid(plan: StagePlan) -> tuple[NoiseSchedule, Times]:
    """The noise of a stage, and the times that its sampling visits."""
    noise = noise_schedule(plan.spec.noise_schedule)
    settings = plan.settings
    return noise, times(
        settings.step_schedule, settings.steps, model=plan.table_8_model, noise=noise
    )


def sample_stage(
    model: Model,
    plan: StagePlan,
    inputs: StageInputs,
    *,
    lengths: Lengths,
    seed: int,
    takes: Sequence[int],
    cancel: CancelToken,
    on_step: OnStep,
) -> FloatArray:
    """Sample (takes, C, elements) of a stage.

    Take k's noise depends on (seed, k, stage) only; the rotations of a loop on (seed, stage), so
    that a take is the same alone or beside others.

    Args:
        model: the stage's network.
        plan: its spec and settings.
        inputs: tracks of `state_length` (÷ hop) elements and constants.
        lengths: the grid.
        seed: the recipe's seed.
        takes: numbers of the takes in this batch.
        cancel: checked at every step and inside the network.
        on_step: called as (step, steps, x̂₀ of `elements` length) after each step.

    Raises:
        Cancelled: the token was cancelled.
    """
    spec, settings = plan.spec, plan.settings
    length = state_length(plan, lengths)
    elements = lengths.elements(spec.rate_hz)
    noise, grid = _grid(plan)
    guided = plan.guided_steps
    denoise = Denoiser(
        model,
        plan,
        inputs,
        noise=noise,
        windows=stage_windows(plan, lengths),
        takes=len(takes),
        cancel=cancel,
        guided_over=(float(grid[guided.stop]), float(grid[guided.start])),
    )
    stream = BatchNoise(seed, takes, plan.name)
    x = stream.draw((len(takes), spec.channels, length))

    # Whole hops of the coarsest track, so that it can rotate along.
    offsets = offset_stream(seed, plan.name, multiple=max(1, spec.aligned_hop))

    def step_done(step: int, steps: int, x0: FloatArray) -> None:
        cancel.check()
        on_step(step, steps, x0[..., :elements])

    result = SAMPLERS[settings.sampler](
        rotated(denoise.at_offset, offsets) if lengths.loop else denoise,
        x,
        grid,
        noise=noise,
        draw=_tempered(stream.draw, settings.temperature),
        on_step=step_done,
        gamma=settings.gamma,
    )
    return np.asarray(result[..., :elements], np.float32)


def _tempered(draw: Draw, temperature: float) -> Draw:
    """Noise of another size than 1."""
    if temperature == 1:
        return draw
    return lambda shape: draw(shape) * np.float32(temperature)
