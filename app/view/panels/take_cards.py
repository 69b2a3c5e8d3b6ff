"""Four takes side by side on the keys 1–4: a small spectrogram, a state, what was measured."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout

from app.model.takes import TakesModel, TakeState, TakeView
from app.texts import QT_TRANSLATE_NOOP
from app.view.panels.notes_handle import NotesHandle
from app.view.panels.pull import Pull
from app.view.panels.words import CHORDS, SAVE_NOTES, chords_of, shown_key, tr
from app.view.picture.spectrogram import thumbnail
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Size, Space, TypeSize
from app.view.widgets.buttons import IconButton, PaintedButton
from app.view.widgets.painting import Align, fill_round, focus_ring, outline_round, painting

CARDS = 4
_READY = QT_TRANSLATE_NOOP("words", "ready")
_STATES = {
    TakeState.WAITING: QT_TRANSLATE_NOOP("words", "waiting"),
    TakeState.FINISHING: QT_TRANSLATE_NOOP("words", "keeping…"),
    TakeState.KEPT: QT_TRANSLATE_NOOP("words", "kept"),
}
CARD_DELAY_MS = 18  # four cards within the tenth of a second between two previews


def state_text(take: TakeView) -> str:
    """How far a take is, in a few words."""
    if take.state is TakeState.FORMING:
        return f"{take.step}/{take.steps}"
    return tr(_STATES[take.state]) if take.state in _STATES else ""


def spoken_state(take: TakeView) -> str:
    """The same for a screen reader, which is told of a take that is ready as well."""
    return state_text(take) or tr(_READY)


def measured_text(take: TakeView) -> str:
    """Measured tempo and key."""
    measured = take.measured
    if measured is None:
        return ""
    parts = [] if measured.bpm is None else [f"{measured.bpm:.1f}"]
    parts += [] if measured.key is None else [shown_key(measured.key)]
    return " · ".join(parts)


def chords_text(take: TakeView | None) -> str:
    """The chords that a take was given, by name."""
    return chords_of(None if take is None else take.recipe)


class TakeCard(PaintedButton):
    """One take; click selects, dragging hands its file to a DAW, a right click has a menu."""

    drag_asked = Signal()
    menu_asked = Signal(QPoint)  # on the screen

    def __init__(self, index: int, theme: Theme) -> None:
        super().__init__(theme)
        self._index = index
        self._take: TakeView | None = None
        self._chords = ""
        self._image: QImage | None = None
        self._pull = Pull()
        self.notes = NotesHandle(index + 1, theme)
        self.notes.setParent(self)
        self.notes.hide()
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAccessibleName(self.tr("Take {0}").format(index + 1))
        theme.changed.connect(self._spoil)

    def set_take(self, take: TakeView | None) -> None:
        """Show a take, or none."""
        self._take = take
        self.setEnabled(take is not None)
        self.notes.setVisible(take is not None and bool(take.midi))
        self._chords = chords_text(take)
        said = f"{tr(CHORDS)} {self._chords}" if self._chords else ""
        spoken = () if take is None else (spoken_state(take), measured_text(take), said)
        self.setAccessibleDescription(" ".join(part for part in spoken if part))
        tip = self.tr("Key {0} switches to it at the same place. Drag it into the DAW, K keeps it")
        hint = self.tr("Right-click: use its chords")
        more = f"\n\n{said}\n{hint}" if said else ""
        self.setToolTip(tip.format(self._index + 1) + more)
        self._spoil()

    def _spoil(self) -> None:
        self._image = None
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A quarter of the row."""
        return QSize(200, 58)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Four fit beside the library."""
        return QSize(120, 58)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Remember where, in case it becomes a drag."""
        self._pull.begin(event)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A drag hands the file over."""
        if self._pull.pressed and self._take is not None and self._take.audio is not None:
            if self._pull.far(event):
                self.setDown(False)
                self.drag_asked.emit()
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click selects."""
        self._pull.end()
        super().mouseReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The notes' handle stays at the right."""
        super().resizeEvent(event)
        self.notes.adjustSize()
        self.notes.move(self.width() - self.notes.width() - Space.HAIR, Space.HAIR)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """By the mouse or by the keyboard's menu key."""
        if self.isEnabled():
            self.menu_asked.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Ground, number, picture, words."""
        theme, rect = self._theme, QRectF(self.rect())
        with painting(self) as painter:
            hover = self.underMouse() and self.isEnabled()
            fill_round(painter, rect, theme.colour("raised" if hover else "panel"))
            if self._take is None:
                painter.setOpacity(0.5)
            handle = self.notes.width() - Space.HAIR if self.notes.isVisibleTo(self) else 0
            box = QRectF(Space.SMALL + 22, Space.SMALL - 2, rect.width() - 38 - handle, 28)
            fill_round(painter, box, theme.colour("sunken"), radius_px=3)
            self._paint_picture(painter, box)
            self._paint_number(painter)
            self._paint_words(painter, box.adjusted(0, 0, handle, 0))
            if self.isChecked() and self._take is not None:
                outline_round(painter, rect, theme.colour("accent"), width_px=1.5)
            if self.hasFocus():
                focus_ring(painter, theme, rect)

    def _paint_picture(self, painter: QPainter, box: QRectF) -> None:
        if self._take is None or self._take.half_mel is None:
            return
        if self._image is None:
            size = (box.size() * self.devicePixelRatioF()).toSize()
            self._image = thumbnail(self._take.half_mel, size, self._theme.map_table)
        painter.drawImage(box, self._image)

    def _paint_number(self, painter: QPainter) -> None:
        theme = self._theme
        badge = QRectF(Space.SMALL - 2, Space.SMALL - 2, 20, 20)
        on = self.isChecked() and self._take is not None
        fill_round(painter, badge, theme.colour("accent" if on else "raised"), radius_px=4)
        painter.setFont(theme.font(TypeSize.BODY, Weight.DemiBold))
        painter.setPen(theme.colour("on_accent" if on else "text"))
        painter.drawText(badge, Align.AlignCenter, str(self._index + 1))

    def _paint_words(self, painter: QPainter, box: QRectF) -> None:
        if self._take is None:
            return
        theme, take = self._theme, self._take
        line = QRectF(box.left(), box.bottom() + 3, box.width(), 16)
        painter.setFont(theme.font(TypeSize.CAPTION, Weight.Medium))
        painter.setPen(theme.colour("text"))
        left, right = (side | Align.AlignVCenter for side in (Align.AlignLeft, Align.AlignRight))
        measured, state = measured_text(take), state_text(take)
        painter.drawText(line, left, measured)
        painter.setPen(theme.colour("muted"))
        painter.drawText(line, right, state)
        advance, gap = painter.fontMetrics().horizontalAdvance, int(Space.MEDIUM)
        room = line.adjusted(
            advance(measured) + gap if measured else 0,
            0,
            -(advance(state) + gap if state else 0),
            0,
        )
        elide = Qt.TextElideMode.ElideRight
        chords = painter.fontMetrics().elidedText(self._chords, elide, int(room.width()))
        painter.drawText(room, left, chords)
        if take.state is TakeState.KEPT:
            at = QPointF(Space.SMALL + 8, box.bottom() + 11)
            theme.draw_icon(painter, "kept", at, tone="accent", size_px=14)


class TakeCards(QFrame):
    """The row of cards and, at its left, the way to earlier renders.

    Signals:
        drag_asked(int): a take is being dragged away.
        notes_near(int), notes_drag_asked(int), notes_save_asked(int): a take's notes may be
            dragged away soon, are being dragged away, are to be saved.
        chords_asked(object): the Recipe of a take whose chords are to be used again.
    """

    drag_asked = Signal(int)
    notes_near = Signal(int)
    notes_drag_asked = Signal(int)
    notes_save_asked = Signal(int)
    chords_asked = Signal(object)

    def __init__(self, takes: TakesModel, theme: Theme) -> None:
        super().__init__()
        self._takes, self._theme = takes, theme
        self._due: list[int] = []
        self._later = QTimer(self, interval=CARD_DELAY_MS)
        self._later.timeout.connect(self._show_next)
        self.older = IconButton(
            "chevron-left", self.tr("Earlier takes"), theme, "[", size=Size.SMALL_CONTROL
        )
        self.newer = IconButton(
            "chevron-right", self.tr("Later takes"), theme, "]", size=Size.SMALL_CONTROL
        )
        self.cards = [TakeCard(index, theme) for index in range(CARDS)]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.SMALL)
        shelf = QVBoxLayout()
        shelf.setSpacing(Space.HAIR)
        shelf.addWidget(self.older)
        shelf.addWidget(self.newer)
        layout.addLayout(shelf)
        for index, card in enumerate(self.cards):
            layout.addWidget(card, 1)
            card.clicked.connect(self._selector(card))
            card.drag_asked.connect(partial(self.drag_asked.emit, index))
            card.menu_asked.connect(self._opener(card))
            card.notes.near.connect(partial(self.notes_near.emit, index))
            card.notes.drag_asked.connect(partial(self.notes_drag_asked.emit, index))
            card.notes.clicked.connect(partial(self._save_notes, index))
        self.older.clicked.connect(takes.show_older)
        self.newer.clicked.connect(takes.show_newer)
        takes.started.connect(self.show_all)
        takes.preview_changed.connect(self._show_later)
        takes.take_changed.connect(self._show)
        takes.selected_changed.connect(self._check)
        takes.shelf_changed.connect(self._show_shelf)
        self.show_all()
        self._show_shelf()

    def _selector(self, card: TakeCard) -> Callable[[], None]:
        return lambda: self._takes.select(self.cards.index(card))

    def _save_notes(self, index: int) -> None:
        self.notes_save_asked.emit(index)

    def _opener(self, card: TakeCard) -> Callable[[QPoint], None]:
        return lambda at: self.menu(self.cards.index(card)).popup(at)

    def menu(self, index: int) -> QMenu:
        """What can be done with a take."""
        menu, theme = QMenu(self), self._theme
        take = self._takes.takes[index]
        keep = menu.addAction(
            theme.icon("keep"), f"{self.tr('Keep')}\tK", lambda: self._takes.keep(index)
        )
        keep.setEnabled(take.audio is not None and take.state is not TakeState.KEPT)
        use = menu.addAction(
            theme.icon("recipe"),
            self.tr("Use these chords"),
            lambda: self.chords_asked.emit(take.recipe),
        )
        use.setEnabled(bool(chords_text(take)))
        save = menu.addAction(
            theme.icon("midi"), tr(SAVE_NOTES), lambda: self.notes_save_asked.emit(index)
        )
        save.setEnabled(bool(take.midi))
        return menu

    def show_all(self) -> None:
        """Show every take."""
        for index in range(CARDS):
            self._show(index)
        self._check()

    def _show(self, index: int) -> None:
        takes = self._takes.takes
        self.cards[index].set_take(takes[index] if index < len(takes) else None)

    def _show_later(self) -> None:
        """Card by card, after the large picture: no turn of the event loop paints two of them."""
        self._due = list(range(len(self._takes.takes)))
        if not self._later.isActive():
            self._later.start()

    def _show_next(self) -> None:
        if self._due:
            self._show(self._due.pop(0))
        else:
            self._later.stop()

    def _check(self) -> None:
        self.cards[min(max(self._takes.selected, 0), CARDS - 1)].setChecked(True)

    def _show_shelf(self) -> None:
        self.older.setEnabled(self._takes.can_go_older)
        self.newer.setEnabled(self._takes.can_go_newer)
