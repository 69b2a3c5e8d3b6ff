"""Files that are whole or not there, and never over another file: the primitives.

The bytes go to a hidden part in the same folder, are synced, and get their name by a link, which
fails where the name is taken, so two writers cannot both win. Where hard links do not exist
(exFAT, some network shares) an empty file reserves the name and is replaced.

At the bottom of the layers, beside `engine.errors`: the engine's writers and the window's library
journal both stand on it. Errors are OSError here; whoever writes knows what to tell a person.
Rejected: a copy in the window (every fault would have to be found twice), checking whether the
name exists and then renaming (a race), and os.replace alone (it overwrites).
"""

import contextlib
import errno
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Final

MAX_NUMBER: Final = 10_000
_RETRY_DELAYS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_BUSY_ON_WINDOWS: Final = (5, 32)  # access denied, sharing violation: a virus scanner looks
_NO_LINKS: Final = (
    errno.EPERM,
    errno.EACCES,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EMLINK,
    errno.EINVAL,
)
NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)
_REASONS: Final[dict[int, str]] = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file system takes no file of that size",
    errno.EACCES: "the folder may not be written to",
    errno.EPERM: "the folder may not be written to",
    errno.EROFS: "the folder is read-only",
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "the folder is not a folder",
    errno.ENAMETOOLONG: "the name is too long",
}

_log = logging.getLogger(__name__)


def reason(error: OSError) -> str:
    """Why writing failed, as a musician may read it."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def numbered(name: str, number: int) -> str:
    """The name itself for 1, then `name-2.wav`, `name-3.wav` and so on."""
    if number == 1:
        return name
    path = PurePath(name)
    return f"{path.stem}-{number}{path.suffix}"


def names_to_try(name: str) -> Iterator[str]:
    """The name, then its numbered kin, MAX_NUMBER in all."""
    return (numbered(name, number) for number in range(1, MAX_NUMBER + 1))


def write_part(folder: Path, data: bytes | memoryview, *, suffix: str = ".part") -> Path:
    """Write and sync a hidden temporary file; returns its path. Raises OSError, leaving nothing."""
    path = folder / f".{secrets.token_hex(8)}{suffix}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o666)
        try:
            remaining = memoryview(data)
            while remaining:
                remaining = remaining[os.write(descriptor, remaining) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        remove_file(path)
        raise
    return path


def publish(part: Path, path: Path) -> bool:
    """Give a part its name without replacing another file; False where the name is taken.

    The part is gone afterwards when it was published. Raises OSError.
    """
    try:
        _retried(lambda: os.link(part, path))
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _publish_reserved(part, path)
    sync_folder(path.parent)
    remove_file(part)
    return True


def _publish_reserved(part: Path, path: Path) -> bool:
    """As `publish` on file systems without hard links."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError:
        return False
    _replace(part, path, or_remove=path)
    return True


def replace_file(path: Path, data: bytes) -> None:
    """Write a file that may replace its older self, whole or not at all. Raises OSError."""
    part = write_part(path.parent, data)
    _replace(part, path, or_remove=part)


def _replace(part: Path, path: Path, *, or_remove: Path) -> None:
    try:
        _retried(lambda: part.replace(path))
    except OSError:
        remove_file(or_remove)
        raise
    sync_folder(path.parent)


def remove_file(path: Path) -> bool:
    """Remove a file that may not be there; False, with a line in the log, where it stays."""
    try:
        _retried(lambda: path.unlink(missing_ok=True))
    except OSError as error:
        _log.warning("left %s behind: %s", path, error)
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make new names durable. The file is there and whole: a refusal here is only logged."""
    if os.name == "nt":  # a folder cannot be opened there, and NTFS journals its names
        return
    with contextlib.ExitStack() as stack:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            os.fsync(descriptor)
        except OSError as error:
            _log.warning("could not sync folder %s: %s", folder, error)


def _retried(action: Callable[[], object]) -> None:
    """Run `action` again while Windows says that someone else has the file open for a moment."""
    for delay_s in _RETRY_DELAYS_S:
        try:
            action()
        except OSError as error:
            if getattr(error, "winerror", None) not in _BUSY_ON_WINDOWS:
                raise
            time.sleep(delay_s)
        else:
            return
    action()
