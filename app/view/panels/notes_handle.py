"""A take's notes as something to take hold of: dragged they go to the DAW, pressed to a file."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QMouseEvent

from app.view.panels.pull import Pull
from app.view.theme.theme import Theme
from app.view.theme.tokens import Size
from app.view.widgets.buttons import IconButton


class NotesHandle(IconButton):
    """On a take's card, where the take has notes.

    Signals:
        near(): a hand or the focus is there: a drag may follow.
        drag_asked(): it is being dragged away.
    """

    near = Signal()
    drag_asked = Signal()

    def __init__(self, number: int, theme: Theme) -> None:
        super().__init__("midi", "", theme, size=Size.SMALL_CONTROL)
        name = self.tr("Notes of take {0}").format(number)
        tip = self.tr("Drag them into the DAW as MIDI; Enter saves them to a file")
        self.setAccessibleName(name)
        self.setToolTip(f"{name}\n{tip}")
        self._pull = Pull()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """A hand comes near."""
        super().enterEvent(event)
        self.near.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """So does the focus."""
        super().focusInEvent(event)
        self.near.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Remember where, in case it becomes a drag."""
        self._pull.begin(event)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A drag hands the file over."""
        if self._pull.far(event):
            self.setDown(False)
            self.drag_asked.emit()
        elif self._pull.pressed:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click is no drag."""
        self._pull.end()
        super().mouseReleaseEvent(event)
