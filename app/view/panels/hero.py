"""The centre: the selected take's spectrogram and waveform, progress, asked against measured."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout

from app.library.clip import Clip
from app.model.job import Job, JobKind
from app.model.models import Models
from app.model.takes import TakeState, compared
from app.view.panels.comparison import ComparisonRow
from app.view.panels.take_cards import spoken_state
from app.view.panels.words import STAGE_WORDS, tr
from app.view.picture.spectrogram import SpectrogramView
from app.view.picture.time_axis import TimeAxis
from app.view.picture.waveform import WaveformView
from app.view.theme.theme import Theme
from app.view.theme.tokens import Size, Space
from app.view.widgets.buttons import IconButton, Segmented
from app.view.widgets.stage_progress import Segment, StageProgress, spoken_duration

_GRID = ("bpm", "bars", "seconds", "length_in", "tempo_on", "meter")  # what lengths are made of
_CHANNELS = (("mid", "M"), ("left", "L"), ("right", "R"), ("side", "S"))


class Hero(QFrame):
    """Shows TakesModel's selected take.

    Signals:
        drag_out_asked(): the selection is being dragged away. drag_out_near(): it may be soon.
        keep_asked().
    """

    drag_out_asked = Signal()
    drag_out_near = Signal()
    keep_asked = Signal()

    def __init__(self, models: Models, axis: TimeAxis, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._takes, self._jobs, self._engine = models.takes, models.jobs, models.engine
        self._form, self.axis, self._theme = models.form, axis, theme
        self._clip: int | None = None
        self.title = QLabel()
        self.title.setProperty("role", "lead")
        self.comparison = ComparisonRow(theme)
        self.progress = StageProgress(theme)
        self.channel = Segmented(
            _CHANNELS, self.tr("Stereo"), theme,
            tips=(self.tr("Mid: the sum"), self.tr("Left"), self.tr("Right"),
                  self.tr("Side: what differs (as panned by level)")),
        )  # fmt: skip
        self.channel.set_value("mid")
        self.fit = IconButton(
            "fit", self.tr("Show all"), theme, self.tr("Zoom out to the whole (0)")
        )
        self.keep = IconButton(
            "keep", self.tr("Keep"), theme,
            self.tr("Finish this take to 24 kHz and put it into the library (K)"),
            label=self.tr("Keep"),
        )  # fmt: skip
        self.spectrogram = SpectrogramView(axis, theme)
        self.waveform = WaveformView(axis, theme)
        self._lay_out()
        self._connect()
        self.show_take()

    def _lay_out(self) -> None:
        self._middle = QStackedWidget()
        self._middle.addWidget(self.comparison)
        self._middle.addWidget(self.progress)
        head = QHBoxLayout()
        head.setSpacing(Space.SMALL)
        head.setContentsMargins(Space.HAIR, 0, 0, 0)
        head.addWidget(self.title)
        head.addSpacing(Space.SMALL)
        head.addWidget(self._middle, 1)
        head.addWidget(self.keep)
        head.addWidget(self.fit)
        head.addWidget(self.channel, 0, Qt.AlignmentFlag.AlignVCenter)
        self._middle.setFixedHeight(Size.CONTROL)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.SMALL, Space.SMALL, Space.SMALL, Space.SMALL)
        layout.setSpacing(Space.HAIR)
        layout.addLayout(head)
        layout.addWidget(self.spectrogram, 1)
        layout.addWidget(self.waveform)
        self.waveform.setFixedHeight(60)

    def _connect(self) -> None:
        takes = self._takes
        takes.started.connect(self.show_take)
        takes.preview_changed.connect(self._show_mel)
        takes.take_changed.connect(self._on_take)
        takes.selected_changed.connect(self.show_take)
        takes.region_changed.connect(lambda: self.axis.set_region(takes.region))
        self._form.changed.connect(self._show_form)
        self._form.recipe_taken.connect(self._show_form)
        self._jobs.changed.connect(self._show_progress)
        self._jobs.busy_changed.connect(self._show_progress)
        self.channel.chosen.connect(self.spectrogram.set_channel)
        self.fit.clicked.connect(self.axis.show_all)
        self.keep.clicked.connect(self.keep_asked)
        for canvas in (self.spectrogram, self.waveform):
            canvas.drag_out_asked.connect(self.drag_out_asked)
            canvas.drag_out_near.connect(self.drag_out_near)

    def _on_take(self, index: int) -> None:
        if index == self._takes.selected:
            self.show_take()

    def show_take(self) -> None:
        """Everything of the selected take."""
        self._clip = None
        take, recipe = self._takes.selected_take, self._takes.recipe
        if take is None or recipe is None:
            self._show_form()
            self.title.setText("")
            self.spectrogram.set_hint(
                self.tr("Your sound appears here, out of the noise.\n"
                        "Type a prompt, set tempo, key and bars, press Generate.")
            )  # fmt: skip
        else:
            self.axis.set_clip(self._takes.duration_s, recipe.bpm, recipe.meter)
            self.title.setText(self.tr("Take {0}").format(self._takes.selected + 1))
            self.spectrogram.set_hint(self.tr("Waiting for its turn"))
        self._show_mel()
        self.waveform.set_audio(
            None if take is None else take.audio, 16_000 if take is None else take.rate_hz
        )
        ready = take is not None and take.audio is not None
        self.comparison.set_comparisons(
            self._takes.comparisons(self._takes.selected) if ready else ()
        )
        kept = take is not None and take.state is TakeState.KEPT
        finishing = take is not None and take.state is TakeState.FINISHING
        self.keep.set_icons("kept" if kept else "keep", "keep")
        label = self.tr("Kept") if kept else self.tr("Keeping") if finishing else self.tr("Keep")
        self.keep.set_label(label)
        self.keep.setEnabled(ready and not kept)
        self._show_progress()

    def _show_form(self, field: str = "bpm") -> None:
        """Before the first take, the grid that it will lie on."""
        form = self._form
        if self._takes.selected_take is None and self._clip is None and field in _GRID:
            free = form.length_in == "seconds" and not form.tempo_on
            self.axis.set_clip(form.duration_s, None if free else form.bpm, form.meter)

    def show_clip(self, clip: Clip, audio: NDArray[np.float32], rate_hz: int) -> None:
        """A clip of the library in place of the takes."""
        self._clip = clip.id
        self.axis.set_clip(audio.shape[0] / rate_hz, clip.bpm, clip.meter)
        self.title.setText(
            self.fontMetrics().elidedText(clip.name, Qt.TextElideMode.ElideRight, 240)
        )
        self.spectrogram.set_hint(self.tr("Drawing the picture"))
        self.spectrogram.set_mel(None)
        self.spectrogram.setAccessibleDescription(clip.name)
        self.waveform.set_audio(audio, rate_hz)
        recipe = clip.recipe
        self.comparison.set_comparisons(() if recipe is None else compared(recipe, clip.measured))
        self.keep.setEnabled(False)
        self._show_progress()

    def show_clip_mel(self, mel: NDArray[np.float16]) -> None:
        """The picture of the clip that is shown."""
        if self._clip is not None:
            self.spectrogram.set_mel(mel)

    def _show_mel(self) -> None:
        if self._clip is not None:
            return
        take = self._takes.selected_take
        forming = take is not None and take.state is TakeState.FORMING
        self.spectrogram.set_mel(None if take is None else take.half_mel, forming=forming)
        self.spectrogram.setAccessibleDescription(self._spoken())

    def _spoken(self) -> str:
        take = self._takes.selected_take
        if take is None:
            return self.tr("nothing yet")
        if take.state is TakeState.FORMING:
            return self.tr("forming, step {0} of {1}").format(take.step, take.steps)
        return spoken_state(take)

    def _stages_of(self, job: Job) -> list[str]:
        """Those that have begun, and of a render those to come, so that no segment moves."""
        known = set(job.stages)
        if job.kind is JobKind.RENDER and known:
            known |= set(self._engine.stages) - {"super_resolution"}
        return [name for name in STAGE_WORDS if name in known and name != "text"]

    def _show_progress(self) -> None:
        job = self._jobs.current
        shown = job is not None and not (job.background and job.kind is JobKind.KEEP)
        self._middle.setCurrentWidget(self.progress if shown else self.comparison)
        if job is None or not shown:
            return
        segments = []
        for name in self._stages_of(job):
            at = job.stages.get(name)
            step, steps = (0, 0) if at is None else (at.step, at.steps)
            segments.append(Segment(tr(STAGE_WORDS[name]), step, steps))
        note = "" if job.eta_s is None else self.tr("{0} left").format(spoken_duration(job.eta_s))
        waiting = len(self._jobs.waiting)
        if waiting:
            note = f"{note}  +{waiting}" if note else self.tr("{0} waiting").format(waiting)
        self.progress.set_progress(segments or [Segment(self.tr("Reading the prompt"), 0, 0)], note)
