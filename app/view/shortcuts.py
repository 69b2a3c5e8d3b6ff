"""Every shortcut as a row: the window binds the table, the sheet shows it, so neither can lie.

Letters without a modifier work wherever no text is typed (a field keeps its letters).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.texts import QT_TRANSLATE_NOOP
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.painting import Align, fill_round, outline_round, painting


@dataclass(frozen=True)
class Shortcut:
    """One row.

    Attributes:
        action: name of what it does, "" for keys that a widget handles itself.
        keys: as QKeySequence reads them; the first is shown.
        group, text: where and how the sheet says it.
    """

    action: str
    keys: tuple[str, ...]
    group: str
    text: str


def _row(action: str, keys: str, group: str, text: str) -> Shortcut:
    return Shortcut(action, tuple(keys.split(" ")), group, text)


MAKE = QT_TRANSLATE_NOOP("sheet", "Make")
LISTEN = QT_TRANSLATE_NOOP("sheet", "Listen")
LOOK = QT_TRANSLATE_NOOP("sheet", "Look and select")
KEEP = QT_TRANSLATE_NOOP("sheet", "Library")

SHORTCUTS: Final = (
    _row("generate", "Ctrl+Return Ctrl+Enter", MAKE, QT_TRANSLATE_NOOP("sheet", "Generate")),
    _row(
        "reroll",
        "R",
        MAKE,
        QT_TRANSLATE_NOOP("sheet", "Reroll: cancel, and start anew with another seed"),
    ),
    _row("cancel", "Esc", MAKE, QT_TRANSLATE_NOOP("sheet", "Cancel the render")),
    _row("prompt", "P", MAKE, QT_TRANSLATE_NOOP("sheet", "Go to the prompt")),
    _row(
        "", "Up Down", MAKE, QT_TRANSLATE_NOOP("sheet", "In the prompt: earlier and later prompts")
    ),
    _row("tap", "T", MAKE, QT_TRANSLATE_NOOP("sheet", "Tap the tempo")),
    _row("dice", "D", MAKE, QT_TRANSLATE_NOOP("sheet", "Roll another seed")),
    _row("stages", "F", MAKE, QT_TRANSLATE_NOOP("sheet", "Fold the stages' knobs out and in")),
    _row(
        "",
        "Up Down",
        MAKE,
        QT_TRANSLATE_NOOP("sheet", "On a knob: turn. Shift is fine, Enter types, Del resets"),
    ),
    _row("play", "Space", LISTEN, QT_TRANSLATE_NOOP("sheet", "Play and pause")),
    _row(
        "take1",
        "1",
        LISTEN,
        QT_TRANSLATE_NOOP("sheet", "Take 1, and so on to 4, at the same place"),
    ),
    _row("take2", "2", LISTEN, ""),
    _row("take3", "3", LISTEN, ""),
    _row("take4", "4", LISTEN, ""),
    _row("older", "[", LISTEN, QT_TRANSLATE_NOOP("sheet", "Takes of the render before")),
    _row("newer", "]", LISTEN, QT_TRANSLATE_NOOP("sheet", "Takes of the render after")),
    _row("loop", "L", LISTEN, QT_TRANSLATE_NOOP("sheet", "Loop playback")),
    _row("match", "M", LISTEN, QT_TRANSLATE_NOOP("sheet", "Level match")),
    _row("start", "Shift+Space", LISTEN, QT_TRANSLATE_NOOP("sheet", "Back to the start")),
    _row("channel", "C", LOOK, QT_TRANSLATE_NOOP("sheet", "Mid, left, right, side")),
    _row(
        "", "Left Right", LOOK, QT_TRANSLATE_NOOP("sheet", "In the picture: a beat back and forth")
    ),
    _row(
        "",
        "Shift+Left Shift+Right",
        LOOK,
        QT_TRANSLATE_NOOP("sheet", "In the picture: select by beats"),
    ),
    _row("", "+ -", LOOK, QT_TRANSLATE_NOOP("sheet", "In the picture: zoom; 0 shows all")),
    _row("keep", "K", KEEP, QT_TRANSLATE_NOOP("sheet", "Keep the take: finish it to 24\u00a0kHz")),
    _row("search", "/ Ctrl+F", KEEP, QT_TRANSLATE_NOOP("sheet", "Search the library")),
    _row("", "Return", KEEP, QT_TRANSLATE_NOOP("sheet", "In the list: hear the clip")),
    _row(
        "",
        "F2",
        KEEP,
        QT_TRANSLATE_NOOP("sheet", "In the list: rename. G tags, U recipe, V more like it"),
    ),
    _row("", "Del", KEEP, QT_TRANSLATE_NOOP("sheet", "In the list: delete into the bin")),
    _row("undo", "Ctrl+Z", KEEP, QT_TRANSLATE_NOOP("sheet", "Undo")),
    _row("redo", "Ctrl+Shift+Z Ctrl+Y", KEEP, QT_TRANSLATE_NOOP("sheet", "Redo")),
    _row("library", "B", KEEP, QT_TRANSLATE_NOOP("sheet", "Show and hide the library")),
    _row("settings", "Ctrl+,", KEEP, QT_TRANSLATE_NOOP("sheet", "Settings")),
    _row("sheet", "? F1", KEEP, QT_TRANSLATE_NOOP("sheet", "This sheet")),
)


def bind(window: QWidget, actions: dict[str, Callable[[], object]]) -> list[QShortcut]:
    """Make a QShortcut of every row that has an action. Raises KeyError for an unknown one."""
    made = []
    for row in SHORTCUTS:
        for keys in row.keys if row.action else ():
            shortcut = QShortcut(QKeySequence(keys), window)
            shortcut.activated.connect(actions[row.action])
            shortcut.setAutoRepeat(False)
            made.append(shortcut)
    return made


_SIGNS: Final = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "Enter", "-": "−"}


def _shown(keys: str) -> str:
    """Keys as they are printed on a keyboard: "Shift+Left" → "Shift ←"."""
    *held, last = keys.split("+") if keys != "+" else ["+"]
    return " ".join([*held, _SIGNS.get(last, last)])


class _Keys(QWidget):
    """Keys as caps, in the system's own signs."""

    def __init__(self, keys: tuple[str, ...], theme: Theme) -> None:
        super().__init__()
        native = QKeySequence.SequenceFormat.NativeText
        names = [QKeySequence(key).toString(native) or key for key in keys[:2]]
        self._caps = [_shown(name) for name in names]
        self._theme = theme
        self.setFixedSize(self.sizeHint())
        self.setAccessibleName(" ".join(names))

    def _widths(self) -> list[int]:
        self.setFont(self._theme.font(TypeSize.CAPTION, Weight.Medium))
        return [max(22, self.fontMetrics().horizontalAdvance(cap) + 12) for cap in self._caps]

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(sum(self._widths()) + Space.HAIR * (len(self._caps) - 1), 22)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with painting(self) as painter:
            at = QPointF(0, 0)
            for cap, width in zip(self._caps, self._widths(), strict=True):
                rect = QRectF(at.x(), 0.5, width, 21)
                fill_round(painter, rect, self._theme.colour("raised"), radius_px=4)
                outline_round(painter, rect, self._theme.colour("line"), radius_px=4)
                painter.setFont(self._theme.font(TypeSize.CAPTION, Weight.Medium))
                painter.setPen(self._theme.colour("text"))
                painter.drawText(rect, Align.AlignCenter, cap)
                at.setX(at.x() + width + Space.HAIR)


