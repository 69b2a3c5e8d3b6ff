"""How long a job will take here: of the form as it stands, and of a job that begins.

On a machine that never rendered with a bundle the engine is asked to time a short trial, once per
bundle and device: it does so while nobody wants anything else of it.
"""

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.model.engine import EngineModel
from app.model.job import Job, JobKind
from app.model.recipe_form import RecipeForm
from app.model.speed import SpeedBook
from engine.protocol.messages import Speed

KEEP_STAGES: Final = frozenset({"super_resolution"})  # the others are a render's


class Forecast(QObject):
    """The speeds of this machine, asked with what the form and the engine say.

    Signals:
        changed(): `estimate_s` is another.
    """

    changed = Signal()

    def __init__(
        self,
        speeds: SpeedBook,
        *,
        form: RecipeForm,
        engine: EngineModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._speeds = speeds
        self._form = form
        self._engine = engine
        self._estimate_s: float | None = None
        self._tried: set[str] = set()  # places; one whose trial ends the engine is left alone
        self._later = QTimer(self, singleShot=True, interval=0)  # many knobs turn at once
        self._later.timeout.connect(self._estimate)
        form.changed.connect(lambda _: self._later.start())
        engine.bundle_changed.connect(self._later.start)
        engine.devices_changed.connect(self._later.start)
        engine.measured.connect(self._on_measured)

    @property
    def estimate_s(self) -> float | None:
        """Seconds that the form's recipe would take here; None before anything was measured."""
        return self._estimate_s

    def expected_s(self, job: Job) -> float | None:
        """Seconds that a job will take; None before one like it was measured."""
        return self._speeds.estimate_s(self._place(job.kind), job.recipe, self._engine.steps_of)

    def learn(self, job: Job) -> None:
        """A whole job was done: what it took counts from now on."""
        if job.kind is JobKind.HAND_OFF:
            return
        seconds = {bar.stage: bar.seconds for bar in job.stages.values()}
        self._speeds.learn(self._place(job.kind), job.recipe, seconds, self._engine.steps_of)
        self._later.start()

    def _estimate(self) -> None:
        place = self._place(JobKind.RENDER)
        self._try(place)
        estimate_s = self._speeds.estimate_s(place, self._form.asked(), self._engine.steps_of)
        if estimate_s != self._estimate_s:
            self._estimate_s = estimate_s
            self.changed.emit()

    def _try(self, place: str) -> None:
        """Ask for a trial, when all is known that a place is named by, and nothing was timed."""
        ready = self._engine.stages and self._engine.devices
        if ready and place not in self._tried and not self._speeds.knows(place):
            self._tried.add(place)
            self._engine.measure()

    def _on_measured(self, speed: Speed) -> None:
        if self._engine.bundle is None or self._engine.bundle.sha256 != speed.bundle:
            return  # another was loaded since
        for kind, keeps in ((JobKind.RENDER, False), (JobKind.KEEP, True)):
            seconds = {
                stage: spent_s
                for stage, spent_s in speed.seconds.items()
                if (stage in KEEP_STAGES) is keeps
            }
            if seconds:
                self._speeds.assume(self._place(kind), speed.recipe, seconds, self._engine.steps_of)
        self._later.start()

    def _place(self, kind: JobKind) -> str:
        return f"{self._engine.place} {kind.value}"
