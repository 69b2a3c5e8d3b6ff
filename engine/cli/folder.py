"""The output folder, looked at before minutes of rendering depend on it."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import UserError

SPARE_BYTES: Final = 4 << 20  # a full disk is no place to stop at exactly


@dataclass(frozen=True)
class OutFolder:
    """A folder that can be written to.

    Attributes:
        path: the folder.
        made: what had to be made for it, the outermost first.
    """

    path: Path
    made: tuple[Path, ...] = ()

    def leave(self) -> None:
        """Remove what was made for nothing: no empty folder stays."""
        for folder in reversed(self.made):
            try:
                folder.rmdir()
            except OSError:  # it holds clips
                return


def prepared_folder(path: Path, needed_bytes: int) -> OutFolder:
    """Make the folder if need be, and make sure that files can be written and will fit.

    Raises:
        UserError: they cannot or will not.
    """
    folder = OutFolder(path)
    try:
        if path.exists() and not path.is_dir():
            raise _refused(f"{path} is a file")
        folder = OutFolder(path, tuple(_missing(path)))
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\0")
        free_bytes = shutil.disk_usage(path).free
    except (OSError, ValueError) as error:
        folder.leave()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refused(f"{path} cannot be written to ({reason})") from None
    if free_bytes < needed_bytes + SPARE_BYTES:
        folder.leave()
        raise UserError(
            "Nothing was rendered",
            f"{path} has {free_bytes / 1e6:.1f} MB free, and the clips need "
            f"{(needed_bytes + SPARE_BYTES) / 1e6:.1f} MB",
            "Free some space, or choose another folder with --out",
        )
    return folder


def _missing(path: Path) -> list[Path]:
    """The folders that have to be made, the outermost first."""
    return [folder for folder in (path, *path.parents) if not folder.exists()][::-1]


def _refused(why: str) -> UserError:
    return UserError("Nothing was rendered", why, "Choose another folder with --out")
