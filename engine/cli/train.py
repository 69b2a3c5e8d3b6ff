"""`noisefall train …`: prepare data, train a stage or the text encoder, export a bundle.

`noisefall train generator …` and the other stages need torch, numpy and safetensors alone; under
`torchrun -m engine.cli train …` several processes share the batch.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.cli import train_text, train_tower
from engine.cli.interrupt import EXIT_INTERRUPTED, interruptible
from engine.cli.shared import (
    Actions,
    Table,
    add_actions,
    add_options,
    given,
    tell,
    with_training_extra,
)
from engine.errors import UserError

if TYPE_CHECKING:
    from engine.bundle.manifest import StageName
    from engine.training.export.write import StagePart, TextPart
    from engine.training.train.checkpoint import Checkpoint

_STAGES: Final = ("generator", "vocoder", "cascader", "super_resolution")
_OPTIONS: Final[Table] = {
    "steps": (int, "optimiser steps altogether"),
    "batch": (int, "items per step, over all processes"),
    "crop-seconds": (float, "length of a training item"),
    "lr": (float, "peak learning rate"),
    "warmup": (int, "steps to the peak"),
    "decay-end": (int, "step at which the learning rate is 0; default: the last"),
    "prediction": (("epsilon", "v", "x0"), "what the network predicts"),
    "loss": (("simplified", "sigma", "x0", "x0_outline"), "weight of the noise levels"),
    "noise-schedule": (("linear", "cosine"), "noise schedule"),
    "spectral": (float, "weight of the multi-resolution STFT term"),
    "log-mel": (float, "weight of the log-mel term"),
    "above-hz": (float, "what lies below counts in no loss"),
    "adversarial": (float, "weight of discriminators that finish a generator; 0 has none"),
    "features": (float, "weight of the discriminators' features"),
    "discriminator-rate": (float, "the discriminators' learning rate"),
    "optimiser": (("adam", "adamw", "muon"), "optimiser"),
    "weight-decay": (float, "AdamW's weight decay"),
    "clip-norm": (float, "largest gradient norm; 0 does not clip"),
    "ema": (float, "decay of the weights' moving average"),
    "hide-prompt": (float, "share of items without text"),
    "noise-t-max": (float, "most augmentation noise on the condition, as t"),
    "clean": (float, "share of items with a clean condition"),
    "blur": (("none", "samples", "image"), "blur of the condition"),
    "text-tokens": (int, "tokens of text"),
    "precision": (("auto", "fp32", "bf16"), "arithmetic"),
    "seed": (int, "of weights, data order and noise"),
    "save-every": (int, "steps between checkpoints"),
    "keep": (int, "checkpoints that stay"),
    "samples": (int, "validation items rendered at each checkpoint"),
    "validation-batches": (int, "batches of the validation loss"),
    "workers": (int, "threads that read data"),
}
_FIELDS: Final = {"lr": "learning_rate", "crop-seconds": "crop_s"}  # where names differ


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own commands."""
    add_actions(parser, _ACTIONS)


