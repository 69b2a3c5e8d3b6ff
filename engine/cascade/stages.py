"""The stages, each from its inputs to its output in the units of the next.

Arrays inside: mels (takes, 160, frames), audio (takes, 2, samples), on the frame grid.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.bands import MelParameters
from engine.audio.grain import GRAIN_LOG_SNR, with_grain
from engine.audio.resample import fft_resample
from engine.bundle.manifest import StageName
from engine.cascade.crossover import join_bands
from engine.cascade.denoiser import StageInputs, Track
from engine.cascade.on_frames import high_band, vocode_frames
from engine.cascade.plan import CLIP_RATE_HZ, Lengths, StagePlan, Take, conditions
from engine.cascade.sampling import OnStep, last_log_snr, sample_stage, state_length
from engine.diffusion.noise import BatchNoise
from engine.music.signals import global_values, signal_rows
from engine.recipe import Recipe
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Model
from engine.text.encoder import EncodedText

FloatArray = NDArray[np.float32]

_CLIP_LIMIT: Final = 4.0  # audio beyond ±4 is a broken network, not a loud one


@dataclass(frozen=True)
class StageContext:
    """What every stage of one render needs.

    Attributes:
        recipe: the checked recipe.
        lengths: the frame grid.
        plans: spec and settings of each stage, by name.
        model: opens a stage's network.
        cancel: the job's token.
        mel: what the mel means, on the spectrogram route.
    """

    recipe: Recipe
    lengths: Lengths
    plans: Mapping[StageName, StagePlan]
    model: Callable[[StageName], Model]
    cancel: CancelToken
    mel: MelParameters | None = None

    def sample(
        self, name: StageName, inputs: StageInputs, takes: Sequence[int], on_step: OnStep
    ) -> FloatArray:
        """Sample one stage: (takes, C, elements)."""
        return sample_stage(
            self.model(name),
            self.plans[name],
            inputs,
            lengths=self.lengths,
            seed=self.recipe.seed,
            takes=takes,
            cancel=self.cancel,
            on_step=on_step,
        )

    def vocode_frames(self, mel: FloatArray, take: int, on_step: OnStep) -> FloatArray:
        """One take's padded mel to 16 kHz audio (1, 2, samples), with a frame vocoder."""
        if self.mel is None:
            msg = "a frame vocoder works on a mel, and this bundle has none"
            raise ValueError(msg)
        return vocode_frames(
            self.model("vocoder"),
            self.plans["vocoder"],
            mel,
            parameters=self.mel,
            lengths=self.lengths,
            seed=self.recipe.seed,
            takes=[take],
            cancel=self.cancel,
            on_step=on_step,
        )


def generate(
    context: StageContext, text: EncodedText, takes: Sequence[Take], on_step: OnStep
) -> FloatArray:
    """Text to mels (takes, 160, frames), or to 3.2 kHz audio (takes, 2, samples).

    `takes` differ by their numbers, chords and scores alone.
    """
    plan = context.plans["generator"]
    inputs = _text_inputs(context, plan, text, takes)
    unscaled = np.float32(1 / plan.spec.x_scale)

    def on_scaled(step: int, steps: int, estimate: FloatArray) -> None:
        on_step(step, steps, estimate * unscaled)

    numbers = [take.recipe.first_take for take in takes]
    made = context.sample("generator", inputs, numbers, on_scaled) * unscaled
    return _grained(context, plan, made, numbers) if plan.spec.grain else made


def _grained(
    context: StageContext, plan: StagePlan, mels: FloatArray, takes: Sequence[int]
) -> FloatArray:
    """Mels with the grain of their stereo image; each take's is its own."""
    known = max(0.0, math.exp(last_log_snr(plan)) - math.exp(GRAIN_LOG_SNR))
    noise = BatchNoise(context.recipe.seed, takes, "generator/grain").draw(mels.shape)
    return with_grain(
        mels,
        np.array(plan.spec.grain, np.float32) * np.float32(plan.settings.temperature),
        noise,
        loop=context.lengths.loop,
        known=known * plan.spec.x_scale**2,
    )


