"""One clip as a row of the library: thumbnail, name, facts, stars, when. Painted, not assembled.

A row costs a millisecond, most of it text, so it is drawn once and kept in a bounded cache: a list
that scrolls copies the rows that were there before. Of a whole page of new ones a frame draws a
few, and the next frame the others: no turn of the event loop waits for all of them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from app.library.clip import Clip
from app.model.clips import CLIP_ROLE
from app.texts import QT_TRANSLATE_NOOP
from app.view.cache import Cache
from app.view.panels.words import CHORDS, chords_of, shown_key, tr
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.painting import Align, fill_round, focus_ring

ROW_PX: Final = 60
WAVE_PX: Final = QSize(64, 36)
STAR_PX: Final = 14
_STARS_PX: Final = 5 * STAR_PX
NOTES_PX: Final = 16  # the handle of a clip's notes
_WAVES: Final = 600  # thumbnails kept
_ROWS: Final = 64  # whole rows kept: several screens of them
ROWS_PER_FRAME: Final = 6  # drawn anew at most
_ONE_BAR: Final = QT_TRANSLATE_NOOP("words", "1 bar")
_BARS: Final = QT_TRANSLATE_NOOP("words", "{0} bars")
_MISSING: Final = QT_TRANSLATE_NOOP("words", "⚠ file is missing")
_NOTES: Final = QT_TRANSLATE_NOOP("words", "Drag the notes into the DAW as MIDI")
_NAME: Final = QT_TRANSLATE_NOOP("words", "Name")
Index = QModelIndex | QPersistentModelIndex


def facts(clip: Clip) -> str:
    """Tempo, key, length."""
    parts = [] if clip.bpm is None else [f"{clip.bpm:g} BPM"]
    parts += [shown_key(clip.key)] if clip.key else []
    if clip.bars:
        parts.append(tr(_ONE_BAR if clip.bars == 1 else _BARS).format(clip.bars))
    parts.append(f"{clip.seconds:.1f} s")
    return " · ".join(parts)


def said_of(clip: Clip) -> str:
    """All of it, in lines: what has no room in a row as well."""
    chords = chords_of(clip.recipe)
    lines = [clip.name, clip.prompt, facts(clip)]
    lines += [f"{tr(CHORDS)}: {chords}"] if chords else []
    lines += [", ".join(clip.tags)] if clip.tags else []
    return "\n".join(lines)


def when(created_s: float, now: datetime | None = None) -> str:
    """Today the time, this week the day, else the date."""
    now = now or datetime.now()
    made = datetime.fromtimestamp(created_s)
    if made.date() == now.date():
        return made.strftime("%H:%M")
    if now - made < timedelta(days=6):
        return made.strftime("%a")
    return made.strftime("%d %b" if made.year == now.year else "%Y-%m")


class ClipDelegate(QStyledItemDelegate):
    """Paints and edits rows; a click on a star sets so many.

    Args:
        has_notes: whether a clip, by id, has a file of its notes.

    Signals:
        starred(int, int): clip, stars.
    """

    starred = Signal(int, int)

    def __init__(
        self,
        theme: Theme,
        view: QAbstractItemView,
        *,
        has_notes: Callable[[int], bool],
    ) -> None:
        super().__init__(view)
        self._theme, self._view, self._has_notes = theme, view, has_notes
        self._waves: Cache[tuple[int, float], QPixmap] = Cache(_WAVES)
        self._rows: Cache[int, tuple[tuple[object, ...], QPixmap]] = Cache(_ROWS)
        self.playing_id = -1
        self.unfinished = False  # whether this frame leaves rows for the next one
        self._drawn = 0
        theme.changed.connect(self._forget)

    def _forget(self) -> None:
        self._waves.clear()
        self._rows.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """All rows alike, or the view would have to ask each."""
        return QSize(200, ROW_PX)

    # ── geometry ──────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _inner(row: QRectF) -> QRectF:
        return row.adjusted(Space.SMALL, Space.HAIR, -Space.SMALL, -Space.HAIR)

    def star_rect(self, row: QRectF) -> QRectF:
        """Where the stars of a row are."""
        inner = self._inner(row)
        return QRectF(inner.right() - _STARS_PX - 2, inner.top() + 35, _STARS_PX, STAR_PX + 2)

    def notes_rect(self, row: QRectF) -> QRectF:
        """Where the handle of a row's notes is."""
        stars = self.star_rect(row)
        return QRectF(stars.left() - Space.SMALL - NOTES_PX, stars.top(), NOTES_PX, NOTES_PX)

    # ── paint ─────────────────────────────────────────────────────────────────────────────

    def begin_frame(self) -> None:
        """From now on, ROWS_PER_FRAME rows may be drawn."""
        self.unfinished, self._drawn = False, 0

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One row."""
        clip: Clip | None = index.data(CLIP_ROLE)
        if clip is None:
            return
        state = option.state
        row = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = row.adjusted(0, 1, -2, -1)
        if state & QStyle.StateFlag.State_Selected:
            fill_round(painter, ground, self._theme.colour("tint"))
            bar = QRectF(ground.left(), ground.top() + 8, 3, ground.height() - 16)
            fill_round(painter, bar, self._theme.colour("accent"), radius_px=1.5)
        elif state & QStyle.StateFlag.State_MouseOver:
            fill_round(painter, ground, self._theme.colour("raised"))
        if state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            focus_ring(painter, self._theme, ground)
        if (drawn := self._row(clip, row.size())) is None:
            self.unfinished = True
        else:
            painter.drawPixmap(row.topLeft(), drawn)
        painter.restore()

    def _row(self, clip: Clip, size: QSizeF) -> QPixmap | None:
        """All of a row but its ground, drawn anew when the clip or the row is another.

        None where this frame has drawn enough.
        """
        ratio = self._view.devicePixelRatioF()
        state = (clip, size, ratio, clip.id == self.playing_id, self._has_notes(clip.id))
        known = self._rows.find(clip.id)
        if known is not None and known[0] == state:
            return known[1]
        if self._drawn >= ROWS_PER_FRAME:
            return None
        self._drawn += 1
        pixmap = QPixmap((size * ratio).toSize())
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_clip(painter, QRectF(QPointF(), size), clip)
        painter.end()
        self._rows.keep(clip.id, (state, pixmap))
        return pixmap

    def _paint_clip(self, painter: QPainter, row: QRectF, clip: Clip) -> None:
        theme, inner = self._theme, self._inner(row)
        top = inner.top() + (inner.height() - WAVE_PX.height()) / 2
        wave = QRectF(inner.left() + 2, top, WAVE_PX.width(), WAVE_PX.height())
        painter.drawPixmap(wave.topLeft(), self._wave(clip))
        if clip.id == self.playing_id:
            fill_round(painter, wave, theme.colour("sunken", 0.5), radius_px=3)
            theme.draw_icon(painter, "speaker", wave.center(), tone="accent")
        left = wave.right() + Space.MEDIUM - 2
        right = inner.right() - 2
        self._line(painter, QRectF(left, inner.top(), right - left, 18), clip)
        painter.setFont(theme.font(TypeSize.CAPTION, Weight.Medium))
        painter.setPen(theme.colour("muted"))
        second = QRectF(left, inner.top() + 19, right - left, 16)
        elide = Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(facts(clip), elide, int(second.width()))
        painter.drawText(second, Align.AlignLeft | Align.AlignVCenter, text)
        stars = self.star_rect(row)
        self._paint_stars(painter, stars, clip.stars)
        end = stars.left()
        if self._has_notes(clip.id):
            handle = self.notes_rect(row)
            theme.draw_icon(painter, "midi", handle.center(), tone="muted", size_px=14)
            end = handle.left()
        last = QRectF(left, inner.top() + 35, end - left - Space.SMALL, 16)
        self._paint_last(painter, last, clip)

    def _line(self, painter: QPainter, box: QRectF, clip: Clip) -> None:
        theme = self._theme
        painter.setFont(theme.font(TypeSize.CAPTION))
        painter.setPen(theme.colour("muted"))
        date = when(clip.created_s)
        date_px = painter.fontMetrics().horizontalAdvance(date) + Space.SMALL
        painter.drawText(box, Align.AlignRight | Align.AlignVCenter, date)
        painter.setFont(theme.font(TypeSize.BODY, Weight.Medium))
        painter.setPen(theme.colour("text"))
        room = box.adjusted(0, 0, -date_px, 0)
        name = painter.fontMetrics().elidedText(
            clip.name, Qt.TextElideMode.ElideRight, int(room.width())
        )
        painter.drawText(room, Align.AlignLeft | Align.AlignVCenter, name)

    def _paint_last(self, painter: QPainter, box: QRectF, clip: Clip) -> None:
        theme = self._theme
        painter.setFont(theme.font(TypeSize.CAPTION))
        metrics = painter.fontMetrics()
        x = box.left()
        for tag in () if clip.missing else clip.tags[:3]:  # what is missing is said in full
            width = metrics.horizontalAdvance(tag) + 10
            if x + width > box.left() + box.width() * 0.7:
                break
            chip = QRectF(x, box.top() + 1, width, 14)
            fill_round(painter, chip, theme.colour("hover"), radius_px=3)
            painter.setPen(theme.colour("text"))
            painter.drawText(chip, Align.AlignCenter, tag)
            x += width + 4
        if clip.missing:
            painter.setPen(theme.colour("danger"))
            words = tr(_MISSING)
        else:
            painter.setPen(theme.colour("muted"))
            words = clip.prompt
        room = QRectF(x, box.top(), box.right() - x, box.height())
        text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Align.AlignLeft | Align.AlignVCenter, text)

    def _paint_stars(self, painter: QPainter, box: QRectF, stars: int) -> None:
        for number in range(5):
            centre = QPointF(box.left() + (number + 0.5) * STAR_PX, box.center().y())
            on = number < stars
            painter.setOpacity(1.0 if on else 0.55)
            icon, tone = ("star-filled", "accent") if on else ("star", "muted")
            self._theme.draw_icon(painter, icon, centre, tone=tone, size_px=12)
        painter.setOpacity(1.0)

    def _wave(self, clip: Clip) -> QPixmap:
        ratio = self._view.devicePixelRatioF()
        known = self._waves.find((clip.id, ratio))
        if known is not None:
            return known
        pixmap = draw_wave(clip.peaks, self._theme, ratio)
        self._waves.keep((clip.id, ratio), pixmap)
        return pixmap

    # ── hands ─────────────────────────────────────────────────────────────────────────────

    def star_at(self, row: QRectF, x: float, y: float) -> int | None:
        """Which star is under a point, 1–5."""
        box = self.star_rect(row)
        if not box.adjusted(-4, -3, 3, 3).contains(x, y):
            return None
        return min(max(int((x - box.left()) / STAR_PX) + 1, 1), 5)

    def on_notes(self, row: QRectF, clip: Clip, point: QPointF) -> bool:
        """Whether a point is on the handle of a clip's notes."""
        reach = self.notes_rect(row).adjusted(-3, -3, 3, 3)
        return self._has_notes(clip.id) and reach.contains(point)

    def editorEvent(self, event, model, option, index) -> bool:  # type: ignore[no-untyped-def]  # noqa: N802
        """A click on the stars; on the one that is last again takes it away."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            point = event.position()
            star = self.star_at(QRectF(option.rect), point.x(), point.y())
            if star is not None and event.type() == QEvent.Type.MouseButtonRelease:
                clip: Clip = index.data(CLIP_ROLE)
                self.starred.emit(clip.id, 0 if clip.stars == star else star)
            if star is not None:
                return True
        return bool(super().editorEvent(event, model, option, index))

    def helpEvent(self, event: QHelpEvent, view, option, index) -> bool:  # type: ignore[no-untyped-def]  # noqa: N802
        """The whole prompt, and the chords; on the notes' handle, what it is for."""
        clip: Clip | None = index.data(CLIP_ROLE)
        if clip is None or event.type() != QEvent.Type.ToolTip:
            return bool(super().helpEvent(event, view, option, index))
        there = self.on_notes(QRectF(option.rect), clip, QPointF(event.pos()))
        QToolTip.showText(event.globalPos(), tr(_NOTES) if there else said_of(clip), view)
        return True

    def createEditor(self, parent: QWidget, option, index: Index) -> QWidget:  # type: ignore[no-untyped-def]  # noqa: N802
        """A field for the name."""
        editor = QLineEdit(parent)
        editor.setAccessibleName(tr(_NAME))
        editor.setStyleSheet("padding: 0 2px; min-height: 0;")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option, index: Index) -> None:  # type: ignore[no-untyped-def]  # noqa: N802
        """Over the name."""
        inner = self._inner(QRectF(option.rect))
        left = round(inner.left()) + WAVE_PX.width() + Space.SMALL
        editor.setGeometry(left, round(inner.top()) - 2, round(inner.right()) - left, 24)


def draw_wave(peaks: bytes, theme: Theme, ratio: float) -> QPixmap:
    """(columns, 2) int8 minimum and maximum, as bytes → a thumbnail."""
    pixmap = QPixmap(WAVE_PX * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(0, 0, WAVE_PX.width(), WAVE_PX.height())
    fill_round(painter, box, theme.colour("sunken"), radius_px=3)
    pairs = np.frombuffer(peaks[: len(peaks) // 2 * 2], np.int8).reshape(-1, 2).astype(np.float32)
    if pairs.size:
        count = min(WAVE_PX.width() // 2 - 2, len(pairs))
        starts = np.linspace(0, len(pairs), count, endpoint=False).astype(int)
        scale = (WAVE_PX.height() / 2 - 3) / max(float(np.abs(pairs).max()), 1.0)
        lows = np.minimum.reduceat(pairs[:, 0], starts) * scale
        highs = np.maximum.reduceat(pairs[:, 1], starts) * scale
        middle = WAVE_PX.height() / 2
        bars = [
            QRectF(3 + 2 * column, middle - high, 1.2, max(high - low, 1.0))
            for column, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True))
        ]
        painter.setBrush(theme.colour("accent", 0.9))
        painter.drawRects(bars)
    painter.end()
    return pixmap
