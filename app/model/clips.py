"""The library as a table: search as you type, filters, sorting, and everything done to a clip.

All rows are in memory (some 2 kB a clip) and a filter is one pass over them, so typing never waits
for a disk; every change goes to the library's own thread and comes back as a signal. Rejected:
QSortFilterProxyModel (a Python call per row and keystroke) and querying SQLite per keystroke.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QUndoStack

from app.library.clip import Clip, NewClip, changed
from app.library.service import LibraryService
from app.model.clip_commands import Change, ChangeCommand
from app.model.clip_query import ClipQuery, filtered, ordered
from app.texts import QT_TRANSLATE_NOOP
from app.translate import translate

Index = QModelIndex | QPersistentModelIndex

CLIP_ROLE: Final = Qt.ItemDataRole.UserRole + 1  # the whole app.library.clip.Clip
SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 2

_log = logging.getLogger(__name__)


class Column(IntEnum):
    """The table's columns, in order."""

    WAVE = 0  # the thumbnail: paint `clip.peaks`
    NAME = 1
    PROMPT = 2
    TEMPO = 3
    KEY = 4
    LENGTH = 5
    STARS = 6
    TAGS = 7
    CREATED = 8


# column → (title, query.sort's name, display text)
COLUMNS: Final[dict[Column, tuple[str, str, Callable[[Clip], str]]]] = {
    Column.WAVE: ("", "created", lambda _: ""),
    Column.NAME: (QT_TRANSLATE_NOOP("ClipsModel", "Name"), "name", lambda clip: clip.name),
    Column.PROMPT: (QT_TRANSLATE_NOOP("ClipsModel", "Prompt"), "prompt", lambda clip: clip.prompt),
    Column.TEMPO: (
        QT_TRANSLATE_NOOP("ClipsModel", "Tempo"),
        "bpm",
        lambda clip: "" if clip.bpm is None else f"{clip.bpm:g}",
    ),
    Column.KEY: (QT_TRANSLATE_NOOP("ClipsModel", "Key"), "key", lambda clip: clip.key or ""),
    Column.LENGTH: (
        QT_TRANSLATE_NOOP("ClipsModel", "Length"),
        "length",
        lambda clip: f"{clip.seconds:.1f} s",
    ),
    Column.STARS: (
        QT_TRANSLATE_NOOP("ClipsModel", "Stars"),
        "stars",
        lambda clip: "★" * clip.stars,
    ),
    Column.TAGS: (
        QT_TRANSLATE_NOOP("ClipsModel", "Tags"),
        "tags",
        lambda clip: ", ".join(clip.tags),
    ),
    Column.CREATED: (
        QT_TRANSLATE_NOOP("ClipsModel", "When"),
        "created",
        lambda clip: _when(clip.created_s),
    ),
}


