"""Keep part of an answer: repaint a region, extend a take, erase into silence.

Where the mask is 1 the denoiser's answer is replaced by the known data, and any sampler then
carries that region along by itself: from x_t = α_t known + σ_t ε every update of
`engine.diffusion.samplers` leads to x_s = α_s known + σ_s ε', a true forward-diffused sample of
the known data with the noise that the rest of x has, and the last step ends on the known data
exactly. The network sees a consistent x around the region at every level.

Rejected: a hook that pastes freshly noised data into x after each step (the sampler then believes
in noise that its own history did not have, and at a soft edge two independent noises mix to too
small a variance).
"""

import numpy as np

from engine.diffusion.signatures import Array, Denoise


def known_region(denoise: Denoise, known: Array, *, mask: Array) -> Denoise:
    """A denoiser that answers `known` where the mask is 1, and itself where it is 0.

    Put it around everything else: guidance, clipping and rotation are inside.

    Args:
        denoise: the denoiser proper.
        known: (B, C, L), or broadcastable to it. Its values where the mask is 0 do not matter.
        mask: (B, 1, L), or broadcastable to (B, C, L), in [0, 1]; between the two is a crossfade.

    Raises:
        ValueError: the mask leaves [0, 1].
    """
    if not (mask.min() >= 0 and mask.max() <= 1):
        msg = f"mask spans {mask.min()} to {mask.max()}, not 0 to 1"
        raise ValueError(msg)
    kept = known * mask
    open_share = np.subtract(1, mask, dtype=known.dtype)

    def denoise_around(x: Array, t: float) -> Array:
        # Two products, not a difference: exactly the known data at mask 1, exactly x̂₀ at mask 0.
        estimate = denoise(x, t) * open_share
        estimate += kept
        return estimate

    return denoise_around
