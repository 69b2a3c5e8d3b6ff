"""Seamless loops: the denoiser looks at the loop from another starting point at each step.

A network with zero-padded ends treats the first and last frames unlike the others. Rotating its
view by a random offset each step moves that seam about, so no place in the loop keeps it. Only the
view rotates: the sampler's x, its history and a known region's mask stay where they are, so a
multistep sampler needs no change. Rejected: rotating the sampler's state (its history would have
to follow), and circular padding in the network (attention and positions still know the ends).
"""

from collections.abc import Callable

import numpy as np

from engine.diffusion.signatures import Array, Denoise

# (x as seen from `offset`, t, offset) -> x̂₀ as seen from `offset`; the conditioning signals must
# be seen from there too.
DenoiseAt = Callable[[Array, float, int], Array]

# length L -> offset in [0, L); see `engine.diffusion.noise.offset_stream`.
DrawOffset = Callable[[int], int]


def seen_from(offset: int, x: Array) -> Array:
    """The loop x (…, L) from `offset` on: element i of the answer is x[(i + offset) mod L]."""
    return np.roll(x, -offset, axis=-1)


def rotated(denoise_at: DenoiseAt, draw_offset: DrawOffset) -> Denoise:
    """A denoiser of (B, C, L) loops that sees x from a freshly drawn offset at every call."""

    def denoise(x: Array, t: float) -> Array:
        offset = draw_offset(x.shape[-1])
        return seen_from(-offset, denoise_at(seen_from(offset, x), t, offset))

    return denoise
