import threading
import time

import pytest

from engine.protocol.framing import FrameReader, ProtocolError
from engine.protocol.messages import (
    Cancelled,
    Done,
    Event,
    Failed,
    Notice,
    Preview,
    Progress,
    Render,
)
from engine.recipe import Recipe
from engine.worker.inbox import WAITING_JOBS, Answer, Inbox, Job
from engine.worker.outbox import WAITING_EVENTS, Outbox, Throttle


class Pipe:
    """A pipe whose reader can be stopped."""

    def __init__(self, *, open_: bool = True) -> None:
        self.open = threading.Event()
        if open_:
            self.open.set()
        self.data = bytearray()
        self.broken = False

    def write(self, data: memoryview) -> None:
        self.open.wait(10)
        if self.broken:
            raise BrokenPipeError
        self.data += data

    @property
    def events(self) -> list[Event]:
        reader: FrameReader[Event] = FrameReader(Event)
        return [event for event, _ in reader.feed(bytes(self.data))]


def progress(step: int) -> Progress:
    return Progress(job=1, stage="generator", step=step, steps=99)


def preview(step: int, job: int = 1) -> Preview:
    return Preview(job=job, first_take=1, shape=(1, 160, 8), step=step, steps=99)


def until(condition: object, timeout_s: float = 5) -> None:
    deadline_s = time.monotonic() + timeout_s
    assert callable(condition)
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


def test_the_newest_preview_replaces_an_unsent_one_and_keeps_its_own_place() -> None:
    pipe = Pipe(open_=False)
    outbox = Outbox(pipe.write, on_broken=lambda: None)
    outbox.put(Notice(job=None, text="in the pipe"))
    for step in range(1, 6):
        outbox.put(progress(step))
        outbox.put(preview(step), b"\0" * 100)
    outbox.put(Done(job=1, seconds=1.0))
    pipe.open.set()
    assert outbox.close(5)
    assert pipe.events[1:] == [
        *[progress(step) for step in range(1, 6)],
        preview(5),
        Done(job=1, seconds=1.0),
    ]


@pytest.mark.parametrize(
    "end", [Cancelled(job=1), Failed(job=1, what="a", why="b", remedy="c")], ids=["cancel", "fail"]
)
def test_a_job_that_ends_badly_takes_its_unsent_preview_along(end: Event) -> None:
    pipe = Pipe(open_=False)
    outbox = Outbox(pipe.write, on_broken=lambda: None)
    outbox.put(progress(1))
    outbox.put(preview(1))
    outbox.put(end)
    pipe.open.set()
    assert outbox.close(5)
    assert pipe.events == [progress(1), end]


def test_a_full_queue_makes_the_job_wait_but_not_the_reading_thread() -> None:
    pipe = Pipe(open_=False)
    outbox = Outbox(pipe.write, on_broken=lambda: None)
    sent: list[int] = []

    def job() -> None:
        for step in range(WAITING_EVENTS + 50):
            outbox.put(progress(step))
            sent.append(step)

    thread = threading.Thread(target=job)
    thread.start()
    until(lambda: len(sent) >= WAITING_EVENTS)
    time.sleep(0.05)
    assert len(sent) <= WAITING_EVENTS + 1  # one is in the pipe
    outbox.put(Cancelled(job=7), wait=False)
    pipe.open.set()
    thread.join(5)
    assert outbox.close(5)
    assert len(pipe.events) == WAITING_EVENTS + 51
    assert [e.step for e in pipe.events if isinstance(e, Progress)] == sent


def test_unbound_frees_a_waiting_job() -> None:
    pipe = Pipe(open_=False)
    outbox = Outbox(pipe.write, on_broken=lambda: None)
    blob = bytes(40 << 20)
    outbox.put(progress(0), blob)
    outbox.put(progress(1), blob)
    outbox.put(progress(2), blob)
    thread = threading.Thread(target=outbox.put, args=(progress(3), blob))
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()  # 80 MB wait in the queue
    outbox.unbound()
    thread.join(5)
    assert not thread.is_alive()
    assert not outbox.close(0.05)  # the pipe is shut: not everything was written
    pipe.broken = True
    pipe.open.set()


def test_a_broken_pipe_is_told_once_and_nothing_waits_any_more() -> None:
    pipe = Pipe()
    pipe.broken = True
    told = threading.Event()
    outbox = Outbox(pipe.write, on_broken=told.set)
    outbox.put(progress(1))
    assert told.wait(5)
    for step in range(WAITING_EVENTS * 2):
        outbox.put(progress(step))
    assert outbox.close(1)


def test_what_cannot_be_framed_is_the_putters_error() -> None:
    outbox = Outbox(Pipe().write, on_broken=lambda: None)
    with pytest.raises(ProtocolError):
        outbox.put(Notice(job=None, text="\ud800"))
    assert outbox.close(5)


def test_a_throttle_lets_through_ten_a_second() -> None:
    now_s = 0.0
    throttle = Throttle(0.1, clock=lambda: now_s)
    passed = []
    for step in range(200):
        now_s = step * 0.01
        if throttle.due():
            passed.append(round(now_s, 2))
    assert len(passed) in (19, 20)
    assert passed[:3] == [0.0, 0.1, 0.2]


def job(number: int) -> Job:
    return Job(Render(job=number, recipe=Recipe(prompt="x")), memoryview(b""))


def test_jobs_run_in_order_and_cancels_find_their_own() -> None:
    inbox = Inbox()
    first, second, third = job(1), job(2), job(3)
    tokens = [each.token for each in (first, second, third)]
    for each in (first, second, third):
        assert inbox.submit(each) is None
    assert inbox.next() is first
    assert inbox.cancel(2) is Answer.REMOVED
    assert [token.cancelled for token in tokens] == [False, False, False]
    assert inbox.cancel(1) is Answer.TOLD
    assert [token.cancelled for token in tokens] == [True, False, False]
    assert inbox.cancel(2) is Answer.UNKNOWN
    inbox.finish()
    assert inbox.cancel(1) is Answer.UNKNOWN
    assert inbox.next() is third
    inbox.stop()
    assert [token.cancelled for token in tokens] == [True, False, True]
    assert inbox.next() is None


def test_a_job_number_is_free_again_when_its_job_has_ended() -> None:
    inbox = Inbox()
    assert inbox.submit(job(1)) is None
    refusal = inbox.submit(job(1))
    assert refusal is not None
    assert refusal.number is None  # naming job 1 would end it in the client's eyes
    inbox.next()
    assert inbox.submit(job(1)) is not None
    inbox.finish()
    assert inbox.submit(job(1)) is None


def test_the_queue_is_bounded() -> None:
    inbox = Inbox()
    for number in range(WAITING_JOBS):
        assert inbox.submit(job(number)) is None
    refusal = inbox.submit(job(999))
    assert refusal is not None
    assert refusal.number == 999
