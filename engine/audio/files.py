"""Files that are whole or not there, under names a person can read, and never over another file.

A DAW plays a dropped clip from where it lies, so a clip once written is never replaced. The bytes
go to a temporary file in the same folder, are synced, and are then linked to their name: `link`
fails where the name is taken, so two writers cannot both win. Where hard links do not exist
(exFAT, some network shares) an empty file reserves the name and is replaced.

Rejected: checking whether the name exists and then renaming (a race), and os.replace alone (it
overwrites).
"""

import contextlib
import errno
import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.audio.names import numbered
from engine.errors import UserError

log = logging.getLogger(__name__)

MAX_NUMBER: Final = 10_000
_RETRY_DELAYS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_TRANSIENT_WINDOWS_ERRORS: Final = (
    5,
    32,
)  # access denied, sharing violation: a virus scanner looks
_NO_LINKS: Final = (
    errno.EPERM,
    errno.EACCES,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EMLINK,
    errno.EINVAL,
)
_REASONS: Final[dict[int, tuple[str, str]]] = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another folder"),
    errno.EDQUOT: ("the disk quota is used up", "Free some space or choose another folder"),
    errno.EACCES: ("the folder may not be written to", "Choose another folder"),
    errno.EPERM: ("the folder may not be written to", "Choose another folder"),
    errno.EROFS: ("the folder is read-only", "Choose another folder"),
    errno.ENOENT: ("the folder does not exist", "Create it or choose another folder"),
    errno.ENOTDIR: ("the folder is not a folder", "Choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name"),
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
        UserError: as `write_atomic`, and when MAX_NUMBER names are taken.
    """
    for number in range(1, MAX_NUMBER + 1):
        path = folder / numbered(name, number)
        if not os.path.lexists(path) and _write_new(path, data):
            return path
    raise _all_taken(folder, name)


def free_path(folder: Path, name: str) -> Path:
    """The first of name, name-2, name-3 … that is free now; only `write_numbered` makes it yours.

    Raises:
        UserError: MAX_NUMBER names are taken.
    """
    for number in range(1, MAX_NUMBER + 1):
        path = folder / numbered(name, number)
        if not os.path.lexists(path):
            return path
    raise _all_taken(folder, name)


def _write_new(path: Path, data: bytes) -> bool:
    """Write, sync and publish; False where the name is taken."""
    temporary = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        try:
            _write_synced(temporary, data)
            published = _publish(temporary, path)
        finally:
            _remove(temporary)
    except OSError as error:
        raise _explained(path, error) from error
    if published:
        _sync_folder(path.parent)
    return published


def _write_synced(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        remaining = memoryview(data)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(temporary: Path, path: Path) -> bool:
    """Give the temporary file its name without replacing another; False where the name is taken."""
    try:
        _retried(lambda: os.link(temporary, path))
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _publish_reserved(temporary, path)
    return True


def _publish_reserved(temporary: Path, path: Path) -> bool:
    """As `_publish` on file systems without hard links: reserve the name, then replace our own."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError:
        return False
    try:
        _retried(lambda: temporary.replace(path))
    except OSError:
        _remove(path)
        raise
    return True


def _retried(action: Callable[[], object]) -> None:
    """Run `action` again while Windows says that someone else has the file open for a moment."""
    for delay_s in _RETRY_DELAYS_S:
        try:
            action()
        except OSError as error:
            if getattr(error, "winerror", None) not in _TRANSIENT_WINDOWS_ERRORS:
                raise
            time.sleep(delay_s)
        else:
            return
    action()


def _remove(path: Path) -> None:
    """Remove a file that may not be there; what cannot be removed is worth a line, not an error."""
    try:
        _retried(lambda: path.unlink(missing_ok=True))
    except OSError as error:
        log.warning("left %s behind: %s", path, error)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable. The file is there and whole: a refusal here is only logged."""
    if os.name == "nt":  # a folder cannot be opened there, and NTFS journals its names
        return
    with contextlib.ExitStack() as stack:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            os.fsync(descriptor)
        except OSError as error:
            log.warning("could not sync folder %s: %s", folder, error)


def _explained(path: Path, error: OSError) -> UserError:
    reason, remedy = _REASONS.get(
        error.errno or 0, (error.strerror or str(error), "Choose another folder")
    )
    return UserError("The file was not written", f"{reason} ({path})", remedy)


def _all_taken(folder: Path, name: str) -> UserError:
    return UserError(
        "The file was not written",
        f"{MAX_NUMBER} files named like {name} are in {folder}",
        "Choose another folder",
    )
