"""The command line's edge: what is asked, and how anything that goes wrong is told in one line.

Only the asked command's module is imported: `noisefall --version` must not wait for numpy.
Exit codes: 0 well, 2 refused or failed for a reason the user can change, 70 a bug (sysexits'
EX_SOFTWARE), 130 interrupted, 141 nobody reads the output.
"""

import argparse
import contextlib
import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import engine
from engine.cli.interrupt import EXIT_INTERRUPTED
from engine.errors import UserError

EXIT_REFUSED: Final = 2
EXIT_BUG: Final = 70
EXIT_BROKEN_PIPE: Final = 141
LINE_LIMIT_CHARS: Final = 500

# name → (module with `add_arguments(parser)` and `run(arguments) -> int`, what it does)
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "render": ("engine.cli.render", "render clips from a prompt"),
    "bundle": ("engine.cli.bundles", "inspect, verify, install, list or remove bundles"),
    "devices": ("engine.cli.devices", "show what can compute here"),
    "understand": ("engine.cli.understand", "show what is understood of a prompt"),
    "info": ("engine.cli.info", "show the recipe and the tags of a clip"),
    "bench": ("engine.cli.bench", "measure this machine"),
    "evaluate": ("engine.cli.evaluate", "measure a stage of a bundle beside a baseline"),
    "corpus": ("engine.cli.corpus", "make, check or show a training corpus"),
    "label": ("engine.cli.label", "turn a folder of audio into training data"),
    "train": ("engine.cli.train", "prepare data, train a stage, export a bundle"),
}
EXAMPLE: Final = (
    'noisefall render "slow lo-fi guitar ballad" --bpm 72 --key Am --bars 8 --loop --takes 2'
)


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are UserErrors, and that takes no abbreviations."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})  # type: ignore[arg-type]  # argparse's own keywords

    def error(self, message: str) -> NoReturn:
        """Raise UserError in place of printing the usage and exiting."""
        short = re.sub(r"\S{100,}", lambda word: f"{word[0][:60]}…", message)
        raise UserError("The command was not understood", short, f"See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; nothing is ever raised."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # replaced by a test or closed
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except UserError as error:
        return _told(str(error), EXIT_REFUSED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for the flush at exit
        return EXIT_BROKEN_PIPE
    except SystemExit as asked:  # --help and --version
        return asked.code if isinstance(asked.code, int) else 0
    except Exception as error:  # the process's edge
        return _told(f"Noisefall had an internal error: {_logged(error)}", EXIT_BUG)
    return code


def _run(argv: list[str]) -> int:
    if not argv:
        print(f"Noisefall {engine.__version__} turns a prompt into clips. For example:\n")
        print(f"  {EXAMPLE}\n")
        for name, (_, summary) in COMMANDS.items():
            print(f"  noisefall {name:<11}{summary}")
        print("\nAll options: noisefall COMMAND --help")
        return 0
    arguments = _parser(argv[0]).parse_args(argv)
    return int(importlib.import_module(COMMANDS[arguments.command][0]).run(arguments))


def _parser(asked: str) -> Parser:
    """The whole parser, with the options of the asked command only."""
    parser = Parser(prog="noisefall", epilog=f"Example: {EXAMPLE}")
    parser.add_argument("--version", action="version", version=f"noisefall {engine.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if name == asked:
            importlib.import_module(module).add_arguments(command)
    return parser


def one_line(text: str) -> str:
    """The text without line breaks or control characters, shortened in its middle if need be."""
    flat = re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", text).strip()
    if len(flat) <= LINE_LIMIT_CHARS:
        return flat
    tail = LINE_LIMIT_CHARS // 3  # the remedy is at the end
    return f"{flat[: LINE_LIMIT_CHARS - tail - 1]}…{flat[-tail:]}"


def _told(text: str, exit_code: int) -> int:
    with contextlib.suppress(OSError, ValueError):  # stderr closed: the exit code must do
        print(f"noisefall: {one_line(text)}", file=sys.stderr, flush=True)
    return exit_code


def _logged(error: Exception) -> str:
    """Write the traceback where it can be sent from; what to tell the user of it."""
    said = f"{type(error).__name__}: {error}"
    try:
        log = log_path()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            stamp = datetime.now(UTC).isoformat(timespec="seconds")
            file.write(f"{stamp} noisefall {engine.__version__}\n")
            file.writelines(traceback.format_exception(error))
    except OSError as refused:
        return f"{said[:200]}. The log could not be written ({refused}). Report it."
    return f"{said[:200]}. Report it with {log}."


def log_path() -> Path:
    """The file that holds tracebacks."""
    import platformdirs  # noqa: PLC0415 - needed in one case only

    from engine.bundle.places import HOME_VARIABLE  # noqa: PLC0415

    home = os.environ.get(HOME_VARIABLE)
    folder = (
        Path(home) / "logs" if home else platformdirs.user_log_path("noisefall", appauthor=False)
    )
    return folder / "noisefall.log"
