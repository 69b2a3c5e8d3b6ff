"""One stage of a bundle alone, on real input: what evaluation measures.

The stage runs exactly as in a render: same windows, loops, presets and noise. Rejected: a second
way to run a network (what is measured must be what musicians get).
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import StageName
from engine.bundle.verify import Bundle
from engine.cascade.opened import stage_context
from engine.cascade.plan import (
    CLIP_RATE_HZ,
    FRAME_RATE_HZ,
    TAKE_RATE_HZ,
    Lengths,
)
from engine.cascade.stages import StageContext, super_resolve, vocode
from engine.errors import UserError
from engine.recipe import PresetName, Recipe, StageSettings
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Runtime

FloatArray = NDArray[np.float32]


class StageRunner:
    """The later stages of one bundle.

    Args:
        bundle: verified files and manifest.
        runtime: sessions and device.
    """

    def __init__(self, bundle: Bundle, runtime: Runtime) -> None:
        self._bundle, self._runtime = bundle, runtime

    def vocode(
        self,
        mel: FloatArray,
        *,
        loop: bool,
        preset: PresetName = "standard",
        settings: StageSettings | None = None,
        seed: int = 0,
    ) -> FloatArray:
        """A mel (160, T) as 16 kHz audio (T · 160, 2).

        Raises:
            UserError: the bundle has no vocoder.
        """
        lengths = _lengths(mel.shape[-1], loop)
        context = self._context("vocoder", lengths, _recipe("vocoder", preset, settings, seed))
        audio: FloatArray = vocode(context, mel[None], 0, _ignore)[0].T
        return audio

    def super_resolve(
        self,
        audio: FloatArray,
        *,
        loop: bool,
        preset: PresetName = "standard",
        settings: StageSettings | None = None,
        seed: int = 0,
    ) -> FloatArray:
        """Audio (T · 160, 2) at 16 kHz as (T · 240, 2) at 24 kHz.

        Raises:
            UserError: the bundle has no super-resolution.
        """
        lengths = _lengths(len(audio) * FRAME_RATE_HZ // TAKE_RATE_HZ, loop)
        recipe = _recipe("super_resolution", preset, settings, seed)
        context = self._context("super_resolution", lengths, recipe)
        batch = np.ascontiguousarray(audio.T[None])
        clip: FloatArray = super_resolve(context, batch, 0, _ignore)[0].T
        return clip

    def _context(self, name: StageName, lengths: Lengths, recipe: Recipe) -> StageContext:
        manifest = self._bundle.manifest
        if name not in manifest.stages:
            raise UserError(
                "The stage cannot be measured",
                f"{manifest.name} has no {name.replace('_', '-')}",
                "Choose another bundle",
            )
        return stage_context(
            self._bundle, self._runtime, recipe, lengths=lengths, stages=[name],
            cancel=CancelToken(),
        )  # fmt: skip


def _ignore(step: int, steps: int, estimate: FloatArray) -> None:
    """Nobody watches."""


def _lengths(frames: int, loop: bool) -> Lengths:
    samples = (frames * rate // FRAME_RATE_HZ for rate in (TAKE_RATE_HZ, CLIP_RATE_HZ))
    return Lengths(frames, loop, *samples)


def _recipe(
    name: StageName, preset: PresetName, settings: StageSettings | None, seed: int
) -> Recipe:
    given = {name: settings or StageSettings()}
    return msgspec.structs.replace(Recipe(prompt="", seed=seed, preset=preset), **given)
