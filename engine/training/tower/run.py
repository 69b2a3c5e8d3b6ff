"""A tower on its way: one update, what it leaves behind, and going on to the last step.

Everything is fp32: on a processor without bf16 units the same step took 2.6 times as long in bf16
(2.7 against 1.05 s, 64 windows of 10 s, one core).
"""

import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from engine.errors import UserError
from engine.training.made import Say, Stop
from engine.training.tower import state as states
from engine.training.tower.augment import augment
from engine.training.tower.examples import Examples
from engine.training.tower.likeness import soft_targets
from engine.training.tower.losses import TAG_WEIGHTS, contrast_loss, entropy, tag_losses
from engine.training.tower.network import HearingNet
from engine.training.tower.settings import TowerSettings, differences
from engine.training.train.diffuse import seeded
from engine.training.train.optimise import ema_decay, learning_rate, update_ema

_log: Final = logging.getLogger(__name__)
_LINE_EVERY: Final = 25  # steps
_CLIP_NORM: Final = 1.0
_BETAS: Final = (0.9, 0.98)
_COLLAPSED: Final = 0.97  # of ln(batch); a contrast above it after the warm-up tells nothing apart


class TowerRun:
    """Network, average and optimiser between two steps.

    Args:
        examples: to learn from.
        settings: of the run.
    """

    def __init__(self, examples: Examples, settings: TowerSettings) -> None:
        self.examples, self.settings, self.step = examples, settings, 0
        self.classes = examples.classes
        self.net = first_net(examples, settings)
        for parameter in self.net.parameters():
            # The convolutions of 64 windows of 10 s: 0.48 against 0.75 s on one core.
            if parameter.dim() == 4:
                parameter.data = parameter.data.to(memory_format=torch.channels_last)
        self.average = {n: p.detach().clone() for n, p in self.net.named_parameters()}
        matrices = [p for p in self.net.parameters() if p.dim() > 1]
        others = [p for p in self.net.parameters() if p.dim() <= 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices, "weight_decay": settings.decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=settings.rate, betas=_BETAS)

    def update(self) -> dict[str, float]:
        """One step. Returns its losses by name, and "floor", the least that "contrast" can be."""
        s = self.settings
        batch = self.examples.batch(self.step, batch=s.batch, frames=s.frames, seed=s.seed)
        rng = seeded(s.seed, "condition", self.step)
        mels = augment(torch.from_numpy(batch.mels), rng)
        noise = rng.standard_normal(batch.means.shape, np.float32) * np.float32(s.text_noise)
        hot = {kind: torch.from_numpy(x) for kind, x in batch.targets.hot.items()}
        known = {kind: torch.from_numpy(x).float() for kind, x in batch.targets.known.items()}
        targets = soft_targets(hot, s.batch, softness=s.softness)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**62)))  # dropout
            features = self.net.dropped(self.net.tower(mels))
        texts = self.net.embed_text(torch.from_numpy(batch.means), torch.from_numpy(noise))
        sounds = self.net.embed(features)
        contrast = contrast_loss(sounds, texts, targets, self.net.scale())
        tags = tag_losses(self.net.logits(features), hot, known)
        loss = s.contrast * contrast
        for kind, value in tags.items():
            loss = loss + TAG_WEIGHTS[kind] * value
        self._descend(loss)
        named = {"contrast": contrast, "floor": entropy(targets), **tags}
        return {name: value.item() for name, value in named.items()}

    def _descend(self, loss: Tensor) -> None:
        s = self.settings
        rate = learning_rate(self.step, peak=s.rate, warmup=s.warmup, end=s.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), _CLIP_NORM)
        self.optimiser.step()
        self.step += 1
        decay = ema_decay(self.step, s.average)
        update_ema([*self.average.values()], [p.detach() for p in self.net.parameters()], decay)

    def state(self) -> states.TowerState:
        """All of it, to be saved."""
        named = dict(self.net.named_parameters())
        moments = {
            group: {
                name: self.optimiser.state[p].get(key, torch.zeros_like(p))
                for name, p in named.items()
            }
            for group, key in (("first", "exp_avg"), ("second", "exp_avg_sq"))
        }
        tensors = {
            "weights": {name: p.detach() for name, p in named.items()},
            "average": self.average,
            "buffer": dict(self.net.named_buffers()),
            **moments,
        }
        return states.TowerState(
            step=self.step, settings=self.settings, classes=self.examples.classes, tensors=tensors
        )

    @torch.no_grad()
    def restore(self, state: states.TowerState) -> None:
        """Go back to where a state was saved.

        Raises:
            UserError: it is of other settings or other data.
        """
        other = differences(state.settings, self.settings)
        if dict(state.classes) != dict(self.examples.classes):
            other.append("classes")
        if other:
            raise UserError(
                "Training did not go on",
                f"the run in --out has another {other[0].replace('_', '-')}",
                "Give the options and the data that it was begun with",
            )
        groups = state.tensors
        for name, p in self.net.named_parameters():
            p.copy_(groups["weights"][name])
            self.average[name].copy_(groups["average"][name])
            self.optimiser.state[p] = {
                "step": torch.tensor(float(state.step)),
                "exp_avg": torch.empty_like(p).copy_(groups["first"][name]),
                "exp_avg_sq": torch.empty_like(p).copy_(groups["second"][name]),
            }
        for name, buffer in self.net.named_buffers():
            buffer.copy_(groups["buffer"][name])
        self.step = state.step

    def averaged(self) -> HearingNet:
        """A network of the averaged weights, in evaluation mode."""
        net = bare_net(self.examples, self.settings)
        net.load_state_dict({**self.average, **dict(self.net.named_buffers())})
        return net.eval()