class ShortcutSheet(QDialog):
    """All shortcuts on one page, in two columns of groups."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Shortcuts"))
        self.setAccessibleName(self.tr("Shortcuts"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.WIDE, Space.WIDE, Space.WIDE, Space.WIDE)
        layout.setSpacing(2 * Space.WIDE)
        for groups in ((MAKE,), (LISTEN, LOOK), (KEEP,)):
            column = QVBoxLayout()
            column.setSpacing(Space.SMALL)
            for group in groups:
                self._add_group(column, group, theme)
            column.addStretch(1)
            layout.addLayout(column)

    def _add_group(self, column: QVBoxLayout, group: str, theme: Theme) -> None:
        title = QLabel(QCoreApplication.translate("sheet", group))
        title.setProperty("role", "heading")
        column.addWidget(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.MEDIUM)
        grid.setVerticalSpacing(Space.HAIR + 2)
        rows = [row for row in SHORTCUTS if row.group == group and row.text]
        for number, row in enumerate(rows):
            keys = row.keys[:1] if row.action else row.keys
            keys = ("1", "4") if row.action == "take1" else keys
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            grid.addWidget(_Keys(keys, theme), number, 0, right)
            label = QLabel(QCoreApplication.translate("sheet", row.text))
            label.setWordWrap(True)
            label.setFixedWidth(212)
            label.setContentsMargins(0, 2, 0, 0)
            grid.addWidget(label, number, 1)
        column.addLayout(grid)
        column.addSpacing(Space.MEDIUM)
