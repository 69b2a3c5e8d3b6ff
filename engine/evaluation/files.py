"""Writing the files of a report."""

from collections.abc import Mapping
from pathlib import Path

from engine.errors import UserError
from engine.files import replace_file


def write_report_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, name → bytes, each whole or not at all; a name may have folders in it.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, data)
    except OSError as error:
        raise UserError(
            "The report was not written", f"{folder}: {error}", "Choose another folder with --out"
        ) from None