def bare_net(examples: Examples, settings: TowerSettings) -> HearingNet:
    """A network for some data, its weights at random."""
    counts = {kind: len(names) for kind, names in examples.classes.items()}
    width = examples.means[0].shape[1]
    return HearingNet(settings.shape, text_width=width, classes=counts)


def first_net(examples: Examples, settings: TowerSettings) -> HearingNet:
    """The network of step 0: weights from the seed, texts and frequencies from the data."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        net = bare_net(examples, settings)
    texts = np.concatenate(examples.means)
    net.text.standardise(torch.from_numpy(texts))
    net.expect({kind: torch.from_numpy(hot) for kind, hot in examples.targets.hot.items()})
    return net


def go_on(
    run: TowerRun,
    folder: Path,
    *,
    say: Say = lambda line: None,
    stop: Stop = lambda: False,
) -> bool:
    """Update until the last step, saving in `folder`; False where `stop` said so before.

    Raises:
        UserError: a checkpoint cannot be written.
    """
    settings, began, first = run.settings, time.monotonic(), run.step
    seen: list[Mapping[str, float]] = []
    run.net.train()
    while run.step < settings.steps:
        seen.append(run.update())
        stopped = stop()
        ends = stopped or run.step == settings.steps
        if ends or run.step % settings.save_every == 0:
            states.save(folder, run.state())
        if ends or run.step % _LINE_EVERY == 0:
            spent = (time.monotonic() - began) / (run.step - first)
            say(_line(run, seen, spent))
            seen = []
        if stopped:
            break
    return run.step >= settings.steps


def _line(run: TowerRun, seen: list[Mapping[str, float]], spent: float) -> str:
    s = run.settings
    mean = {name: sum(row[name] for row in seen) / len(seen) for name in seen[0]}
    if run.step > 2 * s.warmup and mean["contrast"] > _COLLAPSED * math.log(s.batch):
        _log.warning("the contrast stays at ln(batch): try a larger --batch or a smaller --rate")
    losses = "  ".join(f"{name} {value:.3f}" for name, value in mean.items())
    left = spent * (s.steps - run.step) / 60
    return f"step {run.step}/{s.steps}  {losses}  {spent:.2f} s/step  {left:.0f} min left"
