"""The library at the right: search, filters, order, the list, and a line that offers undo."""

from functools import partial

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QUndoStack
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
)

from app.model.actions import ClipActions
from app.model.clip_query import ClipQuery
from app.model.clips import COLUMNS, ClipsModel, Column
from app.model.notes import NotesModel
from app.texts import QT_TRANSLATE_NOOP
from app.translate import translate
from app.view.panels.clip_list import ClipList
from app.view.panels.words import shown_key
from app.view.theme.theme import Theme
from app.view.theme.tokens import Space
from app.view.widgets.buttons import Button, IconButton
from app.view.widgets.painting import own_escape

UNDO_SHOWN_MS = 10_000
_DONE = {
    "Delete": QT_TRANSLATE_NOOP("library", "Deleted"),
    "Rename": QT_TRANSLATE_NOOP("library", "Renamed"),
    "Restore": QT_TRANSLATE_NOOP("library", "Put back"),
    "Stars": QT_TRANSLATE_NOOP("library", "Stars set"),
    "Tag": QT_TRANSLATE_NOOP("library", "Tagged"),
    "Tags": QT_TRANSLATE_NOOP("library", "Tags changed"),
    "Use recipe": QT_TRANSLATE_NOOP("library", "Recipe taken into the form"),
    "Use chords": QT_TRANSLATE_NOOP("library", "Chords taken into the form"),
    "More like this": QT_TRANSLATE_NOOP("library", "More like this is under way"),
}
_ORDERS = (
    Column.CREATED,
    Column.NAME,
    Column.PROMPT,
    Column.TEMPO,
    Column.KEY,
    Column.LENGTH,
    Column.STARS,
    Column.TAGS,
)
_TEMPI = ((60, 80), (80, 100), (100, 120), (120, 140), (140, 180))