class ClipsModel(QAbstractTableModel):
    """The clips that the query shows.

    Signals:
        query_changed(): another filter or order is shown.
        counts_changed(): `total`, `shown` or `binned` changed.
        kept(object): a Clip was added and is safe on the disk.
        loaded(): the library is open; before it the table is empty.
        failed(object): a UserError; nothing was changed.
    """

    query_changed = Signal()
    counts_changed = Signal()
    kept = Signal(object)
    loaded = Signal()
    failed = Signal(object)

    def __init__(
        self, library: LibraryService, undo: QUndoStack, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._undo = undo
        self._clips: dict[int, Clip] = {}
        self._binned = 0
        self._keys: Counter[str] = Counter()  # how many clips are in each key
        self._tags: Counter[str] = Counter()  # how many clips have each tag
        self._looking = self._look_again = False
        self._shown: list[Clip] = []
        self._rows: dict[int, int] = {}
        self._query = ClipQuery()
        self._ordered: list[Clip] | None = None  # all clips in the query's order, while it holds
        library.opened.connect(self._on_opened)
        library.added.connect(self._on_added)
        library.changed.connect(self._on_changed)
        library.purged.connect(self._on_purged)
        library.looked.connect(self._on_looked)
        library.failed.connect(self.failed)

    # ── what is shown ─────────────────────────────────────────────────────────────────────

    @property
    def query(self) -> ClipQuery:
        """The filter and the order."""
        return self._query

    def set_query(self, **changes: Any) -> None:
        """Change some of the filter: `set_query(text="house", stars=3)`."""
        query = replace(self._query, **changes)
        if query != self._query:
            if (query.sort, query.descending) != (self._query.sort, self._query.descending):
                self._ordered = None
            self._query = query
            self._refresh()
            self.query_changed.emit()

    @property
    def total(self) -> int:
        """Clips that are not in the bin."""
        return len(self._clips) - self._binned

    @property
    def binned(self) -> int:
        """Clips in the bin."""
        return self._binned

    @property
    def shown(self) -> int:
        """Clips that the query shows."""
        return len(self._shown)

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag in use."""
        return tuple(sorted(self._tags))

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key in use."""
        return tuple(sorted(self._keys))

    def clip(self, clip_id: int) -> Clip | None:
        """A clip by its number, shown or not."""
        return self._clips.get(clip_id)

    def clip_at(self, row: int) -> Clip:
        """The clip in a row."""
        return self._shown[row]

    def row_of(self, clip_id: int) -> int | None:
        """The row that shows a clip; None where the query hides it."""
        return self._rows.get(clip_id)

    def look(self) -> None:
        """Look, in a thread, which clips' files were moved or came back; they show it then.

        One look at a time; what is asked meanwhile is one more look after it.
        """
        self._look_again = self._looking
        if self._clips and not self._looking:
            self._looking = True
            self._library.look(list(self._clips.values()))

    # ── what is done to clips; all of it can be undone ────────────────────────────────────

    def rename(self, clip_id: int, name: str) -> None:
        """Another name in the library. The file keeps its own: a DAW may be playing it."""
        if name := name.strip():
            self._do("Rename", [clip_id], lambda _: {"name": name})

    def set_stars(self, clip_ids: Iterable[int], stars: int) -> None:
        """0–5 stars."""
        self._do("Stars", clip_ids, lambda _: {"stars": min(max(stars, 0), 5)})

    def set_tags(self, clip_ids: Iterable[int], tags: Sequence[str]) -> None:
        """These tags and no others; empty and repeated ones go."""
        plain = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
        self._do("Tags", clip_ids, lambda _: {"tags": plain})

    def add_tag(self, clip_ids: Iterable[int], tag: str) -> None:
        """One tag more."""
        if tag := tag.strip():
            self._do(
                "Tag",
                clip_ids,
                lambda clip: {"tags": (*clip.tags, tag)} if tag not in clip.tags else {},
            )

    def delete(self, clip_ids: Iterable[int]) -> None:
        """Into the bin. The files stay until the bin is emptied: a DAW may be playing them."""
        now_s = datetime.now().timestamp()
        self._do(
            "Delete", clip_ids, lambda clip: {"deleted_s": now_s} if clip.deleted_s is None else {}
        )

    def restore(self, clip_ids: Iterable[int]) -> None:
        """Out of the bin."""
        self._do("Restore", clip_ids, lambda _: {"deleted_s": None})

    def empty_bin(self) -> None:
        """Remove the bin's clips and their files for good. Cannot be undone: ask first."""
        ids = [clip.id for clip in self._clips.values() if clip.deleted_s is not None]
        self._undo.clear()
        self._library.purge(ids)

    def add(self, clip: NewClip) -> None:
        """Keep a finished clip; `kept` is emitted once it is safe on the disk."""
        self._library.add(clip)

    def _do(
        self, what: str, clip_ids: Iterable[int], fields: Callable[[Clip], dict[str, Any]]
    ) -> None:
        changes = []
        for clip_id in clip_ids:
            if (clip := self._clips.get(clip_id)) is None:
                continue
            after = {k: v for k, v in fields(clip).items() if v != getattr(clip, k)}
            if after:
                changes.append(
                    Change(clip_id, {name: getattr(clip, name) for name in after}, after)
                )
        if changes:
            self._undo.push(ChangeCommand(what, changes, self._library.update))

    # ── Qt's model ────────────────────────────────────────────────────────────────────────

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Always all of Column."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts for display, edit and accessibility; the Clip for CLIP_ROLE."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        clip = self._shown[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return COLUMNS[Column(index.column())][2](clip)
        if role == CLIP_ROLE:
            return clip
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _spoken(clip, Column(index.column()))
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Name and tags are edited in place."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        clip = self._shown[index.row()]
        if index.column() == Column.NAME:
            self.rename(clip.id, str(value))
        elif index.column() == Column.TAGS:
            self.set_tags([clip.id], str(value).split(","))
        else:
            return False
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names and tags can be edited; every clip can be dragged."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        flags |= Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren
        if index.column() in (Column.NAME, Column.TAGS):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Column titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            title = COLUMNS[Column(section)][0]
            return translate("ClipsModel", title) if title else ""
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, as a header's click does."""
        descending = order == Qt.SortOrder.DescendingOrder
        self.set_query(sort=COLUMNS[Column(column)][1], descending=descending)

    # ── what the library says ─────────────────────────────────────────────────────────────

    def _on_opened(self, clips: list[Clip]) -> None:
        self._take_out(list(self._clips))
        self._put(clips)
        self._ordered = None
        self._refresh()
        self.loaded.emit()

    def _put(self, clips: Iterable[Clip]) -> None:
        """Take clips in, new or changed, and count them: nobody goes over all of them for it."""
        for clip in clips:
            self._take_out([clip.id])
            self._clips[clip.id] = clip
            self._count(clip, 1)

    def _take_out(self, clip_ids: Iterable[int]) -> None:
        for clip_id in clip_ids:
            if (clip := self._clips.pop(clip_id, None)) is None:
                continue
            self._count(clip, -1)

    def _count(self, clip: Clip, by: int) -> None:
        self._binned += by * (clip.deleted_s is not None)
        for counter, values in ((self._keys, (clip.key,)), (self._tags, clip.tags)):
            for value in values:
                if value is None:
                    continue
                counter[value] += by
                if not counter[value]:
                    del counter[value]

    def _on_added(self, clip: Clip) -> None:
        self._put([clip])
        self._ordered = None
        self._refresh()
        self.kept.emit(clip)

    def _on_changed(self, clips: list[Clip]) -> None:
        clips = [self._still_missing(clip) for clip in clips]
        in_place = len(clips) <= 50 and all(clip.id in self._rows for clip in clips)
        self._put(clips)
        self._ordered = None
        shown = self._selected()
        if not in_place or [clip.id for clip in shown] != [clip.id for clip in self._shown]:
            self._refresh(shown)
            return
        self._shown = shown
        for clip in clips:
            row = self._rows[clip.id]
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        self.counts_changed.emit()

    def _still_missing(self, clip: Clip) -> Clip:
        """A clip from its row, which does not know whether the file is there."""
        known = self._clips.get(clip.id)
        return changed(clip, missing=True) if known is not None and known.missing else clip

    def _on_looked(self, moved: list[tuple[Clip, Clip]]) -> None:
        self._looking = False
        self._show_moved(moved)
        if self._look_again:
            self.look()

    def _show_moved(self, moved: list[tuple[Clip, Clip]]) -> None:
        """Files have gone or come back. That changes no order and no filter: rows are repainted."""
        for before, now in moved:
            known = self._clips.get(now.id)
            if known is before:
                self._clips[now.id] = now
            elif known is not None:  # renamed meanwhile, or tagged
                self._clips[now.id] = changed(known, missing=now.missing)
        if not moved:
            return
        self._shown = [self._clips[clip.id] for clip in self._shown]
        if self._ordered is not None:
            self._ordered = [self._clips[clip.id] for clip in self._ordered]
        if self._shown:
            last = self.index(len(self._shown) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def _on_purged(self, clip_ids: list[int]) -> None:
        self._take_out(clip_ids)
        self._ordered = None
        self._refresh()

    def _selected(self) -> list[Clip]:
        if self._ordered is None:
            self._ordered = ordered(self._clips.values(), self._query)
        return filtered(self._ordered, self._query)

    def _refresh(self, shown: list[Clip] | None = None) -> None:
        """Show what the query selects; selections and scroll positions follow their clips."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        ids = [self._shown[index.row()].id for index in before]
        if shown is None:
            shown = self._selected()
        self._shown = shown
        self._rows = {clip.id: row for row, clip in enumerate(shown)}
        after = [
            self.index(self._rows[clip_id], index.column())
            if clip_id in self._rows
            else QModelIndex()
            for clip_id, index in zip(ids, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()
        self.counts_changed.emit()


def _when(created_s: float) -> str:
    return datetime.fromtimestamp(created_s).strftime("%Y-%m-%d %H:%M")


def _spoken(clip: Clip, column: Column) -> str:
    """A cell for a screen reader."""
    if column is Column.STARS:
        return translate("ClipsModel", "{0} of 5 stars").format(clip.stars)
    if column is Column.WAVE:
        return translate("ClipsModel", "waveform of {0}").format(clip.name)
    title, _, text = COLUMNS[column]
    said = text(clip) or translate("ClipsModel", "none")
    return f"{translate('ClipsModel', title)} {said}"
