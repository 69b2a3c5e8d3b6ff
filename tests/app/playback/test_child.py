"""A host process that is killed, hangs or talks nonsense is replaced, and none is left behind."""

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from app.playback.hosting.child import HOST_OPTION, Child, host_command
from app.playback.hosting.frames import encode
from app.playback.hosting.guard import HUNG
from app.playback.hosting.run import run_host
from engine.protocol.framing import FrameReader
from tests.app.playback.echo_host import Ping

HANG = """
import time
from app.playback.hosting.guard import Guard
with Guard(0.3).call():
    time.sleep(60)
"""


def wait(until: Callable[[], bool], seconds: float = 30.0) -> None:
    loop = QEventLoop()
    poll = QTimer(interval=5)
    poll.timeout.connect(lambda: loop.quit() if until() else None)
    poll.start()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()
    poll.stop()
    assert until()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_is_replaced_and_the_last_one_leaves(qt: QCoreApplication) -> None:
    child = Child([sys.executable, "-m", "tests.app.playback.echo_host"], Ping)
    heard: list[int] = []
    pids: list[int] = []
    child.received.connect(lambda message, _blob: heard.append(message.number))
    child.up.connect(lambda: child.send(Ping(number=1), b"four"))
    child.start()
    for turn in range(1, 3):
        wait(lambda turn=turn: len(heard) == turn)  # type: ignore[misc]
        pids.append(child.pid)
        os.kill(child.pid, signal.SIGKILL)
    wait(lambda: len(heard) == 3)
    pids.append(child.pid)
    assert heard == [5, 5, 5]
    child.stop()
    assert not any(alive(pid) for pid in pids)


def test_nonsense_ends_the_process_that_says_it(qt: QCoreApplication) -> None:
    ends: list[int] = []
    child = Child([sys.executable, "-c", "print('x' * 99); import time; time.sleep(60)"], Ping)
    child.down.connect(ends.append)
    child.start()
    wait(lambda: bool(ends))
    child.stop()


def test_a_hung_driver_ends_its_process(qt: QCoreApplication) -> None:
    ends: list[int] = []
    child = Child([sys.executable, "-c", HANG], Ping)
    child.down.connect(ends.append)
    started = time.monotonic()
    child.start()
    wait(lambda: bool(ends))
    assert ends[0] == HUNG
    assert time.monotonic() - started < 30
    child.stop()


def test_a_program_that_is_not_there_does_not_raise(qt: QCoreApplication) -> None:
    ends: list[int] = []
    child = Child(["/no/such/program"], Ping)
    child.down.connect(ends.append)
    child.start()
    wait(lambda: len(ends) >= 2)
    assert child.short_lives >= 2
    child.stop()


def test_frames_are_the_engines() -> None:
    reader: FrameReader[Ping] = FrameReader(Ping)
    ((message, blob),) = reader.feed(encode(Ping(number=7), b"abc"))
    assert (message, bytes(blob)) == (Ping(number=7), b"abc")


def test_a_frozen_program_is_started_with_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    assert host_command("app.midi.host")[1:] == ["-m", "app.midi.host"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert host_command("app.midi.host")[1:] == [HOST_OPTION, "app.midi.host"]


@pytest.mark.parametrize("arguments", [[], ["--host"], ["--host", "os"], ["x", "app.midi.host"]])
def test_other_arguments_are_no_host(arguments: list[str]) -> None:
    assert run_host(arguments) is None
