"""The loss of a super-resolution that works on frames: how loud each bin of the new band is.

The twin of `engine.audio.high_band` in torch, and the mean |Δ ln|X|| of what can be heard beside
the spectral convergence, as for a frame vocoder (engine.training.train.magnitudes).
"""

from dataclasses import dataclass
from typing import Final

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
from engine.training.networks.config import UNetConfig
from engine.training.train.augment import spoilt_condition
from engine.training.train.examples import Example
from engine.training.train.settings import Settings

_RANGE: Final = 8.0  # nepers below an item's loudest new bin that count: 70 dB
_CONVERGENCE: Final = 0.5
_LOUDEST: Final = 1e-6


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


@dataclass(frozen=True)
class HighBandObjective:
    """The loss of one run; as `engine.training.train.objective.Objective`."""

    settings: Settings
    config: UNetConfig
    precision: str = "fp32"

    def __call__(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool = True
    ) -> Tensor:
        """Loss of each item, (B,)."""
        made, real = self._magnitudes(network, batch, step, first, augment=augment)
        distance = (made - real).abs().mean(dim=(1, 2, 3))
        wanted = real.exp()
        off = torch.linalg.vector_norm(made.exp() - wanted, dim=(2, 3))
        scale = torch.linalg.vector_norm(wanted, dim=(2, 3))
        loss: Tensor = distance + _CONVERGENCE * (off / scale.clamp_min(_LOUDEST)).mean(dim=1)
        return loss

    @torch.no_grad()
    def pictures(self, network: nn.Module, batch: Example) -> tuple[Tensor, Tensor]:
        """The left's new bins, made and real, (B, bins, T), as pictures in [−1, 1]."""
        made, real = self._magnitudes(network, batch, 0, 0, augment=False)
        loudest = real.amax(dim=(1, 2, 3), keepdim=True)
        made, real = ((2 * (x - loudest) / _RANGE + 1).clamp(-1, 1)[:, 0] for x in (made, real))
        return made, real

    def _magnitudes(
        self, network: nn.Module, batch: Example, step: int, first: int, *, augment: bool
    ) -> tuple[Tensor, Tensor]:
        """ln|X̂| and ln|X| of the new bins, (B, 2, bins, T), no lower than what can be heard."""
        s = self.settings
        with torch.no_grad():
            real = log_magnitudes(batch.x0 / s.x_scale)[:, :, MADE]
            floor = real.amax(dim=(1, 2, 3), keepdim=True) - _RANGE
            low = log_magnitudes(batch.inputs["low"] / s.x_scale)
            base = low[:, :, BASE].mean(dim=2, keepdim=True)
        inputs = spoilt_condition(
            s, self.config, {"x": features(low)}, step, first, augment=augment
        )
        told = torch.zeros(len(low), device=low.device)
        with torch.autocast(low.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            said = network(log_snr=told, **inputs)
        made = base + said.float().reshape(real.shape)
        return made.maximum(floor), real.maximum(floor)
