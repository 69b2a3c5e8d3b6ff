"""Generate, cancel, reroll, keep: the queue of what the engine is asked, one at a time.

The queue is here and not in the engine, so that what waits survives an engine's death untouched.
The job under which an engine died is not sent again by itself (it may be what killed it): it is
offered. Rejected: sending everything at once and repeating all of it after a crash.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine_link.link import EngineLink, LinkState
from app.engine_link.process import Ending
from app.model.forecast import Forecast
from app.model.heard import error_of
from app.model.job import Job, JobKind, JobState
from app.model.job_making import OFFERED, JobMaker, interrupted, is_keep_of, master_of
from app.model.pace import Pace
from app.model.queue import JobQueue
from app.model.recipe_form import RecipeForm
from app.model.settings import SettingsModel
from app.model.takes import TakesModel, TakeState
from app.model.trouble import TroubleModel
from engine.errors import UserError
from engine.protocol.messages import (
    Cancel,
    Cancelled,
    Clip,
    Done,
    Event,
    Failed,
    HandedOff,
    Preview,
    Progress,
    Take,
)
from engine.protocol.parts import take_parts
from engine.recipe import Recipe, checked

CANCEL_MS: Final = 2_000
TICK_MS: Final = 100

_log = logging.getLogger(__name__)


class JobsModel(QObject):
    """What runs, what waits, and how long it will take.

    Signals:
        changed(): any job's state, stages or ETA; at most 10 a second while one runs.
        busy_changed(bool): somebody waits for something, or no more.
        estimate_changed(): `estimate_s` is another.
        ended(object): a Job is over, see its state.
        finished(object): a NewClip that is to be kept.
    """

    changed = Signal()
    busy_changed = Signal(bool)
    estimate_changed = Signal()
    ended = Signal(object)
    finished = Signal(object)

    def __init__(
        self,
        link: EngineLink,
        *,
        form: RecipeForm,
        takes: TakesModel,
        settings: SettingsModel,
        troubles: TroubleModel,
        forecast: Forecast,
        clock: Callable[[], float] = time.monotonic,
        cancel_ms: int = CANCEL_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._form = form
        self._takes = takes
        self._settings = settings
        self._troubles = troubles
        self._forecast = forecast
        self._pace = Pace(clock)
        self._queue = JobQueue()
        self._make = JobMaker()
        self._was_busy = False
        self._lost: list[Job] = []
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self._overdue = QTimer(self, singleShot=True, interval=cancel_ms)
        self._overdue.timeout.connect(self._on_overdue)
        link.frame.connect(self._on_frame)
        link.lost.connect(self._on_lost)
        link.state_changed.connect(self._on_link)
        takes.keep_asked.connect(self._on_keep_asked)
        takes.keep_now.connect(self.finished)
        forecast.changed.connect(self.estimate_changed)

    # ── what can be asked ─────────────────────────────────────────────────────────────────

    def generate(self) -> bool:
        """Render the form's recipe, after what waits. False, and a trouble, where it is refused.

        Rolls the seed first unless it is locked, so the form shows the seed that is rendered.
        """
        if (problem := self._form.problem()) is not None:
            self._troubles.tell_error("recipe", problem)
            return False
        if not self._form.seed_locked:
            self._form.roll_seed()
        self._render(self._form.recipe())
        return True

    def reroll(self) -> bool:
        """Cancel the render and start anew, before all that waits, with another seed.

        Rolls a locked seed too: it was asked for.
        """
        if (problem := self._form.problem()) is not None:
            self._troubles.tell_error("recipe", problem)
            return False
        self._form.roll_seed()
        current = self._queue.current
        if current is not None and current.kind is JobKind.RENDER:
            self.cancel(current.number)
        self._render(self._form.recipe(), first=True)
        return True

    def render(self, recipe: Recipe) -> int | None:
        """Render any recipe; its job number, or None and a trouble."""
        try:
            recipe = checked(recipe)
        except UserError as error:
            self._troubles.tell_error("recipe", error)
            return None
        return self._render(recipe)

    def cancel(self, number: int | None = None) -> None:
        """Cancel a job: by default the render that runs or, if none does, the one that waits."""
        job = self._cancellable() if number is None else self._queue.find(number)
        if job is None:
            return
        if job is self._queue.current:
            self._cancel_current()
        else:
            for dropped in self._queue.drop(lambda each: each is job):
                self._over(dropped)
        self._tell()

    def cancel_all(self) -> None:
        """Cancel everything that somebody asked for."""
        for dropped in self._queue.drop(lambda job: not job.background):
            self._over(dropped)
        if self._queue.current is not None and not self._queue.current.background:
            self._cancel_current()
        self._tell()

    def offer_again(self) -> None:
        """Run the jobs again under which the engine died."""
        self._troubles.clear(OFFERED)
        lost, self._lost = self._lost, []
        for job in lost:
            self._add(self._make.again(job))

    def hand_off(
        self,
        wav: bytes,
        recipe: Recipe,
        *,
        region_s: tuple[float, float] | None,
        answer: Callable[[str, bytes], None],
    ) -> None:
        """Convert a clip's file to the hand-off format, or cut a part of it."""
        self._add(
            self._make.hand_off(
                wav,
                recipe,
                rate_hz=self._settings.handoff_rate_hz,
                bits=self._settings.handoff_bits,
                region_s=region_s,
                answer=answer,
            )
        )

    # ── what is known ─────────────────────────────────────────────────────────────────────

    @property
    def current(self) -> Job | None:
        """The job that runs; None while idle."""
        return self._queue.current

    @property
    def waiting(self) -> tuple[Job, ...]:
        """Jobs that wait, next first, background ones last."""
        return self._queue.waiting

    @property
    def busy(self) -> bool:
        """Whether somebody waits for something."""
        return self._queue.wanted

    @property
    def rendering(self) -> bool:
        """Whether a render runs or waits, so that Cancel and Reroll make sense."""
        return self._cancellable() is not None

    @property
    def offered(self) -> tuple[Job, ...]:
        """Jobs under which an engine died, oldest first, until they are run again or dismissed."""
        return tuple(self._lost) if self._troubles.tells(OFFERED) else ()

    @property
    def estimate_s(self) -> float | None:
        """Seconds that the form's recipe would take here; None before anything was measured."""
        return self._forecast.estimate_s

    # ── the queue ─────────────────────────────────────────────────────────────────────────

    def _render(self, recipe: Recipe, *, first: bool = False) -> int:
        self._troubles.clear("recipe")
        self._form.history.add(recipe.prompt)
        self._settings.prompts = list(self._form.history.prompts)
        job = self._make.render(recipe, first=first)
        self._add(job)
        return job.number

    def _add(self, job: Job) -> None:
        self._queue.add(job)
        current = self._queue.current
        if current is not None and current.background and not job.background:
            self._cancel_current()  # it is asked again when nobody waits
        self._pump()
        self._tell()

    def _pump(self) -> None:
        """Send the next job, if the engine is there and free."""
        if self._link.state is not LinkState.READY:
            return
        job = self._queue.begin()
        if job is None:
            return
        self._pace.begin(job, self._forecast.expected_s(job))
        if job.kind is JobKind.RENDER:
            self._takes.begin(job.number, job.recipe)
        elif job.kind is JobKind.KEEP:
            self._takes.set_state(job.of_render, job.take, TakeState.FINISHING)
        self._link.send(job.request, job.blob)
        self._tick.start()

    def _cancellable(self) -> Job | None:
        current = self._queue.current
        if (
            current is not None
            and current.kind is JobKind.RENDER
            and current.state is JobState.RUNNING
        ):
            return current
        return next((job for job in self._queue.waiting if job.kind is JobKind.RENDER), None)

    def _cancel_current(self) -> None:
        job = self._queue.current
        if job is not None and job.state is JobState.RUNNING:
            job.state = JobState.CANCELLING
            self._link.send(Cancel(job=job.number))
            self._overdue.start()

    def _on_overdue(self) -> None:
        """The engine does not let go of a cancelled job: a new engine will."""
        if self._queue.current is not None and self._queue.current.state is JobState.CANCELLING:
            _log.warning("a cancelled job did not end: the engine is restarted")
            self._link.restart()
            self._end(JobState.CANCELLED)

    def _end(self, state: JobState) -> None:
        self._overdue.stop()
        job = self._queue.end(state)
        if job is None:
            return
        self._tick.stop()
        self._pace.tick(job)
        if state is JobState.DONE:
            self._forecast.learn(job)
            if not job.background:
                self._troubles.clear("job")  # what failed before works again
        self._over(job)
        self._pump()
        self._tell()

    def _over(self, job: Job) -> None:
        """A job is no more, begun or not."""
        if job.kind is JobKind.RENDER:
            self._takes.end(job.number)
        elif job.kind is JobKind.KEEP and job.state is not JobState.DONE:
            self._takes.set_state(job.of_render, job.take, TakeState.READY)
            if job.background and job.state is JobState.CANCELLED:
                self._queue.add(self._make.again(job))  # last, anew
        self.ended.emit(job)

    def _tell(self) -> None:
        self.changed.emit()
        if self.busy != self._was_busy:
            self._was_busy = self.busy
            self.busy_changed.emit(self._was_busy)

    # ── keeping ───────────────────────────────────────────────────────────────────────────

    def _on_keep_asked(self, index: int) -> None:
        """The user wants a take: finish it before all that waits."""
        take, render = self._takes.takes[index], self._takes.job
        if take.audio is None or take.recipe is None or render is None:
            return
        mine = is_keep_of(render, take.number)
        self._queue.drop(mine)
        current = self._queue.current
        if current is not None and mine(current) and current.state is JobState.RUNNING:
            current.background = False
            self._tell()
            return
        self._takes.set_state(render, take.number, TakeState.FINISHING)
        self._add(
            self._make.keep(
                take.recipe,
                take.audio.data,
                of_render=render,
                take=take.number,
                background=False,
                midi=take.midi,
            )
        )

    # ── what the engine says ──────────────────────────────────────────────────────────────

    def _on_frame(self, message: Event, blob: memoryview) -> None:
        job = self._queue.current
        if job is None or getattr(message, "job", None) != job.number:
            return  # of a job that is no more, or of none
        match message:
            case Progress():
                self._pace.step(job, message)
            case Preview():
                self._takes.take_preview(message, blob)
            case Take():
                self._on_take(job, message, blob)
            case Clip():
                self._on_clip(job, message, bytes(blob))
            case HandedOff(name=name):
                job.delivered = True
                if job.answer is not None:
                    job.answer(name, bytes(blob))
            case Done():
                self._end(JobState.DONE)
            case Cancelled():
                self._end(JobState.CANCELLED)
            case Failed():
                self._on_failed(job, error_of(message))
            case _:
                pass

    def _on_take(self, job: Job, message: Take, blob: memoryview) -> None:
        if not self._takes.take_audio(message, blob):
            return
        job.delivered = message.take == job.recipe.first_take + job.recipe.takes - 1
        if self._settings.finish_in_background:
            sound, midi = take_parts(message, blob)
            self._queue.add(
                self._make.keep(
                    message.recipe,
                    sound,
                    of_render=message.job,
                    take=message.take,
                    background=True,
                    midi=midi,
                )
            )

    def _on_clip(self, job: Job, message: Clip, wav: bytes) -> None:
        job.delivered = True
        master = master_of(message, wav, job.midi)
        wanted = self._takes.take_master(job.of_render, job.take, master)
        if wanted or not job.background:
            self.finished.emit(master)

    def _on_failed(self, job: Job, error: UserError) -> None:
        if job.background:
            _log.warning("finishing in the background failed: %s", error)
        else:
            self._troubles.tell_error("job", error)
        self._end(JobState.FAILED)

    def _on_lost(self, ending: Ending) -> None:
        """The engine died: what waited waits on, what ran is offered."""
        job = self._queue.current
        if job is None:
            return
        outcome = JobState.CANCELLED if job.state is JobState.CANCELLING else JobState.INTERRUPTED
        self._end(JobState.DONE if job.delivered else outcome)
        if job.state is JobState.INTERRUPTED and not job.background:
            self._lost = [*self.offered, job]
            self._troubles.tell(interrupted(job, ending, self.offer_again))

    def _on_link(self) -> None:
        if self._link.state is LinkState.READY:
            self._pump()
            self._tell()

    # ── time ──────────────────────────────────────────────────────────────────────────────

    def _on_tick(self) -> None:
        job = self._queue.current
        if job is None:
            return
        self._pace.tick(job)
        self.changed.emit()
