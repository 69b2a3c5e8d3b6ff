"""The window's work as a person does it, through a real engine process around a fake cascade."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QUrl

from app.engine_link.link import LinkTimes
from app.library.library import Library
from app.library.wav import read_wav, recipe_of
from app.model.job import Job, JobKind, JobState
from app.model.session import Session
from app.model.takes import TakeState
from engine.protocol.messages import Clip as ClipMessage
from engine.protocol.messages import Measured
from engine.recipe import to_json
from tests.fixtures.clips import new_clip
from tests.fixtures.kills import kills
from tests.fixtures.qt import run_for, wait_until

Start = Callable[..., Session]


def ask(session: Session, prompt: str = "steps=4", *, takes: int = 2, seconds: float = 0.5) -> None:
    form = session.models.form
    form.prompt = prompt
    form.turn("seconds", seconds)
    form.takes = takes


def states(session: Session) -> list[TakeState]:
    return [take.state for take in session.models.takes.takes]


def heard(session: Session) -> bool:
    return bool(states(session)) and all(s is TakeState.READY for s in states(session))


def ends(session: Session) -> list[Job]:
    ended: list[Job] = []
    session.models.jobs.ended.connect(ended.append)
    return ended


def test_generate_hear_keep_find(start: Start, tmp_path: Path) -> None:
    session = start()
    models = session.models
    previews = [0]
    models.takes.preview_changed.connect(lambda: previews.append(1))
    ask(session)
    models.form.key = "A minor"
    assert models.jobs.generate()
    assert models.jobs.busy
    wait_until(lambda: heard(session))
    assert len(previews) > 1
    mel = models.takes.mel(0)
    assert mel is not None
    assert (mel.shape, mel.dtype, float(mel[0, 0])) == ((160, 8), np.dtype(np.float32), 1.0)
    take = models.takes.takes[1]
    assert take.audio is not None
    assert take.audio.shape == (8_000, 2)
    assert take.recipe is not None
    assert (take.recipe.first_take, take.recipe.takes, take.recipe.key) == (2, 1, "Am")
    wait_until(lambda: not models.jobs.busy)

    models.takes.select(1)
    models.takes.keep()
    assert models.takes.takes[1].state is TakeState.FINISHING
    wait_until(lambda: models.takes.takes[1].state is TakeState.KEPT)
    clip = models.takes.takes[1].clip
    assert clip is not None
    assert clip.path.parent == tmp_path / "clips"
    audio, rate_hz = read_wav(clip.path.read_bytes())
    assert (rate_hz, audio.shape) == (24_000, (12_000, 2))
    carried = recipe_of(clip.path.read_bytes())
    assert carried is not None
    assert to_json(carried) == clip.recipe_json
    models.clips.set_query(text="STEPS")
    assert [models.clips.clip_at(row).id for row in range(models.clips.shown)] == [clip.id]
    data = models.actions.drag_data([clip.id])
    assert data is not None
    assert data.urls() == [QUrl.fromLocalFile(str(clip.path))]
    assert not data.hasText() or "file:" in data.text()
    measured = {line.what: line for line in models.takes.comparisons(1)}
    assert (measured["tempo"].measured, measured["key"].agrees) == ("72.5 BPM", True)


def test_what_waits_keeps_its_order_and_the_users_go_first(start: Start) -> None:
    session = start()
    jobs = session.models.jobs
    ended = ends(session)
    ask(session, "steps=5 step_ms=40")
    for _ in range(3):
        jobs.generate()
    first, second, third = [
        job.number for job in [*([jobs.current] if jobs.current else []), *jobs.waiting]
    ]
    jobs.cancel(second)
    jobs.reroll()
    wait_until(lambda: not jobs.busy)
    rerolled = third + 1
    assert [(job.number, job.state) for job in ended] == [
        (second, JobState.CANCELLED),
        (first, JobState.CANCELLED),
        (rerolled, JobState.DONE),
        (third, JobState.DONE),
    ]
    seeds = {job.recipe.seed for job in ended}
    assert len(seeds) == 4


def test_a_locked_seed_stays_and_reroll_changes_it(start: Start) -> None:
    session = start()
    form, jobs = session.models.form, session.models.jobs
    ended = ends(session)
    form.seed, form.seed_locked = 7, True
    ask(session, "steps=1", takes=1)
    jobs.generate()
    wait_until(lambda: len(ended) == 1)
    jobs.reroll()
    wait_until(lambda: len(ended) == 2)
    assert ended[0].recipe.seed == 7
    assert ended[1].recipe.seed == form.seed != 7


def test_takes_are_finished_in_the_background_and_make_way(start: Start) -> None:
    session = start()
    models = session.models
    models.settings.finish_in_background = True
    ended = ends(session)
    ask(session, "steps=1 finish_ms=600")
    models.jobs.generate()
    wait_until(lambda: TakeState.FINISHING in states(session))
    assert not models.jobs.busy  # nobody waits for it
    ask(session, "steps=1")
    models.jobs.generate()  # takes the engine from it
    wait_until(lambda: any(job.state is JobState.CANCELLED for job in ended))
    assert [job.kind for job in ended if job.state is JobState.CANCELLED] == [JobKind.KEEP]
    wait_until(lambda: states(session) == [TakeState.FINISHED, TakeState.FINISHED])
    assert models.clips.total == 0
    models.takes.keep(0)  # at once: no engine is needed any more
    wait_until(lambda: states(session) == [TakeState.KEPT, TakeState.FINISHED])
    models.takes.show_older()
    wait_until(lambda: states(session) == [TakeState.FINISHED, TakeState.FINISHED])
    assert models.clips.total == 1


def test_a_background_job_that_is_asked_for_is_kept_when_it_ends(start: Start) -> None:
    session = start()
    models = session.models
    models.settings.finish_in_background = True
    ask(session, "steps=1 finish_ms=300", takes=1)
    models.jobs.generate()
    wait_until(lambda: states(session) == [TakeState.FINISHING])
    models.takes.keep(0)
    assert models.jobs.busy
    wait_until(lambda: states(session) == [TakeState.KEPT])
    assert models.clips.total == 1


def test_a_deaf_job_is_cancelled_by_a_new_engine(start: Start) -> None:
    session = start()
    jobs = session.models.jobs
    ended = ends(session)
    ask(session, "steps=3 step_ms=20000 deaf=1", takes=1)
    jobs.generate()
    wait_until(lambda: jobs.current is not None and "text" in jobs.current.stages)
    pid = session.link.pid
    jobs.cancel()
    wait_until(lambda: bool(ended))
    assert ended[0].state is JobState.CANCELLED
    ask(session, "steps=1", takes=1)
    jobs.generate()
    wait_until(lambda: len(ended) == 2)
    assert ended[1].state is JobState.DONE
    assert session.link.pid != pid


def test_the_job_of_a_dead_engine_is_offered_again(start: Start) -> None:
    session = start()
    models = session.models
    ended = ends(session)
    ask(session, "steps=20 step_ms=50", takes=1)
    models.jobs.generate()
    models.jobs.generate()
    wait_until(lambda: states(session) == [TakeState.FORMING])
    os.kill(session.link.pid, signal.SIGKILL)
    wait_until(lambda: bool(ended))
    assert ended[0].state is JobState.INTERRUPTED
    assert models.jobs.offered == (ended[0],)
    assert models.troubles.shown is not None
    assert models.troubles.shown.source == "interrupted"
    assert models.troubles.shown.action_label == "Run again"
    assert "Traceback" not in models.troubles.shown.line
    wait_until(lambda: len(ended) == 2)  # what waited was rendered by the next engine
    assert ended[1].state is JobState.DONE
    seed = ended[0].recipe.seed
    models.troubles.act("interrupted")
    wait_until(lambda: len(ended) == 3)
    assert (ended[2].state, ended[2].recipe.seed) == (JobState.DONE, seed)
    assert models.troubles.shown is None


def test_every_job_that_an_engine_died_under_is_offered(start: Start) -> None:
    session = start(times=LinkTimes(preview=20, quick=0))
    models = session.models
    ended = ends(session)
    ask(session, "steps=20 step_ms=100", takes=1)
    models.jobs.generate()
    models.jobs.generate()
    for number in (1, 2):
        wait_until(lambda: states(session) == [TakeState.FORMING])
        os.kill(session.link.pid, signal.SIGKILL)
        wait_until(lambda number=number: len(ended) == number)  # type: ignore[misc]
    assert models.jobs.offered == tuple(ended)
    models.troubles.clear("interrupted")  # dismissed
    assert models.jobs.offered == ()
    ask(session, "steps=20 step_ms=50", takes=1)
    models.jobs.generate()
    wait_until(lambda: states(session) == [TakeState.FORMING])
    os.kill(session.link.pid, signal.SIGKILL)
    wait_until(lambda: len(ended) == 3)
    assert list(models.jobs.offered) == ended[2:]


def test_the_offer_outlives_what_fails_after_it(start: Start) -> None:
    session = start()
    models = session.models
    ended = ends(session)
    ask(session, "steps=20 step_ms=50", takes=1)
    models.jobs.generate()
    wait_until(lambda: states(session) == [TakeState.FORMING])
    os.kill(session.link.pid, signal.SIGKILL)
    wait_until(lambda: len(ended) == 1)
    ask(session, "refuse=1", takes=1)
    models.jobs.generate()
    wait_until(lambda: len(ended) == 2)
    assert ended[1].state is JobState.FAILED
    assert models.troubles.shown is not None
    assert models.troubles.shown.source == "job"  # the newer one first
    assert models.jobs.offered == (ended[0],)
    models.troubles.clear("job")  # dismissed
    assert models.troubles.shown.action_label == "Run again"
    ask(session, "refuse=1", takes=1)
    models.jobs.generate()
    wait_until(lambda: models.troubles.tells("job"))
    models.troubles.act("interrupted")
    wait_until(lambda: len(ended) == 4)
    assert ended[3].state is JobState.DONE
    assert models.troubles.all == ()  # what failed is over as well, once something works


def test_what_had_come_before_the_engine_died_is_not_offered(start: Start) -> None:
    """The clip is there, only the engine's Done is missing: asking again would keep it twice."""
    session = start()
    models = session.models
    ended = ends(session)
    ask(session, "steps=1 finish_ms=60000", takes=1)
    models.jobs.generate()
    wait_until(lambda: states(session) == [TakeState.READY])
    models.takes.keep(0)
    wait_until(lambda: models.jobs.current and models.jobs.current.kind is JobKind.KEEP)
    job = models.jobs.current
    assert job is not None
    made = new_clip(seconds=0.5)
    clip = ClipMessage(
        job=job.number,
        take=1,
        name="made.wav",
        rate_hz=24_000,
        samples=12_000,
        recipe=job.recipe,
        measured=Measured(),
    )
    session.link.frame.emit(clip, memoryview(made.wav))
    os.kill(session.link.pid, signal.SIGKILL)
    wait_until(lambda: job in ended)
    assert job.state is JobState.DONE
    assert models.jobs.offered == ()
    wait_until(lambda: states(session) == [TakeState.KEPT])
    assert models.clips.total == 1


