"""One training step's loss: from a batch and the numbers of its step to a loss per item."""

from dataclasses import dataclass

from torch import Tensor, nn

from engine.diffusion.noise_schedule import noise_schedule
from engine.training.train.augment import spoilt_condition
from engine.training.train.bands import high_passed
from engine.training.train.diffuse import diffused, levels, noise, stratified_times
from engine.training.train.examples import Example, route
from engine.training.train.losses import denoised, diffusion_loss
from engine.training.train.run_loss import RunLoss, said_of
from engine.training.train.spectral import audio_distances


@dataclass(frozen=True)
class Asked:
    """What a network is asked, and what its answer is measured by.

    Attributes:
        inputs: the network's, x and log_snr among them.
        epsilon: (B, C, L) the noise in x.
        alpha: (B,) share of signal.
        sigma: (B,) share of noise.
    """

    inputs: dict[str, Tensor]
    epsilon: Tensor
    alpha: Tensor
    sigma: Tensor


class Objective(RunLoss):
    """The loss of a diffusion run."""

    def __call__(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool = True
    ) -> Tensor:
        """Loss of each item, (B,)."""
        asked = self.asked(batch, step, first=first, augment=augment)
        return self.loss(said_of(network, self.precision, asked.inputs), batch, asked)

    def asked(self, batch: Example, step: int, *, first: int, augment: bool = True) -> Asked:
        """The batch at its step's noise levels. Arguments as for the loss."""
        s, x0 = self.settings, batch.x0
        schedule = noise_schedule(s.noise_schedule)
        t = stratified_times(s.seed, step, first=first, count=len(x0), batch=max(s.batch, len(x0)))
        alpha, sigma, log_snr = levels(schedule, t, x0)
        epsilon = noise(s.seed, "noise", step, first=first, shape=tuple(x0.shape), device=x0.device)
        x = diffused(x0, epsilon, alpha, sigma)
        inputs = spoilt_condition(s, self.config, batch.inputs, step, first, augment=augment)
        return Asked({"x": x, "log_snr": log_snr, **inputs}, epsilon, alpha, sigma)

    def loss(self, said: Tensor, batch: Example, asked: Asked) -> Tensor:
        """Loss of each item, (B,), of what the network said (B, C, L)."""
        s, x0, x = self.settings, batch.x0, asked.inputs["x"]
        if s.above_hz and s.prediction == "x0":
            rate_hz = route(s.stage, self.config).audio_rate_hz
            x0, said = (
                high_passed(audio, rate_hz=rate_hz, above_hz=s.above_hz) for audio in (x0, said)
            )
        loss = diffusion_loss(
            s.loss, s.prediction, x=x, said=said, x0=x0, epsilon=asked.epsilon, alpha=asked.alpha,
            sigma=asked.sigma, valid=batch.valid,
        )  # fmt: skip
        if s.spectral or s.log_mel:
            estimate = denoised(s.prediction, x, said, asked.alpha, asked.sigma)
            loss = loss + audio_distances(
                estimate, x0, rate_hz=route(s.stage, self.config).audio_rate_hz,
                spectral=s.spectral, log_mel=s.log_mel, above_hz=s.above_hz,
            )  # fmt: skip
        return loss
