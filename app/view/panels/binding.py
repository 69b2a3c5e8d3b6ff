"""Tying a knob widget to a field of a form and to MIDI learn: said once for every knob."""

from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, SignalInstance

from app.view.panels.words import KNOB_WORDS, shown_number, tr, typed_number
from app.view.theme.theme import Theme
from app.view.widgets.knob import KnobText, KnobWidget, Travel
from app.view.widgets.learn_menu import Learns


class NumberRow(Travel, Protocol):
    """What `knob_for` needs of app.model.knobs.Knob."""

    @property
    def decimals(self) -> int: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102


class Learning(Protocol):
    """What MIDI learn needs of app.midi.Midi."""

    @property
    def learning_changed(self) -> SignalInstance: ...  # noqa: D102
    @property
    def bindings_changed(self) -> SignalInstance: ...  # noqa: D102
    @property
    def learning(self) -> str: ...  # noqa: D102
    def learn(self, knob: str) -> None: ...  # noqa: D102
    def forget(self, knob: str) -> None: ...  # noqa: D102
    def binding(self, knob: str) -> str: ...  # noqa: D102


def knob_for(field: str, row: NumberRow, theme: Theme, *, large: bool = False) -> KnobWidget:
    """The knob of a form's field, with its words."""
    name, tip = (tr(text) for text in KNOB_WORDS[field])
    text = KnobText(name, tip, shown_number(row.decimals), typed_number, row.unit)
    return KnobWidget(row, text, theme, large=large)


class Learnable(Learns, Protocol):
    """What a controller can turn, and that shows it."""

    def set_learning(self, learning: bool, learnt: str = "") -> None: ...  # noqa: D102


class Learner(QObject):
    """Marks knobs that learn or were learnt, and passes on what their menus ask."""

    def __init__(self, midi: Learning, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._midi = midi
        self._knobs: list[tuple[str, Learnable]] = []
        midi.learning_changed.connect(self._mark)
        midi.bindings_changed.connect(self._mark)

    def add(self, name: str, knob: Learnable) -> None:
        """Let a knob, or a choice's menu, learn under a name ("bpm", "generator.steps").

        Several may learn under one name; they are one to a controller.
        """
        self._knobs.append((name, knob))
        knob.learn_asked.connect(partial(self._midi.learn, name))
        knob.forget_asked.connect(partial(self._midi.forget, name))
        self._mark()

    def _mark(self) -> None:
        for name, knob in self._knobs:
            knob.set_learning(self._midi.learning == name, self._midi.binding(name))
