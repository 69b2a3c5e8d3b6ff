"""`noisefall evaluate`: how well a bundle does, and how well a stage of it beside plain ways.

`evaluate BUNDLE` and `evaluate music BUNDLE` measure the whole cascade, `evaluate sweep BUNDLE` its
generator's settings (`engine.cli.evaluate_music`); `evaluate vocoder BUNDLE` and
`evaluate super-resolution BUNDLE` measure one stage on held-out clips of prepared data, and every
system makes them in the same run.

Rejected: a sub-parser for each (argparse could then not take a bundle alone), and an optional
positional before another (argparse gives it nothing as soon as an option comes first).
"""

import argparse
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.cli import evaluate_music
from engine.cli.interrupt import EXIT_INTERRUPTED, interruptible
from engine.cli.measured import bundle_line, command_words, machine_line, overrides
from engine.cli.shared import tell, with_training_extra
from engine.errors import UserError
from engine.recipe import PRESETS, StageSettings

if TYPE_CHECKING:
    from engine.bundle.verify import Bundle
    from engine.evaluation.evaluate import Facts, Outcome
    from engine.evaluation.runners import Stages
    from engine.evaluation.stages import StageChoice

# choice → stage of the manifest
STAGES: Final = {"vocoder": "vocoder", "super-resolution": "super_resolution"}
MUSIC: Final = {"music": evaluate_music.run_music, "sweep": evaluate_music.run_sweep}
CHOICES: Final = (*MUSIC, *STAGES)
FEWEST_CLIPS: Final = 64  # fewer make wide intervals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `noisefall evaluate`."""
    parser.usage = f"noisefall evaluate [{'|'.join(CHOICES)}] BUNDLE --data DIR … [options]"
    parser.add_argument(
        "words", nargs="+", metavar="BUNDLE",
        help="name or path of the bundle, after what is measured: music (the whole cascade, which"
        " is meant where nothing is said), sweep (its generator's settings), vocoder or"
        " super-resolution",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="DIR", help="prepared data"
    )
    parser.add_argument(
        "--clips",
        type=int,
        metavar="N",
        help=f"clips or prompts; default {evaluate_music.PROMPTS['music']} for music,"
        f" {evaluate_music.PROMPTS['sweep']} for sweep, {FEWEST_CLIPS} for a stage",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help="of a stage's longer clips the middle; default all",
    )
    parser.add_argument("--split", default="test", choices=("test", "validation", "train"))
    parser.add_argument("--preset", default="standard", choices=PRESETS)
    parser.add_argument(
        "--overrides",
        default="",
        metavar="NAME=VALUE,…",
        help="of the preset, as steps=2: for the stage, or the generator",
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "coreml"))
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="0 measures the best")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="for the report, pictures, and sounds to go on from"
    )
    evaluate_music.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Measure and print. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    options.stage, options.bundle = _asked(options.words)
    with with_training_extra("Nothing was measured"):
        if options.stage in MUSIC:
            return MUSIC[options.stage](options)
        options.clips = FEWEST_CLIPS if options.clips is None else options.clips
        outcome = _outcome(options)
    if outcome is None:
        return EXIT_INTERRUPTED
    _tell(outcome, options)
    return 0


def _asked(words: list[str]) -> tuple[str, str]:
    """What is measured, and of which bundle."""
    if len(words) == 1 and words[0] not in CHOICES:
        return "music", words[0]
    if len(words) != 2 or words[0] not in CHOICES:
        raise UserError(
            "The command was not understood",
            f"{shlex.join(words)[:80]!r} is no bundle after one of {', '.join(CHOICES)}",
            "See: noisefall evaluate --help",
        )
    return words[0], words[1]


def _outcome(options: argparse.Namespace) -> "Outcome | None":
    """What was measured; None where it was interrupted."""
    from engine.evaluation.clips import held_out  # noqa: PLC0415 - numpy and more
    from engine.evaluation.evaluate import evaluate  # noqa: PLC0415 - torch and librosa
    from engine.evaluation.stages import TASKS  # noqa: PLC0415

    settings = overrides(options)
    clips = held_out(
        options.data, options.split, options.clips, arrays=TASKS[options.stage].arrays,
        longest_s=math.inf if options.seconds is None else options.seconds,
    )  # fmt: skip
    stages, facts = _opened(options, settings)
    with interruptible() as interrupt:
        outcome = evaluate(
            facts, clips, stages, pictures=options.out is not None, say=_progress,
            stop=lambda: interrupt.pressed,
        )  # fmt: skip
    return None if len(outcome.clips) < len(clips) else outcome


def _opened(options: argparse.Namespace, settings: StageSettings) -> "tuple[Stages, Facts]":
    """What runs the stage, and what the report says of it."""
    from engine.bundle.store import find  # noqa: PLC0415 - heavy, and --help needs none of it
    from engine.cascade.single import StageRunner  # noqa: PLC0415 - onnxruntime
    from engine.evaluation.evaluate import Facts  # noqa: PLC0415
    from engine.runtime.devices import choose  # noqa: PLC0415
    from engine.runtime.session import Runtime  # noqa: PLC0415

    bundle = find(options.bundle)
    _check(bundle, options.stage)
    runtime = Runtime(choose(options.device), options.threads, notify=tell)
    facts = Facts(
        stage=options.stage,
        bundle=bundle_line(bundle),
        preset=options.preset,
        settings=settings,
        split=options.split,
        command=_command(options),
        machine=machine_line(runtime),
    )
    return StageRunner(bundle, runtime), facts


def _check(bundle: "Bundle", choice: "StageChoice") -> None:
    """Raise UserError where a bundle cannot be measured on prepared data."""
    from engine.cascade.plan import mel_parameters  # noqa: PLC0415 - onnxruntime
    from engine.evaluation.stages import MEL  # noqa: PLC0415

    name = bundle.manifest.name
    if STAGES[choice] not in bundle.manifest.stages:
        raise UserError(
            "Nothing was measured", f"{name} has no {choice}", "Choose another bundle or stage"
        )
    if choice == "vocoder" and mel_parameters(bundle.manifest) != MEL:
        raise UserError(
            "Nothing was measured",
            f"the mel of {name} is not the one of prepared data",
            "Choose another bundle",
        )


def _command(options: argparse.Namespace) -> str:
    """The command that measures the same again."""
    names = ("clips", "seconds", "split", "preset", "overrides", "device", "threads", "out")
    return shlex.join(command_words(options, {name: getattr(options, name) for name in names}))


def _tell(outcome: "Outcome", options: argparse.Namespace) -> None:
    from engine.evaluation.evaluate import write_report  # noqa: PLC0415 - torch and librosa
    from engine.evaluation.summary import aligned  # noqa: PLC0415

    if len(outcome.clips) < options.clips:
        tell(f"only {len(outcome.clips)} clips are there, not {options.clips}")
    if options.out is not None:
        write_report(outcome, options.out)
    print(f"{outcome.title}\non {outcome.facts.machine}\n")
    for line in aligned(outcome.rows):
        print(line)
    if options.out is not None:
        print(f"\n{options.out / 'report.md'}: the table, and {len(outcome.pictures)} pictures")


def _progress(done: int, total: int) -> None:
    tell(f"{done} of {total} clips")
