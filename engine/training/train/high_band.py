"""The loss of a super-resolution that works on frames: how loud each bin of the new band is.

The twin of `engine.audio.high_band` in torch, under the loss of a frame vocoder
(engine.training.train.run_loss).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from engine.audio.high_band import (
    BASE,
    CENTRE,
    FLOOR_POWER,
    HOP,
    MADE,
    N_FFT,
    SEEN,
    SPREAD,
)
from engine.training.train.augment import spoilt_condition
from engine.training.train.examples import Example
from engine.training.train.run_loss import FrameLoss, said_of


def log_magnitudes(audio: Tensor) -> Tensor:
    """Audio (B, 2, n) at 24 kHz → ln|X| floored, (B, 2, bins, n / hop)."""
    left = (N_FFT - HOP) // 2
    padded = pad(audio, (left, N_FFT - HOP - left), mode="reflect").flatten(0, 1)
    window = torch.hann_window(N_FFT, device=audio.device)
    spectrum = torch.stft(padded, N_FFT, HOP, window=window, center=False, return_complex=True)
    power = spectrum.real**2 + spectrum.imag**2 + FLOOR_POWER
    return (power.log() / 2).reshape(*audio.shape[:2], *power.shape[1:])


def features(low: Tensor) -> Tensor:
    """What the network sees of ln|X| (B, 2, bins, T): (B, 2 · SEEN_BINS, T)."""
    return ((low[:, :, SEEN] - CENTRE) / SPREAD).flatten(1, 2)


class HighBandObjective(FrameLoss):
    """The loss of one run."""

    def magnitudes(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool
    ) -> tuple[Tensor, Tensor]:
        """ln|X̂| and ln|X| of the new bins, (B, 2, bins, T)."""
        s = self.settings
        with torch.no_grad():
            real = log_magnitudes(batch.x0 / s.x_scale)[:, :, MADE]
            low = log_magnitudes(batch.inputs["low"] / s.x_scale)
            base = low[:, :, BASE].mean(dim=2, keepdim=True)
        inputs = spoilt_condition(
            s, self.config, {"x": features(low)}, step, first, augment=augment
        )
        told = torch.zeros(len(low), device=low.device)
        said = said_of(network, self.precision, {"log_snr": told, **inputs})
        return base + said.reshape(real.shape), real
