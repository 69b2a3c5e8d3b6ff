"""A stage's network as the `denoise(x, t) → x̂₀` that samplers call.

Here meet: prediction type, guidance with both branches batched in one call (steps without it run
one branch), dynamic clipping, windows over long states, circular context and the per-step rotation
of loops.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import LOG_SNR_CLEAN
from engine.cascade.plan import StagePlan
from engine.cascade.windows import Window
from engine.diffusion.guidance import dynamic_clip, guided
from engine.diffusion.noise_schedule import NoiseSchedule
from engine.diffusion.prediction import denoised
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Bound, Model

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Track:
    """A conditioning sequence beside x: (1 or B, C, L/hop)."""

    values: FloatArray
    hop: int = 1


@dataclass(frozen=True)
class StageInputs:
    """All conditions of one stage for B takes.

    Attributes:
        tracks: by tensor name: signals, aligned, low.
        constants: by tensor name, (B, …): globals, text, text_mask, for the guided branch.
        unguided: replacements of constants in the other branch of guidance.
    """

    tracks: Mapping[str, Track] = field(default_factory=dict)
    constants: Mapping[str, FloatArray] = field(default_factory=dict)
    unguided: Mapping[str, FloatArray] = field(default_factory=dict)


class Denoiser:
    """Evaluates one stage on (takes, C, L) states; guided where t is in (low, high] only."""

    def __init__(
        self,
        model: Model,
        plan: StagePlan,
        inputs: StageInputs,
        *,
        noise: NoiseSchedule,
        windows: list[Window],
        takes: int,
        cancel: CancelToken,
        guided_over: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self._model, self._plan, self._inputs = model, plan, inputs
        self._noise = noise
        self._windows = windows
        self._cancel = cancel
        self._takes = takes
        self._guided = bool(inputs.unguided and plan.guided_steps)
        self._guided_over = guided_over
        self._bound: dict[int, Bound] = {}  # branches → the network with its constants

    def at_offset(self, x: FloatArray, t: float, offset: int) -> FloatArray:
        """x̂₀ of a state that was rotated by `offset` elements, with its tracks rotated alike."""
        x0 = np.empty_like(x)
        for window in self._windows:
            window.keep(self._evaluate(window, x, t, offset), x0)
        if self._plan.settings.clip_percentile:
            x0 = dynamic_clip(
                x0, self._plan.settings.clip_percentile, bound=self._plan.spec.x_scale
            )
        return x0

    def __call__(self, x: FloatArray, t: float) -> FloatArray:
        """x̂₀ (B, C, L) of x (B, C, L) at time t."""
        return self.at_offset(x, t, 0)

    def _evaluate(self, window: Window, x: FloatArray, t: float, offset: int) -> FloatArray:
        seen = window.take(x)
        low, high = self._guided_over
        branches = 2 if self._guided and low < t <= high else 1
        batch = self._takes * branches
        feeds = {
            name: _broadcast(window.take(_rolled(track, offset), track.hop), batch)
            for name, track in self._inputs.tracks.items()
        }
        feeds["x"] = np.concatenate([seen] * branches)
        feeds["log_snr"] = np.full(batch, self._noise.log_snr(t), np.float32)
        prediction = self._network(branches).run(self._cancel, **feeds)
        if branches == 2:
            with_text, without = np.split(prediction, 2)
            prediction = guided(with_text, without, self._plan.settings.guidance)
        return denoised(
            seen,
            prediction,
            kind=self._plan.spec.prediction,
            alpha=float(self._noise.alpha(t)),
            sigma=float(self._noise.sigma(t)),
        )

    def _network(self, branches: int) -> Bound:
        """The network with its constants, bound when first needed."""
        if branches not in self._bound:
            spec, settings, inputs = self._plan.spec, self._plan.settings, self._inputs
            batch = self._takes * branches
            constants = {
                name: np.concatenate([values, inputs.unguided.get(name, values)])
                if branches == 2
                else values
                for name, values in inputs.constants.items()
            }
            if spec.augmentation:
                constants["augmentation_log_snr"] = np.full(batch, LOG_SNR_CLEAN, np.float32)
            if spec.autoguidance:
                constants["autoguidance"] = np.full(batch, settings.autoguidance, np.float32)
            self._bound[branches] = self._model.bind(**constants)
        return self._bound[branches]


def _broadcast(values: FloatArray, batch: int) -> FloatArray:
    """(1 or takes, C, W) → (batch, C, W)."""
    if values.shape[0] == batch:
        return np.ascontiguousarray(values)
    return np.concatenate([values] * (batch // values.shape[0]))


def _rolled(track: Track, offset: int) -> FloatArray:
    if offset == 0:
        return track.values
    return np.roll(track.values, -(offset // track.hop), axis=-1)
