"""Files that are whole or not there, and never over another clip.

The bytes go to a hidden temporary file in the same folder, are synced, and get their name by a
link, which fails where the name is taken; where hard links do not exist an empty file reserves the
name and is replaced. Rejected: importing the engine's own writer (the window knows the engine by
its messages only, and an engine may be on another machine).
"""

import contextlib
import errno
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Final

from engine.errors import UserError

MAX_NUMBER: Final = 10_000
PART_SUFFIX: Final = ".clip-part"  # not the command line's, which may write to the same folder
_NAME_LIMIT_BYTES: Final = 200  # of the 255 that file systems take; a number may be added
_RETRY_DELAYS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2)
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
_REASONS: Final[dict[int, tuple[str, str]]] = {
    errno.ENOSPC: ("the disk is full", "Free some space, then try again"),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, then try again"),
    errno.EFBIG: ("the file system takes no file of that size", "Choose another folder"),
    errno.EACCES: ("the folder may not be written to", "Choose another folder in Settings"),
    errno.EPERM: ("the folder may not be written to", "Choose another folder in Settings"),
    errno.EROFS: ("the folder is read-only", "Choose another folder in Settings"),
    errno.ENOENT: ("the folder does not exist", "Choose another folder in Settings"),
    errno.ENOTDIR: ("the folder is a file", "Choose another folder in Settings"),
}

_log = logging.getLogger(__name__)


def explained(what: str, path: Path, error: OSError) -> UserError:
    """An OSError as a musician may read it."""
    other = (error.strerror or str(error), "Choose another folder in Settings")
    reason, remedy = _REASONS.get(error.errno or 0, other)
    return UserError(what, f"{reason} ({path})", remedy)


def plain_name(name: str) -> str:
    """A suggested file name without any folder, ending in .wav; never hidden, never too long.

    An engine elsewhere does not choose where we write.
    """
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name).lstrip(". ")
    stem = plain.removesuffix(".wav").rstrip(". ") or "clip"
    while len(stem.encode()) > _NAME_LIMIT_BYTES:
        stem = stem[:-1]
    return f"{stem}.wav"


def numbered(name: str, number: int) -> str:
    """The name itself for 1, then `name-2.wav`, `name-3.wav` and so on."""
    path = PurePath(name)
    return name if number == 1 else f"{path.stem}-{number}{path.suffix}"


def names_to_try(name: str) -> Iterator[str]:
    """The name, then its numbered kin."""
    return (numbered(name, number) for number in range(1, MAX_NUMBER + 1))


def write_part(folder: Path, data: bytes | memoryview) -> Path:
    """Write and sync a hidden temporary file; returns its path. Raises OSError, leaving nothing."""
    path = folder / f".{secrets.token_hex(8)}{PART_SUFFIX}"
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
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
    try:
        _retried(lambda: part.replace(path))
    except OSError:
        remove_file(path)
        raise
    sync_folder(path.parent)
    return True


def replace_file(path: Path, data: bytes) -> None:
    """Write a file that may replace its older self, whole or not at all. Raises OSError."""
    part = write_part(path.parent, data)
    try:
        _retried(lambda: part.replace(path))
    except OSError:
        remove_file(part)
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
