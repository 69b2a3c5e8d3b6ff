"""Clips kept for good: a file and a row each, in step however the process ends.

Keeping is a journal: the bytes are written and synced under a hidden name, then a row says what
they are and where they go ("arriving", committed), then they get their name, then the row is
"kept". A kill at any point leaves something that the next start can finish: either the row knows
the bytes, or the bytes were never acknowledged. Emptying the bin runs the other way round.

Rejected: the file first and the row after (a kill between leaves a clip that nobody knows), the
audio inside the database (a DAW needs files), and renaming files with their clips (a DAW plays
them from where they lie).
"""

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.library.clip import Clip, NewClip, changed
from app.library.files import NOTES_SUFFIX, PART_SUFFIX, explained, plain_name, write_new
from app.library.rescue import rescue
from app.library.rows import CHANGEABLE, clip_of, columns_of
from app.library.schema import connect
from app.texts import QT_TRANSLATE_NOOP
from app.translate import translate
from engine import files
from engine.errors import UserError

_log = logging.getLogger(__name__)

NOTES: Final = "notes"  # the form of a clip's MIDI file among its files for a DAW
SPACE_BYTES: Final = 64 << 10  # of which SQLite's shared memory and its log take most
NOT_KEPT: Final = QT_TRANSLATE_NOOP("trouble", "The clip was not kept")


