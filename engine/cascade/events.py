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
class _Sound:
    """Audio (samples, 2) float32 at `rate_hz` and its measures; `recipe` repeats just this take."""

    audio: NDArray[np.float32]
    rate_hz: int
    take: int
    recipe: Recipe
    measured: Measured


@dataclass(frozen=True)
class TakeReady(_Sound):
    """A draft take, at 16 kHz.

    `midi` is the Standard MIDI File of its notes; empty where nothing was composed.
    """

    midi: bytes = b""


class ClipReady(_Sound):
    """A finished clip, at 24 kHz and levelled."""


@dataclass(frozen=True)
class Remark:
    """One line worth showing that stops nothing."""

    text: str


CascadeEvent = StageProgress | MelPreview | TakeReady | ClipReady | Remark
