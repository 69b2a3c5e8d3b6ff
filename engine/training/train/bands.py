"""Resampling crops on the device, by cutting or padding their spectra, as the paper has it.

A crop is not periodic: it comes with real neighbours on both sides, and they are cut off again
afterwards. What wraps at the far ends dies away inside them.
"""

from typing import Final

import torch
from torch import Tensor

MARGIN_FRAMES: Final = 3  # neighbours on each side of a crop, in frames of 10 ms


def resampled(x: Tensor, length: int) -> Tensor:
    """(…, L) → (…, length) by the FFT: exact for what is periodic and below both Nyquist rates."""
    bins = min(x.shape[-1], length) // 2 + 1
    spectrum = torch.fft.rfft(x)[..., :bins]
    if min(x.shape[-1], length) % 2 == 0:
        # The highest bin of the shorter one: half of each of two when widened, and real.
        edge = 0.5 if length > x.shape[-1] else 1.0
        spectrum = torch.cat([spectrum[..., :-1], spectrum[..., -1:] * edge], dim=-1)
    result: Tensor = torch.fft.irfft(spectrum, n=length) * (length / x.shape[-1])
    return result


def high_passed(x: Tensor, *, rate_hz: int, above_hz: float) -> Tensor:
    """(…, L) without what lies below a frequency: a raised cosine of ±10 % around it."""
    hz = torch.fft.rfftfreq(x.shape[-1], 1 / rate_hz, device=x.device)
    place = ((hz / above_hz - 0.9) / 0.2).clamp(0, 1)
    passed: Tensor = torch.fft.irfft(
        torch.fft.rfft(x) * (0.5 - 0.5 * torch.cos(torch.pi * place)), n=x.shape[-1]
    )
    return passed


def moved(x: Tensor, *, rate_in: int, rate_out: int, margin_s: float) -> Tensor:
    """A crop with margins (B, C, L + 2m) at one rate → (B, C, L') without them at another."""
    length = x.shape[-1] * rate_out // rate_in
    cut = round(margin_s * rate_out)
    return resampled(x, length)[..., cut : length - cut]


def band_limited(x: Tensor, *, rate_hz: int, low_hz: int, margin_s: float) -> Tensor:
    """A crop with margins as it would come from a lower rate, up-sampled again, margins cut."""
    low = resampled(x, x.shape[-1] * low_hz // rate_hz)
    cut = round(margin_s * rate_hz)
    return resampled(low, x.shape[-1])[..., cut : x.shape[-1] - cut]
