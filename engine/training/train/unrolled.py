"""A generator's last sampling steps as one differentiable pass, as its presets take them.

What is heard comes out of a chain of few steps, and each makes the next one's input. A generator
that only ever saw noisy real mels has never seen what it is given there. So the last steps are
unrolled in training (as PeriodWave-Turbo unrolls its few, arXiv 2408.08019), and their end is
judged. The steps before decide on outlines only and are left as they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from torch import Tensor, nn

from engine.diffusion.noise_schedule import NoiseSchedule
from engine.diffusion.step_schedule import times
from engine.training.networks.config import UNetConfig
from engine.training.train.diffuse import diffused

AUTOGUIDANCE: Final = 1.2  # the starter's presets' (engine.training.export.presets)


@dataclass(frozen=True)
class Chain:
    """Which levels a chain visits.

    Attributes:
        log_snrs: of every step, rising; clean mels come after the last.
        unrolled: how many of the last are differentiated.
    """

    log_snrs: tuple[float, ...]
    unrolled: int

    @property
    def first(self) -> int:
        """The first step that is differentiated."""
        return max(0, len(self.log_snrs) - self.unrolled)


def chain(steps: int, *, unrolled: int, noise: NoiseSchedule) -> Chain:
    """The chain of a preset with so many steps, "log-snr-truncated"."""
    visited = times("log-snr-truncated", steps, model="", noise=noise)[:-1]
    return Chain(tuple(float(noise.log_snr(t)) for t in visited), unrolled)


def began_at(x0: Tensor, epsilon: Tensor, log_snr: float) -> Tensor:
    """Real mels (B, C, L) with as much noise as the level has."""
    alpha, sigma = (x0.new_full((len(x0),), _alpha(sign * log_snr)) for sign in (1, -1))
    return diffused(x0, epsilon, alpha, sigma)


def stepped(x: Tensor, x0: Tensor, epsilon: Tensor, log_snr: float, to: float) -> Tensor:
    """Eq. 4 with γ = 0: from x at one level, with its estimate x̂₀, to the next."""
    kept = math.exp(log_snr - to)
    mean = kept * _alpha(to) / _alpha(log_snr) * x + (1 - kept) * _alpha(to) * x0
    return mean + math.sqrt(1 - kept) * _alpha(-to) * epsilon


class Unrolled(nn.Module):
    """Some steps of a chain by a network that predicts x₀, and that network alone.

    Args:
        network: an engine.training.networks.unet.UNet.
        config: its own.
    """

    def __init__(self, network: nn.Module, config: UNetConfig) -> None:
        super().__init__()
        self.network = network
        self._autoguided = config.axes > 0

    def forward(
        self,
        x: Tensor,
        inputs: dict[str, Tensor],
        log_snrs: Sequence[float],
        epsilons: Sequence[Tensor],
        alone: dict[str, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """One pass, so that data-parallel training sees one.

        Args:
            x: (B, C, L) at the first level.
            inputs: the network's, but x and log_snr.
            log_snrs: of the steps.
            epsilons: (B, C, L) fresh noise before each step but the first.
            alone: inputs of another pass of the network, x and log_snr among them.

        Returns:
            The last step's x̂₀ (B, C, L), and what the network says in the other pass.
        """
        said = self._said(x, inputs, log_snrs[0])
        levels = zip(log_snrs, log_snrs[1:], epsilons, strict=False)
        for log_snr, to, epsilon in levels:
            x = stepped(x, said, epsilon, log_snr, to)
            said = self._said(x, inputs, to)
        return said, None if alone is None else self.network(**alone)

    def _said(self, x: Tensor, inputs: dict[str, Tensor], log_snr: float) -> Tensor:
        rows = len(x)
        given = {"x": x, "log_snr": x.new_full((rows,), log_snr), **inputs}
        if self._autoguided:
            given["autoguidance"] = x.new_full((rows,), AUTOGUIDANCE)
        said: Tensor = self.network(**given)
        return said.float()


def _alpha(log_snr: float) -> float:
    """α of a level; σ is α of −λ."""
    return 1 / math.sqrt(1 + math.exp(-log_snr))
