"""A slider that lies flat: volume. Drawn by us, a QSlider to screen readers."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from app.view.theme.theme import Theme
from app.view.widgets.painting import fill_round, focus_ring, painting

_MARGIN_PX = 8
_STEP = 5  # of 100


class Fader(QSlider):
    """0–1; `moved` when a person moves it, `reset_asked` on a double-click."""

    moved = Signal(float)
    reset_asked = Signal()

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self.setRange(0, 100)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self.update)

    def set_fraction(self, fraction: float) -> None:
        """Show a value; emits nothing."""
        if not self.isSliderDown():
            self.setValue(round(100 * fraction))

    def _move_to(self, value: float) -> None:
        clamped = min(max(round(value), 0), 100)
        if clamped != self.value():
            self.setValue(clamped)
            self.moved.emit(clamped / 100)

    def _at(self, x: float) -> float:
        return (x - _MARGIN_PX) / max(self.width() - 2 * _MARGIN_PX, 1) * 100

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._move_to(self._at(event.position().x()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Follow."""
        if self.isSliderDown():
            self._move_to(self._at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Done."""
        self.setSliderDown(False)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Reset."""
        event.accept()
        self.reset_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """A notch is 5 %."""
        self._move_to(self.value() + event.angleDelta().y() / 120 * _STEP)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows."""
        ways = {Qt.Key.Key_Up: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Left: -1}
        if event.key() in ways:
            self._move_to(self.value() + ways[Qt.Key(event.key())] * _STEP)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Short."""
        return QSize(112, 24)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Shorter."""
        return QSize(72, 24)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Groove, fill, handle."""
        with painting(self) as painter:
            middle = self.height() / 2
            span = self.width() - 2 * _MARGIN_PX
            x = _MARGIN_PX + span * self.value() / 100
            groove = QRectF(_MARGIN_PX, middle - 2, span, 4)
            fill_round(painter, groove, self._theme.colour("line"), radius_px=2)
            fill = QRectF(_MARGIN_PX, middle - 2, x - _MARGIN_PX, 4)
            fill_round(painter, fill, self._theme.colour("muted"), radius_px=2)
            painter.setBrush(self._theme.colour("text"))
            painter.drawEllipse(QPointF(x, middle), 6, 6)
            if self.hasFocus():
                focus_ring(painter, self._theme, QRectF(self.rect()))
