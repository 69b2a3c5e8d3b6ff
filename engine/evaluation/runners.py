"""What evaluation needs of `engine.cascade.single.StageRunner`; a test can stand in for it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.recipe import PresetName, StageSettings

FloatArray = NDArray[np.float32]


class Vocoder(Protocol):
    """The second stage alone."""

    def vocode(
        self,
        mel: FloatArray,
        *,
        loop: bool,
        preset: PresetName = ...,
        settings: StageSettings | None = ...,
    ) -> FloatArray:
        """A mel (160, T) as 16 kHz audio (T · 160, 2)."""


class Stages(Vocoder, Protocol):
    """Both stages that can be measured."""

    def super_resolve(
        self,
        audio: FloatArray,
        *,
        loop: bool,
        preset: PresetName = ...,
        settings: StageSettings | None = ...,
    ) -> FloatArray:
        """Audio (T · 160, 2) at 16 kHz as (T · 240, 2) at 24 kHz."""
