"""The shapes of the functions that samplers are put together from, named once.

A denoiser answers with x̂₀, whatever its network predicts: every sampler, guidance, clipping and
known regions then speak one language, and none divides by an α that is nearly 0. Rejected: ε as
the canonical estimate (dynamic clipping and known regions are defined on x̂₀), and arrays of any
float type in the signatures (the cascade's are float32; float64 works too, and tests use it).
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.diffusion.noise_schedule import NoiseSchedule

Array = NDArray[np.float32]
Times = NDArray[np.float64]

# (x_t (B, C, L), t) -> x̂₀ (B, C, L). Changes no argument, and answers in memory it will not reuse.
Denoise = Callable[[Array, float], Array]

# shape -> standard normal float32 of that shape; the caller only reads it.
Draw = Callable[[tuple[int, ...]], Array]

# (step 1…n, n, x̂₀) after each step; x̂₀ is read only. It may raise, to stop.
OnStep = Callable[[int, int, Array], None]


class Sampler(Protocol):
    """Carries x from `times[0]` down to `times[-1]`; see `engine.diffusion.samplers`."""

    def __call__(
        self,
        denoise: Denoise,
        x: Array,
        times: Times,
        *,
        noise: NoiseSchedule,
        draw: Draw,
        gamma: float = 0.0,
        on_step: OnStep = ...,
    ) -> Array:
        """(B, C, L) at `times[0]` to (B, C, L) at `times[-1]`; `x` itself is left alone."""
        ...


def silent(step: int, steps: int, x0: Array) -> None:
    """An `OnStep` that does nothing."""
