"""What every objective is, and the loss that the stages on frames share.

On frames: the mean |ln|X̂| − ln|X|| of what can be heard (cells far below the loudest of their item
are as quiet as each other), and the spectral convergence ‖|X̂| − |X|‖ / ‖|X|‖, which weighs what is
loud.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from engine.training.networks.config import UNetConfig
from engine.training.train.examples import Example
from engine.training.train.settings import Settings

RANGE: Final = 8.0  # nepers below an item's loudest cell that count: 70 dB
_CONVERGENCE: Final = 0.5  # weight of the spectral convergence
_LOUDEST: Final = 1e-6


@dataclass(frozen=True)
class RunLoss(ABC):
    """The loss of one run.

    Attributes:
        settings: of the run.
        config: of the network.
        precision: "bf16" or "fp32".
    """

    settings: Settings
    config: UNetConfig
    precision: str = "fp32"

    @abstractmethod
    def __call__(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool = True
    ) -> Tensor:
        """Loss of each item, (B,).

        Args:
            network: takes the inputs of engine.bundle.manifest.
            batch: items first, first + 1, … of the whole batch.
            step: its number decides what is random.
            first: number of the first item.
            augment: spoil the condition; validation does not.
        """

    def around(self, network: nn.Module) -> nn.Module:
        """What is trained: the network, or a module with it inside that the loss is given."""
        return network

    def word(self) -> str:
        """What a line of progress says beside the loss."""
        return ""

    def keep(self, out: Path, step: int) -> None:  # noqa: B027 - most losses keep nothing
        """Write what else a run goes on from into its folder."""

    def restore(self, out: Path, step: int) -> None:  # noqa: B027
        """Go on with what `keep` wrote at a step."""


def said_of(network: nn.Module, precision: str, inputs: dict[str, Tensor]) -> Tensor:
    """What a network says, float32, computed in "bf16" or "fp32"."""
    device = inputs["log_snr"].device.type
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        said: Tensor = network(**inputs)
    return said.float()


class FrameLoss(RunLoss):
    """The loss of a stage that says how loud each cell is; its condition is `inputs["x"]`."""

    @abstractmethod
    def magnitudes(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool
    ) -> tuple[Tensor, Tensor]:
        """ln|X̂| and ln|X|, (B, rows, bins, T). Arguments as for the loss."""

    def __call__(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool = True
    ) -> Tensor:
        """Loss of each item, (B,)."""
        made, real = self.magnitudes(network, batch, step, first=first, augment=augment)
        floor = real.amax(dim=(1, 2, 3), keepdim=True) - RANGE
        made, real = made.maximum(floor), real.maximum(floor)
        distance = (made - real).abs().mean(dim=(1, 2, 3))
        wanted = real.exp()
        off = torch.linalg.vector_norm(made.exp() - wanted, dim=(2, 3))
        scale = torch.linalg.vector_norm(wanted, dim=(2, 3))
        loss: Tensor = distance + _CONVERGENCE * (off / scale.clamp_min(_LOUDEST)).mean(dim=1)
        return loss

    @torch.no_grad()
    def pictures(self, network: nn.Module, batch: Example) -> tuple[Tensor, Tensor]:
        """The left's ln|X̂| and ln|X|, (B, bins, T), as pictures in [−1, 1]."""
        made, real = self.magnitudes(network, batch, 0, first=0, augment=False)
        loudest = real.amax(dim=(1, 2, 3), keepdim=True)
        made, real = ((2 * (x - loudest) / RANGE + 1).clamp(-1, 1)[:, 0] for x in (made, real))
        return made, real
