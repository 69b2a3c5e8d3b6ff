"""`noisefall evaluate music` and `… sweep`: the whole cascade, and its generator's settings."""

import argparse
import math
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.cli.interrupt import EXIT_INTERRUPTED, interruptible
from engine.cli.measured import bundle_line, command_words, machine_line, overrides
from engine.cli.shared import tell
from engine.errors import UserError
from engine.recipe import NO_NOTES, NOTES

if TYPE_CHECKING:
    from engine.bundle.verify import Bundle
    from engine.evaluation.music.asks import Ask
    from engine.evaluation.music.ear import Ear, TextMeans
    from engine.evaluation.music.making import Band, Say
    from engine.evaluation.music.run import Facts
    from engine.runtime.session import Runtime

PROMPTS: Final = {"music": 200, "sweep": 24}
GROUPS: Final = 8
LONGEST_S: Final = 10.0
QUIET_S: Final = 5.0  # between lines of progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `evaluate music` and `evaluate sweep` alone."""
    group = parser.add_argument_group("music and sweep")
    group.add_argument("--ear", type=Path, metavar="PATH", help="the judge: a trained tower")
    group.add_argument(
        "--text", type=Path, metavar="DIR",
        help="the text encoder that the tower knows (default: the bundle's)",
    )  # fmt: skip
    group.add_argument(
        "--longest", type=float, default=LONGEST_S, metavar="SECONDS", help="of a sound, default 10"
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="of prompts and recipes")
    group.add_argument(
        "--captions", type=int, default=GROUPS, metavar="N",
        help=f"captions of which 8 seeds are compared, default {GROUPS}",
    )  # fmt: skip
    group.add_argument(
        "--notes", default="composed", choices=NOTES, help="of music: whose notes, default composed"
    )
    group.add_argument(
        "--grid", nargs="+", default=[], metavar="NAME=VALUE,…", help="axes of the sweep"
    )
    group.add_argument(
        "--every", action="store_true", help="every combination of the sweep, not axis by axis"
    )


def run_music(options: argparse.Namespace) -> int:
    """Measure the whole cascade. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    from engine.evaluation.music.report import table, title, write_music_report  # noqa: PLC0415
    from engine.evaluation.music.run import evaluate_music, questions  # noqa: PLC0415
    from engine.evaluation.summary import aligned  # noqa: PLC0415

    folder = _out(options)
    count = _count(options)
    asked = questions(
        options.data, split=options.split, count=count, groups=options.captions,
        longest_s=options.longest, seed=options.seed,
    )  # fmt: skip
    bundle, runtime = _opened(options)
    ear, means = _judge(options, bundle)
    band, facts = _band(options, bundle, runtime), _facts(options, bundle, runtime, count)
    with interruptible() as interrupt:
        outcome = evaluate_music(
            facts, asked, band=band, ear=ear, means=means, folder=folder, say=_progress("sounds"),
            stop=lambda: interrupt.pressed,
        )  # fmt: skip
    if outcome is None:
        return _interrupted()
    write_music_report(outcome, band, folder)
    print(f"{title(outcome)}\non {facts.machine}\n")
    for line in aligned(table(outcome.table)):
        print(line)
    print(f"\n{folder / 'report.html'}: the table, the prompts, and real beside generated mels")
    return 0


def run_sweep(options: argparse.Namespace) -> int:
    """Compare settings of the generator. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    from engine.evaluation.music.generator import GeneratorRunner  # noqa: PLC0415
    from engine.evaluation.music.grid import DEFAULT_AXES, read_axes, settings_grid  # noqa: PLC0415
    from engine.evaluation.music.run import questions  # noqa: PLC0415
    from engine.evaluation.music.sweep import panel, sweep, sweep_table  # noqa: PLC0415
    from engine.evaluation.summary import aligned, markdown  # noqa: PLC0415

    folder, count = _out(options), _count(options)
    axes = read_axes(options.grid) or DEFAULT_AXES
    grid = settings_grid(overrides(options), axes, every=options.every)
    asks = questions(
        options.data, split=options.split, count=count, groups=0, longest_s=options.longest,
        seed=options.seed,
    ).asks  # fmt: skip
    bundle, runtime = _opened(options)
    ear, means = _judge(options, bundle)
    generator = GeneratorRunner(bundle, runtime)
    with interruptible() as interrupt:
        rows = sweep(
            grid, panel(asks, ear, means), generator, preset=options.preset, folder=folder,
            key=_sweep_key(options, bundle, asks), say=_progress("settings"),
            stop=lambda: interrupt.pressed,
        )  # fmt: skip
    if rows is None:
        return _interrupted()
    table = sweep_table(rows)
    for line in aligned(table):
        print(line)
    text = [f"# Settings of the generator: {len(asks)} prompts", "", *markdown(table), ""]
    text += ["```sh", _command(options, count), "```", ""]
    _write(folder / "sweep.md", "\n".join(text))
    print(f"\n{folder / 'sweep.md'}: the table; * is the best of a column")
    return 0


