"""New files under names a person can read, and never over another file.

A DAW plays a dropped clip from where it lies, so a clip once written is never replaced: see
`engine.files`.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine import files
from engine.errors import UserError

_OTHER_REMEDY: Final = "Choose another folder"
_REMEDIES: Final[dict[int, str]] = {
    **dict.fromkeys(files.NO_SPACE, "Free some space or choose another folder"),
    errno.ENOENT: "Create it or choose another folder",
    errno.ENAMETOOLONG: "Choose a shorter name",
}


def write_atomic(path: Path, data: bytes) -> None:
    """Write a new file, whole and synced, or leave nothing behind.

    Raises:
        UserError: a file of that name exists, or the disk or the folder did not let us.
    """
    if not _write_new(path, data):
        raise UserError("The file was not written", f"{path} exists already", "Choose another name")


def write_numbered(folder: Path, name: str, data: bytes) -> Path:
    """Write a new file under `name`, or the first free of name-2, name-3 …; returns its path.

    Raises:
        UserError: as `write_atomic`, and when files.MAX_NUMBER names are taken.
    """
    for path in _free_paths(folder, name):
        if _write_new(path, data):
            return path
    raise _all_taken(folder, name)


def free_path(folder: Path, name: str) -> Path:
    """The first of name, name-2, name-3 … that is free now; only `write_numbered` makes it yours.

    Raises:
        UserError: files.MAX_NUMBER names are taken.
    """
    path = next(_free_paths(folder, name), None)
    if path is None:
        raise _all_taken(folder, name)
    return path


def _free_paths(folder: Path, name: str) -> Iterator[Path]:
    paths = (folder / candidate for candidate in files.names_to_try(name))
    return (path for path in paths if not os.path.lexists(path))


def _write_new(path: Path, data: bytes) -> bool:
    """Write, sync and publish; False where the name is taken."""
    try:
        part = files.write_part(path.parent, data)
        published = False
        try:
            published = files.publish(part, path)
        finally:
            if not published:
                files.remove_file(part)
    except OSError as error:
        why = f"{files.reason(error)} ({path})"
        remedy = _REMEDIES.get(error.errno or 0, _OTHER_REMEDY)
        raise UserError("The file was not written", why, remedy) from error
    return published


def _all_taken(folder: Path, name: str) -> UserError:
    return UserError(
        "The file was not written",
        f"{files.MAX_NUMBER} files named like {name} are in {folder}",
        _OTHER_REMEDY,
    )
