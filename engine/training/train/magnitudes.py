"""A frame vocoder's loss: how far its magnitudes are from those of the sound.

    ln|X̂| = ln envelope(mel) + network(mel) + what the bands then lack of the mel's powers

for left and right, in every window; and for the side, of which the mel says nothing, the root of
their mean power and what the network says of it.

The mean |ln|X̂| − ln|X|| of what can be heard (cells far below the loudest of their item are as
quiet as each other), and the spectral convergence ‖|X̂| − |X|‖ / ‖|X|‖, which weighs what is loud.
There are no phases in it: nothing is learnt about what the mel cannot know, every cell has one
right answer, and a step costs half of one with a waveform loss. Rejected: a network that corrects
a complex guess of the sound under a multi-resolution STFT loss (after 400 steps it had not yet
learnt to set the level of a band; phases are cheap to iterate once the magnitudes are fine).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor, nn

from engine.audio.bands import MelParameters
from engine.training.networks.config import UNetConfig
from engine.training.train.augment import spoilt_condition
from engine.training.train.examples import Example
from engine.training.train.frames import FrameSpace
from engine.training.train.settings import Settings

_RANGE: Final = 8.0  # nepers below an item's loudest cell that count: 70 dB
_CONVERGENCE: Final = 0.5  # weight of the spectral convergence
_LOUDEST: Final = 1e-6


@lru_cache(maxsize=4)
def frame_space(device: torch.device) -> FrameSpace:
    """The frames of the default mel, with their constants on the device."""
    return FrameSpace(MelParameters(), device)


@dataclass(frozen=True)
class MagnitudeObjective:
    """The loss of one run; as `engine.training.train.objective.Objective`."""

    settings: Settings
    config: UNetConfig
    precision: str = "fp32"

    def __call__(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool = True
    ) -> Tensor:
        """Loss of each item, (B,)."""
        s, space = self.settings, frame_space(batch.x0.device)
        with torch.no_grad():
            real = space.log_magnitudes(batch.x0 / s.x_scale)
            floor = real.amax(dim=(1, 2, 3), keepdim=True) - _RANGE
            real = real.maximum(floor)
        inputs = spoilt_condition(s, self.config, batch.inputs, step, first, augment=augment)
        made = log_magnitudes(network, inputs, space, self.precision).maximum(floor)
        distance = (made - real).abs().mean(dim=(1, 2, 3))
        wanted = real.exp()
        off = torch.linalg.vector_norm(made.exp() - wanted, dim=(2, 3))
        scale = torch.linalg.vector_norm(wanted, dim=(2, 3))
        loss: Tensor = distance + _CONVERGENCE * (off / scale.clamp_min(_LOUDEST)).mean(dim=1)
        return loss

    @torch.no_grad()
    def pictures(self, network: nn.Module, batch: Example) -> tuple[Tensor, Tensor]:
        """The left's ln|X̂| and ln|X|, (B, bins, T), as pictures in [−1, 1]."""
        space = frame_space(batch.x0.device)
        real = space.log_magnitudes(batch.x0 / self.settings.x_scale)
        inputs = spoilt_condition(self.settings, self.config, batch.inputs, 0, 0, augment=False)
        made = log_magnitudes(network, inputs, space)
        loudest = real.amax(dim=(1, 2, 3), keepdim=True)
        made, real = ((2 * (x - loudest) / _RANGE + 1).clamp(-1, 1)[:, 0] for x in (made, real))
        return made, real


def log_magnitudes(
    network: nn.Module, inputs: dict[str, Tensor], space: FrameSpace, precision: str = "fp32"
) -> Tensor:
    """ln|X̂| of left, right and side, (B, 3, bins, T), for a mel `inputs["x"]` (B, 160, T)."""
    mel = inputs["x"]
    with torch.autocast(mel.device.type, torch.bfloat16, enabled=precision == "bf16"):
        said = network(log_snr=torch.zeros(len(mel), device=mel.device), **inputs)
    with torch.no_grad():
        powers = space.powers(mel)
        envelope = space.log_envelope(powers)
    gains = said.float().reshape(len(mel), 3, -1, mel.shape[-1])
    sides = space.corrected(envelope + gains[:, :2], powers)
    mean = (sides * 2).exp().mean(dim=1, keepdim=True).log() / 2
    return torch.cat([sides, mean + gains[:, 2:]], dim=1)
