"""The database's tables and how an older library becomes a current one.

Every version is one script, run in one transaction after a backup; a library of a newer Noisefall
is refused, never touched. Rejected: an ORM's migrations (two tables need none).
"""

import logging
import sqlite3
from pathlib import Path
from typing import Final

from app.translate import translate
from engine.errors import UserError

APPLICATION_ID: Final = 0x4E46414C  # "NFAL", in the file's header
BUSY_MS: Final = 5_000

_log = logging.getLogger(__name__)

# MIGRATIONS[k] makes version k + 1 out of version k
MIGRATIONS: Final = (
    """
    CREATE TABLE clips (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        state TEXT NOT NULL CHECK (state IN ('arriving', 'kept', 'purging')),
        part TEXT,
        path TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        name TEXT NOT NULL,
        recipe BLOB NOT NULL,
        prompt TEXT NOT NULL,
        bpm REAL,
        key TEXT,
        meter TEXT NOT NULL,
        bars INTEGER,
        loop INTEGER NOT NULL,
        seconds REAL NOT NULL,
        rate_hz INTEGER NOT NULL,
        samples INTEGER NOT NULL,
        measured BLOB NOT NULL,
        stars INTEGER NOT NULL DEFAULT 0 CHECK (stars BETWEEN 0 AND 5),
        tags TEXT NOT NULL DEFAULT '[]',
        created_s REAL NOT NULL,
        deleted_s REAL,
        peaks BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX clips_by_path ON clips (path);
    """,
    """
    CREATE TABLE handoffs (
        clip_id INTEGER NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
        form TEXT NOT NULL,
        path TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        PRIMARY KEY (clip_id, form)
    ) STRICT, WITHOUT ROWID;
    """,
)
VERSION: Final = len(MIGRATIONS)


def connect(path: Path) -> sqlite3.Connection:
    """Open, check and bring up to date. WAL and FULL: what was acknowledged stays.

    Raises:
        UserError: it was written by a newer Noisefall.
        sqlite3.DatabaseError: it is damaged, or the disk is full.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        _configure(db)
        _bring_up(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _configure(db: sqlite3.Connection) -> None:
    db.row_factory = sqlite3.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("PRAGMA trusted_schema = OFF")


def _bring_up(db: sqlite3.Connection, path: Path) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application not in (0, APPLICATION_ID) or version > VERSION:
        ours = application == APPLICATION_ID
        newer = translate("trouble", "{0} was written by a newer Noisefall")
        why = newer if ours else translate("trouble", "{0} was written by another program")
        raise UserError(
            translate("trouble", "The library was not opened"),
            why.format(path),
            translate("trouble", "Update Noisefall"),
        )
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(str(verdict))
    if 0 < version < VERSION:
        _back_up(db, path, version)
    for target in range(version + 1, VERSION + 1):
        script = MIGRATIONS[target - 1]
        db.executescript(
            f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {target}; "
            f"PRAGMA application_id = {APPLICATION_ID}; COMMIT;"
        )
        _log.info("library %s is now of version %d", path, target)


def _back_up(db: sqlite3.Connection, path: Path, version: int) -> None:
    """A whole copy beside the library, before anything is changed."""
    target = path.with_suffix(f".v{version}.backup.db")
    target.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", (str(target),))
