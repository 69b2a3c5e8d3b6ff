"""The notes of takes and clips as MIDI files: dragged into a DAW, copied, saved where one likes.

A take's notes are written when the hand comes near, so that a drag need not wait, into a folder
where they stay: a DAW may read them later. A kept take's lie beside its WAV. Rejected: writing the
notes of every take (four files a render, of which nobody wanted one), and a temporary folder (a
project that is opened tomorrow finds nothing there).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.library.background import Background
from app.library.files import NOTES_SUFFIX, explained, plain_name, write_new
from app.library.library import NOTES
from app.library.service import LibraryService
from app.model.actions import file_urls
from app.model.reveal import reveal
from app.model.settings import SettingsModel
from app.model.takes import TakesModel, TakeView
from app.model.trouble import TroubleModel
from app.texts import QT_TRANSLATE_NOOP
from app.translate import translate
from engine import files
from engine.errors import UserError

NOTES_FOLDER: Final = "Notes"
_NOT_WRITTEN: Final = QT_TRANSLATE_NOOP("trouble", "The notes were not written")


class NotesModel(QObject):
    """What can be done with notes.

    Signals:
        preparing(str): a drag was asked for too early; what is being made ready, in words.
        prepared(int): the file of a take's notes, by index, is complete.
        saved(object): the Path to which notes were saved.
    """

    preparing = Signal(str)
    prepared = Signal(int)
    saved = Signal(object)

    def __init__(
        self,
        *,
        takes: TakesModel,
        library: LibraryService,
        settings: SettingsModel,
        troubles: TroubleModel,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._takes = takes
        self._library = library
        self._settings = settings
        self._troubles = troubles
        self._background = background
        self._written: dict[tuple[int, int], Path] = {}  # (render, take) → file
        self._on_the_way: set[tuple[int, int]] = set()

    # ── takes, by index ───────────────────────────────────────────────────────────────────

    def file_name(self, index: int) -> str:
        """What a take's notes are called."""
        return plain_name(self._takes.takes[index].name, suffix=NOTES_SUFFIX)

    def suggested(self, index: int) -> Path:
        """Where a take's notes might be saved."""
        return self._settings.folder / self.file_name(index)

    def file_of_take(self, index: int) -> Path | None:
        """The complete file of a take's notes; None while it is not written, or without notes."""
        take = self._takes.takes[index]
        kept = None if take.clip is None else self.file_of_clip(take.clip.id)
        return kept or self._written.get(self._place(take))

    def prepare(self, index: int) -> None:
        """Write a take's notes ahead of their drag."""
        take = self._takes.takes[index]
        place = self._place(take)
        if not take.midi or place in self._on_the_way or self.file_of_take(index) is not None:
            return
        self._on_the_way.add(place)
        folder, name, what = self._folder(), self.file_name(index), self._what()

        def then(path: Path) -> None:
            self._on_the_way.discard(place)
            self._written[place] = path
            self._troubles.clear("notes")
            self.prepared.emit(index)

        def failed(error: UserError) -> None:
            self._on_the_way.discard(place)
            self._troubles.tell_error("notes", error)

        self._background.do(lambda: _written(folder, name, take.midi, what), then, failed)

    def drag_take(self, index: int) -> QMimeData | None:
        """The file's URL, for QDrag.exec(CopyAction); None while it is being written."""
        path = self.file_of_take(index)
        if path is not None and path.is_file():
            return file_urls([path])
        if self._takes.takes[index].midi:
            self._written.pop(self._place(self._takes.takes[index]), None)
            self.prepare(index)
            self.preparing.emit(self.tr("The notes are being written: drag them again"))
        return None

    def saver(self, index: int) -> Callable[[Path], None]:
        """Writes a take's notes where a person wants them, over what was there.

        Of the take that is there now: others may be shown by the time that the path is chosen.
        """
        midi, what = self._takes.takes[index].midi, self._what()

        def then(path: Path) -> None:
            self._troubles.clear("notes")
            self.saved.emit(path)

        return lambda path: self._background.do(
            lambda: _saved(path, midi, what),
            then,
            lambda error: self._troubles.tell_error("notes", error),
        )

    def _place(self, take: TakeView) -> tuple[int, int]:
        return self._takes.job or 0, take.number

    def _folder(self) -> Path:
        return self._settings.folder / NOTES_FOLDER

    def _what(self) -> str:
        return translate("trouble", _NOT_WRITTEN)

    # ── clips, by id ──────────────────────────────────────────────────────────────────────

    def file_of_clip(self, clip_id: int) -> Path | None:
        """The notes beside a clip; None where it has none."""
        return self._library.handoffs.get((clip_id, NOTES))

    def reveal(self, clip_id: int) -> None:
        """Show a clip's notes in the system's file manager."""
        if (path := self._existing(clip_id)) is not None:
            reveal(path)

    def drag_clips(self, clip_ids: Sequence[int]) -> QMimeData | None:
        """URLs of the notes of those clips that have some; None, and said why, where none are."""
        paths = [path for i in clip_ids if (path := self._existing(i)) is not None]
        return file_urls(paths) if paths else None

    def copy(self, clip_id: int) -> None:
        """Put the file of a clip's notes on the clipboard, as a file manager's copy does."""
        if (path := self._existing(clip_id)) is not None:
            QGuiApplication.clipboard().setMimeData(file_urls([path]))

    def _existing(self, clip_id: int) -> Path | None:
        """The notes' file; where it has gone, that is said."""
        path = self.file_of_clip(clip_id)
        if path is None or path.is_file():
            return path
        told = UserError(
            self.tr("The notes cannot be handed over"),
            self.tr("their file is not there any more ({0})").format(path),
            self.tr("Put it back, or generate the clip again from its recipe"),
        )
        self._troubles.tell_error("notes", told)
        return None


def _written(folder: Path, name: str, midi: bytes, what: str) -> Path:
    """A new file in a folder of ours. Raises UserError."""
    try:
        return write_new(folder, name, midi, what=what)
    except OSError as error:
        raise explained(what, folder, error) from None


def _saved(path: Path, midi: bytes, what: str) -> Path:
    """A file where a person chose it. Raises UserError."""
    try:
        files.replace_file(path, midi)
    except OSError as error:
        remedy = translate("trouble", "Choose another folder")
        raise explained(what, path, error, remedy=remedy) from None
    return path
