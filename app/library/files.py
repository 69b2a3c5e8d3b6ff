"""What the library's files are called, and what to say where one cannot be written.

How a file is written whole or not at all is `engine.files`.
"""

import re
from pathlib import Path
from typing import Final

from app.texts import QT_TRANSLATE_NOOP
from app.translate import translate
from engine import files
from engine.errors import UserError

OTHER_FOLDER: Final = QT_TRANSLATE_NOOP("trouble", "Choose another folder in Settings")
# what engine.files.reason says, which lupdate cannot see there
REASONS: Final = (
    QT_TRANSLATE_NOOP("trouble", "the disk is full"),
    QT_TRANSLATE_NOOP("trouble", "the disk quota is used up"),
    QT_TRANSLATE_NOOP("trouble", "the file system takes no file of that size"),
    QT_TRANSLATE_NOOP("trouble", "the folder may not be written to"),
    QT_TRANSLATE_NOOP("trouble", "the folder is read-only"),
    QT_TRANSLATE_NOOP("trouble", "the folder does not exist"),
    QT_TRANSLATE_NOOP("trouble", "the folder is not a folder"),
    QT_TRANSLATE_NOOP("trouble", "the name is too long"),
)
PART_SUFFIX: Final = ".clip-part"  # not the command line's, which may write to the same folder
NOTES_SUFFIX: Final = ".mid"
_NAME_LIMIT_BYTES: Final = 200  # of the 255 that file systems take; a number may be added


def explained(what: str, path: Path, error: OSError, *, remedy: str = "") -> UserError:
    """An OSError as a musician may read it; `remedy` is for all but a full disk."""
    if error.errno in files.NO_SPACE:
        remedy = translate("trouble", "Free some space, then try again")
    why = translate("trouble", files.reason(error))
    return UserError(what, f"{why} ({path})", remedy or translate("trouble", OTHER_FOLDER))


def plain_name(name: str, *, suffix: str = ".wav") -> str:
    """A suggested file name without any folder, with this suffix; never hidden, never too long.

    An engine elsewhere does not choose where we write.
    """
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name).lstrip(". ")
    stem = plain.removesuffix(".wav").removesuffix(suffix).rstrip(". ") or "clip"
    while len(stem.encode()) > _NAME_LIMIT_BYTES:
        stem = stem[:-1]
    return f"{stem}{suffix}"


def write_new(folder: Path, name: str, data: bytes, *, what: str) -> Path:
    """Write a new file under a plain name, or the first free of its numbered kin; its path.

    Raises:
        OSError: the disk or the folder did not let us; nothing is left.
        UserError: `what` did not happen: every such name is taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = files.write_part(folder, data, suffix=PART_SUFFIX)
    try:
        for candidate in files.names_to_try(name):
            path = folder / candidate
            if not path.exists() and files.publish(part, path):
                return path
    except BaseException:
        files.remove_file(part)
        raise
    files.remove_file(part)
    why = translate("trouble", "too many files are in {0}").format(folder)
    raise UserError(what, why, translate("trouble", "Tidy it up"))