def _out(options: argparse.Namespace) -> Path:
    for name, why in (("out", "sounds and report"), ("ear", "the judge")):
        if getattr(options, name) is None:
            raise UserError("Nothing was measured", f"--{name} is missing", f"Say where: {why}")
    folder: Path = options.out
    return folder


def _count(options: argparse.Namespace) -> int:
    count = PROMPTS[options.stage] if options.clips is None else int(options.clips)
    if count < 1:
        raise UserError("Nothing was measured", f"--clips {count} is none", "Give 1 or more")
    return count


def _opened(options: argparse.Namespace) -> "tuple[Bundle, Runtime]":
    from engine.bundle.store import find  # noqa: PLC0415 - heavy, and --help needs none of it
    from engine.cascade.plan import mel_parameters  # noqa: PLC0415
    from engine.evaluation.music.ear import MEL  # noqa: PLC0415
    from engine.runtime.devices import choose  # noqa: PLC0415
    from engine.runtime.session import Runtime  # noqa: PLC0415

    bundle = find(options.bundle)
    if "vocoder" not in bundle.manifest.stages or mel_parameters(bundle.manifest) != MEL:
        raise UserError(
            "Nothing was measured", f"{bundle.manifest.name} makes no mels as prepared data have",
            "Choose another bundle",
        )  # fmt: skip
    return bundle, Runtime(choose(options.device), options.threads, notify=tell)


def _judge(options: argparse.Namespace, bundle: "Bundle") -> "tuple[Ear, TextMeans]":
    from engine.evaluation.music.ear import text_means  # noqa: PLC0415
    from engine.training.tower.hearing import load_ear  # noqa: PLC0415 - torch
    from engine.training.train.embed import encoder_from  # noqa: PLC0415

    source = options.text or bundle.root
    return load_ear(options.ear), text_means(encoder_from(source))


def _band(options: argparse.Namespace, bundle: "Bundle", runtime: "Runtime") -> "Band":
    from engine.cascade.cascade import Cascade  # noqa: PLC0415 - onnxruntime
    from engine.cascade.single import StageRunner  # noqa: PLC0415
    from engine.evaluation.music.asks import Sampling  # noqa: PLC0415
    from engine.evaluation.music.making import Band  # noqa: PLC0415

    return Band(
        renderer=Cascade(bundle, runtime), vocoder=StageRunner(bundle, runtime),
        bundle=bundle.sha256,
        sampling=Sampling(preset=options.preset, generator=overrides(options), notes=options.notes),
    )  # fmt: skip


def _facts(
    options: argparse.Namespace, bundle: "Bundle", runtime: "Runtime", count: int
) -> "Facts":
    from engine.evaluation.music.run import Facts  # noqa: PLC0415

    over = f" with {options.overrides}" if options.overrides else ""
    over += ", its own notes" if options.notes == NO_NOTES else ""
    return Facts(
        bundle=bundle_line(bundle),
        sampling=f"{options.preset}{over}",
        split=options.split,
        command=_command(options, count),
        machine=machine_line(runtime),
        ear=f"{options.ear.name} ({_digest(options.ear)})",
    )


def _digest(path: Path) -> str:
    """What tells one judge from another."""
    import hashlib  # noqa: PLC0415

    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    found = hashlib.sha256()
    for file in files:
        if file.is_file():
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


def _sweep_key(options: argparse.Namespace, bundle: "Bundle", asks: "tuple[Ask, ...]") -> str:
    """What rows of a sweep may be kept for."""
    from engine.evaluation.music.making import musicians  # noqa: PLC0415 - heavy, as above

    prompts = "/".join(f"{ask.clip.entry.key} {ask.bars} {ask.seed} {ask.prompt}" for ask in asks)
    return f"{musicians(bundle.sha256)} {options.preset} {_digest(options.ear)} {prompts}"


def _command(options: argparse.Namespace, count: int) -> str:
    """The command that measures the same again."""
    names = ["split", "preset", "overrides", "device", "threads", "out", "ear", "text", "longest"]
    names += ["seed"] if options.stage == "sweep" else ["seed", "captions", "notes"]
    values: dict[str, Any] = {"clips": count} | {name: getattr(options, name) for name in names}
    parts = command_words(options, values)
    if options.stage == "sweep":
        parts += ["--grid", *options.grid] if options.grid else []
        parts += ["--every"] if options.every else []
    return shlex.join(parts)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            "The table was not written", f"{path}: {error}", "Choose another folder with --out"
        ) from None


def _progress(what: str) -> "Say":
    """A line now and then."""
    said_s = -math.inf

    def say(done: int, total: int, left_s: float | None) -> None:
        nonlocal said_s
        if done < total and time.monotonic() < said_s + QUIET_S:
            return
        said_s = time.monotonic()
        left = "" if left_s is None else f", {_time(left_s)} left"
        tell(f"{done} of {total} {what}{left}")

    return say


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _interrupted() -> int:
    tell("interrupted; the same command goes on where it stopped")
    return EXIT_INTERRUPTED
