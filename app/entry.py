"""Where the window's program starts: as a host of sound or MIDI, as a version, or as the window.

Frozen, there is one program for all three. A host needs none of the window's widgets, and
`--version` no display, so these are imported only where the window is opened.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import engine
from app.playback.hosting.run import run_host


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for. Returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if (status := run_host(arguments)) is not None:
        return status
    files = _files(arguments)
    from app.application import run  # noqa: PLC0415 - loads every widget

    return run(files)


def _files(argv: Sequence[str]) -> list[Path]:
    parser = argparse.ArgumentParser(prog="noisefall-app", description="Noisefall's window.")
    parser.add_argument("--version", action="version", version=f"Noisefall {engine.__version__}")
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="clips whose recipes to restore"
    )
    files: list[Path] = parser.parse_args(argv).files
    return files
