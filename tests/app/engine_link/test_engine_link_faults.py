import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from app.engine_link.link import EngineLink, LinkState, LinkTimes
from app.engine_link.process import Ending
from engine.protocol.messages import Cancel, Done, Event, Notice, Preview, Render, Shutdown, Take
from engine.protocol.parts import take_parts
from engine.recipe import Recipe
from tests.fixtures.heartbeat import Heartbeat
from tests.fixtures.kills import kills
from tests.fixtures.qt import run_for, wait_until

HERE = Path(__file__).parent
FAKE = [sys.executable, str(HERE.parents[1] / "engine" / "worker" / "fake_engine.py"), "serve"]
FAULTY = [sys.executable, str(HERE / "faulty_engine.py")]
QUICK = LinkTimes(handshake=10_000, beat=50, silence=1_500, preview=40)


class Watched:
    """A link and all that it said."""

    def __init__(self, *command: str, times: LinkTimes = QUICK) -> None:
        self.command = list(command)
        self.link = EngineLink(lambda: self.command, times=times)
        self.states: list[LinkState] = []
        self.frames: list[tuple[Event, bytes]] = []
        self.lost: list[Ending] = []
        self.link.state_changed.connect(lambda: self.states.append(self.link.state))
        self.link.frame.connect(lambda message, blob: self.frames.append((message, bytes(blob))))
        self.link.lost.connect(self.lost.append)

    def start(self) -> "Watched":
        self.link.start()
        return self

    def ready(self) -> "Watched":
        wait_until(lambda: self.link.state is LinkState.READY, "for the engine")
        return self

    def of(self, kind: type) -> list[Any]:
        return [message for message, _ in self.frames if isinstance(message, kind)]


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(*command: str, times: LinkTimes = QUICK) -> Watched:
        made.append(Watched(*command, times=times))
        return made[-1].start()

    yield make
    for each in made:
        each.link.stop()


def test_a_render_comes_through(watch: Callable[..., Watched]) -> None:
    it = watch(*FAKE).ready()
    assert it.states == [LinkState.STARTING, LinkState.READY]
    assert it.link.send(Render(job=7, recipe=Recipe(prompt="steps=3", seconds=0.5, takes=2)))
    wait_until(lambda: it.of(Done))
    takes = it.of(Take)
    assert [take.take for take in takes] == [1, 2]
    blob = next(blob for message, blob in it.frames if message == takes[1])
    sound, midi = take_parts(takes[1], memoryview(blob))
    assert np.frombuffer(sound, "<f4").reshape(-1, 2).shape == (8_000, 2)
    assert midi.startswith(b"MThd")
    assert it.of(Preview)[-1].step == 3  # the last one is never dropped


def test_previews_are_thinned_and_the_newest_wins(watch: Callable[..., Watched]) -> None:
    times = LinkTimes(beat=1_000, silence=10_000, preview=400)
    it = watch(*FAKE, times=times).ready()
    begun_s = time.monotonic()
    it.link.send(Render(job=1, recipe=Recipe(prompt="steps=12 step_ms=110", seconds=0.5)))
    wait_until(lambda: it.of(Done))
    steps = [preview.step for preview in it.of(Preview)]
    assert steps == sorted(steps)
    assert steps[-1] == 12
    assert len(steps) <= (time.monotonic() - begun_s) / 0.4 + 2


@pytest.mark.parametrize("mode", ["garbage", "oversized", "no-message", "truncated"])
def test_malformed_frames_end_that_engine_only(watch: Callable[..., Watched], mode: str) -> None:
    it = watch(*FAULTY, mode).ready()
    it.command = list(FAKE)
    wait_until(lambda: it.lost)
    assert [notice.text for notice in it.of(Notice)] == ["before"]
    assert any("faulty engine" in line for line in it.lost[0].log)
    it.ready()
    assert it.link.send(Render(job=1, recipe=Recipe(prompt="steps=1", seconds=0.5)))
    wait_until(lambda: it.of(Done))


def test_a_hung_engine_is_killed_and_replaced(watch: Callable[..., Watched]) -> None:
    it = watch(*FAULTY, "silent").ready()
    first = it.link.pid
    it.command = list(FAKE)
    wait_until(lambda: it.lost)
    assert it.lost[0].reason == "it did not answer any more"
    it.ready()
    assert not psutil.pid_exists(first)


def test_a_stopped_process_is_a_hang(watch: Callable[..., Watched]) -> None:
    it = watch(*FAKE).ready()
    os.kill(it.link.pid, signal.SIGSTOP)
    wait_until(lambda: it.lost)
    it.ready()


