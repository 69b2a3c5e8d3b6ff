"""What the spectrogram and the waveform have in common: hands on the time line, and its overlay.

The picture of what is seen is painted into a pixmap at the screen's own resolution and kept, so
that a moving playhead or selection repaints a few columns of it, and the keys 1–4 go back and forth
between pictures that are there.
"""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from app.view.cache import Cache
from app.view.picture.time_axis import TimeAxis
from app.view.theme.theme import Theme

ZOOM_PER_NOTCH: Final = 1.25
_EDGE_PX: Final = 6
KEPT: Final = 8  # pictures: those of four takes at two places of the view


class TimeCanvas(QWidget):
    """Click seeks, dragging selects (to the beat; with Alt freely), dragging a selection drags out.

    Wheel zooms around the mouse, Shift+wheel and the middle button pan, a double-click selects the
    bar. `drag_out_near` says that the mouse went over the selection, from where it may be dragged.

    Keys: arrows by a beat, Shift+arrows select, + − 0 zoom, Home, End, Ctrl+A.
    """

    drag_out_asked = Signal()
    drag_out_near = Signal()

    def __init__(self, axis: TimeAxis, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis, self.theme = axis, theme
        self._press: QPointF | None = None
        self._anchor_s = 0.0
        self._mode = ""  # "", "maybe", "select", "pan", "out"
        self._last_playhead_x = -1.0
        self._picture: QPixmap | None = None
        self._pictured: object = None  # the view of the axis that the picture shows
        self._kept: Cache[object, tuple[object, QPixmap]] = Cache(KEPT)
        # all of it is painted here: else Qt fills every ground below it first
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        axis.changed.connect(self.update)
        axis.playhead_moved.connect(self._playhead_moved)
        theme.changed.connect(self.spoil)
        theme.changed.connect(self.update)

    # ── picture ───────────────────────────────────────────────────────────────────────────

    def spoil(self) -> None:
        """Nothing that was painted is right any more: another size, another theme."""
        self._kept.clear()
        self.renew()

    def renew(self) -> None:
        """Another content: paint its picture; what is around it stays."""
        self._picture = None
        self.update(self.plot().toAlignedRect())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Paint the picture anew."""
        self.spoil()
        super().resizeEvent(event)

    def picture(self) -> QPixmap:
        """The picture of what is seen, painted only where it is not what was seen last."""
        if self._picture is None or self._pictured != self.axis.view:
            self._picture, self._pictured = self._known_picture(), self.axis.view
        return self._picture

    def _known_picture(self) -> QPixmap:
        """A picture painted before, if it is kept; else it is painted now."""
        content, variant = self.content()
        if content is None:
            return self.render_picture(self.plot())
        key = (id(content), variant, self.axis.view, self.devicePixelRatioF())
        known = self._kept.find(key)
        if known is None:
            known = content, self.render_picture(self.plot())  # an id is its own while it lives
            self._kept.keep(key, known)
        return known[1]

    def content(self) -> tuple[object, object]:
        """What is shown, and in which variant; the first is None where no picture is to be kept."""
        raise NotImplementedError

    def render_picture(self, plot: QRectF) -> QPixmap:
        """Paint it: as large as the plot, in the screen's pixels."""
        raise NotImplementedError

    def blank(self, plot: QRectF, ground: QColor, ratio: float) -> QPixmap:
        """An empty picture of `ratio` pixels per pixel."""
        pixmap = QPixmap(QSize(round(plot.width() * ratio), round(plot.height() * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(ground)
        return pixmap

    # ── geometry ──────────────────────────────────────────────────────────────────────────

    def paint_ground(self, painter: QPainter, rect: QRectF) -> None:
        """What lies around the plot; it is that of the panel."""
        if not self.plot().contains(rect):
            painter.fillRect(rect, self.theme.colour("panel"))

    def plot(self) -> QRectF:
        """The rectangle that the time line fills."""
        return QRectF(self.rect())

    def _time(self, x: float) -> float:
        plot = self.plot()
        return self.axis.time_at(x - plot.left(), plot.width())

    def _x(self, time_s: float) -> float:
        plot = self.plot()
        return plot.left() + self.axis.x_of(time_s, plot.width())

    def _playhead_moved(self) -> None:
        x = self._x(self.axis.playhead_s)
        for edge in (self._last_playhead_x, x):
            self.update(int(edge) - 6, 0, 13, self.height())
        self._last_playhead_x = x

    # ── mouse ─────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begin a click, a selection, a pan or a drag."""
        self._press = event.position()
        time_s = self._time(event.position().x())
        if event.button() == Qt.MouseButton.MiddleButton:
            self._mode = "pan"
        elif event.button() == Qt.MouseButton.LeftButton:
            region = self.axis.region
            edge = self._edge_under(event.position().x())
            if edge is not None and region is not None:
                self._mode, self._anchor_s = "select", region[1 - edge]
            elif region is not None and region[0] <= time_s <= region[1]:
                self._mode = "out"
            else:
                self._mode, self._anchor_s = "maybe", time_s
        event.accept()

    def _edge_under(self, x: float) -> int | None:
        if self.axis.region is None:
            return None
        for number, time_s in enumerate(self.axis.region):
            if abs(self._x(time_s) - x) <= _EDGE_PX:
                return number
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go on with what was begun."""
        if self._press is None:
            self._show_cursor(event.position().x())
            return
        moved = event.position() - self._press
        if self._mode == "pan":
            self._press = event.position()
            self.axis.pan_by(-moved.x() / max(self.plot().width(), 1))
            return
        if moved.manhattanLength() >= QApplication.startDragDistance():
            if self._mode == "out":
                self._mode, self._press = "", None
                self.drag_out_asked.emit()
                return
            if self._mode == "maybe":
                self._mode = "select"
        if self._mode == "select":
            free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._select_to(self._time(event.position().x()), free=free)

    def _show_cursor(self, x: float) -> None:
        region = self.axis.region
        time_s = self._time(x)
        if self._edge_under(x) is not None:
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif region is not None and region[0] <= time_s <= region[1]:
            if self.cursor().shape() != Qt.CursorShape.OpenHandCursor:
                self.drag_out_near.emit()
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.IBeamCursor)

    def _select_to(self, time_s: float, *, free: bool) -> None:
        ends = (self._anchor_s, time_s)
        low, high = sorted(ends if free else map(self.axis.snapped, ends))
        if high - low > 0.01:
            self.axis.region_asked.emit((low, high))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click that did not become a drag seeks; outside a selection it clears it."""
        mode, self._mode, self._press = self._mode, "", None
        if mode == "maybe":
            if self.axis.region is not None:
                self.axis.region_asked.emit(None)
            self.axis.seek_asked.emit(self._time(event.position().x()))
        elif mode == "out":
            self.axis.seek_asked.emit(self._time(event.position().x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Select the bar; all in free tempo."""
        bar_s = self.axis.bar_s
        time_s = self._time(event.position().x())
        if bar_s is None:
            self.axis.region_asked.emit((0.0, self.axis.length_s))
            return
        start = time_s // bar_s * bar_s
        self.axis.region_asked.emit((start, min(start + bar_s, self.axis.length_s)))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom around the mouse; sideways or with Shift pan."""
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(delta.x()) > abs(delta.y()):
            self.axis.pan_by(-(delta.x() or delta.y()) / 120 * 0.1)
        else:
            factor = ZOOM_PER_NOTCH ** (delta.y() / 120)
            self.axis.zoom_by(factor, self._time(event.position().x()))
        event.accept()

    # ── keys ──────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Seek, select, zoom."""
        axis, key = self.axis, event.key()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._arrow(1 if key == Qt.Key.Key_Right else -1, shift=shift)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            axis.zoom_by(ZOOM_PER_NOTCH**2, axis.playhead_s)
        elif key == Qt.Key.Key_Minus:
            axis.zoom_by(ZOOM_PER_NOTCH**-2, axis.playhead_s)
        elif key == Qt.Key.Key_0:
            axis.show_all()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            axis.seek_asked.emit(0.0 if key == Qt.Key.Key_Home else axis.length_s)
        elif key == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            axis.region_asked.emit((0.0, axis.length_s))
        else:
            event.ignore()

    def _arrow(self, way: int, *, shift: bool) -> None:
        axis = self.axis
        step_s = axis.beat_s or axis.length_s / 32
        if not shift:
            target = axis.snapped(axis.playhead_s + way * step_s)
            axis.seek_asked.emit(min(max(target, 0.0), axis.length_s))
            return
        start, end = axis.region or (axis.snapped(axis.playhead_s),) * 2
        end = min(max(axis.snapped(end + way * step_s), 0.0), axis.length_s)
        axis.region_asked.emit(None if end - start < 0.01 else (start, end))

    # ── overlay ───────────────────────────────────────────────────────────────────────────

    def paint_region(self, painter: QPainter) -> None:
        """The selection: what is outside is veiled, its edges are drawn."""
        if self.axis.region is None:
            return
        plot = self.plot()
        left, right = (min(max(self._x(t), plot.left()), plot.right()) for t in self.axis.region)
        veil = self.theme.colour("window", 0.62)
        painter.fillRect(QRectF(plot.left(), plot.top(), left - plot.left(), plot.height()), veil)
        painter.fillRect(QRectF(right, plot.top(), plot.right() - right, plot.height()), veil)
        for x in (left, right):
            edge = QRectF(x - 0.75, plot.top(), 1.5, plot.height())
            painter.fillRect(edge, self.theme.colour("accent"))

    def paint_playhead(self, painter: QPainter, *, head: bool = False) -> None:
        """A line that is seen on any ground: light with dark sides, or the other way round."""
        x, plot = self._x(self.axis.playhead_s), self.plot()
        if not plot.left() - 1 <= x <= plot.right() + 1:
            return
        x = round(2 * x) / 2
        for width, ink in ((4, self.theme.colour("window", 0.7)), (1.5, self.theme.colour("text"))):
            painter.fillRect(QRectF(x - width / 2, plot.top(), width, plot.height()), ink)
        if head:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.colour("text"))
            top = plot.top()
            painter.drawPolygon([QPointF(x - 5, top - 6), QPointF(x + 5, top - 6), QPointF(x, top)])