def test_what_the_engine_refuses_is_one_line(start: Start) -> None:
    session = start()
    models = session.models
    ended = ends(session)
    ask(session, "refuse=1")
    models.jobs.generate()
    wait_until(lambda: bool(ended))
    assert models.troubles.shown is not None
    assert models.troubles.shown.line == "The clip is too long: it was asked. Ask for less."
    ask(session, "")
    assert not models.jobs.generate()
    assert models.troubles.all[0].source == "recipe"
    ask(session, "steps=1")
    models.jobs.generate()
    wait_until(lambda: heard(session))
    assert "recipe" not in [trouble.source for trouble in models.troubles.all]


def test_kills_lose_no_clip(start: Start, tmp_path: Path) -> None:
    """Kills at any moment of rendering and keeping."""
    rng = np.random.default_rng(1)
    session = start(times=LinkTimes(preview=20, quick=0))
    models = session.models
    kept: list[Any] = []
    models.clips.kept.connect(kept.append)
    for _ in range(kills(4)):
        wait_until(lambda: session.link.state.value == "ready")
        ask(session, "steps=3 step_ms=15 finish_ms=20")
        models.jobs.generate()
        for _ in range(int(rng.integers(1, 12))):
            run_for(0.02)
            models.takes.keep(int(rng.integers(0, 2)))
        os.kill(session.link.pid, signal.SIGKILL)
        wait_until(lambda: session.link.state.value != "ready")
    wait_until(lambda: not models.jobs.busy)
    shown = models.takes.job  # takes of it may still be there to be heard
    models.jobs.generate()
    wait_until(lambda: models.takes.job != shown and heard(session))
    models.takes.keep(0)
    models.takes.keep(1)
    wait_until(lambda: states(session) == [TakeState.KEPT, TakeState.KEPT])
    session.library.close()
    again = Library(tmp_path / "data" / "library.db", lambda: tmp_path / "clips")
    clips = again.open().clips
    again.close()
    assert {clip.id for clip in kept} == {clip.id for clip in clips}
    assert len(kept) >= 2
    for clip in clips:
        audio, _ = read_wav(clip.path.read_bytes())
        assert len(audio) == clip.samples


