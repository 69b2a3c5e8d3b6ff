"""What the library's files are called, and what to say where one cannot be written.

How a file is written whole or not at all is `engine.files`.
"""

import re
from pathlib import Path
from typing import Final

from engine import files
from engine.errors import UserError

OTHER_FOLDER: Final = "Choose another folder in Settings"
PART_SUFFIX: Final = ".clip-part"  # not the command line's, which may write to the same folder
_NAME_LIMIT_BYTES: Final = 200  # of the 255 that file systems take; a number may be added


def explained(what: str, path: Path, error: OSError, *, remedy: str = OTHER_FOLDER) -> UserError:
    """An OSError as a musician may read it; `remedy` is for all but a full disk."""
    if error.errno in files.NO_SPACE:
        remedy = "Free some space, then try again"
    return UserError(what, f"{files.reason(error)} ({path})", remedy)


def plain_name(name: str) -> str:
    """A suggested file name without any folder, ending in .wav; never hidden, never too long.

    An engine elsewhere does not choose where we write.
    """
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name).lstrip(". ")
    stem = plain.removesuffix(".wav").rstrip(". ") or "clip"
    while len(stem.encode()) > _NAME_LIMIT_BYTES:
        stem = stem[:-1]
    return f"{stem}.wav"
