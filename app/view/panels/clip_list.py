"""The list of clips: keys, menu, and dragging files out."""

from PySide6.QtCore import (
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QInputDialog, QListView, QMenu, QWidget

from app.library.clip import Clip
from app.model.actions import ClipActions
from app.model.clips import CLIP_ROLE, ClipsModel, Column
from app.model.notes import NotesModel
from app.texts import QT_TRANSLATE_NOOP
from app.view.panels.clip_delegate import ClipDelegate
from app.view.panels.drag import drag_out
from app.view.theme.theme import Theme

# (name in the menu, shortcut as shown, icon, method)
_MENU = (
    (QT_TRANSLATE_NOOP("ClipList", "Play"), "Enter", "play", "play_current"),
    (QT_TRANSLATE_NOOP("ClipList", "Use this recipe"), "U", "recipe", "use_recipe"),
    (QT_TRANSLATE_NOOP("ClipList", "More like this"), "V", "variations", "more_like"),
    (QT_TRANSLATE_NOOP("ClipList", "Use these chords"), "", "recipe", "use_chords"),
    ("", "", "", ""),
    (QT_TRANSLATE_NOOP("ClipList", "Rename…"), "F2", "edit", "rename"),
    (QT_TRANSLATE_NOOP("ClipList", "Tags…"), "G", "tag", "edit_tags"),
    (QT_TRANSLATE_NOOP("ClipList", "Stars"), "", "star", ""),
    ("", "", "", ""),
    (QT_TRANSLATE_NOOP("ClipList", "Show the file"), "", "folder", "reveal"),
    (QT_TRANSLATE_NOOP("ClipList", "Copy the file"), "Ctrl+C", "copy", "copy_files"),
    (QT_TRANSLATE_NOOP("ClipList", "Copy the path"), "", "copy", "copy_paths"),
    (QT_TRANSLATE_NOOP("ClipList", "Show the notes"), "", "midi", "reveal_notes"),
    (QT_TRANSLATE_NOOP("ClipList", "Copy the notes"), "", "midi", "copy_notes"),
    ("", "", "", ""),
    (QT_TRANSLATE_NOOP("ClipList", "Delete"), "Del", "trash", "delete"),
)
_FOR_NOTES = ("reveal_notes", "copy_notes")  # of a clip that has some


class ClipList(QListView):
    """Rows of ClipsModel.

    Signals:
        play_asked(int): a clip is to be heard.
    """

    play_asked = Signal(int)

    def __init__(
        self,
        clips: ClipsModel,
        actions: ClipActions,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        notes: NotesModel,
    ) -> None:
        super().__init__(parent)
        self._clips, self._actions, self._notes, self._theme = clips, actions, notes, theme
        self.setAccessibleName(self.tr("Clips"))
        self.setModel(clips)
        self.setModelColumn(int(Column.NAME))
        self.delegate = ClipDelegate(theme, self, has_notes=self._has_notes)
        self._pressed_notes = False
        self.setItemDelegate(self.delegate)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)  # 10,000 rows at once take 60 ms
        self.setBatchSize(1_000)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.delegate.starred.connect(lambda clip_id, stars: clips.set_stars([clip_id], stars))
        self.doubleClicked.connect(lambda index: self.play_asked.emit(index.data(CLIP_ROLE).id))
        self._deleted, self._gone = -1, False
        self._next_frame = QTimer(self, singleShot=True, interval=0)
        self._next_frame.timeout.connect(self.viewport().update)
        clips.counts_changed.connect(self._look_for_deleted)
        theme.changed.connect(self.viewport().update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Rows that a frame leaves undrawn are the next frame's."""
        self.delegate.begin_frame()
        super().paintEvent(event)
        if self.delegate.unfinished:
            self._next_frame.start()

    # ── which ─────────────────────────────────────────────────────────────────────────────

    def chosen(self) -> list[Clip]:
        """The selected clips, in the list's order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [self._clips.clip_at(row) for row in rows]

    def _ids(self) -> list[int]:
        return [clip.id for clip in self.chosen()]

    def show_clip(self, clip_id: int) -> None:
        """Select a clip and bring it into view."""
        row = self._clips.row_of(clip_id)
        if row is not None:
            index = self._clips.index(row, int(Column.NAME))
            if self.visualRect(index).isEmpty():  # its batch has not come yet
                self.setLayoutMode(QListView.LayoutMode.SinglePass)
                self.doItemsLayout()
                self.setLayoutMode(QListView.LayoutMode.Batched)
            self._choose(index)
            self.scrollTo(index)

    def _choose(self, index: QModelIndex) -> None:
        """This clip alone, whatever keys are held: a view would add it, or not, under Ctrl."""
        self.setCurrentIndex(index)
        alone = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().select(index, alone)

    def selectionChanged(self, selected, deselected) -> None:  # type: ignore[no-untyped-def]  # noqa: N802
        """Have the files ready before they are dragged."""
        super().selectionChanged(selected, deselected)
        if ids := self._ids()[:16]:
            self._actions.prepare(ids)

    # ── dragging ──────────────────────────────────────────────────────────────────────────

    def drag_data(self) -> QMimeData | None:
        """File URLs of the selected clips' complete files."""
        return self._actions.drag_data(self._ids())

    def notes_data(self) -> QMimeData | None:
        """File URLs of the selected clips' notes."""
        return self._notes.drag_clips(self._ids())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Remember what is taken hold of, in case it becomes a drag: sound or notes."""
        index = self.indexAt(event.position().toPoint())
        clip: Clip | None = index.data(CLIP_ROLE)
        row = QRectF(self.visualRect(index))
        self._pressed_notes = clip is not None and self.delegate.on_notes(
            row, clip, event.position()
        )
        super().mousePressEvent(event)

    def startDrag(self, supported: Qt.DropAction) -> None:  # noqa: N802
        """Complete files or nothing; a copy, never a move."""
        data = self.notes_data() if self._pressed_notes else self.drag_data()
        if data is not None:
            drag_out(self, data, self._theme, len(data.urls()))

    # ── doing ─────────────────────────────────────────────────────────────────────────────

    def play_current(self) -> None:
        """Hear the current clip."""
        if chosen := self.chosen():
            self.play_asked.emit(chosen[0].id)

    def use_recipe(self) -> None:
        """Put the clip's recipe into the form."""
        if ids := self._ids():
            self._actions.use_recipe(ids[0])

    def use_chords(self) -> None:
        """Put the clip's chords into the form."""
        if (chosen := self.chosen()) and (recipe := chosen[0].recipe) is not None:
            self._actions.use_chords(recipe)

    def more_like(self) -> None:
        """The same recipes, other seeds."""
        if ids := self._ids():
            self._actions.more_like(ids)

    def rename(self) -> None:
        """Edit the name in its place."""
        if self.currentIndex().isValid():
            self.edit(self.currentIndex())

    def edit_tags(self) -> None:
        """Ask for tags, separated by commas."""
        if not (chosen := self.chosen()):
            return
        dialog = QInputDialog(self)
        dialog.setWindowTitle(self.tr("Tags"))
        dialog.setLabelText(self.tr("Tags, separated by commas"))
        dialog.setTextValue(", ".join(chosen[0].tags))
        ids = [clip.id for clip in chosen]
        dialog.textValueSelected.connect(lambda text: self._clips.set_tags(ids, text.split(",")))
        dialog.open()

    def reveal(self) -> None:
        """Show the file in the file manager."""
        if ids := self._ids():
            self._actions.reveal(ids[0])

    def copy_files(self) -> None:
        """Files to the clipboard."""
        if ids := self._ids():
            self._actions.copy_files(ids)

    def copy_paths(self) -> None:
        """Paths to the clipboard."""
        if ids := self._ids():
            self._actions.copy_paths(ids)

    def reveal_notes(self) -> None:
        """Show the clip's MIDI file in the file manager."""
        if ids := self._ids():
            self._notes.reveal(ids[0])

    def copy_notes(self) -> None:
        """The clip's MIDI file to the clipboard."""
        if ids := self._ids():
            self._notes.copy(ids[0])

    def delete(self) -> None:
        """Into the bin."""
        ids = self._ids()
        if ids and not self._clips.query.in_bin:
            self._deleted, self._gone = ids[0], False
            row = self.currentIndex().row()
            self._clips.delete(ids)
            self._choose(self._clips.index(min(row, self._clips.rowCount() - 1), 1))

    def _look_for_deleted(self) -> None:
        """A clip that an undo brings back is selected again."""
        here = self._clips.row_of(self._deleted) is not None
        if here and self._gone:
            self.show_clip(self._deleted)
        self._gone = not here

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter plays, Del deletes, U, V and G as in the menu, Ctrl+C copies files."""
        if self.state() == QAbstractItemView.State.EditingState:
            return  # the Enter that ends a name's editing comes here as well
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        keys = {
            Qt.Key.Key_Return: self.play_current,
            Qt.Key.Key_Enter: self.play_current,
            Qt.Key.Key_Delete: self.delete,
            Qt.Key.Key_Backspace: self.delete,
            Qt.Key.Key_U: self.use_recipe,
            Qt.Key.Key_V: self.more_like,
            Qt.Key.Key_G: self.edit_tags,
        }
        if control and event.key() == Qt.Key.Key_C:
            self.copy_files()
        elif not control and event.key() in keys:
            keys[Qt.Key(event.key())]()
        elif event.key() == Qt.Key.Key_F2:
            self.rename()
        elif event.text() and not control and event.key() != Qt.Key.Key_Space:
            event.ignore()  # no search by typing here: letters are shortcuts
        else:
            super().keyPressEvent(event)

    # ── menu ──────────────────────────────────────────────────────────────────────────────

    def menu(self) -> QMenu:
        """Everything that can be done with what is selected."""
        menu = QMenu(self)
        in_bin = self._clips.query.in_bin
        if in_bin:
            menu.addAction(
                self._theme.icon("undo"),
                self.tr("Put back"),
                lambda: self._clips.restore(self._ids()),
            )
            return menu
        ids = self._ids()
        noted = bool(ids) and self._has_notes(ids[0])
        for name, keys, icon, method in _MENU:
            if not name:
                menu.addSeparator()
            elif name == "Stars":
                self._add_stars(menu.addMenu(self._theme.icon(icon), self.tr(name)))
            else:
                label = f"{self.tr(name)}\t{keys}" if keys else self.tr(name)
                action = menu.addAction(self._theme.icon(icon), label, getattr(self, method))
                action.setEnabled(noted or method not in _FOR_NOTES)
        return menu

    def _has_notes(self, clip_id: int) -> bool:
        return self._notes.file_of_clip(clip_id) is not None

    def _add_stars(self, menu: QMenu) -> None:
        for stars in range(6):
            action = QAction("★" * stars or self.tr("None"), menu)
            action.triggered.connect(
                lambda _=False, count=stars: self._clips.set_stars(self._ids(), count)
            )
            menu.addAction(action)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Open the menu."""
        if self.chosen():
            self.menu().popup(event.globalPos())
