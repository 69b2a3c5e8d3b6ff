"""The prompt, what the engine made of it, and the button that starts it all."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.model.engine import EngineModel, EngineState
from app.model.jobs import JobsModel
from app.model.recipe_form import RecipeForm
from app.view.panels.words import chip_text, kind_text
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Size, Space, TypeSize
from app.view.widgets.buttons import Button, IconButton, PaintedButton
from app.view.widgets.chips import Chip, ChipRow
from app.view.widgets.painting import Align, fill_round, focus_ring, outline_round, painting
from app.view.widgets.prompt import PromptEdit
from app.view.widgets.stage_progress import spoken_duration


class GenerateButton(PaintedButton):
    """The one large button: what it does, and below how long that takes here."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._note = ""
        self.setText(self.tr("Generate"))
        self.setAccessibleName(self.tr("Generate"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_note(self, note: str, tip: str) -> None:
        """The small line, and why it cannot be pressed, if so."""
        self._note = note
        self.setToolTip(tip)
        self.setAccessibleDescription(f"{note}. {tip}")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as Reroll and Cancel together, which take its place."""
        return QSize(168, Size.TALL_CONTROL + 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Two lines on the accent."""
        theme, rect = self._theme, QRectF(self.rect())
        with painting(self) as painter:
            on = self.isEnabled()
            fill_round(painter, rect, theme.colour("accent" if on else "raised"))
            if on and (self.underMouse() or self.isDown()):
                fill_round(painter, rect, theme.colour("text", 0.22 if self.isDown() else 0.12))
            painter.setPen(theme.colour("on_accent" if on else "muted"))
            painter.setFont(theme.font(TypeSize.LEAD, Weight.DemiBold))
            lift = -8 if self._note else 0
            painter.drawText(rect.adjusted(0, lift, 0, lift), Align.AlignCenter, self.text())
            painter.setFont(theme.font(TypeSize.CAPTION, Weight.Medium))
            painter.drawText(rect.adjusted(0, 22, 0, 2), Align.AlignCenter, self._note)
            if self.hasFocus():
                focus_ring(painter, theme, rect)
                ink = theme.colour("text")
                outline_round(painter, rect.adjusted(2, 2, -2, -2), ink, radius_px=4)


class PromptPanel(QFrame):
    """Prompt and negative prompt, chips, conflicts, Generate or Reroll and Cancel."""

    generate_asked = Signal()

    def __init__(
        self, form: RecipeForm, jobs: JobsModel, engine: EngineModel, theme: Theme
    ) -> None:
        super().__init__()
        self._form, self._jobs, self._engine = form, jobs, engine
        self.prompt = PromptEdit(
            self.tr("Prompt"),
            self.tr("Describe a sound: “slow lo-fi rhodes over dusty drums, 90 bpm, A minor”"),
            theme,
        )
        self.negative = PromptEdit(
            self.tr("Negative prompt"),
            self.tr("What to keep out: “vocals, distortion”"),
            theme,
            size=TypeSize.BODY,
        )
        self.chips = ChipRow(theme)
        self.conflict = QLabel()
        self.conflict.setProperty("role", "danger")
        self.generate = GenerateButton(theme)
        self.reroll = Button(self.tr("Reroll"))
        self.reroll.setToolTip(self.tr("Cancel and start anew with another seed (R)"))
        self.cancel = Button(self.tr("Cancel"))
        self.cancel.setToolTip(self.tr("Stop this render (Esc)"))
        self.without = IconButton(
            "minus",
            self.tr("Negative prompt"),
            theme,
            self.tr("What the sound should keep away from"),
            checkable=True,
            label=self.tr("Without"),
            size=Size.SMALL_CONTROL,
        )
        self._lay_out()
        self._connect()
        self._show_prompt()
        self._show_reading()
        self._show_state()

    def _lay_out(self) -> None:
        busy = QWidget()
        row = QHBoxLayout(busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.SMALL)
        for button in (self.reroll, self.cancel):
            button.setFixedHeight(Size.TALL_CONTROL + 2)
            row.addWidget(button)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.generate)
        self._stack.addWidget(busy)
        self._stack.setFixedSize(self.generate.sizeHint())
        top = QHBoxLayout()
        top.setSpacing(Space.MEDIUM)
        top.addWidget(self.prompt, 1)
        top.addWidget(self._stack, 0, Qt.AlignmentFlag.AlignTop)
        under = QHBoxLayout()
        under.setSpacing(Space.MEDIUM)
        under.addWidget(self.without)
        under.addWidget(self.chips, 1)
        under.addWidget(self.conflict)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.SMALL)
        layout.addLayout(top)
        layout.addWidget(self.negative)
        layout.addLayout(under)
        self.negative.hide()

    def _connect(self) -> None:
        form = self._form
        self.prompt.edited.connect(lambda text: form.turn("prompt", text))
        self.negative.edited.connect(lambda text: form.turn("negative_prompt", text))
        self.prompt.older_asked.connect(form.older_prompt)
        self.prompt.newer_asked.connect(form.newer_prompt)
        for source in (self.prompt.submitted, self.negative.submitted, self.generate.clicked):
            source.connect(self.generate_asked)
        self.reroll.clicked.connect(self._jobs.reroll)
        self.cancel.clicked.connect(lambda: self._jobs.cancel())  # noqa: PLW0108 - without the bool
        self.without.toggled.connect(self._show_negative)
        form.changed.connect(self._on_form)
        form.reading_changed.connect(self._show_reading)
        self._jobs.busy_changed.connect(self._show_state)
        self._jobs.changed.connect(self._show_state)
        self._jobs.estimate_changed.connect(self._show_state)
        self._engine.state_changed.connect(self._show_state)
        self._engine.bundle_changed.connect(self._show_state)

    def _on_form(self, field: str) -> None:
        if field in ("prompt", "negative_prompt"):
            self._show_prompt()
        self._show_state()

    def _show_prompt(self) -> None:
        self.prompt.set_text(self._form.prompt)
        self.negative.set_text(self._form.negative_prompt)
        if self._form.negative_prompt:
            self.without.setChecked(True)

    def _show_negative(self, shown: bool) -> None:
        self.negative.setVisible(shown)
        if not shown:
            self._form.turn("negative_prompt", "")
        elif self.without.hasFocus() or self.without.underMouse():
            self.negative.setFocus()

    def _show_reading(self) -> None:
        reading = self._form.reading
        known = [Chip(kind_text(kind), chip_text(kind, text)) for kind, text in reading.chips]
        unknown = [Chip("", word, known=False) for word in reading.unknown]
        self.chips.set_chips((*known, *unknown))
        more = f"  +{len(reading.conflicts) - 1}" if len(reading.conflicts) > 1 else ""
        self.conflict.setText("".join(f"≠ {line}{more}" for line in reading.conflicts[:1]))
        self.conflict.setToolTip("\n".join(reading.conflicts))
        self.conflict.setVisible(bool(reading.conflicts))

    def _show_state(self) -> None:
        # while a take is being kept, nothing can be cancelled and the next render can be asked for
        self._stack.setCurrentIndex(1 if self._jobs.rendering else 0)
        problem = self._form.problem()
        state = self._engine.state
        notes = {
            EngineState.STARTING: self.tr("engine is loading"),
            EngineState.RESTARTING: self.tr("engine restarts"),
            EngineState.DOWN: self.tr("engine is not running"),
        }
        estimate = self._jobs.estimate_s
        if not self._form.prompt.strip():
            note, tip = self.tr("type a prompt first"), self.tr("A few words are enough")
        elif problem is not None:
            note, tip = self.tr("not possible like this"), str(problem)
        elif state in notes:
            note, tip = notes[state], self.tr("It starts as soon as the engine is ready")
        elif estimate is not None:
            note = self.tr("about {0}").format(spoken_duration(estimate))
            tip = self.tr("Measured on this machine. Ctrl+Enter starts it from anywhere")
        else:
            note, tip = "", self.tr("Ctrl+Enter starts it from anywhere")
        self.generate.setEnabled(bool(self._form.prompt.strip()) and problem is None)
        self.generate.set_note(note, tip)