def test_a_long_deaf_step_is_no_hang(watch: Callable[..., Watched]) -> None:
    it = watch(*FAKE).ready()
    prompt = "steps=1 step_ms=2500 deaf=1"
    it.link.send(Render(job=1, recipe=Recipe(prompt=prompt, seconds=0.5)))
    wait_until(lambda: it.of(Done))
    assert it.lost == []


def test_an_engine_that_cannot_live_is_given_up(watch: Callable[..., Watched]) -> None:
    it = watch(*FAULTY, "dies-at-once")
    wait_until(lambda: it.link.state is LinkState.DOWN)
    assert len(it.lost) == 5
    assert it.lost[-1].reason == "it ended with exit code 3"
    assert not it.link.send(Cancel(job=1))
    it.command = list(FAKE)
    it.link.start()
    it.ready()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ([], "the command is empty"),
        (["/no/such/engine"], "cannot be run"),
        ([*FAULTY, "mute"], "did not answer the greeting"),
        ([*FAULTY, "wrong-version"], "answered the greeting with something else"),
    ],
)
def test_what_is_no_engine_is_said_so(
    watch: Callable[..., Watched], command: list[str], reason: str
) -> None:
    it = watch(*command, times=LinkTimes(handshake=700 if "mute" in command else 20_000))
    wait_until(lambda: it.lost)
    assert reason in it.lost[0].reason
    assert it.link.state in (LinkState.RESTARTING, LinkState.DOWN)


def test_a_refusal_is_final_and_told_in_the_engines_words(watch: Callable[..., Watched]) -> None:
    it = watch(*FAULTY, "refuses")
    wait_until(lambda: it.link.state is LinkState.DOWN)
    assert len(it.lost) == 1
    assert it.lost[0].refused is not None
    assert it.lost[0].refused.why == "versions differ"


def test_kills_leave_one_engine_and_no_stall(watch: Callable[..., Watched]) -> None:
    """Each at another moment of a render."""
    rng = np.random.default_rng(3)
    it = watch(*FAKE, times=replace(QUICK, quick=0)).ready()
    pids, heartbeat, number_of_kills = set(), Heartbeat(), kills(4)
    for number in range(number_of_kills):
        it.link.send(Render(job=number, recipe=Recipe(prompt="steps=50 step_ms=4", seconds=0.5)))
        run_for(float(rng.uniform(0, 0.15)))
        pids.add(it.link.pid)
        os.kill(it.link.pid, signal.SIGKILL)
        wait_until(lambda: len(it.lost) == len(pids))
        it.ready()
    heartbeat.stop()
    heartbeat.check()
    assert len(it.lost) == len(pids) == number_of_kills
    assert "crashed" in it.lost[0].reason
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_stop_leaves_nothing(watch: Callable[..., Watched]) -> None:
    it = watch(*FAKE).ready()
    pid = it.link.pid
    it.link.send(Render(job=1, recipe=Recipe(prompt="steps=100 step_ms=100 deaf=1", seconds=0.5)))
    run_for(0.1)
    it.link.stop()
    assert not psutil.pid_exists(pid)
    assert it.lost == []
    assert it.link.state is LinkState.OFF


def test_an_engine_that_is_told_to_end_is_replaced(watch: Callable[..., Watched]) -> None:
    it = watch(*FAKE).ready()
    it.link.send(Shutdown())
    wait_until(lambda: it.lost)
    assert it.lost[0].reason == "it ended with exit code 0"
    it.ready()


WINDOW = """
import sys
from PySide6.QtCore import QCoreApplication
from app.engine_link.link import EngineLink
from engine.protocol.messages import Render
from engine.recipe import Recipe
application = QCoreApplication([])
link = EngineLink(lambda: sys.argv[1:])
def rendering(*_):
    link.send(Render(job=1, recipe=Recipe(prompt="steps=600 step_ms=100 deaf=1", seconds=1)))
    print("rendering", flush=True)
link.ready.connect(rendering)
link.start()
application.exec()
"""


def test_engines_of_killed_windows_are_gone() -> None:
    token = f"window-{uuid.uuid4()}"
    for _ in range(kills(1)):
        arguments = [sys.executable, "-c", WINDOW, *FAKE, "--bundle", token]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as window:
            assert window.stdout
            assert window.stdout.readline() == b"rendering\n"
            window.kill()
    deadline_s = time.monotonic() + 15
    while [p for p in psutil.process_iter(["cmdline"]) if token in (p.info["cmdline"] or [])]:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
