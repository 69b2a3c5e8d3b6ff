"""Distillation: the student learns to place every text where the teacher does.

    loss = (1 − cos(student, teacher)) + w · KL(neighbours of teacher ‖ neighbours of student)

The second term compares, for each text of a batch, the softmax of its similarities to the others
(Fang et al. 2021, https://arxiv.org/abs/2101.04731, without the queue): captions lie close to one
another, and the cosine alone is content when all of them lie at their common mean.

Batches, their order and the typing slips are functions of (seed, step), so a run that was killed
goes on as if it had not been. Rejected: the U-Nets' training loop (it is made of clips and noise).
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from engine.composer.dice import Dice
from engine.text.tokens import encode_batch
from engine.training.made import Say, Stop
from engine.training.text import state as states
from engine.training.text.prompts import slipped
from engine.training.text.student import Student, Understanding
from engine.training.train.optimise import learning_rate

_log: Final = logging.getLogger(__name__)
_WINDOW: Final = 4096  # texts that are sorted by length together
_LINE_EVERY: Final = 25  # steps
_CLIP_NORM: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """Settings.

    Attributes:
        steps: updates altogether.
        batch_tokens: at most, padding included.
        rate: peak learning rate of the blocks.
        table_share: of it for the pieces' table and the head, which begin as a solution: at the
            full rate the first steps undo it (held-out single words 0.82 → 0.80 in 80 steps).
        warmup: steps to the peak; then a cosine down to nothing.
        relation: weight of the second term.
        temperature: of its softmax.
        slips: share of texts with a typing slip.
        max_tokens: longer texts are cut.
        save_every: steps between checkpoints.
        seed: of order and slips.
    """

    steps: int = 1600
    batch_tokens: int = 1536
    rate: float = 1e-3
    table_share: float = 0.25
    warmup: int = 150
    relation: float = 0.3
    temperature: float = 0.05
    slips: float = 0.15
    max_tokens: int = 96
    save_every: int = 200
    seed: int = 0


def relation_loss(ours: Tensor, teachers: Tensor, *, temperature: float) -> Tensor:
    """Mean KL divergence of neighbourhoods.

    Args:
        ours: (B, E) of length 1.
        teachers: likewise.
        temperature: of the softmax over each text's similarities to the others.
    """
    alone = torch.eye(len(ours), dtype=torch.bool)
    ours_ = (ours @ ours.T / temperature).masked_fill(alone, -1e4)
    theirs = (teachers @ teachers.T / temperature).masked_fill(alone, -1e4)
    return functional.kl_div(
        ours_.log_softmax(dim=1), theirs.log_softmax(dim=1), log_target=True, reduction="batchmean"
    )


def losses(
    understood: Understanding, targets: Tensor, settings: Distillation
) -> tuple[Tensor, Tensor]:
    """The cosine's and the relation's, unweighted. `targets` (B, E) of length 1."""
    cosine = 1 - (understood.projected * targets).sum(dim=1).mean()
    if len(targets) < 2:
        return cosine, torch.zeros(())
    relation = relation_loss(understood.projected, targets, temperature=settings.temperature)
    return cosine, relation


def epoch_batches(
    lengths: NDArray[np.int64], *, batch_tokens: int, seed: int, epoch: int
) -> list[NDArray[np.int64]]:
    """One epoch: every text once, like lengths together, in an order of its own.

    Args:
        lengths: tokens of each text.
        batch_tokens: count · longest of a batch, at most (a text alone may have more).
        seed: of the run.
        epoch: 0, 1, …
    """
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), _WINDOW):
        window = order[start : start + _WINDOW]
        window = window[np.argsort(lengths[window], kind="stable")]
        first = 0
        for place in range(1, len(window) + 1):
            full = (
                place == len(window) or (place + 1 - first) * lengths[window[place]] > batch_tokens
            )
            if full:
                batches.append(window[first:place])
                first = place
    return [batches[index] for index in rng.permutation(len(batches))]


class Run:
    """A student on its way."""

    def __init__(
        self,
        student: Student,
        tokenizer: Tokenizer,
        texts: Sequence[str],
        targets: NDArray[np.float32],
        settings: Distillation,
    ) -> None:
        """Begin at step 0.

        Args:
            student: trained in place.
            tokenizer: its own.
            texts: N texts.
            targets: (N, E), the teacher's, of length 1.
            settings: of the run.
        """
        self.student, self.settings, self.step = student, settings, 0
        self._tokenizer, self._texts = tokenizer, texts
        self._targets = targets
        counted = [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]
        self._lengths = np.minimum(np.array(counted, np.int64), settings.max_tokens)
        self._epochs: list[list[NDArray[np.int64]]] = []
        self.optimiser = torch.optim.AdamW(
            _groups(student, settings.table_share),
            lr=settings.rate,
            betas=(0.9, 0.98),
            weight_decay=0.0,
        )

    def batch(self, step: int) -> NDArray[np.int64]:
        """The places of a step's texts; steps count from 0."""
        for epoch in range(step + 1):
            if epoch == len(self._epochs):
                self._epochs.append(
                    epoch_batches(
                        self._lengths, batch_tokens=self.settings.batch_tokens,
                        seed=self.settings.seed, epoch=epoch,
                    )
                )  # fmt: skip
            if step < len(self._epochs[epoch]):
                return self._epochs[epoch][step]
            step -= len(self._epochs[epoch])
        raise AssertionError  # an epoch has at least one batch

    def update(self) -> tuple[float, float]:
        """One step; its cosine and relation losses."""
        settings = self.settings
        chosen = self.batch(self.step)
        dice = Dice("slips", settings.seed, self.step)
        said = [self._texts[index] for index in chosen]
        said = [slipped(text, dice) if dice.chance(settings.slips) else text for text in said]
        ids, mask = encode_batch(self._tokenizer, said, max_tokens=settings.max_tokens)
        rate = learning_rate(
            self.step, peak=settings.rate, warmup=settings.warmup, end=settings.steps
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        understood = self.student(torch.from_numpy(ids), torch.from_numpy(mask))
        cosine, relation = losses(
            understood, torch.from_numpy(self._targets[chosen].astype(np.float32)), settings
        )
        self.optimiser.zero_grad(set_to_none=True)
        (cosine + settings.relation * relation).backward()  # type: ignore[no-untyped-call]  # torch's
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), _CLIP_NORM)
        self.optimiser.step()
        self.step += 1
        return cosine.item(), relation.item()


def _groups(student: Student, table_share: float) -> list[dict[str, Any]]:
    solved = [student.encoder.encoder.shared.weight, student.head.weight]
    known = {id(parameter) for parameter in solved}
    blocks = [parameter for parameter in student.parameters() if id(parameter) not in known]
    return [{"params": blocks, "share": 1.0}, {"params": solved, "share": table_share}]


def go_on(
    run: Run,
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
    sums, since = np.zeros(2), 0
    run.student.train()
    while run.step < settings.steps:
        sums += run.update()
        since += 1
        stopped = stop()
        ends = stopped or run.step == settings.steps
        if ends or run.step % settings.save_every == 0:
            states.save(folder, run.student, run.optimiser, step=run.step)
        if ends or run.step % _LINE_EVERY == 0:
            spent = (time.monotonic() - began) / (run.step - first)
            say(
                f"step {run.step}/{settings.steps}  cosine {1 - sums[0] / since:.4f}  "
                f"relation {sums[1] / since:.4f}  {spent:.2f} s/step  "
                f"{spent * (settings.steps - run.step) / 60:.0f} min left"
            )
            sums, since = np.zeros(2), 0
        if stopped:
            break
    run.student.eval()
    return run.step >= settings.steps
