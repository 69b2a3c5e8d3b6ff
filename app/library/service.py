"""The library for the window: every call returns at once, every outcome is a signal.

Looking for files has a thread of its own: a folder on a network that sleeps must not keep a clip
from being saved.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from app.library.background import Background
from app.library.clip import Clip, NewClip, changed
from app.library.library import NOTES, Library, Opened
from engine.errors import UserError

LOOK_GRACE_S: Final = 0.5  # a look that still waits for a disk is left behind at the end
LOOK_PAUSE_EVERY: Final = 20  # clips
LOOK_PAUSE_S: Final = 0.001


class LibraryService(QObject):
    """A `Library` in a thread of its own.

    Signals:
        opened(object): list of Clip, once.
        noted(str): something was repaired.
        added(object): a Clip is on the disk.
        changed(object): list of Clip as they are now.
        purged(object): list of ids that are gone for good.
        looked(object): list of (Clip as it was given, Clip as it is) of those whose file has gone
            or has come back.
        handed_off(int, str, object): clip id, form, Path: that file is complete.
        open_failed(object): a UserError; `open` may be tried again.
        failed(object): a UserError; nothing was changed.
    """

    opened = Signal(object)
    noted = Signal(str)
    added = Signal(object)
    changed = Signal(object)
    purged = Signal(object)
    looked = Signal(object)
    handed_off = Signal(int, str, object)
    open_failed = Signal(object)
    failed = Signal(object)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._background = Background("library", self)
        self._looks = Background("looks", self)
        self.handoffs: dict[tuple[int, str], Path] = {}

    def open(self, *, bin_days: float = 30.0) -> None:
        """Open the library and empty the bin of what is older: `opened` or `open_failed`."""

        def work() -> Opened:
            found = self._library.open()
            gone = set(self._library.purge_older(bin_days))
            found.clips = [clip for clip in found.clips if clip.id not in gone]
            for clip in found.clips:
                _ = clip.haystack  # made here, so that the first search need not
            return found

        self._background.do(work, self._on_opened, self.open_failed.emit)

    def add(self, clip: NewClip) -> None:
        """Keep a clip, and its notes beside it; where only these fail, the clip is kept."""

        def work() -> tuple[Clip, Path | UserError | None]:
            kept = self._library.add(clip)
            try:
                return kept, self._library.add_notes(kept, clip.midi) if clip.midi else None
            except UserError as error:
                return kept, error

        def then(outcome: tuple[Clip, Path | UserError | None]) -> None:
            kept, notes = outcome
            if isinstance(notes, Path):
                self.handoffs[kept.id, NOTES] = notes
            self.added.emit(kept)
            if isinstance(notes, UserError):
                self.failed.emit(notes)

        self._background.do(work, then, self.failed.emit)

    def update(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """Change names, stars, tags or the bin's mark."""
        self._background.do(
            lambda: self._library.update(changes), self.changed.emit, self.failed.emit
        )

    def look(self, clips: Sequence[Clip]) -> None:
        """Look whether the clips' files are where they were: `looked`, whatever comes of it."""
        self._looks.do(lambda: _moved(clips), self.looked.emit, lambda _: self.looked.emit([]))

    def purge(self, clip_ids: Sequence[int]) -> None:
        """Remove clips of the bin for good."""
        self._background.do(
            lambda: self._library.purge(clip_ids), self.purged.emit, self.failed.emit
        )

    def add_handoff(
        self, clip_id: int, form: str, *, folder: str, file_name: str, data: bytes
    ) -> None:
        """Write a clip's file in another format."""

        def then(path: Path) -> None:
            self.handoffs[clip_id, form] = path
            self.handed_off.emit(clip_id, form, path)

        self._background.do(
            lambda: self._library.add_handoff(
                clip_id, form, folder=folder, file_name=file_name, data=data
            ),
            then,
            self.failed.emit,
        )

    def close(self) -> None:
        """Finish what was asked, then close the library."""
        self._background.do(self._library.close, lambda _: None, self.failed.emit)
        self._background.close()
        self._looks.close(LOOK_GRACE_S)

    def _on_opened(self, found: Opened) -> None:
        self.handoffs = found.handoffs
        self.opened.emit(found.clips)
        for note in found.notes:
            self.noted.emit(note)


def _moved(clips: Sequence[Clip]) -> list[tuple[Clip, Clip]]:
    """The clips whose files are no longer as the clips say, each with how it is."""
    moved = []
    for number, clip in enumerate(clips):
        if number % LOOK_PAUSE_EVERY == 0:
            time.sleep(LOOK_PAUSE_S)  # Python runs one thread at a time: the window's goes first
        missing = not clip.path.is_file()
        if missing is not clip.missing:
            now = changed(clip, missing=missing)
            vars(now)["haystack"] = clip.haystack  # the same: the next search need not make it
            moved.append((clip, now))
    return moved
