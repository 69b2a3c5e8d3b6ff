"""The seed: typed, wheeled, keyed, reset by a double-click as knobs are; its dice can be learnt.

A seed is no amount: its neighbour sounds no more alike than any other. So one notch is the next
number, Shift takes the longer way (a fine step below one there is not), and no controller's way of
128 places is laid over four thousand million numbers: a controller rolls the dice. Rejected: a
KnobWidget (a ring would say that there is more and less of something).
"""

from typing import Final

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QRegularExpressionValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from app.view.theme.theme import Theme
from app.view.widgets.learn_menu import fill
from app.view.widgets.wheel import Wheel

COARSE: Final = 100  # with Shift
_STEP_KEYS: Final = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_PageDown: -10,
}


class SeedField(QLineEdit):
    """A whole number that is typed or stepped through.

    Signals:
        turned(object): a person stepped to it, maybe out of range: an int, for a signal's is
            of 32 bits with a sign. Typing ends in `editingFinished`.
        reset_asked(): a double-click, or the menu.
        learn_asked(), forget_asked(): MIDI learn of the dice, from the menu.
    """

    turned = Signal(object)
    reset_asked = Signal()
    learn_asked = Signal()
    forget_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._wheel, self._learnt = theme, Wheel(), ""
        self.setAccessibleName(self.tr("Seed"))
        self.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]{1,10}"), self))
        self.setAcceptDrops(False)  # a file dropped here is the window's
        self._say()

    def set_learning(self, learning: bool, learnt: str = "") -> None:
        """Which controller rolls the dice; that it learns is said by the window's line."""
        self._learnt = learnt
        self._say()

    def _say(self) -> None:
        what = self.tr("The same recipe and seed give the same sound")
        learnt = f"\n{self.tr('Dice')}: {self._learnt}" if self._learnt else ""
        hint = self.tr("Type, wheel or ↑ ↓ · Shift steps by {0} · double-click resets")
        self.setToolTip(f"{what}{learnt}\n{hint.format(COARSE)}")

    def _step_by(self, steps: int, modifiers: Qt.KeyboardModifier) -> None:
        coarse = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        self.turned.emit(int(self.text() or 0) + steps * (COARSE if coarse else 1))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """One notch is the next number, with Shift the hundredth."""
        if notches := self._wheel.notches(event):
            self._step_by(notches, event.modifiers())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Up, down and the page keys step; the others type."""
        steps = _STEP_KEYS.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
        else:
            self._step_by(steps, event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Reset."""
        event.accept()
        self.reset_asked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """What a field offers, and what a knob does."""
        self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """Undo, cut, copy, paste; reset, learn, forget."""
        menu = self.createStandardContextMenu()
        menu.addSeparator()
        learn = self.tr("Learn a button for the dice")
        fill(menu, self._theme, self, self._learnt, learn=learn)
        return menu
