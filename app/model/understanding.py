"""Asking the engine what it understands of the prompt, while it is typed."""

from typing import Final

from PySide6.QtCore import QObject, QTimer

from app.model.engine import EngineModel
from app.model.heard import CHIPS_LIMIT, key_of, meter_of, words_of
from app.model.recipe_form import Reading, RecipeForm
from engine.protocol.messages import Understood

ASK_AFTER_MS: Final = 150
ASKED_BY: Final = frozenset({"prompt", "bpm", "tempo_on", "key", "meter", "bars", "length_in"})
_MEANINGS: Final = ("genre", "instruments", "moods", "era")


class PromptReader(QObject):
    """Asks a moment after the last key press, and gives the form the answer."""

    def __init__(
        self, form: RecipeForm, engine: EngineModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._form = form
        self._engine = engine
        self._later = QTimer(self, singleShot=True, interval=ASK_AFTER_MS)
        self._later.timeout.connect(self._ask)
        form.changed.connect(self._on_changed)
        form.recipe_taken.connect(self._later.start)
        engine.bundle_changed.connect(self._later.start)
        engine.understood.connect(self._on_understood)

    def _on_changed(self, field: str) -> None:
        if field in ASKED_BY:
            self._later.start()

    def _ask(self) -> None:
        form = self._form
        if not form.prompt.strip():
            form.take_reading(Reading())
            return
        self._engine.understand(
            form.prompt,
            bpm=form.bpm if form.tempo_on and form.by_hand("bpm") else None,
            key=form.key if form.by_hand("key") else None,
            meter=form.meter if form.by_hand("meter") else None,
            bars=form.bars if form.length_in == "bars" and form.by_hand("bars") else None,
        )

    def _on_understood(self, answer: Understood) -> None:
        self._form.take_reading(reading_of(answer))


def reading_of(answer: Understood) -> Reading:
    """The engine's answer as the form shows it: knobs first, then the surest meanings."""
    key, meter = key_of(answer), meter_of(answer)
    said = (
        ("tempo", None if answer.bpm is None else f"{answer.bpm:g} BPM"),
        ("key", key),
        ("meter", meter),
        ("bars", None if answer.bars is None else str(answer.bars)),
    )
    chips = [(kind, text) for kind, text in said if text is not None]
    for field in _MEANINGS:
        kind = field.removesuffix("s")
        names = tuple(meaning.name for meaning in getattr(answer, field))
        chips += [(kind, name) for name in words_of(names)]
    if answer.players is not None:
        chips.append(("players", answer.players))
    return Reading(
        bpm=answer.bpm,
        key=key,
        meter=meter,
        bars=answer.bars,
        chips=tuple(chips),
        unknown=words_of(answer.unknown_words),
        conflicts=answer.conflicts[:CHIPS_LIMIT],
    )
