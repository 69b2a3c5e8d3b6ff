"""New files under names a person can read, and never over another file.

A DAW plays a dropped clip from where it lies, so a clip once written is never replaced: see
`engine.files`.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from engine import files
from engine.errors import UserError

_ALONE: Final[Mapping[str, bytes]] = {}
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


def write_numbered(
    folder: Path, name: str, data: bytes, *, beside: Mapping[str, bytes] = _ALONE
) -> Path:
    """Write a new file under `name`, or the first free of name-2, name-3 …; returns its path.

    Args:
        folder: where; it exists.
        name: as wished.
        data: the file.
        beside: suffix (".mid") → another file of the same stem; it is written before this one, and
            where one of them cannot be written, none stays.

    Raises:
        UserError: as `write_atomic`, and when files.MAX_NUMBER names are taken.
    """
    for path in _free_paths(folder, name):
        family = {**{path.with_suffix(suffix): more for suffix, more in beside.items()}, path: data}
        if _write_all_new(family):
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


def _write_all_new(family: Mapping[Path, bytes]) -> bool:
    """Write several new files, or none of them; False where a name is taken."""
    written: list[Path] = []
    try:
        for path, data in family.items():
            if not _write_new(path, data):
                break
            written.append(path)
    finally:
        if len(written) < len(family):
            for path in written:
                files.remove_file(path)
    return len(written) == len(family)


def _all_taken(folder: Path, name: str) -> UserError:
    return UserError(
        "The file was not written",
        f"{files.MAX_NUMBER} files named like {name} are in {folder}",
        _OTHER_REMEDY,
    )
