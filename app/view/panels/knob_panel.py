"""Tempo, key and length as three large knobs, the small ones beside them, chords below."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.model.knobs import DICE, RECIPE_KNOBS
from app.model.recipe_form import RecipeForm
from app.view.panels.binding import Learner, knob_for
from app.view.panels.chord_row import ChordRow
from app.view.panels.words import (
    KNOB_WORDS,
    PRESET_WORDS,
    KeyTravel,
    key_number,
    key_of,
    shown_key,
    tr,
    typed_key,
)
from app.view.theme.theme import Theme
from app.view.theme.tokens import Size, Space
from app.view.widgets.buttons import IconButton, Segmented
from app.view.widgets.knob import KnobText, KnobWidget
from app.view.widgets.learn_menu import LearnMenu
from app.view.widgets.seed_field import SeedField


class KnobPanel(QFrame):
    """Everything of the form that is no prompt and belongs to no single stage.

    Signals:
        clock_asked(bool): follow the MIDI clock, or not.
        stages_toggled(bool): show the cascade's own knobs.
    """

    clock_asked = Signal(bool)
    stages_toggled = Signal(bool)

    def __init__(self, form: RecipeForm, learner: Learner, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._form, self._theme = form, theme
        self.tempo = knob_for("bpm", RECIPE_KNOBS["bpm"], theme, large=True)
        self.bars = knob_for("bars", RECIPE_KNOBS["bars"], theme, large=True)
        self.seconds = knob_for("seconds", RECIPE_KNOBS["seconds"], theme, large=True)
        self.takes = knob_for("takes", RECIPE_KNOBS["takes"], theme)
        name, tip = (tr(text) for text in KNOB_WORDS["key"])
        show = KnobText(name, tip, lambda value: shown_key(key_of(value)), typed_key)
        self.key = KnobWidget(KeyTravel(), show, theme, large=True)
        for field, knob in self._numbers().items():
            learner.add(field, knob)
            knob.turned.connect(partial(form.turn, field))
            knob.reset_asked.connect(partial(form.reset, field))
        learner.add("key", self.key)
        self.key.turned.connect(lambda place: form.turn("key", key_of(place)))
        self.key.reset_asked.connect(lambda: form.reset("key"))
        self._make_small()
        self.chords = ChordRow(form, theme)
        for field, choice in self._choices().items():
            menu = LearnMenu(choice, theme)
            learner.add(field, menu)
            menu.reset_asked.connect(partial(form.reset, field))
        for dice in (self.seed, LearnMenu(self.dice, theme)):
            learner.add(DICE, dice)
            dice.reset_asked.connect(self._reset_seed)
        self._lay_out()
        form.changed.connect(self._show)
        form.recipe_taken.connect(self._show)
        self._show()

    def _numbers(self) -> dict[str, KnobWidget]:
        return {
            "bpm": self.tempo,
            "bars": self.bars,
            "seconds": self.seconds,
            "takes": self.takes,
        }

    def _choices(self) -> dict[str, QWidget]:
        return {
            "meter": self.meter,
            "length_in": self.length_in,
            "loop": self.loop,
            "preset": self.preset,
        }

    def _make_small(self) -> None:
        form, theme = self._form, self._theme
        small = Size.SMALL_CONTROL
        self.tap = IconButton(
            "tap", self.tr("Tap tempo"), theme, self.tr("Press in time (T)"),
            label=self.tr("Tap"), size=small,
        )  # fmt: skip
        self.clock = IconButton(
            "midi", self.tr("Follow MIDI clock"), theme, self.tr("Take the tempo from the DAW"),
            checkable=True, label=self.tr("Clock"), size=small,
        )  # fmt: skip
        self.free = IconButton(
            "wave", self.tr("Free tempo"), theme,
            self.tr("No grid: the model is told no tempo. The length is in seconds then"),
            checkable=True, label=self.tr("Free"), size=small,
        )  # fmt: skip
        self.length_in = Segmented(
            (("bars", self.tr("Bars")), ("seconds", self.tr("Seconds"))),
            self.tr("Length in"),
            theme,
        )
        self.loop = Segmented(
            ((True, self.tr("Loop")), (False, self.tr("One-shot"))), self.tr("Kind"), theme,
            tips=(self.tr("The end joins the start without a seam"),
                  self.tr("It begins and ends by itself")),
        )  # fmt: skip
        self.meter = QComboBox()
        self.meter.addItems(list(form.METERS))
        self.meter.setAccessibleName(self.tr("Meter"))
        self.meter.setToolTip(
            self.tr("Beats of a bar. The tempo counts quarter notes in every meter")
        )
        self.seed = SeedField(theme)
        self.seed.setFixedWidth(104)
        self.lock = IconButton(
            "unlock", self.tr("Lock the seed"), theme,
            self.tr("Locked: every Generate repeats it. Open: each rolls another"), checkable=True,
        )  # fmt: skip
        self.lock.set_icons("unlock", "lock")
        self.dice = IconButton("dice", self.tr("Roll another seed"), theme)
        choices = [(value, tr(text)) for value, text, _ in PRESET_WORDS]
        tips = [tr(tip) for _, _, tip in PRESET_WORDS]
        self.preset = Segmented(choices, self.tr("Preset"), theme, tips=tips)
        self.stages = IconButton(
            "cascade", self.tr("Knobs of each stage"), theme,
            self.tr("Steps, schedule, γ, guidance"), checkable=True, label=self.tr("Stages"),
        )  # fmt: skip
        self._connect_small()

    def _connect_small(self) -> None:
        form = self._form
        self.tap.clicked.connect(form.tap_tempo)
        self.clock.clicked.connect(self.clock_asked)
        self.free.clicked.connect(self._set_free)
        self.length_in.chosen.connect(lambda unit: form.turn("length_in", unit))
        self.loop.chosen.connect(lambda loop: form.turn("loop", loop))
        self.meter.textActivated.connect(lambda meter: form.turn("meter", meter))
        self.seed.editingFinished.connect(self._typed_seed)
        self.seed.turned.connect(self._mean_seed)
        self.lock.clicked.connect(lambda on: form.turn("seed_locked", on))
        self.dice.clicked.connect(form.roll_seed)
        self.preset.chosen.connect(lambda preset: form.turn("preset", preset))
        self.stages.toggled.connect(self.stages_toggled)

    def _set_free(self, free: bool) -> None:
        if free:
            self._form.turn("length_in", "seconds")
        self._form.turn("tempo_on", not free)

    def _typed_seed(self) -> None:
        if self.seed.text() and int(self.seed.text()) != self._form.seed:
            self._mean_seed(int(self.seed.text()))

    def _mean_seed(self, seed: int) -> None:
        """A seed that a hand chose is meant: it is locked, or Generate would roll another."""
        self._form.turn("seed", seed)
        self._form.turn("seed_locked", value=True)

    def _reset_seed(self) -> None:
        """As at first: any, another with every Generate."""
        self._form.reset("seed")
        self._form.reset("seed_locked")
        self._show("seed")  # what was typed meanwhile goes too

    def _lay_out(self) -> None:
        layout = QHBoxLayout()
        layout.setSpacing(Space.HAIR)
        layout.addWidget(self.tempo)
        layout.addLayout(_column(self.tap, self.clock, self.free))
        layout.addSpacing(Space.SMALL)
        layout.addWidget(_rule(self._theme))
        layout.addWidget(self.key)
        layout.addWidget(_rule(self._theme))
        layout.addWidget(self.bars)
        layout.addWidget(self.seconds)
        layout.addLayout(_column(self.length_in, self.loop))
        layout.addSpacing(Space.MEDIUM)
        layout.addWidget(_rule(self._theme))
        layout.addSpacing(Space.MEDIUM)
        layout.addLayout(self._grid())
        layout.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(Space.SMALL, Space.SMALL, Space.LARGE, Space.SMALL)
        whole.setSpacing(Space.SMALL)
        whole.addLayout(layout)
        whole.addWidget(self.chords)

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.SMALL)
        grid.setVerticalSpacing(Space.HAIR)
        seed = QHBoxLayout()
        seed.setSpacing(0)
        for widget in (self.seed, self.lock, self.dice):
            seed.addWidget(widget)
        seed.addStretch(1)
        preset = QHBoxLayout()
        preset.setSpacing(Space.SMALL)
        preset.addWidget(self.preset)
        preset.addWidget(self.stages)
        first = QHBoxLayout()
        first.setSpacing(Space.SMALL)
        first.addWidget(self.meter)
        first.addSpacing(Space.SMALL)
        first.addWidget(self.takes)
        first.addStretch(1)
        rows = ((self.tr("Meter"), first), (self.tr("Seed"), seed), (self.tr("Preset"), preset))
        for row, (name, content) in enumerate(rows):
            label = QLabel(name)
            label.setProperty("role", "caption")
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignVCenter)
            grid.addLayout(content, row, 1)
        return grid

    # ── showing the form ──────────────────────────────────────────────────────────────────

    def set_clock(self, *, following: bool, bpm: float | None) -> None:
        """Show whether the tempo follows a clock, and whether one runs."""
        self.clock.setChecked(following)
        none = self.tr("No clock yet") if following else self.tr("Take the tempo from the DAW")
        heard = self.tr("The DAW plays at {0:.1f} BPM").format(bpm or 0.0)
        self.clock.setToolTip(
            self.tr("Follow MIDI clock") + "\n" + (none if bpm is None else heard)
        )

    def _show(self, field: str = "") -> None:
        form = self._form
        if field.partition(".")[1] or field in ("prompt", "negative_prompt", "chords"):
            return
        free = not form.tempo_on and form.length_in == "seconds"
        self.tempo.set_number(form.bpm, shown=self.tr("Free") if free else "")
        self.free.setChecked(free)
        self.key.set_number(key_number(form.key))
        self.bars.set_number(form.bars)
        self.seconds.set_number(form.seconds)
        self.takes.set_number(form.takes)
        in_bars = form.length_in == "bars"
        self.bars.setVisible(in_bars)
        self.seconds.setVisible(not in_bars)
        self.length_in.set_value(form.length_in)
        self.loop.set_value(form.loop)
        self.lock.setChecked(form.seed_locked)
        self.preset.set_value(form.preset)
        with QSignalBlocker(self.meter), QSignalBlocker(self.seed):
            self.meter.setCurrentText(form.meter)
            if not self.seed.hasFocus() or field == "seed":
                self.seed.setText(str(form.seed))


def _column(*widgets: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(Space.HAIR)
    column.addStretch(1)
    for widget in widgets:
        column.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
    column.addStretch(1)
    return column


def _rule(theme: Theme) -> QFrame:
    """A vertical hairline between groups."""
    line = QFrame()
    line.setFixedWidth(1)

    def paint() -> None:
        line.setStyleSheet(f"background: {theme.colour('line').name()};")

    theme.changed.connect(paint)
    paint()
    return line
