"""The client against engines that misbehave, each a few lines of Python."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psutil
import pytest

from engine.errors import UserError
from engine.protocol.client import EngineClient, EngineDied, engine_command
from engine.protocol.framing import encode_frame
from engine.protocol.messages import VERSION, Cancel, Done, Failed, Notice, Ready

READY = encode_frame(Ready(version=VERSION, engine_version="0", pid=1))
DONE = encode_frame(Done(job=1, seconds=0.5), b"blob")

Make = Callable[[str], EngineClient]


@pytest.fixture
def engine() -> Iterator[Make]:
    """A client of a script that may use `say(bytes)`, `READY`, `DONE`; not started."""
    with ExitStack() as stack:

        def make(body: str) -> EngineClient:
            head = (
                "import os, sys, time\n"
                f"READY, DONE = {READY!r}, {DONE!r}\n"
                "def say(data): os.write(1, data)\n"
            )
            client = EngineClient([sys.executable, "-S", "-c", head + body])
            stack.callback(client.close)
            return client

        yield make


def gone(client: EngineClient) -> bool:
    return not psutil.pid_exists(client.pid)


def test_events_arrive_with_their_blobs_whatever_the_pieces(engine: Make) -> None:
    client = engine(
        "say(READY)\nfor byte in DONE:\n    say(bytes([byte])); time.sleep(1e-4)\n"
        "say(DONE * 3)\nsys.stdin.read()\n"
    )
    assert client.start() == Ready(version=VERSION, engine_version="0", pid=1)
    for _ in range(4):
        frame = client.receive(10)
        assert frame is not None
        assert (frame[0], bytes(frame[1])) == (Done(job=1, seconds=0.5), b"blob")
    started_s = time.monotonic()
    assert client.receive(0.05) is None
    assert time.monotonic() - started_s >= 0.04
    assert client.close() == 0


def test_an_engine_that_never_answers_is_given_up_and_gone(engine: Make) -> None:
    client = engine("time.sleep(60)\n")
    with pytest.raises(UserError, match=r"did not answer within 0\.5 s"):
        client.start(timeout_s=0.5)
    assert gone(client)


def test_an_engine_that_ends_before_it_answers_is_told_with_its_last_words(engine: Make) -> None:
    client = engine("sys.stderr.write('first\\nssh: no such host\\n\\n'); sys.exit(255)\n")
    with pytest.raises(EngineDied) as died:
        client.start()
    assert died.value.exit_code == 255
    assert died.value.stderr_tail == ("first", "ssh: no such host", "")
    assert str(died.value) == (
        "the engine ended, exit code 255, its last words were 'ssh: no such host'"
    )
    assert gone(client)


def test_a_refused_greeting_is_told_as_the_engine_put_it(engine: Make) -> None:
    failed = encode_frame(Failed(job=None, what="No", why="too old", remedy="Update"))
    client = engine(f"say({failed!r})\nsys.stdin.read()\n")
    with pytest.raises(UserError, match=r"No: too old\. Update\."):
        client.start()
    assert gone(client)


def test_an_answer_that_is_no_answer_is_refused(engine: Make) -> None:
    client = engine("say(DONE)\nsys.stdin.read()\n")
    with pytest.raises(UserError, match="answered the greeting with Done"):
        client.start()


def test_garbage_ends_the_conversation_after_what_was_said_before(engine: Make) -> None:
    client = engine("say(READY + DONE + b'Welcome to host!' * 9)\nsys.stdin.read()\n")
    client.start()
    frame = client.receive(10)
    assert frame is not None
    assert isinstance(frame[0], Done)
    with pytest.raises(EngineDied, match="output was not understood"):
        client.receive(10)
    assert gone(client)


def test_a_message_cut_short_is_told_as_such(engine: Make) -> None:
    client = engine("say(READY + DONE[:-2])\nsys.exit(9)\n")
    client.start()
    with pytest.raises(EngineDied, match="in the middle of a message, exit code 9"):
        client.receive(10)


def test_sending_to_a_dead_engine_leaves_the_telling_to_receive(engine: Make) -> None:
    client = engine("say(READY + DONE)\n")
    client.start()
    for _ in range(200):
        client.send(Cancel(job=1), b"x" * 1000)
    assert isinstance((client.receive(10) or (None,))[0], Done)
    with pytest.raises(EngineDied, match="exit code 0"):
        client.receive(10)
    with pytest.raises(EngineDied):
        next(client.events())


def test_an_engine_that_ignores_the_end_of_its_input_is_killed(engine: Make) -> None:
    client = engine("say(READY)\ntime.sleep(60)\n")
    client.start()
    started_s = time.monotonic()
    assert client.close(kill_after_s=0.2) == -9
    assert time.monotonic() - started_s < 5
    assert client.close() == -9  # closing twice is harmless
    assert gone(client)


def test_a_chatty_standard_error_never_stops_the_engine(engine: Make) -> None:
    client = engine(
        "for i in range(20000): sys.stderr.write('x' * 99 + '\\n')\n"
        "sys.stderr.flush(); say(READY + DONE)\nsys.stdin.read()\n"
    )
    client.start()
    assert isinstance((client.receive(10) or (None,))[0], Done)
    assert len(client.stderr_tail) == 40


def test_unread_events_do_not_keep_a_client_from_closing(engine: Make) -> None:
    notice = encode_frame(Notice(job=None, text="n"), b"z" * 100_000)
    client = engine(f"say(READY)\nfor _ in range(200): say({notice!r})\n")
    client.start()
    time.sleep(0.1)
    started_s = time.monotonic()
    client.close()
    assert time.monotonic() - started_s < 5
    assert gone(client)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["/no/such/engine"], "No such file"),
        ([__file__], "Permission denied"),
        (["bad\0name"], "null byte"),
        ([""], "Permission denied|No such file"),
        ([], "command is empty"),
    ],
)
def test_a_command_that_cannot_run_is_the_users_to_change(command: list[str], why: str) -> None:
    with pytest.raises(UserError, match=why):
        EngineClient(command).start()


def test_the_default_command_runs_this_engine_wherever_it_is_called() -> None:
    assert engine_command("--device", "cpu")[-2:] == ["--device", "cpu"]
    assert engine_command()[0] == sys.executable
    assert "-P" in engine_command()
