"""The prompt: a text that grows from one line to three, with a history on up and down.

Enter generates, as in a search field. Rejected: a one-line field (prompts are sentences), and a
text box with lines of its own (a prompt has none).
"""

from typing import Final

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize

MOST_LINES: Final = 3


class PromptEdit(QPlainTextEdit):
    """Free text in one paragraph.

    Signals:
        edited(str): a person changed it.
        submitted(): Enter. older_asked(), newer_asked(): up on the first line, down on the last.
    """

    edited = Signal(str)
    submitted = Signal()
    older_asked = Signal()
    newer_asked = Signal()

    def __init__(
        self,
        name: str,
        placeholder: str,
        theme: Theme,
        *,
        size: TypeSize = TypeSize.LEAD,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._size = theme, size
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        weight = Weight.Medium if size > TypeSize.BODY else Weight.Normal
        font = theme.font(size, weight)
        self.setFont(font)
        self.setStyleSheet(f"font-size: {int(size)}px; font-weight: {int(weight)};")
        self.document().setDocumentMargin(0)
        self.setViewportMargins(0, self._pad(), 0, self._pad())
        self._shown = ""
        self._taking = False
        self.textChanged.connect(self._on_change)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def _pad(self) -> int:
        return int(Space.MEDIUM) - 2 if self._size > TypeSize.BODY else int(Space.SMALL) - 2

    def set_text(self, text: str) -> None:
        """Show a text that nobody typed just now; the cursor goes to its end."""
        if text == self.toPlainText():
            return
        self._taking = True
        self.setPlainText(text)
        self._taking = False
        self.moveCursor(QTextCursor.MoveOperation.End)

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802
        """Pasted lines become one."""
        self.insertPlainText(" ".join(source.text().split()))

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802
        """Text yes, files no: those are the window's."""
        return source.hasText() and not source.hasUrls()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter submits; up and down at the edges walk the history."""
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submitted.emit()
        elif key == Qt.Key.Key_Up and self._on_edge(QTextCursor.MoveOperation.Up):
            self.older_asked.emit()
        elif key == Qt.Key.Key_Down and self._on_edge(QTextCursor.MoveOperation.Down):
            self.newer_asked.emit()
        elif key == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _on_edge(self, way: QTextCursor.MoveOperation) -> bool:
        return not self.textCursor().movePosition(way)

    def _on_change(self) -> None:
        if not self._taking:
            self.edited.emit(self.toPlainText())

    def _fit(self) -> None:
        lines = max(1, min(MOST_LINES, int(self.document().size().height())))
        height = lines * self.fontMetrics().lineSpacing() + 2 * self._pad() + 6
        if height != self.height():
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its text, up to three lines."""
        return QSize(480, self.height())
