"""What a render says while it runs, with arrays; the worker turns these into protocol messages."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.protocol.messages import Measured
from engine.recipe import Recipe


@dataclass(frozen=True)
class StageProgress:
    """Step `step` of `steps` of `stage` is done; `eta_s` is the estimate for the whole job."""

    stage: str
    step: int
    steps: int
    eta_s: float | None = None


@dataclass(frozen=True)
class MelPreview:
    """Denoised estimate, (takes, 2·n_mels, frames) float32 in [−1, 1]."""

    mel: NDArray[np.float32]
    first_take: int
    step: int
    steps: int


@dataclass(frozen=True)
class TakeReady:
    """A draft take: audio (samples, 2) float32 at `rate_hz`; `recipe` repeats exactly this take."""

    audio: NDArray[np.float32]
    rate_hz: int
    take: int
    recipe: Recipe
    measured: Measured


@dataclass(frozen=True)
class ClipReady:
    """A finished clip: audio (samples, 2) float32 at `rate_hz`, levelled, and its measures."""

    audio: NDArray[np.float32]
    rate_hz: int
    take: int
    recipe: Recipe
    measured: Measured


@dataclass(frozen=True)
class Remark:
    """One line worth showing that stops nothing."""

    text: str


CascadeEvent = StageProgress | MelPreview | TakeReady | ClipReady | Remark