def test_the_estimate_comes_from_what_was_measured(start: Start) -> None:
    session = start()
    jobs = session.models.jobs
    ended = ends(session)
    ask(session, "steps=10 step_ms=30", takes=1, seconds=1)
    run_for(0.05)
    assert jobs.estimate_s is None
    jobs.generate()
    wait_until(lambda: bool(ended))
    run_for(0.05)
    took_s = ended[0].elapsed_s
    assert jobs.estimate_s == pytest.approx(took_s, rel=0.5)
    session.models.form.turn("seconds", 4.0)
    run_for(0.05)
    assert jobs.estimate_s == pytest.approx(4 * took_s, rel=0.5)


def test_settings_that_need_another_engine_restart_it(start: Start) -> None:
    session = start()
    models = session.models
    pid = session.link.pid
    models.settings.device = "cpu"
    wait_until(lambda: session.link.pid not in (0, pid) and session.link.state.value == "ready")
    wait_until(lambda: models.engine.bundle is not None)
    assert models.troubles.shown is None
    models.engine.load_bundle("missing")
    wait_until(lambda: models.troubles.shown is not None)
    assert models.engine.bundle is not None  # the engine keeps the one that it had
    models.engine.restart()
    wait_until(lambda: any("Install a" in trouble.remedy for trouble in models.troubles.all))
    assert models.engine.stages == ()
    models.engine.load_bundle("other")
    wait_until(lambda: not models.troubles.all)


def test_without_an_engine_the_window_says_so(start: Start) -> None:
    session = start(["/no/such/engine"])
    models = session.models
    ask(session)
    models.jobs.generate()  # waits for an engine
    wait_until(lambda: models.engine.state.value == "down")
    assert models.troubles.shown is not None
    assert models.troubles.shown.what == "The engine cannot be started"
    assert "/no/such/engine" in models.troubles.shown.why
    assert len(models.jobs.waiting) == 1