@dataclass
class Opened:
    """What was found.

    Attributes:
        clips: all of them, the bin's included; those without their file are `missing`.
        handoffs: (clip id, form) → complete file.
        notes: one line each for what had to be repaired.
    """

    clips: list[Clip] = field(default_factory=list)
    handoffs: dict[tuple[int, str], Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Library:
    """One database. For one thread.

    Args:
        path: the database's file; its folder is made.
        folder: where new clips go; asked at every clip, so that it can be changed.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        path: Path,
        folder: Callable[[], Path],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._folder = folder
        self._clock = clock
        self._connection: sqlite3.Connection | None = None

    def open(self) -> Opened:
        """Open, migrate, repair and read everything.

        A damaged database is set aside and rebuilt from what can be read of it and from the clips'
        own files.

        Raises:
            UserError: a newer version's library, or a disk that is full or not there.
        """
        found = Opened()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection, notes = self._connected()
            found.notes += notes
            found.notes += self._recover()
            self._read_into(found)
        except (OSError, sqlite3.Error) as error:
            self.close()
            what = translate("trouble", "The library was not opened")
            remedy = translate("trouble", "Check the folder {0}").format(self._path.parent)
            if isinstance(error, OSError):
                raise explained(what, self._path, error, remedy=remedy) from None
            raise self._told(what, error) from None
        return found

    def _read_into(self, found: Opened) -> None:
        for row in self._db.execute("SELECT * FROM clips WHERE state = 'kept' ORDER BY id"):
            clip = clip_of(row)
            found.clips.append(clip if clip.path.is_file() else changed(clip, missing=True))
        for row in self._db.execute("SELECT * FROM handoffs"):
            path = Path(row["path"])
            if path.is_file() and path.stat().st_size == row["size_bytes"]:
                found.handoffs[row["clip_id"], row["form"]] = path

    def close(self) -> None:
        """Close; the write-ahead log is folded in and removed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ── keeping ───────────────────────────────────────────────────────────────────────────

    def add(self, new: NewClip) -> Clip:
        """Keep a clip; when this returns, file and row are on the disk.

        Raises:
            UserError: the disk or the folder did not let us, or it is no clip; nothing is left.
        """
        columns = columns_of(new, created_s=self._clock())
        folder = self._folder()
        with self._telling(translate("trouble", NOT_KEPT), folder):
            folder.mkdir(parents=True, exist_ok=True)
            part = files.write_part(folder, new.wav, suffix=PART_SUFFIX)
            try:
                return self._place(
                    part, plain_name(new.file_name), columns, with_notes=bool(new.midi)
                )
            except BaseException:
                files.remove_file(part)
                raise

    def _place(
        self, part: Path, name: str, columns: Mapping[str, Any], *, with_notes: bool
    ) -> Clip:
        """Row, name, row: the journal of `add`, at the first name that is free."""
        for candidate in files.names_to_try(name):
            path = part.parent / candidate
            if path.exists() or self._knows(path):
                continue
            if with_notes and path.with_suffix(NOTES_SUFFIX).exists():
                continue
            clip_id = self._insert(part, path, columns)
            try:
                published = files.publish(part, path)
            except BaseException:
                self._forget(clip_id)
                raise
            if published:
                self._settle(clip_id)
                return self._clip(clip_id)
            self._forget(clip_id)
        why = translate("trouble", "{0} files are named like {1}").format(files.MAX_NUMBER, name)
        raise UserError(
            translate("trouble", NOT_KEPT), why, translate("trouble", "Choose another folder")
        )

    def _insert(self, part: Path, path: Path, columns: Mapping[str, Any]) -> int:
        row = {
            **columns,
            "state": "arriving",
            "part": str(part),
            "path": str(path),
            "name": path.stem,
        }
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        with self._writing():
            cursor = self._db.execute(f"INSERT INTO clips ({names}) VALUES ({marks})", row)  # noqa: S608 - our own column names
        return int(cursor.lastrowid or 0)

    def _settle(self, clip_id: int) -> None:
        """The file has its name. Where even this cannot be written, the next start writes it."""
        try:
            with self._writing():
                self._db.execute(
                    "UPDATE clips SET state = 'kept', part = NULL WHERE id = ?", (clip_id,)
                )
        except sqlite3.Error as error:
            _log.warning("clip %d is settled at the next start: %s", clip_id, error)

    def _forget(self, clip_id: int) -> None:
        try:
            with self._writing():
                self._db.execute("DELETE FROM clips WHERE id = ?", (clip_id,))
        except sqlite3.Error as error:
            _log.warning("row %d is forgotten at the next start: %s", clip_id, error)

    # ── changing ──────────────────────────────────────────────────────────────────────────

    def update(self, changes: Mapping[int, Mapping[str, Any]]) -> list[Clip]:
        """Change names, stars, tags or the bin's mark of clips, all or none.

        Raises:
            UserError: the disk is full or the library damaged; nothing was changed.
        """
        what = translate("trouble", "The change was not saved")
        with self._telling(what, self._path), self._writing():
            for clip_id, fields in changes.items():
                names = ", ".join(f"{name} = ?" for name in fields)
                values = [CHANGEABLE[name](value) for name, value in fields.items()]
                self._db.execute(f"UPDATE clips SET {names} WHERE id = ?", (*values, clip_id))  # noqa: S608 - names of CHANGEABLE
        return [self._clip(clip_id) for clip_id in changes if self._has(clip_id)]

    def purge(self, clip_ids: Sequence[int]) -> list[int]:
        """Remove clips of the bin and their files for good; returns those that are gone.

        Raises:
            UserError: the library could not be written; nothing was removed.
        """
        marked = [(clip_id,) for clip_id in clip_ids]
        with self._telling(translate("trouble", "The bin was not emptied"), self._path):
            with self._writing():
                self._db.executemany(
                    "UPDATE clips SET state = 'purging' WHERE id = ? AND deleted_s IS NOT NULL",
                    marked,
                )
            return self._finish_purge()

    def purge_older(self, days: float) -> list[int]:
        """Remove what has been in the bin for longer. Raises UserError as `purge`."""
        before_s = self._clock() - days * 86_400
        rows = self._db.execute("SELECT id FROM clips WHERE deleted_s < ?", (before_s,))
        return self.purge([row["id"] for row in rows.fetchall()])

    def _finish_purge(self) -> list[int]:
        gone = []
        for row in self._db.execute("SELECT * FROM clips WHERE state = 'purging'").fetchall():
            copies = self._db.execute("SELECT path FROM handoffs WHERE clip_id = ?", (row["id"],))
            paths = [Path(row["path"]), *(Path(copy["path"]) for copy in copies.fetchall())]
            left = [path for path in paths if not files.remove_file(path)]
            if not left:
                self._forget(row["id"])
                gone.append(row["id"])
        return gone

    # ── files in another format, for a DAW ────────────────────────────────────────────────

    def add_handoff(
        self,
        clip_id: int,
        form: str,
        *,
        folder: str,
        file_name: str,
        data: bytes,
        suffix: str = ".wav",
    ) -> Path:
        """Write a clip's file in another format, or a part of it, into `folder` beside the clip.

        It is removed with its clip.

        A kill between file and row leaves a file that is written anew when it is asked for again.

        Raises:
            UserError: as `add`.
        """
        target = self._clip(clip_id).path.parent / folder
        what = translate("trouble", "The file for the DAW was not written")
        with self._telling(what, target):
            path = write_new(target, plain_name(file_name, suffix=suffix), data, what=what)
            with self._writing():
                self._db.execute(
                    "INSERT OR REPLACE INTO handoffs VALUES (?, ?, ?, ?)",
                    (clip_id, form, str(path), len(data)),
                )
        return path

    def add_notes(self, clip: Clip, midi: bytes) -> Path:
        """Write a clip's notes beside it, under its file's name. Raises UserError as `add`.

        A kill between the clip and its notes leaves the clip, whose recipe composes them again.
        """
        name = clip.path.with_suffix(NOTES_SUFFIX).name
        return self.add_handoff(
            clip.id, NOTES, folder="", file_name=name, data=midi, suffix=NOTES_SUFFIX
        )

    # ── repairing ─────────────────────────────────────────────────────────────────────────

    def _connected(self) -> tuple[sqlite3.Connection, list[str]]:
        """The database, rebuilt where it is damaged."""
        try:
            return connect(self._path), []
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and not _is_damage(error):
                raise
            _log.warning("the library is damaged: %s", error)
        aside = rescue(self._path, self._folder())
        note = translate(
            "trouble", "The library was damaged: it was rebuilt, and the old one is kept as {0}"
        )
        return connect(self._path), [note.format(aside.name)]

    def _recover(self) -> list[str]:
        """Finish what the last run left undone."""
        self._finish_purge()
        arriving = self._db.execute("SELECT * FROM clips WHERE state = 'arriving'").fetchall()
        note = translate("trouble", "{0} was being saved and is safe")
        notes = [note.format(Path(row["path"]).stem) for row in arriving if self._arrive(row)]
        self._sweep()
        return notes

    def _arrive(self, row: sqlite3.Row) -> bool:
        """Give an arriving clip its file, or forget it where there are no bytes of it."""
        part, path, size_bytes = Path(row["part"]), Path(row["path"]), row["size_bytes"]
        if _has_size(path, size_bytes):
            files.remove_file(part)
            self._settle(row["id"])
            return True
        if not _has_size(part, size_bytes):
            self._forget(row["id"])
            return False
        if _has_size(path, 0):  # the name was reserved, no more
            files.remove_file(path)
        for candidate in files.names_to_try(path.name):
            target = path.parent / candidate
            if (target == path or not self._knows(target)) and not target.exists():
                with self._writing():
                    self._db.execute(
                        "UPDATE clips SET path = ? WHERE id = ?", (str(target), row["id"])
                    )
                if files.publish(part, target):
                    self._settle(row["id"])
                    return True
        return False

    def _sweep(self) -> None:
        """Remove hidden parts that no row knows."""
        folders = {Path(row["path"]).parent for row in self._db.execute("SELECT path FROM clips")}
        known = {row["part"] for row in self._db.execute("SELECT part FROM clips")}
        for folder in folders | {self._folder()}:
            for part in folder.glob(f".*{PART_SUFFIX}"):
                if str(part) not in known:
                    files.remove_file(part)

    # ── small things ──────────────────────────────────────────────────────────────────────

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise UserError(
                translate("trouble", "The library is not open"),
                translate("trouble", "it could not be opened"),
                translate("trouble", "Start Noisefall again"),
            )
        return self._connection

    def _clip(self, clip_id: int) -> Clip:
        return clip_of(self._db.execute("SELECT * FROM clips WHERE id = ?", (clip_id,)).fetchone())

    def _has(self, clip_id: int) -> bool:
        found = self._db.execute("SELECT 1 FROM clips WHERE id = ?", (clip_id,)).fetchone()
        return found is not None

    def _knows(self, path: Path) -> bool:
        found = self._db.execute("SELECT 1 FROM clips WHERE path = ?", (str(path),)).fetchone()
        return found is not None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; on any error nothing of it stays."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _telling(self, what: str, path: Path) -> Iterator[None]:
        """What the disk or the database did, as a UserError."""
        try:
            yield
        except OSError as error:
            raise explained(what, path, error) from None
        except sqlite3.Error as error:
            raise self._told(what, error) from None

    def _told(self, what: str, error: sqlite3.Error) -> UserError:
        full = "full" in str(error) or _is_full(self._path.parent)
        why = translate("trouble", "the disk is full") if full else str(error)
        if full:
            remedy = translate("trouble", "Free some space, then try again")
        else:
            remedy = translate("trouble", "Restart Noisefall to repair it")
        return UserError(what, f"{why} ({self._path})", remedy)


def _is_full(folder: Path) -> bool:
    """Whether SQLite's "disk I/O error" there is want of space: it cannot make its files then."""
    try:
        return shutil.disk_usage(folder).free < SPACE_BYTES
    except OSError:
        return False


def _is_damage(error: sqlite3.Error) -> bool:
    return any(word in str(error) for word in ("malformed", "not a database", "no such"))


def _has_size(path: Path, size_bytes: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size_bytes
    except OSError:
        return False
