"""When a press of the mouse becomes a drag: beyond the system's distance, and once."""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication


class Pull:
    """One press, from where it began."""

    def __init__(self) -> None:
        self._from: QPoint | None = None

    @property
    def pressed(self) -> bool:
        """Whether a press goes on that has not become a drag."""
        return self._from is not None

    def begin(self, event: QMouseEvent) -> None:
        """The button is down."""
        self._from = event.position().toPoint()

    def end(self) -> None:
        """The button is up again."""
        self._from = None

    def far(self, event: QMouseEvent) -> bool:
        """Whether this move makes it a drag."""
        if self._from is None:
            return False
        moved = (event.position().toPoint() - self._from).manhattanLength()
        if moved < QApplication.startDragDistance():
            return False
        self._from = None
        return True
