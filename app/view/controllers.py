"""MIDI at work: a controller turns knobs, the DAW's clock sets the tempo, its transport plays.

It paints nothing: it ties Midi, the form, the settings and the Player together.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.midi.follow import TransportFollower
from app.midi.midi import Midi
from app.model.knobs import DICE, RECIPE_CHOICES, RECIPE_KNOBS, STAGE_CHOICES, STAGE_KNOBS, Choice
from app.model.models import Models
from app.playback.player import Player
from app.view.panels.words import KeyTravel, key_number, key_of
from engine.recipe import BPM_RANGE

_KEY = KeyTravel()


@dataclass(frozen=True)
class _Chosen:
    """A choice of a form: its values, the one that is on, and how another is chosen."""

    row: Choice
    now: object
    choose: Callable[[object], None]


class Controllers(QObject):
    """Keeps the form in step with MIDI.

    Signals:
        clock_changed(): the clock's tempo, or whether it is followed.
    """

    clock_changed = Signal()

    def __init__(
        self, models: Models, midi: Midi, player: Player, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._form, self._settings = models.form, models.settings
        self._midi = midi
        self._dice_held = False
        midi.knob_turned.connect(self.turn)
        midi.knob_nudged.connect(self.nudge)
        midi.tempo_changed.connect(self._on_tempo)
        self._follower = TransportFollower(midi, player, lambda: self._form.bpm, self)
        self._follower.set_on(self._settings.follow_transport)
        midi.bindings_changed.connect(self._store)
        self._form.changed.connect(self._tell)
        self._settings.changed.connect(self._on_setting)
        midi.restore_bindings(self._settings.midi_bindings)
        midi.choose(tuple(self._settings.midi_inputs))
        for name in (*RECIPE_KNOBS, *RECIPE_CHOICES):
            self._tell(name)

    @property
    def clock_bpm(self) -> float | None:
        """Tempo of the DAW's clock; None when none runs."""
        return self._midi.tempo_bpm

    def follow_clock(self, on: bool) -> None:
        """Follow the clock or not, from now on."""
        self._settings.follow_clock = on

    # ── knobs ─────────────────────────────────────────────────────────────────────────────

    def turn(self, name: str, position: float) -> None:
        """Set a knob ("bpm", "key", "generator.steps") to 0–1."""
        stage, _, field = name.rpartition(".")
        if name == DICE:
            self._press_dice(held=position >= 0.5)
        elif name == "key":
            self._form.turn("key", key_of(_KEY.value(position)))
        elif (found := self._choice(name)) is not None:
            found.choose(found.row.value(position))
        elif stage in self._form.stages and field in STAGE_KNOBS:
            value = STAGE_KNOBS[field].value(position)
            setattr(self._form.stages[stage], field, round(value) if field == "steps" else value)
        elif name in RECIPE_KNOBS:
            with suppress(AttributeError):
                self._form.set_position(name, position)

    def nudge(self, name: str, steps: int) -> None:
        """Turn a knob by steps of an endless encoder."""
        stage, _, field = name.rpartition(".")
        if name == DICE:
            self._form.roll_seed()
        elif name == "key":
            place = _KEY.clean(key_number(self._form.key) + steps)
            self._form.turn("key", key_of(place))
        elif (found := self._choice(name)) is not None:
            found.choose(found.row.stepped(found.now, steps))
        elif stage in self._form.stages and field in STAGE_KNOBS:
            row, form = STAGE_KNOBS[field], self._form.stages[stage]
            now = form.effective(field)
            start = float(now) if isinstance(now, int | float) else row.default
            value = row.clean(start + steps * row.step)
            setattr(form, field, round(value) if field == "steps" else value)
        elif name in RECIPE_KNOBS:
            row = RECIPE_KNOBS[name]
            now = getattr(self._form, name)
            start = row.default if now is None else float(now)
            self._form.turn(name, row.clean(start + steps * row.step))

    def _press_dice(self, *, held: bool) -> None:
        """A press rolls, its release does not; nor does each step of a knob on its way up."""
        if held and not self._dice_held:
            self._form.roll_seed()
        self._dice_held = held

    def _choice(self, name: str) -> "_Chosen | None":
        """The choice of that name, if it is one."""
        stage, _, field = name.rpartition(".")
        if name in RECIPE_CHOICES:
            now = getattr(self._form, name)
            return _Chosen(RECIPE_CHOICES[name], now, partial(self._form.turn, name))
        if stage in self._form.stages and field in STAGE_CHOICES:
            form = self._form.stages[stage]
            return _Chosen(
                STAGE_CHOICES[field], form.effective(field), partial(setattr, form, field)
            )
        return None

    def _tell(self, name: str) -> None:
        """Say where a knob stands now, for soft take-over."""
        stage, _, field = name.rpartition(".")
        if name == "key":
            self._midi.set_knob("key", _KEY.position(key_number(self._form.key)))
        elif (found := self._choice(name)) is not None:
            self._midi.set_knob(name, found.row.position(found.now))
        elif name in RECIPE_KNOBS:
            self._midi.set_knob(name, self._form.position(name))
        elif stage in self._form.stages and field in STAGE_KNOBS:
            value = self._form.stages[stage].effective(field)
            if isinstance(value, int | float):
                self._midi.set_knob(name, STAGE_KNOBS[field].position(float(value)))

    def _store(self) -> None:
        self._settings.midi_bindings = self._midi.bindings_data()

    # ── clock and transport ───────────────────────────────────────────────────────────────

    def _on_setting(self, name: str) -> None:
        if name == "midi_inputs":
            self._midi.choose(tuple(self._settings.midi_inputs))
        elif name == "follow_clock":
            self._on_tempo(self._midi.tempo_bpm)
        elif name == "follow_transport":
            self._follower.set_on(self._settings.follow_transport)

    def _on_tempo(self, bpm: object) -> None:
        in_range = isinstance(bpm, int | float) and BPM_RANGE[0] <= bpm <= BPM_RANGE[1]
        if self._settings.follow_clock and in_range:
            tempo = round(float(bpm), 1)  # type: ignore[arg-type]  # checked above
            if self._form.tempo_on:  # as by hand: the prompt's words leave it alone
                self._form.turn("bpm", tempo)
            else:
                self._form.bpm = tempo
        self.clock_changed.emit()