class SearchField(QLineEdit):
    """Searches as one types; down goes to the list, Esc clears."""

    down_asked = Signal()

    def event(self, event: QEvent) -> bool:
        """Esc is ours before it is the window's."""
        return own_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Down and Esc."""
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.down_asked.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.down_asked.emit()
        else:
            super().keyPressEvent(event)


class LibraryPanel(QFrame):
    """Clips, found and handled."""

    def __init__(
        self,
        clips: ClipsModel,
        actions: ClipActions,
        undo: QUndoStack,
        theme: Theme,
        *,
        notes: NotesModel,
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._clips, self._undo, self._theme = clips, undo, theme
        self._undo_text = ""
        self._offered: dict[str, tuple[str, ...]] = {}  # what the filters by key and tag offer
        self.search = SearchField()
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search clips"))
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)  # a file dropped here is the window's
        self._glass = self.search.addAction(
            theme.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.sort = IconButton("sort", self.tr("Order"), theme)
        self.bin = IconButton("trash", self.tr("Bin"), theme, checkable=True)
        self.key = _filter(self.tr("Filter by key"))
        self.tempo = _filter(self.tr("Filter by tempo"))
        self.stars = _filter(self.tr("Filter by stars"))
        self.kind = _filter(self.tr("Filter by loop or one-shot"))
        self.tag = _filter(self.tr("Filter by tag"))
        self.list = ClipList(clips, actions, theme, notes=notes)
        self.count = QLabel()
        self.count.setProperty("role", "caption")
        self.empty = QLabel()
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.empty)
        self.undone = QFrame()
        self.undone_text = QLabel()
        self.undo_button = Button(self.tr("Undo"), role="flat")
        self.empty_bin = Button(self.tr("Empty the bin"))
        self._hide_undo = QTimer(self, singleShot=True, interval=UNDO_SHOWN_MS)
        self._lay_out()
        self._fill_filters()
        self._connect()
        self._count()

    def _lay_out(self) -> None:
        title = QLabel(self.tr("Library"))
        title.setProperty("role", "lead")
        head = QHBoxLayout()
        for part in (title, self.count):
            head.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        head.setSpacing(Space.SMALL)
        head.addStretch(1)
        head.addWidget(self.sort)
        head.addWidget(self.bin)
        filters = QGridLayout()  # tags are long: theirs is as wide as two
        filters.setSpacing(Space.HAIR)
        for column, combo in enumerate((self.tempo, self.key, self.stars)):
            filters.addWidget(combo, 0, column)
            filters.setColumnStretch(column, 1)
        filters.addWidget(self.kind, 1, 0)
        filters.addWidget(self.tag, 1, 1, 1, 2)
        undone = QHBoxLayout(self.undone)
        undone.setContentsMargins(Space.SMALL, 0, 0, 0)
        undone.addWidget(self.undone_text, 1)
        undone.addWidget(self.undo_button)
        self.undone.hide()
        self.empty_bin.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.SMALL, Space.SMALL, Space.HAIR, Space.SMALL)
        layout.setSpacing(Space.SMALL)
        head.setContentsMargins(Space.SMALL, 0, Space.HAIR, 0)
        layout.addLayout(head)
        inner = QVBoxLayout()
        inner.setContentsMargins(0, 0, Space.HAIR, 0)
        inner.setSpacing(Space.SMALL)
        inner.addWidget(self.search)
        inner.addLayout(filters)
        layout.addLayout(inner)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.empty_bin)
        layout.addWidget(self.undone)

    def _fill_filters(self) -> None:
        self.tempo.addItem(self.tr("Any tempo"), None)
        for low, high in _TEMPI:
            self.tempo.addItem(f"{low}–{high}", (float(low), float(high)))
        self.stars.addItem(self.tr("Any ★"), 0)
        for stars in range(1, 6):
            self.stars.addItem("★" * stars + ("" if stars == 5 else " +"), stars)
        self.kind.addItem(self.tr("Any kind"), None)
        self.kind.addItem(self.tr("Loops"), True)
        self.kind.addItem(self.tr("One-shots"), False)
        self._offer()

    def _offer(self) -> None:
        """Offer the keys and tags in use. One that nothing has any more filters no longer."""
        clips, query = self._clips, self._clips.query
        for combo, field, any_text, values, shown in (
            (self.key, "key", self.tr("Any key"), clips.keys, shown_key),
            (self.tag, "tag", self.tr("Any tag"), clips.tags, str),
        ):
            if self._offered.get(field) == values:
                continue
            self._offered[field] = values
            none = getattr(ClipQuery, field)
            with QSignalBlocker(combo):
                combo.clear()
                combo.addItem(any_text, none)
                for value in values:
                    combo.addItem(shown(value), value)
                combo.setCurrentIndex(max(combo.findData(getattr(query, field)), 0))
            if getattr(query, field) not in (none, *values):
                clips.set_query(**{field: none})

    def _connect(self) -> None:
        clips = self._clips
        self.search.textChanged.connect(lambda text: clips.set_query(text=text))
        self.search.down_asked.connect(self._to_list)
        for combo, field in (
            (self.tempo, "bpm"),
            (self.key, "key"),
            (self.stars, "stars"),
            (self.kind, "loop"),
            (self.tag, "tag"),
        ):
            combo.activated.connect(partial(self._filter_by, field, combo))
        self.bin.toggled.connect(lambda on: clips.set_query(in_bin=on))
        self.sort.clicked.connect(
            lambda: self.sort_menu().popup(self.sort.mapToGlobal(self.sort.rect().bottomLeft()))
        )
        self.empty_bin.clicked.connect(self._confirm_empty)
        clips.counts_changed.connect(self._count)
        clips.loaded.connect(self._count)
        clips.query_changed.connect(self._show_counts)
        clips.kept.connect(lambda clip: self.list.show_clip(clip.id))
        self._undo.undoTextChanged.connect(self._keep_undo_text)
        self._undo.indexChanged.connect(self._show_undo)
        self.undo_button.clicked.connect(self._undo.undo)
        self._hide_undo.timeout.connect(self.undone.hide)
        self._theme.changed.connect(self._restyle)

    def _restyle(self) -> None:
        self._glass.setIcon(self._theme.icon("search", "muted"))

    def _to_list(self) -> None:
        self.list.setFocus()
        if not self.list.currentIndex().isValid() and self._clips.shown:
            self.list.setCurrentIndex(self._clips.index(0, int(Column.NAME)))

    def _filter_by(self, field: str, combo: QComboBox, _: int) -> None:
        self._clips.set_query(**{field: combo.currentData()})

    def _count(self) -> None:
        self._offer()
        self._show_counts()

    def _show_counts(self) -> None:
        clips, total, binned = self._clips, self._clips.total, self._clips.binned
        text = f"{clips.shown:,} / {total:,}" if clips.shown != total else f"{total:,}"
        in_bin = clips.query.in_bin
        self.count.setText(f"{clips.shown:,}" if in_bin else text)
        self.empty_bin.setVisible(in_bin and binned > 0)
        self.bin.setToolTip(self.tr("Bin: {0} clips").format(binned))
        if clips.shown == 0:
            if in_bin:
                words = self.tr("The bin is empty.")
            elif total == 0:
                words = self.tr(
                    "No clips yet.\nKeep a take with K: it lands here,\nready for your DAW."
                )
            else:
                words = self.tr("Nothing matches.\nEsc in the search field clears it.")
            self.empty.setText(words)
        self._pages.setCurrentIndex(1 if clips.shown == 0 else 0)

    def _keep_undo_text(self, text: str) -> None:
        self._undo_text = text
        self._show_undo()

    def _show_undo(self) -> None:
        """Asks the stack nothing: it also speaks while it is being destroyed."""
        self.undone_text.setText(done_text(self._undo_text))
        self.undone.setVisible(bool(self._undo_text))
        if self._undo_text:
            self._hide_undo.start()

    def sort_menu(self) -> QMenu:
        """What the list is sorted by, and which way."""
        menu, group = QMenu(self), QActionGroup(self)
        query = self._clips.query
        for column in _ORDERS:
            title, name, _ = COLUMNS[column]
            action = QAction(translate("ClipsModel", title), menu, checkable=True)
            action.setChecked(query.sort == name)
            action.triggered.connect(lambda _=False, by=name: self._clips.set_query(sort=by))
            group.addAction(action)
            menu.addAction(action)
        menu.addSeparator()
        largest = QAction(self.tr("Largest first"), menu, checkable=True)
        largest.setChecked(query.descending)
        largest.triggered.connect(lambda on: self._clips.set_query(descending=on))
        menu.addAction(largest)
        return menu

    def _confirm_empty(self) -> None:
        """The second press within a few seconds does it: no box stops the work."""
        if self.empty_bin.property("sure"):
            self._clips.empty_bin()
            self._calm_down()
            return
        self.empty_bin.setProperty("sure", True)
        words = self.tr("Remove {0} clips and files for good?")
        self.empty_bin.setText(words.format(self._clips.binned))
        QTimer.singleShot(4000, self, self._calm_down)

    def _calm_down(self) -> None:
        self.empty_bin.setProperty("sure", False)
        self.empty_bin.setText(self.tr("Empty the bin"))


def done_text(text: str) -> str:
    """What was done, from the undo command's name: "Delete (3 clips)" → "Deleted (3 clips)"."""
    verb, _, rest = text.partition(" (")
    done = translate("library", _DONE.get(verb, verb)) if verb else ""
    count = rest.partition(" ")[0]
    return translate("library", "{0} ({1} clips)").format(done, count) if count else done


def _filter(name: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    combo.setMinimumContentsLength(5)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setProperty("role", "small")
    return combo
