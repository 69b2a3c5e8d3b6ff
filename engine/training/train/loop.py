"""The training loop: batches in, updates, checkpoints out; it goes on exactly where it was killed.

    noise and data are functions of (seed, step, item)  →  a step needs only weights and its number

Rejected: Accelerate (it steps a prepared LR scheduler once per process,
https://github.com/huggingface/accelerate/issues/2318, and is one more package on the GPU machine).
"""

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn

from engine.errors import UserError
from engine.training.checkpoints import CHECKPOINTS, found, path_of, run_there
from engine.training.networks.config import UNetConfig
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from engine.training.train import checkpoint as checkpoints
from engine.training.train.adversary import AdversarialObjective
from engine.training.train.batches import Arrays, Batches, Needs
from engine.training.train.checkpoint import Checkpoint
from engine.training.train.data import has_split, open_data
from engine.training.train.data_notes import fit_notes
from engine.training.train.data_patches import data_patches
from engine.training.train.diffuse import seeded
from engine.training.train.examples import MEL_SCALE, Example, example, needs, route
from engine.training.train.high_band import HighBandObjective
from engine.training.train.magnitudes import MagnitudeObjective
from engine.training.train.objective import Objective
from engine.training.train.optimise import ema_decay, learning_rate, update_ema
from engine.training.train.parallel import World, precision, world
from engine.training.train.report import Report, Row
from engine.training.train.run_loss import FrameLoss, RunLoss
from engine.training.train.sample import sampled, write_pictures, write_samples
from engine.training.train.settings import Settings, differences
from engine.training.train.text_means import text_means
from engine.training.train.update import Update, trained_parameters
from engine.training.train.warm import start_from, warm_weights

_log: Final = logging.getLogger(__name__)
_LINE_EVERY: Final = 20  # steps
_STOP_EVERY: Final = 10  # steps between asking all processes whether one was told to stop


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes:
        step: updates made altogether.
        finished: whether all that were asked for are.
        path: the last checkpoint.
        loss: of the last step.
        parameters: of the network.
        precision: that it was trained in.
    """

    step: int
    finished: bool
    path: Path
    loss: float
    parameters: int
    precision: str


def train(
    settings: Settings,
    *,
    data: Path,
    out: Path,
    init: Path | None = None,
    resume: bool = False,
    say: Callable[[str], None] = lambda line: None,
    stop: Callable[[], bool] = lambda: False,
    config: UNetConfig | None = None,
) -> Outcome:
    """Train one stage.

    Args:
        settings: of the run.
        data: folder of prepared data.
        out: folder of the run: checkpoints/, samples/, loss.csv.
        init: a checkpoint or a bundle to start from.
        resume: go on from the newest checkpoint in `out`.
        say: takes lines of progress.
        stop: asked after each step; true saves and ends the run.
        config: a network that is no preset.

    Raises:
        UserError: anything that the user can change.
    """
    with world() as here:
        run = _Run(settings, data=data, out=out, here=here, config=config, say=say)
        run.begin(init=init, resume=resume)
        return run.go_on(stop)


def _objective(settings: Settings, config: UNetConfig, precision: str, here: World) -> RunLoss:
    if settings.adversarial:
        return AdversarialObjective(settings, config, precision, here)
    if not config.outputs:
        return Objective(settings, config, precision)
    kind = MagnitudeObjective if settings.stage == "vocoder" else HighBandObjective
    return kind(settings, config, precision)


def _network_config(preset: str) -> UNetConfig:
    if preset not in PRESETS:
        raise UserError(
            "Training did not start",
            f"there is no preset {preset!r}",
            f"Choose one of {', '.join(PRESETS)}",
        )
    return PRESETS[preset]


def _initial(config: UNetConfig, seed: int) -> UNet:
    """A network with the seed's weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seeded(seed, "weights").integers(2**31)))
        return UNet(config)


