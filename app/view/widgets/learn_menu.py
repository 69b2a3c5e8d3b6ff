"""The context menu of whatever a controller can turn: reset, learn, forget.

Knobs fill their own menu with it; a choice (segments, a list) gets a `LearnMenu`, which watches it
and its parts from outside. Rejected: subclasses of every control that can be learnt.
"""

from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Signal, SignalInstance
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu, QWidget

from app.translate import translate
from app.view.theme.theme import Theme


class Learns(Protocol):
    """What asks to be reset, to learn and to forget."""

    @property
    def reset_asked(self) -> SignalInstance: ...  # noqa: D102
    @property
    def learn_asked(self) -> SignalInstance: ...  # noqa: D102
    @property
    def forget_asked(self) -> SignalInstance: ...  # noqa: D102


def fill(menu: QMenu, theme: Theme, asks: Learns, learnt: str, *, learn: str = "") -> None:
    """Add the entries; `learnt` is what turns it now, "" for nothing; `learn` in other words."""
    menu.addAction(translate("learn", "Reset"), asks.reset_asked.emit)
    menu.addSeparator()
    learn = learn or translate("learn", "Learn a controller")
    menu.addAction(theme.icon("midi"), learn, asks.learn_asked.emit)
    forget = translate("learn", "Forget the controller")
    text = f"{forget} ({learnt})" if learnt else forget
    menu.addAction(text, asks.forget_asked.emit).setEnabled(bool(learnt))


class LearnMenu(QObject):
    """The menu of a control that is no knob.

    Signals:
        reset_asked(), learn_asked(), forget_asked(): from the menu.
    """

    reset_asked = Signal()
    learn_asked = Signal()
    forget_asked = Signal()

    def __init__(self, control: QWidget, theme: Theme) -> None:
        super().__init__(control)
        self._control, self._theme, self._learnt = control, theme, ""
        for widget in (control, *control.findChildren(QWidget)):
            widget.installEventFilter(self)

    def set_learning(self, learning: bool, learnt: str = "") -> None:
        """Which controller turns it; that it learns is said by the window's line."""
        self._learnt = learnt
        said = translate("learn", "Controller: {0}").format(learnt) if learnt else ""
        self._control.setAccessibleDescription(said)

    def menu(self) -> QMenu:
        """Reset, learn, forget."""
        menu = QMenu(self._control)
        fill(menu, self._theme, self, self._learnt)
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Open the menu where it is asked for, by mouse or key."""
        if isinstance(event, QContextMenuEvent):
            self.menu().popup(event.globalPos())
            return True
        return super().eventFilter(watched, event)
