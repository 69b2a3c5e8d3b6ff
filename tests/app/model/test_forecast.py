"""How long a render will take, told before the first one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.model.engine import EngineModel
from app.model.session import Session
from app.model.speed import SpeedBook
from app.model.takes import TakeState
from engine.recipe import Recipe
from tests.fixtures.qt import run_for, wait_until

Start = Callable[..., Session]


@pytest.fixture(autouse=True)
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake bundle has a generator of four steps, 50 ms each."""
    monkeypatch.setenv("FAKE_STAGES", "1")
    monkeypatch.setenv("FAKE_STEP_MS", "50")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The places that trials were asked of."""
    places: list[str] = []
    send = EngineModel.measure

    def measure(engine: EngineModel) -> None:
        places.append(engine.place)
        send(engine)

    monkeypatch.setattr(EngineModel, "measure", measure)
    return places


def places(home: Path) -> set[str]:
    """What is remembered of."""
    path = home / "data" / "speeds.json"
    return set(json.loads(path.read_bytes())) if path.exists() else set()


def test_a_trial_forecasts_until_a_render_was_done(
    start: Start, tmp_path: Path, asked: list[str]
) -> None:
    session = start()
    form, jobs = session.models.form, session.models.jobs
    form.prompt = "steps=4 step_ms=50"
    form.turn("seconds", 4.0)
    form.takes = 1
    wait_until(lambda: jobs.estimate_s is not None)
    # two steps of at least 50 ms were measured for 4 s; four are asked for
    assert jobs.estimate_s is not None
    assert jobs.estimate_s >= 4 * 0.05
    whole = jobs.estimate_s
    form.takes = 3
    wait_until(lambda: jobs.estimate_s == pytest.approx(3 * whole))
    [place] = asked
    wait_until(lambda: places(tmp_path) == {f"{place} render trial"})
    assert jobs.generate()
    wait_until(lambda: [take.state for take in session.models.takes.takes] == [TakeState.READY] * 3)
    wait_until(lambda: places(tmp_path) == {f"{place} render"})
    assert len(asked) == 1


def test_a_second_start_does_not_measure_again(
    start: Start, tmp_path: Path, asked: list[str]
) -> None:
    first = start()
    wait_until(lambda: bool(places(tmp_path)))
    first.close()
    again = start()
    again.models.form.prompt = "x"
    wait_until(lambda: again.models.jobs.estimate_s is not None)
    assert len(asked) == 1


def test_a_bundle_that_cannot_be_timed_is_asked_once_and_troubles_nobody(
    start: Start, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    monkeypatch.setenv("FAKE_BOOM", "1")
    session = start()
    session.models.form.prompt = "x"
    wait_until(lambda: bool(asked))
    run_for(0.5)
    session.models.engine.restart()
    wait_until(lambda: session.models.engine.bundle is None)
    wait_until(lambda: session.models.engine.bundle is not None)
    run_for(0.5)
    assert (len(asked), session.models.jobs.estimate_s) == (1, None)
    assert session.models.troubles.all == ()


def test_a_render_is_not_kept_waiting(
    start: Start, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    monkeypatch.setenv("FAKE_STEP_MS", "20000")
    session = start()
    form = session.models.form
    form.prompt = "steps=2 step_ms=1"
    form.turn("seconds", 0.5)
    form.takes = 1
    wait_until(lambda: bool(asked))
    assert session.models.jobs.generate()
    wait_until(
        lambda: [take.state for take in session.models.takes.takes] == [TakeState.READY],
        patience_s=15,
    )


def test_a_job_is_worth_more_than_a_trial(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path / "speeds.json")
    recipe = Recipe(prompt="x", seconds=4)
    assert not book.knows("cpu")
    for seconds in (9.0, 8.0):  # the newest trial counts, not a median of them
        book.assume("cpu", recipe, {"generator": seconds}, lambda *_: 2)
    assert book.estimate_s("cpu", recipe, lambda *_: 2) == pytest.approx(8.0)
    assert SpeedBook(tmp_path / "speeds.json").knows("cpu")
    book.learn("cpu", recipe, {"generator": 2.0}, lambda *_: 2)
    book.assume("cpu", recipe, {"generator": 50.0}, lambda *_: 2)
    assert book.estimate_s("cpu", recipe, lambda *_: 2) == pytest.approx(2.0)
    assert set(json.loads((tmp_path / "speeds.json").read_bytes())) == {"cpu"}
