"""A frame vocoder's loss: how far its magnitudes are from those of the sound.

    ln|X̂| = ln envelope(mel) + network(mel) + what the bands then lack of the mel's powers

for left and right, in every window; and for the side, of which the mel says nothing, the root of
their mean power and what the network says of it.

There are no phases in the loss (engine.training.train.run_loss): nothing is learnt about what the
mel cannot know, every cell has one right answer, and a step costs half of one with a waveform loss.
Rejected: a network that corrects a complex guess of the sound under a multi-resolution STFT loss
(after 400 steps it had not yet learnt to set the level of a band; phases are cheap to iterate once
the magnitudes are fine).
"""

from functools import lru_cache

import torch
from torch import Tensor, nn

from engine.audio.bands import MelParameters
from engine.training.train.augment import spoilt_condition
from engine.training.train.examples import Example
from engine.training.train.frames import FrameSpace
from engine.training.train.run_loss import FrameLoss, said_of


@lru_cache(maxsize=4)
def frame_space(device: torch.device) -> FrameSpace:
    """The frames of the default mel, with their constants on the device."""
    return FrameSpace(MelParameters(), device)


class MagnitudeObjective(FrameLoss):
    """The loss of one run."""

    def magnitudes(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool
    ) -> tuple[Tensor, Tensor]:
        """ln|X̂| and ln|X| of left, right and side, (B, 3, bins, T)."""
        s, space = self.settings, frame_space(batch.x0.device)
        with torch.no_grad():
            real = space.log_magnitudes(batch.x0 / s.x_scale)
        inputs = spoilt_condition(s, self.config, batch.inputs, step, first, augment=augment)
        return log_magnitudes(network, inputs, space, self.precision), real


def log_magnitudes(
    network: nn.Module, inputs: dict[str, Tensor], space: FrameSpace, precision: str = "fp32"
) -> Tensor:
    """ln|X̂| of left, right and side, (B, 3, bins, T), for a mel `inputs["x"]` (B, 160, T)."""
    mel = inputs["x"]
    told = torch.zeros(len(mel), device=mel.device)
    said = said_of(network, precision, {"log_snr": told, **inputs})
    with torch.no_grad():
        powers = space.powers(mel)
        envelope = space.log_envelope(powers)
    gains = said.reshape(len(mel), 3, -1, mel.shape[-1])
    sides = space.corrected(envelope + gains[:, :2], powers)
    mean = (sides * 2).exp().mean(dim=1, keepdim=True).log() / 2
    return torch.cat([sides, mean + gains[:, 2:]], dim=1)
