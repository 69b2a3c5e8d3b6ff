"""Questions about a prompt: answered at once, before what waits and between a render's steps."""

import time
from collections.abc import Callable

import pytest

from engine.protocol.client import EngineClient
from engine.protocol.messages import (
    Cancel,
    Cancelled,
    Done,
    Failed,
    LoadBundle,
    Meaning,
    Progress,
    Render,
    Take,
    Understand,
    Understood,
)
from engine.recipe import Recipe
from engine.worker.inbox import Inbox, Job
from tests.fixtures.events import events_until

Start = Callable[..., EngineClient]


def answer(client: EngineClient, request: Understand) -> Understood:
    client.send(request)
    found = events_until(client, Understood)[-1]
    assert isinstance(found, Understood)
    return found


def test_a_prompt_is_understood_and_read(client: EngineClient) -> None:
    asked = Understand(
        number=7, prompt="deep zyzzy 90 bpm in A minor, 3/4", bpm=100.0, key="a minor", bars=4
    )
    found = answer(client, asked)
    assert (found.number, found.available) == (7, True)
    assert found.genre == (Meaning(name="house", confidence=0.75, words="deep"),)
    assert found.unknown_words[0] == "zyzzy"
    assert (found.bpm, found.key, found.meter, found.bars) == (90.0, "Am", "3/4", None)
    assert found.conflicts == ("the prompt says 90 BPM, the tempo knob 100 BPM",)
    assert found.players is None
    assert answer(client, Understand(number=8, prompt="deep trio")).players == "few"


@pytest.mark.parametrize(
    ("prompt", "key", "expected"),
    [
        ("in C minor", "Am", ("the prompt says Cm, the key knob Am",)),
        ("in C minor", "h-moll", ()),
        ("999 bpm", None, ()),
        ("", None, ()),
    ],
)
def test_only_what_can_be_compared_is(
    client: EngineClient, prompt: str, key: str | None, expected: tuple[str, ...]
) -> None:
    found = answer(client, Understand(number=1, prompt=f"mute {prompt}", key=key))
    assert found.conflicts == expected
    assert not found.available
    assert found.genre == ()
    assert found.bpm is None


def test_a_failure_names_no_job(client: EngineClient) -> None:
    client.send(Understand(number=1, prompt="deny"))
    failed = events_until(client, Failed)[-1]
    assert isinstance(failed, Failed)
    assert (failed.job, failed.why) == (None, "the encoder is deaf")


def test_it_is_answered_while_a_render_runs(start: Start) -> None:
    client = start()
    recipe = Recipe(prompt="tone steps=40 step_ms=50", seconds=0.5)
    client.send(Render(job=1, recipe=recipe))
    events_until(client, Progress)
    client.send(Understand(number=1, prompt="one"))
    before = events_until(client, Understood)
    assert not any(isinstance(event, Take | Done) for event in before)
    client.send(Understand(number=2, prompt="deny"))
    assert isinstance(events_until(client, Failed)[-1], Failed)
    assert isinstance(events_until(client, Done)[-1], Done)


def test_a_question_that_breaks_the_encoder_leaves_the_render_alone(start: Start) -> None:
    client = start()
    recipe = Recipe(prompt="tone steps=40 step_ms=25", seconds=0.5)
    client.send(Render(job=1, recipe=recipe))
    events_until(client, Progress)
    client.send(Understand(number=1, prompt="crash"))
    told = events_until(client, Failed)
    assert not any(isinstance(event, Take | Done) for event in told)
    failed = told[-1]
    assert isinstance(failed, Failed)
    assert (failed.job, failed.what) == (None, "The engine had an internal error")
    assert failed.why == "RuntimeError: the fake encoder broke"
    client.send(Understand(number=2, prompt="one"))
    assert isinstance(events_until(client, Understood)[-1], Understood)
    rest = events_until(client, Done)
    assert any(isinstance(event, Take) for event in rest)
    assert not any(isinstance(event, Failed) for event in rest)


def test_a_question_outlives_the_render_that_answers_it(start: Start) -> None:
    client = start()
    recipe = Recipe(prompt="tone steps=200 step_ms=25", seconds=0.5)
    client.send(Render(job=1, recipe=recipe))
    events_until(client, Progress)
    client.send(Understand(number=5, prompt="slow"))
    time.sleep(0.2)  # it is being answered now
    client.send(Cancel(job=1))
    told = events_until(client, Cancelled)
    answers = [event for event in told if isinstance(event, Understood)]
    assert [found.number for found in answers] == [5]


def test_the_newest_question_waits_alone_behind_a_change_of_bundle() -> None:
    inbox = Inbox()
    recipe = Recipe(prompt="x")
    for request in (
        Render(job=1, recipe=recipe),
        Understand(number=1, prompt="a"),
        Understand(number=2, prompt="b"),
        LoadBundle(bundle="other"),
        Render(job=2, recipe=recipe),
        Understand(number=3, prompt="c"),
    ):
        assert inbox.submit(Job(request, memoryview(b""))) is None
    assert inbox.aside() is None  # the other bundle is asked
    waiting = []
    while not inbox.idle:
        job = inbox.next()
        assert job is not None
        waiting.append(job.request)
        inbox.finish()
    assert [type(request) for request in waiting] == [Render, LoadBundle, Understand, Render]
    assert isinstance(waiting[2], Understand)
    assert waiting[2].number == 3


def test_an_aside_is_taken_once() -> None:
    inbox = Inbox()
    inbox.submit(Job(Understand(number=1, prompt="a"), memoryview(b"")))
    assert inbox.aside() == Understand(number=1, prompt="a")
    assert inbox.aside() is None
    assert inbox.idle