class _Run:
    """A run in one process."""

    def __init__(
        self,
        settings: Settings,
        *,
        data: Path,
        out: Path,
        here: World,
        config: UNetConfig | None,
        say: Callable[[str], None],
    ) -> None:
        self._here, self._out = here, out
        self._say = say if here.leads else lambda line: None
        self._config = config or _network_config(settings.preset)
        split = open_data(data, "train")
        if self._config.text_width not in (0, split.text_width):
            raise UserError(
                "Training did not start",
                f"{self._config.name} takes texts of width {self._config.text_width}, and {data} "
                f"has {split.text_width or 'none'}",
                "Embed the texts with: noisefall train prepare … --text FOLDER",
            )
        if not settings.x_scale:
            audio = bool(route(settings.stage, self._config).audio_rate_hz)
            settings = replace(settings, x_scale=_scale(split.rms) if audio else MEL_SCALE)
        self._settings, self._split = settings, split
        self._first, self._count = here.share(settings.batch)
        self._needs = needs(settings.stage, self._config, settings.crop_s)
        self._batches = Batches(split, self._needs, settings)
        self._validation = _validation(data, self._needs, settings)
        self._precision = precision(settings.precision, here.device)
        self._objective = _objective(settings, self._config, self._precision, here)
        self._step = 0

    # ── beginning ─────────────────────────────────────────────────────────────────────────

    def begin(self, *, init: Path | None, resume: bool) -> None:
        """Make the network and its optimiser, fresh, warm or as they were."""
        folder = self._out / CHECKPOINTS
        before = checkpoints.newest(folder) if resume else None
        if before is None and found(folder):
            raise run_there(self._out)
        if self._settings.compile and self._here.device.type == "cpu":
            raise UserError(
                "Training did not start",
                "--compile is for GPUs: on a CPU its gradients are not finite (torch 2.13, bf16)",
                "Leave --compile away",
            )
        self._out.mkdir(parents=True, exist_ok=True)
        network = _initial(self._config, self._settings.seed)
        if init is not None and before is None:
            if start_from(network, warm_weights(init, self._settings.stage), init):
                self._fit_notes(network)
        elif before is None:
            self._fit(network)
        if self._precision == "bf16":
            torch.set_float32_matmul_precision("high")
        self._network = network.to(self._here.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks this pair
        self._ema = copy.deepcopy(self._network).eval().requires_grad_(False)
        self._optimiser = Update(self._network, self._settings)
        if before is not None:
            self._restore(before)
        trained: nn.Module = self._here.wrapped(self._objective.around(self._network))
        self._trained = trained
        if self._settings.compile:
            self._trained = cast("nn.Module", torch.compile(trained))

    def _fit(self, network: UNet) -> None:
        """Give a fresh network what it need not learn: how texts and data vary."""
        if network.embedding.text is not None:
            tokens = self._settings.text_tokens
            network.embedding.text.standardise(text_means(self._split, tokens=tokens))
        if network.axes is not None:
            patches = data_patches(
                self._batches, self._example, batch=self._settings.batch, patch=self._config.patch
            )
            network.axes.fit(patches)
        self._fit_notes(network)

    def _fit_notes(self, network: UNet) -> None:
        """Give a network that has not yet heard notes what they sound like on average."""
        if network.notes is not None:
            s = self._settings
            fit_notes(network, self._batches, self._example, batch=s.batch, seed=s.seed)

    def _restore(self, before: Checkpoint) -> None:
        changed = differences(before.settings, self._settings)
        if changed or before.config != self._config:
            raise UserError(
                "Training did not go on",
                f"it was begun with another {changed[0] if changed else 'network'}",
                "Give the options that it was begun with",
            )
        self._step = before.step
        with torch.no_grad():
            for name, ours, average in self._named():
                ours.copy_(before.weights[name])
                average.copy_(before.ema[name])
        self._optimiser.restore(before.step, before.first, before.second)
        self._objective.restore(self._out, before.step)

    def _named(self) -> list[tuple[str, Tensor, Tensor]]:
        averages = list(self._ema.parameters())
        pairs = zip(self._network.named_parameters(), averages, strict=True)
        return [(name, parameter, average) for (name, parameter), average in pairs]

    # ── going on ──────────────────────────────────────────────────────────────────────────

    def go_on(self, stop: Callable[[], bool]) -> Outcome:
        """Train until the last step, or until told to stop; the end is always saved."""
        settings, loss = self._settings, float("nan")
        report = (
            Report(self._out, step=self._step, steps=settings.steps, say=self._say)
            if self._here.leads
            else None
        )
        ahead = self._batches.ahead(self._step, first=self._first, count=self._count)
        path = path_of(self._out / CHECKPOINTS, self._step)
        try:
            while self._step < settings.steps:
                row = self._update(next(ahead))
                loss = row["loss"]
                told = self._step % _STOP_EVERY == 0 or self._here.size == 1
                stopped = told and self._here.any(stop())
                ends = stopped or self._step == settings.steps
                if ends or self._step % settings.save_every == 0:
                    path = self._save(row)
                if report is not None:
                    report.step(self._step, row)
                    if ends or self._step % _LINE_EVERY == 0:
                        report.line(self._step, loss, self._objective.word())
                if stopped:
                    break
        finally:
            ahead.close()  # type: ignore[attr-defined]  # a generator
            if report is not None:
                report.close()
        return Outcome(
            step=self._step, finished=self._step >= settings.steps, path=path, loss=loss,
            parameters=sum(p.numel() for _, p in trained_parameters(self._network)),
            precision=self._precision,
        )  # fmt: skip

    def _update(self, arrays: Arrays) -> Row:
        """One step of the optimiser; its loss, learning rate and gradient norm."""
        s = self._settings
        rate = learning_rate(self._step, peak=s.learning_rate, warmup=s.warmup, end=s.end)
        batch = self._example(arrays)
        loss = self._objective(self._trained, batch, self._step, first=self._first).mean()
        self._network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's
        limit = s.clip_norm or float("inf")
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), limit)
        if not torch.isfinite(norm):
            raise UserError(
                "Training was stopped",
                f"the gradient of step {self._step + 1} is not finite",
                "Go on from the last checkpoint with a smaller --lr",
            )
        self._optimiser.step(rate)
        self._step += 1
        update_ema(
            list(self._ema.parameters()), self._network.parameters(), ema_decay(self._step, s.ema)
        )
        mean = self._here.mean(loss.detach())
        return {"loss": mean, "learning_rate": rate, "gradient": float(norm)}

    def _example(self, arrays: Arrays) -> Example:
        return example(
            self._settings.stage, self._config, arrays,
            x_scale=self._settings.x_scale, device=self._here.device,
        )  # fmt: skip

    # ── saving ────────────────────────────────────────────────────────────────────────────

    def _save(self, row: Row) -> Path:
        """Validate, sample and save, in the process that leads."""
        path = path_of(self._out / CHECKPOINTS, self._step)
        if not self._here.leads:
            return path
        if self._validation is not None:
            row["validation"] = self._validated(self._validation)
            self._write_samples(self._validation)
        self._objective.keep(self._out, self._step)
        first, second = self._optimiser.moments()
        saved = Checkpoint(
            step=self._step,
            settings=self._settings,
            config=self._config,
            weights={name: p.detach().cpu() for name, p, _ in self._named()},
            ema={name: average.detach().cpu() for name, _, average in self._named()},
            first=first,
            second=second,
        )
        path = checkpoints.save(self._out / CHECKPOINTS, saved, keep=self._settings.keep)
        _log.info("saved %s", path)
        return path

    @torch.no_grad()
    def _validated(self, batches: Batches) -> float:
        """The EMA's loss on the same items, times and noise at every checkpoint."""
        s, losses = self._settings, []
        for index in range(s.validation_batches):
            batch = self._example(batches.batch(index, first=0, count=self._count))
            losses.append(self._objective(self._ema, batch, index, first=0, augment=False).mean())
        return float(torch.stack(losses).mean()) if losses else float("nan")

    def _write_samples(self, batches: Batches) -> None:
        if not self._settings.samples:
            return
        batch = self._example(batches.batch(0, first=0, count=self._settings.samples))
        folder = self._out / "samples" / f"step-{self._step:08d}"
        if isinstance(self._objective, FrameLoss):
            write_pictures(folder, *self._objective.pictures(self._ema, batch))
            return
        made = sampled(self._ema, self._config, self._settings, batch)
        write_samples(folder, made, batch, settings=self._settings, config=self._config)


def _scale(rms: float) -> float:
    """Audio times this has unit variance; two digits, for it is written in manifests."""
    return float(f"{1 / max(rms, 1e-3):.2g}")


def _validation(data: Path, need: Needs, settings: Settings) -> Batches | None:
    """The validation split's batches, None where there is no such split."""
    if not has_split(data, "validation"):
        return None
    split = open_data(data, "validation")
    return Batches(split, need, settings, augment=False)
