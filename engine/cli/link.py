"""Starting the engine for a command: this installation's, or another machine's by --engine."""

import argparse
import os
import shlex

from engine.errors import UserError
from engine.protocol.client import EngineClient, engine_command
from engine.worker.entry import DEVICES


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that say which engine computes, and on what."""
    parser.add_argument("--device", choices=DEVICES, help="what computes (default auto)")
    parser.add_argument(
        "--engine",
        metavar="COMMAND",
        help='another engine, such as "ssh host noisefall-engine serve"',
    )


def engine_for(options: argparse.Namespace) -> EngineClient:
    """A client that is not started yet.

    Raises:
        UserError: --engine is no command.
    """
    flags = [] if options.device is None else ["--device", options.device]
    if options.engine is None:
        return EngineClient(engine_command(*flags))
    try:
        command = shlex.split(options.engine, posix=os.name != "nt")
    except ValueError as error:
        raise _no_command(str(error)) from None
    if not command:
        raise _no_command("it is empty")
    return EngineClient([*command, *flags])


def _no_command(why: str) -> UserError:
    return UserError("--engine was not understood", why, "Give a command, as for a shell")
