"""The corpus folder before work depends on it: writable, large enough, and nobody else's.

Sizes are measured, not guessed (`noisefall corpus make` prints them when it ends).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from engine.corpus.store.layout import PLAN_NAME, Plan, load
from engine.errors import UserError

# MB per hour of audio: FLAC 213, mel 115.2 (160 channels, 100 frames/s, 2 bytes), JSON and MIDI 5
MB_PER_HOUR: Final = 335.0
STEMS_MB_PER_HOUR: Final = 4 * 115.2
_MARGIN: Final = 1.05
_SPARE_BYTES: Final = 64 << 20
_LOCK_NAME: Final = ".making"

WHAT: Final = "The corpus was not made"
ELSEWHERE: Final = "Choose another folder with --out"


def needed_bytes(hours: float, *, stems: bool) -> int:
    """What so much audio will take on the disk."""
    per_hour = MB_PER_HOUR + (STEMS_MB_PER_HOUR if stems else 0.0)
    return round(hours * per_hour * 1e6 * _MARGIN) + _SPARE_BYTES


def prepare(folder: Path) -> None:
    """Make the folder, and make sure that files can be written in it.

    Raises:
        UserError: they cannot.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(WHAT, f"{folder} is a file", ELSEWHERE)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError(WHAT, f"{folder} cannot be written to ({reason})", ELSEWHERE) from None


def check_space(folder: Path, hours: float, *, stems: bool, hours_asked: float) -> None:
    """Make sure that the hours fit, before the first is made.

    Args:
        folder: of the corpus, or where it will be.
        hours: that are still to be made.
        stems: whether with stems.
        hours_asked: that were asked for.

    Raises:
        UserError: they do not.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        free_bytes = shutil.disk_usage(there).free
    except OSError as error:
        raise UserError(WHAT, f"{there} cannot be read ({error.strerror})", ELSEWHERE) from None
    needed = needed_bytes(hours, stems=stems)
    if free_bytes < needed:
        left = "" if hours >= hours_asked * 0.999 else f" the {hours:.1f} that are left of"
        raise UserError(
            WHAT,
            f"{folder} has {free_bytes / 1e9:.1f} GB free, and{left} {hours_asked:g} hours"
            f"{' with stems' if stems else ''} need {needed / 1e9:.1f} GB",
            "Free some space, ask for fewer --hours, or choose another folder with --out",
        )


def existing_plan(folder: Path) -> Plan | None:
    """The plan of the corpus in a folder; None where there is no corpus.

    Raises:
        UserError: it cannot be read, or other things are in the folder.
    """
    try:
        return load(folder / PLAN_NAME, Plan)
    except FileNotFoundError:
        pass
    except NotADirectoryError:
        return None
    except UserError as error:
        raise UserError(WHAT, error.why, ELSEWHERE) from None
    if folder.is_dir() and any(entry for entry in folder.iterdir() if entry.name[0] != "."):
        raise UserError(WHAT, f"{folder} is not empty and holds no corpus", ELSEWHERE)
    return None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process makes the corpus; the lock of a dead one does not count.

    Raises:
        UserError: another process is making it.
    """
    lock = folder / _LOCK_NAME
    for last in (False, True):
        try:
            with lock.open("x") as file:
                file.write(str(os.getpid()))
            break
        except FileExistsError:
            owner = _owner(lock)
            if last or owner is not None:
                raise UserError(
                    WHAT,
                    f"process {owner or '?'} is making the corpus in {folder}",
                    "Wait for it, or choose another folder with --out",
                ) from None
            lock.unlink(missing_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink(missing_ok=True)


def _owner(lock: Path) -> int | None:
    """The living process that holds a lock."""
    try:
        owner = int(lock.read_text())
    except (OSError, ValueError):
        return None
    return owner if owner != os.getpid() and psutil.pid_exists(owner) else None
