"""How fast a bundle is here: timed while nobody wants anything else, and never in anybody's way."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from engine.bundle.store import open_bundle
from engine.cascade.cascade import Cascade
from engine.protocol.client import EngineClient
from engine.protocol.messages import (
    Devices,
    DevicesReport,
    Done,
    LoadBundle,
    Measure,
    Progress,
    Render,
    Speed,
    Take,
    Understand,
    Understood,
)
from engine.recipe import Recipe
from engine.runtime.cancel import Cancelled, CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime
from engine.worker.bundles import stages_report
from engine.worker.inbox import Inbox, Job
from engine.worker.measure import measured_speed
from tests.fixtures.events import events_until

Start = Callable[..., EngineClient]
RECIPE = Recipe(prompt="tone", seconds=0.5)


def job(request: Measure | Render | Understand | LoadBundle) -> Job:
    return Job(request, memoryview(b""))


def ticking() -> Callable[[], float]:
    """A clock on which one second passes from look to look."""
    ticks: Iterator[int] = count()
    return lambda: float(next(ticks))


def test_every_stage_of_a_real_bundle_is_timed(tiny_frames_bundle: Path) -> None:
    bundle = open_bundle(tiny_frames_bundle)
    cascade = Cascade(bundle, Runtime(choose("cpu"), 1))
    calls = [0]

    def between() -> None:
        calls[0] += 1

    stages = stages_report(bundle)
    speed = measured_speed(cascade, stages, CancelToken(), between=between, clock=ticking())
    # two steps of the generator, and the preset's iterations of the vocoder, a second each
    iterations = stages.stages[1].presets["standard"].steps
    assert speed.seconds == {
        "text": 1.0,
        "generator": 2.0,
        "vocoder": iterations,
        "super_resolution": 1.0,
    }
    assert (speed.bundle, speed.recipe.seconds, speed.recipe.takes) == (bundle.sha256, 4.0, 1)
    assert speed.recipe.generator.steps == 2
    assert calls[0] > 10


def test_it_ends_between_two_steps(tiny_frames_bundle: Path) -> None:
    bundle = open_bundle(tiny_frames_bundle)
    cascade, token, calls = Cascade(bundle, Runtime(choose("cpu"), 1)), CancelToken(), [0]

    def between() -> None:
        calls[0] += 1
        if calls[0] == 2:
            token.cancel()
        token.check()

    with pytest.raises(Cancelled):
        measured_speed(cascade, stages_report(bundle), token, between=between)
    assert calls[0] == 2


def test_a_render_goes_first_and_it_begins_again(start: Start) -> None:
    client = start(env={"FAKE_STEP_MS": "300"})
    client.send(Measure())
    client.send(Devices())
    events_until(client, DevicesReport)  # it is under way, or about to be
    time.sleep(0.1)
    client.send(Render(job=1, recipe=Recipe(prompt="tone steps=3 step_ms=1", seconds=0.5)))
    before = events_until(client, Done)
    assert not any(isinstance(event, Speed) for event in before)
    assert any(isinstance(event, Take) for event in before)
    speed = events_until(client, Speed)[-1]
    assert isinstance(speed, Speed)
    assert speed.seconds["generator"] > 4 * 0.3
    assert "vocoder" in speed.seconds


def test_a_render_does_not_wait_for_a_whole_step(start: Start) -> None:
    client = start(env={"FAKE_STEP_MS": "15000"})  # one call of a very slow network
    client.send(Measure())
    time.sleep(0.5)
    client.send(Render(job=1, recipe=Recipe(prompt="tone steps=3 step_ms=1", seconds=0.5)))
    began_s = time.monotonic()
    assert isinstance(events_until(client, Progress)[-1], Progress)
    assert time.monotonic() - began_s < 10


def test_a_prompt_is_understood_meanwhile(start: Start) -> None:
    client = start(env={"FAKE_STEP_MS": "200"})
    client.send(Measure())
    time.sleep(0.3)
    client.send(Understand(number=4, prompt="one"))
    told = events_until(client, Speed)
    assert [event.number for event in told if isinstance(event, Understood)] == [4]


def test_what_fails_is_nobodys_trouble(start: Start) -> None:
    client = start(env={"FAKE_BOOM": "1"})
    client.send(Measure())
    client.send(Understand(number=1, prompt="one"))
    client.send(Devices())
    told = events_until(client, DevicesReport)
    client.send(Devices())
    told += events_until(client, DevicesReport)
    assert {type(event) for event in told} <= {Understood, DevicesReport}


def test_it_waits_behind_everything_and_once() -> None:
    inbox = Inbox()
    for request in (
        Measure(),
        Render(job=1, recipe=RECIPE),
        Measure(),
        LoadBundle(bundle="other"),
        Understand(number=1, prompt="a"),
        Render(job=2, recipe=RECIPE),
    ):
        assert inbox.submit(job(request)) is None
    assert order(inbox) == [Render, LoadBundle, Understand, Render, Measure]


def test_the_running_one_gives_way_once_however_much_arrives() -> None:
    inbox = Inbox()
    inbox.submit(job(Measure()))
    running = inbox.next()
    assert running is not None
    inbox.submit(job(Render(job=1, recipe=RECIPE)))
    assert running.token.cancelled
    inbox.submit(job(Render(job=2, recipe=RECIPE)))
    inbox.submit(job(Measure()))
    inbox.finish()
    assert order(inbox) == [Render, Render, Measure]


def test_a_question_does_not_end_it() -> None:
    inbox = Inbox()
    inbox.submit(job(Measure()))
    running = inbox.next()
    assert running is not None
    inbox.submit(job(Understand(number=1, prompt="a")))
    assert not running.token.cancelled
    assert isinstance(inbox.aside(), Understand)


def order(inbox: Inbox) -> list[type]:
    """What is run, in order; the inbox is empty after."""
    kinds: list[type] = []
    while not inbox.idle:
        taken = inbox.next()
        assert taken is not None
        kinds.append(type(taken.request))
        inbox.finish()
    return kinds