def run(options: argparse.Namespace) -> int:
    """Do what was asked. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    with with_training_extra("Training cannot run"):
        return _ACTIONS[options.action][0](options)


def _add_stage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", required=True, metavar="NAME", help="starter-generator, …")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--init", type=Path, metavar="PATH", help="a checkpoint, or a bundle")
    parser.add_argument("--resume", action="store_true", help="go on where it ended")
    parser.add_argument("--compile", action="store_true", help="compile the network (GPU)")
    add_options(parser, _OPTIONS)


def _train(options: argparse.Namespace) -> int:
    from engine.training.train.loop import train  # noqa: PLC0415 - torch
    from engine.training.train.settings import settings_for  # noqa: PLC0415

    settings = settings_for(
        options.action,
        options.preset,
        **given(options, _OPTIONS, _FIELDS),
        compile=options.compile,
    )
    with interruptible() as interrupt:
        outcome = train(
            settings, data=options.data, out=options.out, init=options.init,
            resume=options.resume, say=tell, stop=lambda: interrupt.pressed,
        )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":
        print(
            f"{outcome.path}: {outcome.parameters / 1e6:.2f}M parameters, {outcome.precision}, "
            f"step {outcome.step}, loss {outcome.loss:.4f}"
        )
        if not outcome.finished:
            print("Interrupted. The same command with --resume goes on.")
    return 0 if outcome.finished else EXIT_INTERRUPTED


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", type=Path, metavar="CORPUS")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--text", type=Path, metavar="FOLDER", help="a bundle, or a T5")
    parser.add_argument(
        "--arrays", default="mel,audio16,audio24", metavar="NAMES",
        help="default mel,audio16,audio24; a generator needs mel alone",
    )  # fmt: skip
    parser.add_argument("--seconds-per-part", type=float, default=3600.0, metavar="SECONDS")


def _prepare(options: argparse.Namespace) -> int:
    from engine.training.train.data import ARRAYS  # noqa: PLC0415 - numpy
    from engine.training.train.prepare import prepare  # noqa: PLC0415 - scipy

    names = tuple(options.arrays.split(","))
    unknown = [name for name in names if name not in ARRAYS]
    if unknown or not options.seconds_per_part > 0:
        raise UserError(
            "The data were not prepared",
            f"there is no array {unknown[0]!r}" if unknown else "a part must have some length",
            f"Choose from {','.join(ARRAYS)}",
        )
    with interruptible() as interrupt:
        done = prepare(
            options.corpus, options.out, arrays=names, say=tell,
            seconds_per_part=options.seconds_per_part, stop=lambda: interrupt.pressed,
        )  # fmt: skip
        if not interrupt.pressed and options.text is not None:
            from engine.training.train.embed import embed_texts, encoder_from  # noqa: PLC0415

            print(f"{embed_texts(options.out, encoder_from(options.text), tell)} texts embedded")
    print(f"{done.written} parts written, {done.kept} kept, {done.seconds / 3600:.2f} h")
    return EXIT_INTERRUPTED if interrupt.pressed else 0


def _add_export(parser: argparse.ArgumentParser) -> None:
    for stage in _STAGES:
        name = stage.replace("_", "-")
        parser.add_argument(f"--{name}", type=Path, metavar="RUN", help="a run or a checkpoint")
    parser.add_argument("--text", type=Path, metavar="FOLDER", help="a T5")
    parser.add_argument(
        "--base", type=Path, metavar="BUNDLE", help="whose text encoder and stages to take else"
    )
    parser.add_argument(
        "--grain", type=Path, metavar="DATA",
        help="prepared data to measure on how much the generator's stereo image lacks",
    )  # fmt: skip
    parser.add_argument(
        "--blend", type=float, default=1.0, metavar="SHARE",
        help="of the way from --base's generator to the run's; default 1, the run's own",
    )  # fmt: skip
    parser.add_argument(
        "--emphasis", type=float, metavar="X", help="how often the generator is told who plays"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", default="1.0.0", dest="bundle_version")
    parser.add_argument("--licence", default="CC0-1.0")
    parser.add_argument("--description", default="")


def _export(options: argparse.Namespace) -> int:
    from engine.bundle.manifest import ROUTE_STAGES, MelSpec  # noqa: PLC0415 - torch and onnx
    from engine.bundle.store import find  # noqa: PLC0415
    from engine.training.export.harmony import composed_harmony  # noqa: PLC0415
    from engine.training.export.write import write_bundle  # noqa: PLC0415
    from engine.training.train.part import checkpoint_at, stage_part  # noqa: PLC0415

    route = "waveform" if options.cascader is not None else "spectrogram"
    base = None if options.base is None else find(str(options.base))
    stages: dict[StageName, StagePart] = {}
    for stage in ROUTE_STAGES[route]:
        path = getattr(options, stage)
        if path is not None:
            grain = options.grain if stage == "generator" and route == "spectrogram" else None
            checkpoint = checkpoint_at(path)
            if stage == "generator" and options.blend != 1:
                checkpoint = _blended(checkpoint, options.base, options.blend)
            stages[stage] = stage_part(checkpoint, grain=grain, emphasis=options.emphasis)
        elif base is None:
            option = stage.replace("_", "-")
            raise _lacking(f"the {route} route needs a {option}", f"a run with --{option}")
    if options.text is None and base is None:
        raise _lacking("it needs a text encoder", "a T5 with --text")
    identity = write_bundle(
        options.out, name=options.name, version=options.bundle_version, licence=options.licence,
        text=None if options.text is None else _text_part(options.text),
        stages=stages, base=base, route="waveform" if route == "waveform" else "spectrogram",
        mel=MelSpec() if route == "spectrogram" else None, description=options.description,
        harmony=composed_harmony(),
    )  # fmt: skip
    print(f"{options.out}: bundle {identity}")
    return 0


def _blended(checkpoint: "Checkpoint", base: Path | None, share: float) -> "Checkpoint":
    from engine.bundle.store import find  # noqa: PLC0415
    from engine.training.train.warm import blended, warm_weights  # noqa: PLC0415 - torch

    if base is None:
        raise _lacking("--blend needs a generator to come from", "--blend 1")
    if not 0 <= share <= 1:
        raise UserError(
            "The bundle was not written", f"--blend is {share:g}", "Give a share from 0 to 1"
        )
    before = warm_weights(find(str(base)).root, "generator")
    return replace(checkpoint, ema=blended(checkpoint.ema, before, share))


def _lacking(why: str, what: str) -> UserError:
    return UserError(
        "The bundle was not written", why, f"Give {what}, or with --base a bundle to take it from"
    )


def _text_part(folder: Path) -> "TextPart":
    from engine.text.tokens import load_tokenizer  # noqa: PLC0415 - torch
    from engine.training.export.write import TextPart  # noqa: PLC0415
    from engine.training.text.encoder import TextEncoder  # noqa: PLC0415
    from engine.training.text.understanding import understanding_of  # noqa: PLC0415

    encoder = TextEncoder.from_folder(folder).eval()
    tokenizer = load_tokenizer((folder / "tokenizer.json").read_bytes())
    return TextPart(
        encoder=encoder, tokenizer=tokenizer,
        understanding=understanding_of(folder, encoder, tokenizer, say=tell),
    )  # fmt: skip


_ACTIONS: Final[Actions] = {
    "prepare": (_prepare, "turn a corpus into arrays to train on", _add_prepare),
    **{
        stage: (_train, f"train the {stage.replace('_', ' ')} stage", _add_stage)
        for stage in _STAGES
    },
    "text": (train_text.run, train_text.SUMMARY, train_text.add_arguments),
    "tower": (train_tower.run, train_tower.SUMMARY, train_tower.add_arguments),
    "export": (_export, "write a bundle of trained stages", _add_export),
}
