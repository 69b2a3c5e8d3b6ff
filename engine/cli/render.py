"""`noisefall render`: a recipe in, finished clips in a folder out.

The takes come first; each kept one is sent back to be finished and is written as soon as it
arrives, so an engine that dies leaves every earlier clip whole.
"""

import argparse
import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

from engine.cli.ask import add_recipe_arguments, asked_recipe
from engine.cli.folder import prepared_folder
from engine.cli.interrupt import EXIT_INTERRUPTED, interruptible
from engine.cli.link import add_engine_arguments, engine_for
from engine.cli.render_session import RenderSession
from engine.cli.report import Written, report_for
from engine.errors import UserError
from engine.protocol.client import EngineDied
from engine.recipe import NO_NOTES, Recipe
from engine.worker.handoff import BIT_DEPTHS, MASTER_RATE_HZ, RATES_HZ, HandOff


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_recipe_arguments(parser)
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="default: here")
    parser.add_argument("--bundle", metavar="NAME|PATH", help="default: the one installed last")
    parser.add_argument("--bits", choices=BIT_DEPTHS, default="24", help="default 24")
    parser.add_argument(
        "--rate",
        type=int,
        choices=RATES_HZ,
        default=MASTER_RATE_HZ,
        help=f"default {MASTER_RATE_HZ}, the master; the others are for DAWs that need them",
    )
    finishing = parser.add_mutually_exclusive_group()
    finishing.add_argument(
        "--no-finish", action="store_true", help="stop at the 16 kHz takes, and write them"
    )
    finishing.add_argument(
        "--keep", type=_take_numbers, metavar="1,3", help="finish only these takes"
    )
    parser.add_argument(
        "--midi", action="store_true", help="write each take's notes too, as NAME.mid beside it"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Render. Returns the exit code.

    Raises:
        UserError: anything that the user can change; the complete clips stay.
    """
    recipe, notes = asked_recipe(options)
    if options.midi and recipe.notes == NO_NOTES:
        raise UserError(
            "Nothing was rendered",
            "--midi asks for notes, and the recipe leaves them to the network",
            "Leave --midi away, or ask for --notes composed",
        )
    files = len(_finished_takes(recipe, options)) or recipe.takes
    folder = prepared_folder(options.out, files * _form(options).file_bytes(recipe))
    written: list[Written] = []
    try:
        complete = _rendered(options, recipe, notes, folder=folder.path, written=written)
    except EngineDied as died:
        raise UserError(
            "The engine ended during the render",
            str(died),
            f"{_kept(len(written))} Run the command again",
        ) from None
    finally:
        folder.leave()
    if complete and options.midi:
        _check_midi(written)
    return 0 if complete else EXIT_INTERRUPTED


def _rendered(
    options: argparse.Namespace,
    recipe: Recipe,
    notes: list[str],
    *,
    folder: Path,
    written: list[Written],
) -> bool:
    """Start an engine, render, write; whether it came to its end."""
    report = report_for(as_json=options.json)
    with contextlib.ExitStack() as stack:
        interrupt = stack.enter_context(interruptible())
        stack.callback(report.progress.close)
        client = stack.enter_context(engine_for(options))
        report.begin(recipe, notes)
        session = RenderSession(
            client,
            report,
            folder=folder,
            form=_form(options),
            interrupt=interrupt,
            finished=_finished_takes(recipe, options),
            files=written,
            with_midi=options.midi,
        )
        complete = session.run(recipe, options.bundle)
        if not complete:
            report.note("cancelled")
        return complete


def _form(options: argparse.Namespace) -> HandOff:
    return HandOff(rate_hz=options.rate, bit_depth=options.bits)


def _kept(files: int) -> str:
    return f"Files written before and complete: {files}." if files else "Nothing was written."


def _check_midi(written: Sequence[Written]) -> None:
    """Raises UserError: of some takes no notes could be written."""
    without = [str(file.take) for file in written if file.midi is None]
    if without:
        raise UserError(
            "The notes were not written",
            f"nothing was composed for take {', '.join(without)}: the bundle hears no notes, or "
            "the meter is none that is composed in",
            f"{_kept(len(written))} Leave --midi away",
        )


def _take_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        msg = f"{text[:40]!r} is no list of take numbers such as 1,3"
        raise argparse.ArgumentTypeError(msg) from None


def _finished_takes(recipe: Recipe, options: argparse.Namespace) -> Collection[int]:
    """Numbers of the takes that become clips; none with --no-finish."""
    takes = range(recipe.first_take, recipe.first_take + recipe.takes)
    if options.no_finish:
        return ()
    kept: tuple[int, ...] = options.keep or tuple(takes)
    for take in kept:
        if take not in takes:
            raise UserError(
                "The recipe was refused",
                f"--keep names take {take}, and the takes are {takes[0]} to {takes[-1]}",
                "Ask for more takes with --takes, or keep others",
            )
    return frozenset(kept)
