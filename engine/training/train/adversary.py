"""Finishing a generator of mels against discriminators: what few steps lack, they hear.

The mean square error wants the mean of all mels that would fit, so estimates are too smooth, and a
chain of few steps adds up what each lacks: bass too loud where it is loud, stereo images too
narrow, textures too tame. Here the last steps of such a chain are unrolled (`unrolled`) and
discriminators say whether their end is real (Goodfellow et al. 2014,
https://arxiv.org/abs/1406.2661, as hinge losses). Half of the chains begin at real mels with noise,
so that what is made has a real mel beside it, whose features in the discriminators it shall have,
too; half begin at noise alone, as takes do. The diffusion loss on half of the items keeps the rest.

Rejected: judging single estimates of noisy real mels (ends of chains were told from real mels more
easily than before), and more sampling steps instead (it is the estimates, not their number).
"""

from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn

from engine.diffusion.noise_schedule import noise_schedule
from engine.errors import UserError
from engine.training.checkpoints import grouped, opened, path_of, write_step
from engine.training.networks.config import UNetConfig
from engine.training.train.diffuse import noise, seeded
from engine.training.train.discriminators import (
    LONGEST_PATCH,
    Discriminators,
    feature_distance,
    hinge,
    right_share,
    unconvincing,
)
from engine.training.train.examples import Example
from engine.training.train.objective import Asked, Objective
from engine.training.train.parallel import World
from engine.training.train.settings import Settings
from engine.training.train.unrolled import Chain, Unrolled, began_at, chain, stepped
from engine.training.train.update import Update

DISCRIMINATORS: Final = "discriminators"  # in the folder of a run
FORMAT: Final = "noisefall-discriminators-1"
_GROUPS: Final = ("weights", "first", "second")
_STEPS: Final = (4, 5, 5, 6)  # of chains, drawn evenly: Draft's, Standard's, and more
_UNROLLED: Final = 3
_FROM_NOISE: Final = 0.5  # share of chains that do not begin at real mels
_DRAWS: Final = 8  # of noise in one chain, at most
_ALONE: Final = 20  # steps in which the discriminators learn and the generator does not hear them
_MEL_CHANNELS: Final = 160


