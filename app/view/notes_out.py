"""A take's notes on their way out of the window: dragged, or saved where a person says."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from app.library.files import NOTES_SUFFIX
from app.model.notes import NotesModel
from app.view.panels.drag import drag_out
from app.view.panels.take_cards import TakeCards
from app.view.panels.words import SAVE_NOTES, tr
from app.view.theme.theme import Theme


class NotesOut(QObject):
    """Ties the cards to NotesModel.

    Signals:
        noted(str): something worth a line.
    """

    noted = Signal(str)

    def __init__(self, notes: NotesModel, cards: TakeCards, theme: Theme) -> None:
        super().__init__(cards)
        self._notes, self._cards, self._theme = notes, cards, theme
        cards.notes_near.connect(notes.prepare)
        cards.notes_drag_asked.connect(self._drag)
        cards.notes_save_asked.connect(self.ask_where)
        notes.preparing.connect(self.noted)
        notes.saved.connect(lambda path: self.noted.emit(self.tr("Saved {0}").format(path.name)))

    def _drag(self, index: int) -> None:
        if (data := self._notes.drag_take(index)) is not None:
            drag_out(self._cards, data, self._theme, 1)

    def ask_where(self, index: int) -> QFileDialog:
        """Ask where a take's notes are to be saved; the window goes on meanwhile."""
        title, kind = tr(SAVE_NOTES), self.tr("MIDI files (*.mid)")
        at = str(self._notes.suggested(index))
        dialog = QFileDialog(self._cards.window(), title, at, kind)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(NOTES_SUFFIX.removeprefix("."))
        save = self._notes.saver(index)
        dialog.fileSelected.connect(lambda path: save(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog
