"""A damaged database: set aside, read as far as it goes, and rebuilt with what the files say.

A clip's file carries its recipe, so even a database of which nothing is left loses only names,
stars and tags. Rejected: sqlite's own recovery extension (not in Python's build).
"""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from app.library.clip import NewClip
from app.library.rows import columns_of
from app.library.schema import connect
from app.library.wav import recipe_of
from engine.errors import UserError
from engine.files import remove_file
from engine.protocol.messages import Measured

SUFFIXES: Final = ("", "-wal", "-shm")

_log = logging.getLogger(__name__)


def rescue(path: Path, folder: Path) -> Path:
    """Rebuild the database at `path`; returns where the damaged one was put.

    Raises:
        OSError, sqlite3.Error: the disk is full; the damaged one is where it was.
    """
    aside = path.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}.db")
    _move(path, aside)
    try:
        _rebuild(path, aside, folder)
    except BaseException:  # half a library must not pass for a whole one at the next start
        for suffix in SUFFIXES:
            remove_file(Path(f"{path}{suffix}"))
        _move(aside, path)
        raise
    return aside


def _move(path: Path, target: Path) -> None:
    for suffix in SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{target}{suffix}")


def _rebuild(path: Path, aside: Path, folder: Path) -> None:
    db = connect(path)
    try:
        with db:
            db.execute("BEGIN IMMEDIATE")
            rows = {row["path"]: row for row in _readable(aside)}
            for row in rows.values():
                _put(db, row)
            folders = {folder} | {Path(known).parent for known in rows}
            known_paths = {str(Path(known)) for known in rows}
            for file in _wavs(folders):
                if str(file) not in known_paths and (found := _row_of(file)) is not None:
                    _put(db, found)
            db.execute("COMMIT")
    finally:
        db.close()


def _readable(aside: Path) -> Iterator[dict[str, Any]]:
    """The rows that can still be read, one by one from both ends of the damage."""
    try:
        db = sqlite3.connect(f"file:{aside}?mode=ro", uri=True)
    except sqlite3.Error:
        return
    with contextlib.closing(db):
        db.row_factory = sqlite3.Row
        for order in ("ASC", "DESC"):
            try:
                for row in db.execute(f"SELECT * FROM clips ORDER BY id {order}"):  # noqa: S608
                    yield dict(row)
            except (sqlite3.Error, UnicodeDecodeError) as error:
                _log.info("reading %s stopped: %s", aside, error)
            else:
                return


def _put(db: sqlite3.Connection, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    try:
        db.execute(f"INSERT OR IGNORE INTO clips ({names}) VALUES ({marks})", row)  # noqa: S608
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise
        _log.info("a row was not readable: %s", error)
    except (sqlite3.IntegrityError, sqlite3.InterfaceError) as error:
        _log.info("a row was not readable: %s", error)


def _wavs(folders: set[Path]) -> Iterator[Path]:
    for folder in sorted(folders):
        with contextlib.suppress(OSError):
            yield from sorted(folder.glob("*.wav"))


def _row_of(file: Path) -> dict[str, Any] | None:
    """A row for a file that carries a recipe; None for any other."""
    try:
        data = file.read_bytes()
        recipe = recipe_of(data)
        if recipe is None:
            return None
        clip = NewClip(file_name=file.name, wav=data, recipe=recipe, measured=Measured())
        columns = columns_of(clip, created_s=file.stat().st_mtime)
    except (OSError, UserError, msgspec.MsgspecError):
        return None
    return {**columns, "state": "kept", "path": str(file), "name": file.stem}
