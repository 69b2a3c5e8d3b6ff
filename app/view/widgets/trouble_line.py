"""One calm line at the window's foot: what, why, what to do, and a button where one helps."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.view.theme.theme import Theme
from app.view.theme.tokens import Size, Space
from app.view.widgets.buttons import Button, IconButton


class TroubleLine(QFrame):
    """Hidden while all is well. `acted` is its button, `dismissed` its cross."""

    acted = Signal()
    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._serious = theme, False
        self.setObjectName("trouble")
        self.setAccessibleName(self.tr("Notice"))
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._action = Button("", parent=self)
        self._action.setAccessibleName(self.tr("What to do about it"))
        self._close = IconButton(
            "close", self.tr("Dismiss"), theme, parent=self, size=Size.SMALL_CONTROL
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.HAIR, Space.SMALL, Space.HAIR)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._close)
        self._action.clicked.connect(self.acted)
        self._close.clicked.connect(self.dismissed)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    @property
    def text(self) -> str:
        """The line shown, "" while hidden."""
        return "" if self.isHidden() else self._text.text()

    def show_line(self, text: str, *, action: str = "", serious: bool = False) -> None:
        """Show a line; "" hides it."""
        self._serious = serious
        self._text.setText(text)
        self._text.setAccessibleName(text)
        self.setAccessibleDescription(text)
        self._action.setText(action)
        if action:
            self._action.setAccessibleName(action)
        self._action.setVisible(bool(action))
        self._restyle()
        self.setVisible(bool(text))

    def _restyle(self) -> None:
        theme = self._theme
        tone = "danger" if self._serious else "accent"
        icon: QIcon = theme.icon("warning" if self._serious else "info", tone)
        self._icon.setPixmap(icon.pixmap(QSize(16, 16), self.devicePixelRatioF()))
        edge = theme.colour(tone).name()
        ground = theme.colour("panel").name()
        self.setStyleSheet(
            f"#trouble {{ background: {ground}; border-left: 3px solid {edge};"
            " border-top-right-radius: 6px; border-bottom-right-radius: 6px; }"
        )
