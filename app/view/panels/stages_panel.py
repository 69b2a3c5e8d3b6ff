"""The fold-out: each stage's own knobs, what the preset gives in muted ink, overrides in full."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
)

from app.model.engine import EngineModel
from app.model.knobs import STAGE_KNOBS
from app.model.recipe_form import RecipeForm
from app.model.stage_form import StageForm
from app.view.panels.binding import Learner, knob_for
from app.view.panels.words import SAMPLER_WORDS, SCHEDULE_WORDS, STAGE_TIPS, STAGE_WORDS, tr
from app.view.theme.theme import Theme
from app.view.theme.tokens import Size, Space
from app.view.widgets.buttons import IconButton
from app.view.widgets.curve import ScheduleCurve
from app.view.widgets.knob import KnobWidget
from app.view.widgets.learn_menu import LearnMenu


class StageCard(QFrame):
    """One stage: curve, schedule, sampler, four knobs, and a way back to the preset."""

    def __init__(
        self, stage: StageForm, engine: EngineModel, learner: Learner, theme: Theme
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._stage, self._engine = stage, engine
        self.curve = ScheduleCurve(theme)
        self.schedule = _combo(SCHEDULE_WORDS, self.tr("Step schedule"))
        self.schedule.setToolTip(
            self.tr("Where the steps are spent: early on shape, late on detail")
        )
        self.sampler = _combo(SAMPLER_WORDS, self.tr("Sampler"))
        self.sampler.setToolTip(self.tr("How each step is taken: same speed, another character"))
        self.reset = IconButton(
            "undo", self.tr("Back to the preset"), theme, size=Size.SMALL_CONTROL
        )
        self.single = QLabel(self.tr("Done in one pass: there is nothing to set."))
        self.single.setProperty("role", "muted")
        self.single.setWordWrap(True)
        self.knobs: dict[str, KnobWidget] = {}
        for field, row in STAGE_KNOBS.items():
            knob = knob_for(field, row, theme)
            knob.turned.connect(partial(self._turn, field))
            knob.reset_asked.connect(partial(stage.reset, field))
            learner.add(f"{stage.name}.{field}", knob)
            self.knobs[field] = knob
        for field, combo in (("step_schedule", self.schedule), ("sampler", self.sampler)):
            menu = LearnMenu(combo, theme)
            menu.reset_asked.connect(partial(stage.reset, field))
            learner.add(f"{stage.name}.{field}", menu)
        self._lay_out()
        self.schedule.activated.connect(lambda _: self._pick("step_schedule", self.schedule))
        self.sampler.activated.connect(lambda _: self._pick("sampler", self.sampler))
        self.reset.clicked.connect(self._reset)
        stage.changed.connect(self.show_stage)
        engine.bundle_changed.connect(self.show_stage)
        self.show_stage()

    def _reset(self) -> None:
        self._stage.reset()

    def _turn(self, field: str, value: float) -> None:
        setattr(self._stage, field, round(value) if field == "steps" else value)

    def _pick(self, field: str, combo: QComboBox) -> None:
        setattr(self._stage, field, combo.currentData())

    def _lay_out(self) -> None:
        title = QLabel(tr(STAGE_WORDS[self._stage.name]))
        title.setProperty("role", "heading")
        title.setMinimumHeight(Size.SMALL_CONTROL)
        title.setToolTip(tr(STAGE_TIPS[self._stage.name]))
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.reset)
        choices = QVBoxLayout()
        choices.setSpacing(Space.HAIR)
        choices.addWidget(self.schedule)
        choices.addWidget(self.sampler)
        choices.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(Space.SMALL)
        middle.addWidget(self.curve, 0, Qt.AlignmentFlag.AlignTop)
        middle.addLayout(choices, 1)
        knobs = QGridLayout()
        knobs.setSpacing(Space.HAIR)
        for number, knob in enumerate(self.knobs.values()):
            knobs.addWidget(knob, number // 2, number % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        layout.setSpacing(Space.HAIR)
        layout.addLayout(head)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._body.setSpacing(Space.SMALL)
        self._body.addLayout(middle, 1)
        self._body.addLayout(knobs)
        layout.addLayout(self._body)
        layout.addWidget(self.single, 0, Qt.AlignmentFlag.AlignTop)
        layout.addStretch(1)

    def set_wide(self, *, wide: bool) -> None:
        """Knobs beside the curve where there is room, else below it."""
        way = QBoxLayout.Direction
        self._body.setDirection(way.LeftToRight if wide else way.TopToBottom)

    def show_stage(self) -> None:
        """Show every value as a render would use it."""
        stage = self._stage
        for field, knob in self.knobs.items():
            value = stage.effective(field)
            own = getattr(stage, field) is not None
            if isinstance(value, int | float):
                knob.set_number(float(value), from_preset=not own)
            else:
                knob.set_number(knob.travel.default, shown=self.tr("Preset"))
        for field, combo in (("step_schedule", self.schedule), ("sampler", self.sampler)):
            with QSignalBlocker(combo):
                preset = stage.preset_value(field)
                words = SCHEDULE_WORDS if field == "step_schedule" else SAMPLER_WORDS
                given = tr(words[str(preset)]) if preset in words else ""
                combo.setItemText(
                    0, f"{given} · {self.tr('preset')}" if given else self.tr("Preset")
                )
                combo.short = given
                own_value = getattr(stage, field)
                combo.setCurrentIndex(0 if own_value is None else combo.findData(own_value))
        self.reset.setEnabled(bool(stage.overridden))
        steps_here = self._engine.has_steps(stage.name)
        for widget in (self.curve, self.schedule, self.sampler, self.reset):
            widget.setVisible(steps_here)
        knows_preset = stage.preset_value("steps") is not None
        for field, knob in self.knobs.items():
            absent = knows_preset and stage.preset_value(field) is None
            knob.setVisible(steps_here and not absent)
        self.single.setVisible(not steps_here)
        schedule, steps = stage.effective("step_schedule"), stage.effective("steps")
        times = self._engine.step_curve(stage.name, str(schedule)) if schedule else ()
        self.curve.set_curve(times, int(steps) if isinstance(steps, int | float) else 0)


class StagesPanel(QFrame):
    """A card per stage of the loaded bundle, side by side."""

    def __init__(
        self, form: RecipeForm, engine: EngineModel, learner: Learner, theme: Theme
    ) -> None:
        super().__init__()
        self._engine = engine
        self.cards = {
            name: StageCard(stage, engine, learner, theme) for name, stage in form.stages.items()
        }
        self._row = layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.SMALL)
        for card in self.cards.values():
            layout.addWidget(card)
        engine.bundle_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        stages = self._engine.stages or ("generator", "vocoder", "super_resolution")
        for name, card in self.cards.items():
            card.setVisible(name in stages)
        stepping = [name for name in stages if self._engine.has_steps(name)]
        for name, card in self.cards.items():
            self._row.setStretchFactor(card, 3 if name in stepping else 1)
            card.set_wide(wide=len(stepping) == 1)


class _Choice(QComboBox):
    """Its first item is the preset's value; closed, it shows the value alone."""

    short = ""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self.currentIndex() > 0 or not self.short:
            super().paintEvent(event)
            return
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.short
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


def _combo(words: dict[str, str], name: str) -> _Choice:
    combo = _Choice()
    combo.addItem(name, None)
    for value, text in words.items():
        combo.addItem(tr(text), value)
    combo.setAccessibleName(name)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo
