"""A knob: dragged, wheeled, keyed, typed, reset by a double-click, learnt by a controller.

It is a QDial to screen readers and to nobody else. Rejected: Qt's dial as it is (whole numbers,
no typing, a look of its own), and circular dragging (imprecise; every DAW drags vertically).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Final, Protocol

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QDial, QLineEdit, QMenu, QWidget

from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.learn_menu import fill
from app.view.widgets.painting import Align, arc, focus_ring, own_escape, painting
from app.view.widgets.wheel import Wheel

SWEEP_DEG: Final = 140.0  # to either side of the top
DRAG_PX: Final = 200.0  # of vertical mouse travel for the whole range
FINE_FACTOR: Final = 8.0


class Travel(Protocol):
    """What a knob needs of a number's row (app.model.knobs.Knob is one).

    low, high and default are values; step and fine are one notch of the wheel, without and with
    Shift; position and value map values to 0–1 and back; clean brings a value into range.
    """

    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102
    @property
    def default(self) -> float: ...  # noqa: D102
    @property
    def step(self) -> float: ...  # noqa: D102
    @property
    def fine(self) -> float: ...  # noqa: D102
    def clean(self, value: float) -> float: ...  # noqa: D102
    def position(self, value: float) -> float: ...  # noqa: D102
    def value(self, position: float) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class KnobText:
    """What a knob says.

    Attributes:
        name: its label and accessible name.
        tip: what it does to the sound, in a sentence.
        show: the value as text; parse: the value typed, ValueError when it is none.
        unit: under the label of a large knob.
    """

    name: str
    tip: str
    show: Callable[[float], str]
    parse: Callable[[str], float]
    unit: str = ""


class _Editor(QLineEdit):
    """The field for a typed value; Esc leaves the value as it was."""

    given_up = Signal()

    def event(self, event: QEvent) -> bool:
        return own_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class KnobWidget(QDial):
    """A knob of float values on a `Travel`.

    Signals:
        turned(float): a person set it. reset_asked(): a double-click or Delete.
        learn_asked(), forget_asked(): MIDI learn, from its menu.
    """

    turned = Signal(float)
    reset_asked = Signal()
    learn_asked = Signal()
    forget_asked = Signal()

    def __init__(
        self,
        travel: Travel,
        text: KnobText,
        theme: Theme,
        *,
        large: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.travel, self.text, self._theme, self._large = travel, text, theme, large
        self._value = travel.default
        self._override = ""
        self._from_preset = False
        self._learning, self._learnt = False, ""
        self._grip: tuple[float, float] | None = None  # (mouse y, position) where a drag began
        self._wheel = Wheel()
        self._editor: _Editor | None = None
        self.setRange(0, 1000)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self.setAccessibleName(text.name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self.update)
        self._say()

    # ── value ─────────────────────────────────────────────────────────────────────────────

    @property
    def number(self) -> float:
        """The value."""
        return self._value

    def set_number(self, value: float, *, shown: str = "", from_preset: bool = False) -> None:
        """Show a value; `shown` replaces its text ("Any", "Free"). Emits nothing."""
        self._value, self._override = self.travel.clean(value), shown
        self._from_preset = from_preset
        self.setValue(round(1000 * self.travel.position(self._value)))
        self._say()
        self.update()

    @property
    def shown(self) -> str:
        """The value as text."""
        return self._override or self.text.show(self._value)

    def set_learning(self, learning: bool, learnt: str = "") -> None:
        """Mark that it waits for a controller, or which one turns it."""
        self._learning, self._learnt = learning, learnt
        self._say()
        self.update()

    def _said(self) -> str:
        """The value with its unit."""
        return self._override or " ".join(part for part in (self.shown, self.text.unit) if part)

    def _say(self) -> None:
        value = self._said()
        self.setAccessibleDescription(value)
        learnt = f"\n{self.tr('Controller')}: {self._learnt}" if self._learnt else ""
        hint = self.tr("Drag, wheel or arrows · Shift is fine · Enter types · double-click resets")
        self.setToolTip(f"{self.text.name}: {value}\n{self.text.tip}{learnt}\n{hint}")

    def _turn(self, value: float) -> None:
        value = self.travel.clean(round(value / self.travel.fine) * self.travel.fine)
        if value != self._value or self._override:
            self.set_number(value)
            self.turned.emit(value)

    # ── hands ─────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begin a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = (event.globalPosition().y(), self.travel.position(self._value))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Up is more; Shift is finer."""
        if self._grip is None:
            return
        start_y, start = self._grip
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        way_px = DRAG_PX * (FINE_FACTOR if fine else 1)
        moved = start + (start_y - event.globalPosition().y()) / way_px
        value = self.travel.value(moved)
        if not fine:
            value = round(value / self.travel.step) * self.travel.step
        self._turn(value)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """End a drag."""
        self._grip = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Reset."""
        self._grip = None
        event.accept()
        self.reset_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """One notch is one step, with Shift one fine step."""
        if notches := self._wheel.notches(event):
            self._step_by(notches, event.modifiers())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows and pages step, Home and End go to the ends, Enter types, Delete resets."""
        steps = _STEP_KEYS.get(Qt.Key(event.key()))
        if steps is not None:
            self._step_by(steps, event.modifiers())
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._turn(self.travel.low if event.key() == Qt.Key.Key_Home else self.travel.high)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.type_value()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset_asked.emit()
        else:
            event.ignore()

    def _step_by(self, steps: int, modifiers: Qt.KeyboardModifier) -> None:
        fine = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        step = self.travel.fine if fine else self.travel.step
        start = self._value if fine else round(self._value / step) * step
        self._turn(start + steps * step)

    def type_value(self) -> None:
        """Open the field in which a value is typed."""
        if self._editor is not None:
            return
        editor = _Editor(self.shown, self)
        editor.setAccessibleName(self.text.name)
        editor.setAlignment(Align.AlignCenter)
        editor.setFont(self._theme.font(TypeSize.BODY, Weight.Medium))
        rect = self._value_rect()
        editor.setGeometry(rect.adjusted(-4, -4, 4, 4).toAlignedRect() & self.rect())
        editor.setStyleSheet("padding: 0; min-height: 0;")
        editor.selectAll()
        editor.editingFinished.connect(self._typed)
        editor.given_up.connect(self._give_up)
        self._editor = editor
        editor.show()
        editor.setFocus()

    def _give_up(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.deleteLater()
            self.setFocus()

    def _typed(self) -> None:
        editor, self._editor = self._editor, None
        if editor is None:
            return
        text = editor.text().strip()
        editor.deleteLater()
        self.setFocus()
        if text and text != self.shown:
            try:
                self._turn(self.text.parse(text))
            except ValueError:
                self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Type, reset, learn, forget."""
        menu = QMenu(self)
        menu.addAction(self.tr("Type a value…"), self.type_value)
        fill(menu, self._theme, self, self._learnt)
        menu.popup(event.globalPos())

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show the ring."""
        super().focusInEvent(event)
        self.update()

    # ── paint ─────────────────────────────────────────────────────────────────────────────

    def sizeHint(self) -> QSize:  # noqa: N802
        """Large: a dial with its value inside; small: a dial with name and value beside it."""
        return QSize(88, 104) if self._large else QSize(116, 36)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The same: a knob does not shrink."""
        return self.sizeHint()

    def _dial(self) -> tuple[QPointF, float]:
        if self._large:
            return QPointF(self.width() / 2, 42), 34.0
        return QPointF(18, self.height() / 2), 13.0

    def _value_rect(self) -> QRectF:
        if self._large:
            return QRectF(self.width() / 2 - 32, 28, 64, 28)
        return QRectF(40, self.height() / 2, self.width() - 40, 16)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Ring, value, name."""
        with painting(self) as painter:
            self._paint_ring(painter)
            (self._paint_large if self._large else self._paint_small)(painter)
            self._paint_midi(painter)
            if self.hasFocus():
                focus_ring(painter, self._theme, QRectF(self.rect()))

    def _paint_ring(self, painter: QPainter) -> None:
        centre, radius = self._dial()
        width = 4.0 if self._large else 3.0
        position = self.travel.position(self._value)
        end = -SWEEP_DEG + 2 * SWEEP_DEG * position
        live = self.isEnabled() and not self._override and not self._from_preset
        track = QPen(self._theme.colour("line"), width, c=Qt.PenCapStyle.RoundCap)
        arc(painter, centre, radius, track, angles_deg=(-SWEEP_DEG, SWEEP_DEG))
        if self._override:
            return
        ink = QColor(self._theme.colour("accent" if live else "muted"))
        pen = QPen(ink, width, c=Qt.PenCapStyle.RoundCap)
        arc(painter, centre, radius, pen, angles_deg=(-SWEEP_DEG, max(end, -SWEEP_DEG + 0.5)))
        tip = QPointF(
            centre.x() + radius * sin(radians(end)), centre.y() - radius * cos(radians(end))
        )
        painter.setPen(QPen(self._theme.colour("panel"), 2))
        painter.setBrush(self._theme.colour("text") if self.underMouse() else ink)
        painter.drawEllipse(tip, width + 1, width + 1)

    def _paint_large(self, painter: QPainter) -> None:
        painter.setPen(self._theme.colour("text"))
        painter.setFont(self._theme.font(TypeSize.DISPLAY, Weight.Medium))
        painter.drawText(self._value_rect(), Align.AlignCenter, self.shown)
        if self.text.unit:
            painter.setPen(self._theme.colour("muted"))
            painter.setFont(self._theme.font(TypeSize.CAPTION))
            unit = QRectF(0, 64, self.width(), 14)
            painter.drawText(unit, Align.AlignCenter, self.text.unit)
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(self._theme.font(TypeSize.BODY, Weight.Medium))
        painter.drawText(QRectF(0, 82, self.width(), 18), Align.AlignCenter, self.text.name)

    def _paint_small(self, painter: QPainter) -> None:
        middle = self.height() / 2
        width = self.width() - 40
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(self._theme.font(TypeSize.CAPTION))
        name = QRectF(40, middle - 15, width, 14)
        painter.drawText(name, Align.AlignLeft | Align.AlignVCenter, self.text.name)
        own = "muted" if self._from_preset else "text"
        painter.setPen(self._theme.colour(own))
        painter.setFont(self._theme.font(TypeSize.BODY, Weight.Medium))
        value = self._said()
        painter.drawText(self._value_rect(), Align.AlignLeft | Align.AlignVCenter, value)

    def _paint_midi(self, painter: QPainter) -> None:
        if not (self._learning or self._learnt):
            return
        at = QPointF(self.width() - Space.MEDIUM, Space.MEDIUM)
        tone = "accent" if self._learning else "muted"
        self._theme.draw_icon(painter, "midi", at, tone=tone, size_px=14)
        if self._learning:
            painter.setPen(QPen(self._theme.colour("accent"), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)


_STEP_KEYS: Final = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_PageDown: -10,
}