def vocode(context: StageContext, mel: FloatArray, take: int, on_step: OnStep) -> FloatArray:
    """One take's mel (1, 160, frames) to 16 kHz audio (1, 2, frames · 160)."""
    plan = context.plans["vocoder"]
    if plan.spec.form == "frames":
        return _audio(context.vocode_frames(mel, take, on_step), plan)
    hop = plan.spec.aligned_hop
    padded = _padded(mel, state_length(plan, context.lengths) // hop, mode="edge")
    inputs = StageInputs(tracks={"aligned": Track(padded, hop)})
    return _audio(context.sample("vocoder", inputs, [take], on_step), plan)


def cascade_up(
    context: StageContext, low: FloatArray, text: EncodedText, take: Take, on_step: OnStep
) -> FloatArray:
    """Waveform route: one take's 3.2 kHz audio (1, 2, frames · 32) to 16 kHz, with the text."""
    plan = context.plans["cascader"]
    inputs = _text_inputs(context, plan, text, [take])
    tracks = {**inputs.tracks, "low": _low_track(context, plan, low)}
    audio = context.sample(
        "cascader",
        StageInputs(tracks, inputs.constants, inputs.unguided),
        [take.recipe.first_take],
        on_step,
    )
    return _audio(audio, plan)


def super_resolve(
    context: StageContext, audio: FloatArray, take: int, on_step: OnStep
) -> FloatArray:
    """16 kHz audio (1, 2, frames · 160) to 24 kHz (1, 2, frames · 240), low band untouched."""
    plan = context.plans["super_resolution"]
    loop = context.lengths.loop
    if plan.spec.form == "frames":
        upsampled = _upsampled(context, audio, CLIP_RATE_HZ)
        full = high_band(
            context.model("super_resolution"),
            plan,
            upsampled,
            lengths=context.lengths,
            cancel=context.cancel,
            on_step=on_step,
        )
        return join_bands(upsampled, _audio(full, plan), CLIP_RATE_HZ, loop=loop)[None]
    low = _low_track(context, plan, audio)
    sampled = context.sample("super_resolution", StageInputs(tracks={"low": low}), [take], on_step)
    elements = sampled.shape[-1]
    clean = low.values[0, :, :elements] / plan.spec.x_scale
    full = _audio(sampled[0], plan)
    return join_bands(clean, full, plan.spec.rate_hz, loop=loop)[None]


def _text_inputs(
    context: StageContext, plan: StagePlan, text: EncodedText, takes: Sequence[Take]
) -> StageInputs:
    """Signals, globals and text of a stage; guidance compares with the negative prompt's text.

    `text` has two rows: the prompt and the negative prompt (masked when empty).
    """
    spec = plan.spec
    elements = state_length(plan, context.lengths)
    given = [conditions(take, elements, spec.rate_hz) for take in takes]
    tracks, constants, unguided = {}, {}, {}
    if spec.signals:
        tracks["signals"] = Track(np.stack([signal_rows(spec.signals, one) for one in given]))
    if spec.globals:
        constants["globals"] = np.stack(
            [global_values(spec.globals, one, emphasis=spec.emphasis) for one in given]
        )
    if spec.text:
        for name, values in (("text", text.embeddings), ("text_mask", text.mask)):
            constants[name] = np.repeat(values[:1], len(takes), axis=0)
            unguided[name] = np.repeat(values[1:], len(takes), axis=0)
    return StageInputs(tracks, constants, unguided)


def _audio(x: FloatArray, plan: StagePlan) -> FloatArray:
    """A stage's x as audio, bounded."""
    scaled = x * np.float32(1 / plan.spec.x_scale)
    return np.clip(scaled, -_CLIP_LIMIT, _CLIP_LIMIT, out=scaled)


def _low_track(context: StageContext, plan: StagePlan, audio: FloatArray) -> Track:
    """Low-rate audio (1, 2, n) up-sampled (FFT, as the paper has it) onto the stage's grid."""
    upsampled = _upsampled(context, audio, plan.spec.rate_hz)[None]
    length = state_length(plan, context.lengths)
    return Track(_padded(upsampled * plan.spec.x_scale, length, mode="constant"))


def _upsampled(context: StageContext, audio: FloatArray, rate_hz: int) -> FloatArray:
    """Audio (1, 2, n) at another rate, (2, n'), by FFT."""
    elements = context.lengths.elements(rate_hz)
    return fft_resample(audio[0].T, elements, periodic=context.lengths.loop).T


def _padded(track: FloatArray, length: int, *, mode: str) -> FloatArray:
    missing = length - track.shape[-1]
    if missing <= 0:
        return np.ascontiguousarray(track, np.float32)
    widths = [(0, 0), (0, 0), (0, missing)]
    if mode == "edge":
        return np.pad(track, widths, mode="edge").astype(np.float32)
    return np.pad(track, widths).astype(np.float32)