class AdversarialObjective(Objective):
    """The loss of a run that finishes a generator of mels; it trains the discriminators, too.

    Args:
        settings: of the run.
        config: of the network.
        precision: "bf16" or "fp32".
        here: this process among others.

    Raises:
        UserError: the network makes no mels, or its crops do not fit the discriminators.
    """

    def __init__(self, settings: Settings, config: UNetConfig, precision: str, here: World) -> None:
        super().__init__(settings, config, precision)
        _check(settings, config)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(seeded(settings.seed, "weights", 1).integers(2**31)))
            made = Discriminators(config)
        self._discriminators = made.to(here.device)
        self._trained: nn.Module = here.wrapped(self._discriminators)
        self._here = here
        self._update = Update(
            self._discriminators,
            replace(
                settings, learning_rate=settings.discriminator_rate, optimiser="adam",
                weight_decay=0.0,
            ),
        )  # fmt: skip
        self._right = 0.0

    # ── the loss ──────────────────────────────────────────────────────────────────────────

    def __call__(
        self, network: nn.Module, batch: Example, step: int, *, first: int, augment: bool = True
    ) -> Tensor:
        """Loss of each item, (B,): the diffusion loss alone where nothing is augmented."""
        if not augment:
            return super().__call__(network, batch, step, first=first, augment=False)
        s = self.settings
        real = batch.x0.clamp(-s.x_scale, s.x_scale)
        some = _first_items(batch, max(1, len(real) // 2))
        asked = self.asked(some, step, first=first)
        from_noise = bool(seeded(s.seed, "chain", step, 0).random() < _FROM_NOISE)
        with self._arithmetic():
            made, said = self._made(network, batch, step, first, asked, from_noise=from_noise)
        made = torch.where(batch.valid > 0, made.clamp(-s.x_scale, s.x_scale), real)
        who = batch.inputs.get("signals"), batch.inputs.get("globals")
        self._learn(real, made.detach(), who)
        loss = self.loss(said, some, asked).mean().expand(len(real))
        if step < _ALONE:
            return loss + 0 * made.sum()  # every weight has a gradient, as processes agreed
        self._discriminators.requires_grad_(requires_grad=False)
        with self._arithmetic():
            with torch.no_grad():
                wanted = self._discriminators(real, *who)
            judged = self._discriminators(made, *who)
        self._discriminators.requires_grad_(requires_grad=True)
        loss = loss + s.adversarial * unconvincing([logits for logits, _ in judged])
        if not from_noise:
            features = [[layers for _, layers in words] for words in (wanted, judged)]
            loss = loss + s.features * feature_distance(*features)
        return loss

    def word(self) -> str:
        """How well the discriminators can tell."""
        return f"told {100 * self._right:.0f} %"

    def around(self, network: nn.Module) -> nn.Module:
        """The network with the chain around it."""
        return Unrolled(network, self.config)

    def _made(
        self,
        network: nn.Module,
        batch: Example,
        step: int,
        first: int,
        asked: Asked,
        *,
        from_noise: bool,
    ) -> tuple[Tensor, Tensor]:
        """A chain's end (B, C, L), and what the network says where it is asked."""
        path = self._chain(step)
        noises = [
            noise(
                self.settings.seed, "chain", step * _DRAWS + n, first=first,
                shape=tuple(batch.x0.shape), device=batch.x0.device,
            )
            for n in range(len(path.log_snrs))
        ]  # fmt: skip
        x = self._begun(network, batch, path, noises, from_noise=from_noise)
        made, said = network(
            x, batch.inputs, path.log_snrs[path.first :], noises[path.first + 1 :], asked.inputs
        )
        return made, said.float()

    def _chain(self, step: int) -> Chain:
        drawn = seeded(self.settings.seed, "chain", step, 1).integers(len(_STEPS))
        schedule = noise_schedule(self.settings.noise_schedule)
        return chain(_STEPS[int(drawn)], unrolled=_UNROLLED, noise=schedule)

    @torch.no_grad()
    def _begun(
        self,
        network: nn.Module,
        batch: Example,
        path: Chain,
        noises: list[Tensor],
        *,
        from_noise: bool,
    ) -> Tensor:
        """X (B, C, L) at the first level that is differentiated."""
        if not from_noise:
            return began_at(batch.x0, noises[0], path.log_snrs[path.first])
        bare = cast("nn.Module", getattr(network, "module", network))
        x = noises[0]
        for n, (log_snr, to) in enumerate(zip(path.log_snrs, path.log_snrs[1:], strict=False)):
            if n == path.first:
                break
            said, _ = bare(x, batch.inputs, [log_snr], [])
            x = stepped(x, said, noises[n + 1], log_snr, to)
        return x

    def _learn(self, real: Tensor, made: Tensor, who: tuple[Tensor | None, ...]) -> None:
        """One step of the discriminators."""
        doubled = [None if told is None else torch.cat([told, told]) for told in who]
        with self._arithmetic():
            judged = self._trained(torch.cat([real, made]), *doubled)
        pairs = [logits.chunk(2) for logits, _ in judged]
        reals, mades = [r for r, _ in pairs], [m for _, m in pairs]
        self._discriminators.zero_grad()
        hinge(reals, mades).backward()  # type: ignore[no-untyped-call]  # torch's
        self._update.step(self.settings.discriminator_rate)
        self._right = right_share(reals, mades)

    def _arithmetic(self) -> torch.autocast:
        device = self._here.device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.precision == "bf16")

    # ── going on ──────────────────────────────────────────────────────────────────────────

    def keep(self, out: Path, step: int) -> None:
        """Write the discriminators beside the checkpoint of a step. Raises UserError."""
        first, second = self._update.moments()
        weights = {n: p.detach().cpu() for n, p in self._discriminators.named_parameters()}
        groups = {"weights": weights, "first": first, "second": second}
        write_step(out / DISCRIMINATORS, step, groups, {"format": FORMAT}, keep=self.settings.keep)

    def restore(self, out: Path, step: int) -> None:
        """Go on with what `keep` wrote at a step. Raises UserError where it is not there."""
        with opened(path_of(out / DISCRIMINATORS, step), FORMAT, _damaged) as (_, file):
            groups = grouped(file, _GROUPS)
            with torch.no_grad():
                for name, parameter in self._discriminators.named_parameters():
                    parameter.copy_(groups["weights"][name])
            self._update.restore(step, groups["first"], groups["second"])


def _check(settings: Settings, config: UNetConfig) -> None:
    fits = config.channels == _MEL_CHANNELS and settings.stage == "generator"
    if not fits or settings.prediction != "x0":
        raise UserError(
            "Training did not start", f"{config.name} is no generator of mels that predicts x0",
            "Leave --adversarial away",
        )  # fmt: skip
    if config.multiple % LONGEST_PATCH:
        raise UserError(
            "Training did not start",
            f"crops of {config.name} are no multiples of {LONGEST_PATCH} frames",
            "Choose another --preset, or leave --adversarial away",
        )


def _first_items(batch: Example, count: int) -> Example:
    inputs = {name: values[:count] for name, values in batch.inputs.items()}
    return Example(batch.x0[:count], inputs, batch.valid[:count])


def _damaged(path: Path, why: str | Exception) -> UserError:
    return UserError(
        "Training did not go on", f"{path}: {why}", "Start anew with --init in another --out"
    )
