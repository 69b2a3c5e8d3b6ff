"""Buttons of one look: icons, words, and segments of which one is on.

Space belongs to the transport everywhere in the window, as in a DAW, so Enter presses a button.
"""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QPushButton, QWidget

from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Size, Space, TypeSize
from app.view.widgets.painting import Align, fill_round, focus_ring, painting

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def enter_presses(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Whether the key was Enter and pressed the button."""
    pressed = event.key() in _ENTER
    if pressed:
        button.click()
    return pressed


class Button(QPushButton):
    """A push button that Enter presses. Role: "", "primary" or "flat"."""

    def __init__(self, text: str, *, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("role", role)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter presses."""
        if not enter_presses(self, event):
            super().keyPressEvent(event)


class PaintedButton(QAbstractButton):
    """A button that paints itself in the theme's colours."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter presses."""
        if not enter_presses(self, event):
            super().keyPressEvent(event)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """It does not shrink."""
        return self.sizeHint()


class IconButton(PaintedButton):
    """An icon that is pressed or, when checkable, is on or off; `label` stands beside it.

    On is shown by colour and by a filled ground, never by colour alone.
    """

    def __init__(
        self,
        icon: str,
        name: str,
        theme: Theme,
        tip: str = "",
        parent: QWidget | None = None,
        *,
        checkable: bool = False,
        label: str = "",
        size: Size = Size.CONTROL,
    ) -> None:
        super().__init__(theme, parent)
        self._icon, self._icon_on = icon, icon
        self._size, self._label, self._round = size, label, False
        self.setCheckable(checkable)
        self.setAccessibleName(name)
        self.setToolTip(f"{name}\n{tip}" if tip else name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_icons(self, off: str, on: str) -> None:
        """Icons when off and when on."""
        self._icon, self._icon_on = off, on
        self.update()

    def set_round(self) -> None:
        """A filled round button in the accent: one per window at most."""
        self._round = True

    def set_label(self, label: str) -> None:
        """The words beside the icon."""
        if label != self._label:
            self._label = label
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A square, wider with a label."""
        width = int(self._size)
        if self._label:
            metrics = QFontMetricsF(self._theme.font(TypeSize.BODY, Weight.Medium))
            width += round(metrics.horizontalAdvance(self._label)) + Space.SMALL
        return QSize(width, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Ground, icon, label."""
        rect = QRectF(self.rect())
        tone = "text" if self.underMouse() or self.isChecked() else "muted"
        with painting(self) as painter:
            if not self.isEnabled():
                painter.setOpacity(0.45)
            radius = rect.height() / 2 if self._round else 6
            if self._round:
                fill_round(painter, rect, self._theme.colour("accent"), radius_px=radius)
                tone = "on_accent"
            elif self.isChecked():
                fill_round(painter, rect, self._theme.colour("tint"))
                tone = "accent"
            elif self.isDown() or (self.underMouse() and self.isEnabled()):
                fill_round(painter, rect, self._theme.colour("hover"))
            centre = QPointF(self._size / 2, rect.height() / 2)
            icon = self._icon_on if self.isChecked() else self._icon
            self._theme.draw_icon(painter, icon, centre, tone=tone)
            if self._label:
                painter.setPen(self._theme.colour(tone))
                painter.setFont(self._theme.font(TypeSize.BODY, Weight.Medium))
                text = rect.adjusted(self._size - 2, 0, 0, 0)
                painter.drawText(text, Align.AlignLeft | Align.AlignVCenter, self._label)
            if self.hasFocus() and self._round:
                painter.setPen(self._theme.colour("on_accent"))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(rect.adjusted(3, 3, -3, -3))
            elif self.hasFocus():
                focus_ring(painter, self._theme, rect)


class _Segment(PaintedButton):
    """One choice of a Segmented."""

    def __init__(self, text: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setText(text)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = QFontMetricsF(self._theme.font(TypeSize.BODY, Weight.Medium))
        return QSize(
            round(metrics.horizontalAdvance(self.text())) + 2 * Space.MEDIUM - 2,
            Size.SMALL_CONTROL,
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        rect = QRectF(self.rect())
        with painting(self) as painter:
            if not self.isEnabled():
                painter.setOpacity(0.45)
            if self.isChecked():
                fill_round(painter, rect, self._theme.colour("hover"), radius_px=4)
            tone = "text" if self.isChecked() or self.underMouse() else "muted"
            weight = Weight.DemiBold if self.isChecked() else Weight.Medium
            painter.setPen(self._theme.colour(tone))
            painter.setFont(self._theme.font(TypeSize.BODY, weight))
            painter.drawText(rect, Align.AlignCenter, self.text())
            if self.hasFocus():
                focus_ring(painter, self._theme, rect, radius_px=4)


class Segmented(QWidget):
    """A row of choices of which one is on; arrows walk, as in a radio group."""

    chosen = Signal(object)

    def __init__(
        self,
        choices: Sequence[tuple[object, str]],
        name: str,
        theme: Theme,
        *,
        tips: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self._values = [value for value, _ in choices]
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 3, 3, 3)
        layout.setSpacing(2)
        for number, (_, text) in enumerate(choices):
            segment = _Segment(text, theme, self)
            segment.setAccessibleName(f"{name}: {text}")
            if number < len(tips):
                segment.setToolTip(tips[number])
                segment.setAccessibleDescription(tips[number])
            self._group.addButton(segment, number)
            layout.addWidget(segment)
        self._group.idClicked.connect(lambda number: self.chosen.emit(self._values[number]))
        theme.changed.connect(self.update)

    @property
    def value(self) -> object:
        """The choice that is on."""
        return self._values[max(self._group.checkedId(), 0)]

    def set_value(self, value: object) -> None:
        """Turn a choice on; emits nothing."""
        if value in self._values:
            self._group.button(self._values.index(value)).setChecked(True)

    def step(self, by: int) -> None:
        """Go to a neighbouring choice, round the end."""
        number = (max(self._group.checkedId(), 0) + by) % len(self._values)
        self._group.button(number).click()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The trough that the choices lie in."""
        with painting(self) as painter:
            fill_round(painter, QRectF(self.rect()), self._theme.colour("sunken"))
