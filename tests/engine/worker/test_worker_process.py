"""The real worker process around a fake cascade (fake_engine.py), spoken to through its pipes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
import psutil
import pytest

from engine.audio.wav import parse_wav
from engine.protocol.client import EngineClient, EngineDied
from engine.protocol.framing import LENGTHS, FrameReader, encode_frame
from engine.protocol.messages import (
    VERSION,
    BundleLoaded,
    Cancel,
    Cancelled,
    Clip,
    Devices,
    DevicesReport,
    Done,
    Event,
    Failed,
    Hello,
    Keep,
    LoadBundle,
    Notice,
    Preview,
    Progress,
    Ready,
    Render,
    Request,
    Shutdown,
    Take,
)
from engine.protocol.parts import take_parts
from engine.recipe import Recipe, checked, from_json, sample_count
from engine.worker.inbox import WAITING_JOBS

Start = Callable[..., EngineClient]
ENDS = Done | Cancelled | Failed


def recipe(prompt: str = "tone", **fields: Any) -> Recipe:
    return checked(Recipe(prompt=prompt, **{"seconds": 0.5, **fields}))


def until(
    client: EngineClient, stop: Callable[[Event], bool], timeout_s: float = 20
) -> list[tuple[Event, memoryview]]:
    """Every frame up to and with the one that `stop` accepts."""
    frames = []
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        frame = client.receive(0.5)
        if frame is None:
            continue
        frames.append(frame)
        if stop(frame[0]):
            return frames
    pytest.fail(f"nothing came in {timeout_s} s after {frames[-3:]}")


def to_end(client: EngineClient, job: int) -> list[tuple[Event, memoryview]]:
    return until(client, lambda event: isinstance(event, ENDS) and event.job == job)


def logged(client: EngineClient, text: str) -> None:
    """Wait for a text on the engine's standard error."""
    deadline_s = time.monotonic() + 10
    while not any(text in line for line in client.stderr_tail):
        assert time.monotonic() < deadline_s, client.stderr_tail
        time.sleep(0.01)


def raw(command: list[str], *requests: bytes) -> tuple[list[Event], int]:
    """Send bytes, close the input, and read everything: the events and the exit code."""
    done = subprocess.run(
        command, input=b"".join(requests), capture_output=True, timeout=20, check=False
    )
    reader: FrameReader[Event] = FrameReader(Event)
    events = [event for event, _ in reader.feed(done.stdout)]
    assert not reader.partial
    return events, done.returncode


HELLO = encode_frame(Hello(version=VERSION, app_version="test"))


# ── greeting and ending ───────────────────────────────────────────────────────────────────


def test_the_engine_greets_before_it_prepares(fake_command: list[str]) -> None:
    client = EngineClient(fake_command, env={"FAKE_SLOW_WARM": "30"})
    try:
        ready = client.start(timeout_s=15)
        assert ready.version == VERSION
        assert ready.pid == client.pid
    finally:
        assert client.close(kill_after_s=15) == 0  # ends in spite of 30 s of preparing


def test_nothing_heavy_is_imported_before_the_greeting() -> None:
    code = (
        "import sys, engine.worker.serve, engine.worker.parts; "
        "heavy = {'onnxruntime', 'scipy', 'soxr', 'tokenizers'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_another_version_is_refused(fake_command: list[str]) -> None:
    events, code = raw(fake_command, encode_frame(Hello(version=VERSION + 1, app_version="9")))
    assert code == 3
    assert [type(event) for event in events] == [Failed]
    assert isinstance(events[0], Failed)
    assert f"version {VERSION} of the protocol, and the other side {VERSION + 1}" in events[0].why


def test_end_of_input_and_shutdown_end_the_engine(fake_command: list[str]) -> None:
    for requests in ((HELLO,), (HELLO, encode_frame(Shutdown()))):
        events, code = raw(fake_command, *requests)
        assert code == 0
        assert [type(event) for event in events] == [Ready]


def test_end_of_input_ends_an_engine_whose_job_is_deaf(start: Start) -> None:
    client = start()
    client.send(Render(job=1, recipe=recipe("steps=1 step_ms=60000 deaf=1")))
    until(client, lambda event: isinstance(event, Progress))
    assert client.close(kill_after_s=15) == 0  # a kill would be -9, the job a minute


def test_a_broken_output_ends_the_engine(fake_command: list[str]) -> None:
    process = subprocess.Popen(
        fake_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(HELLO)
        process.stdin.write(encode_frame(Render(job=1, recipe=recipe("steps=4000 step_ms=10"))))
        process.stdin.flush()
        process.stdout.read(8)
        process.stdout.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    "requests",
    [
        (b"GET / HTTP/1.1\r\n\r\n" * 20,),
        (HELLO, LENGTHS.pack(2**31, 0)),
        (HELLO, LENGTHS.pack(2, 0) + b"{}"),
        (encode_frame(Devices()),),
        (HELLO, encode_frame(Done(job=1, seconds=1.0))),
    ],
    ids=["garbage", "oversized", "no-tag", "no-greeting", "an-event"],
)
def test_malformed_input_is_told_and_ends_the_engine(
    fake_command: list[str], requests: tuple[bytes, ...]
) -> None:
    events, code = raw(fake_command, *requests)
    assert code == 2
    assert isinstance(events[-1], Failed)
    assert events[-1].job is None


# ── jobs ──────────────────────────────────────────────────────────────────────────────────


def test_a_render_and_a_keep_tell_everything_in_order(client: EngineClient) -> None:
    client.send(Render(job=5, recipe=recipe(takes=2, bpm=120, bars=1, seconds=None, loop=True)))
    frames = to_end(client, 5)
    kinds = [name for name, _ in groupby(type(event).__name__ for event, _ in frames)]
    assert kinds[:2] == ["Progress", "Preview"]
    assert kinds[-5:] == ["Progress", "Take", "Progress", "Take", "Done"]
    steps = [
        (event.stage, event.step)
        for event, _ in frames
        if isinstance(event, Progress) and event.stage == "generator"
    ]
    assert steps == [("generator", step) for step in (1, 2, 3, 4)]
    assert [event.text for event, _ in frames if isinstance(event, Notice)] == ["a remark"]
    takes = [(event, blob) for event, blob in frames if isinstance(event, Take)]
    assert [take.take for take, _ in takes] == [1, 2]
    take, blob = takes[1]
    audio, midi = take_parts(take, blob)
    assert midi.startswith(b"MThd")
    assert midi != take_parts(*takes[0])[1]
    assert take.samples == sample_count(take.recipe, 16_000) == 32_000
    assert audio.nbytes == 32_000 * 2 * 4
    assert (take.recipe.takes, take.recipe.first_take) == (1, 2)

    client.send(Keep(job=6, recipe=take.recipe, take=2), audio)
    *progress, (clip, wav), (done, _) = to_end(client, 6)
    assert [type(event) for event, _ in progress] == [Progress, Progress]
    assert isinstance(done, Done)
    assert isinstance(clip, Clip)
    assert clip.name == "tone_120bpm_loop_take2.wav"
    parsed = parse_wav(wav)
    assert (parsed.format.rate_hz, parsed.format.bits, parsed.frames) == (24_000, 24, 48_000)
    assert parsed.acid is not None
    assert (parsed.acid.bpm, parsed.acid.beats, parsed.acid.one_shot) == (120, 4, False)
    assert parsed.smpl_loops == ((0, 47_999),)
    assert from_json(parsed.recipe or b"") == take.recipe == clip.recipe


def test_a_preview_carries_the_mel(client: EngineClient) -> None:
    client.send(Render(job=1, recipe=recipe("steps=1 wide=16", takes=3)))
    [(preview, blob)] = [f for f in to_end(client, 1) if isinstance(f[0], Preview)]
    assert isinstance(preview, Preview)
    assert preview.shape == (3, 160, 16)
    mel = np.frombuffer(blob, "<f2").reshape(preview.shape)
    np.testing.assert_array_equal(mel, np.ones((3, 160, 16), np.float16))


def test_a_cancel_ends_a_step_that_is_under_way(client: EngineClient) -> None:
    client.send(Render(job=1, recipe=recipe("steps=1 step_ms=30000")))
    until(client, lambda event: isinstance(event, Progress))
    time.sleep(0.05)
    started_s = time.monotonic()
    client.send(Cancel(job=1))
    assert to_end(client, 1)[-1][0] == Cancelled(job=1)
    assert time.monotonic() - started_s < 0.5
    client.send(Render(job=2, recipe=recipe()))
    assert isinstance(to_end(client, 2)[-1][0], Done)


def test_cancelling_a_waiting_job_leaves_the_running_one_alone(client: EngineClient) -> None:
    client.send(Render(job=1, recipe=recipe("steps=3 step_ms=150")))
    client.send(Render(job=2, recipe=recipe()))
    client.send(Render(job=3, recipe=recipe()))
    client.send(Cancel(job=2))
    client.send(Cancel(job=99))  # unknown: ignored
    ends = [event for event, _ in to_end(client, 3) if isinstance(event, ENDS)]
    assert ends[0] == Cancelled(job=2)
    assert [type(event) for event in ends[1:]] == [Done, Done]
    assert [getattr(event, "job", None) for event in ends[1:]] == [1, 3]


def test_cancelling_the_running_job_goes_on_with_the_next(client: EngineClient) -> None:
    client.send(Render(job=1, recipe=recipe("steps=1 step_ms=30000")))
    client.send(Render(job=2, recipe=recipe()))
    until(client, lambda event: isinstance(event, Progress))
    client.send(Cancel(job=1))
    ends = [event for event, _ in to_end(client, 2) if isinstance(event, ENDS)]
    assert ends[0] == Cancelled(job=1)
    assert isinstance(ends[1], Done)


def test_a_bug_ends_its_job_and_nothing_else(client: EngineClient) -> None:
    client.send(Render(job=1, recipe=recipe("boom=1")))
    failed = to_end(client, 1)[-1][0]
    assert isinstance(failed, Failed)
    assert failed.what == "The engine had an internal error"
    assert failed.why == "RuntimeError: the fake cascade broke"
    client.send(Render(job=1, recipe=recipe()))  # the number is free again
    assert isinstance(to_end(client, 1)[-1][0], Done)
    logged(client, "Traceback")


def test_what_the_user_can_change_is_told_in_three_parts(client: EngineClient) -> None:
    client.send(Render(job=1, recipe=recipe("refuse=1")))
    assert to_end(client, 1)[-1][0] == Failed(
        job=1, what="The clip is too long", why="it was asked", remedy="Ask for less"
    )
    client.send(Render(job=2, recipe=Recipe(prompt="tone", bpm=1.0)))  # unchecked by the sender
    assert "bpm is 1.0" in str(to_end(client, 2)[-1][0])
    client.send(Render(job=3, recipe=recipe(bundle="cd" * 32)))
    assert "cannot be repeated" in str(to_end(client, 3)[-1][0])
    client.send(Keep(job=4, recipe=recipe(), take=1), b"1234567")
    assert "7 bytes" in str(to_end(client, 4)[-1][0])


def test_devices_and_bundles_are_answered(start: Start) -> None:
    client = start("--device", "cpu")
    client.send(Devices())
    client.send(LoadBundle(bundle="other"))
    client.send(LoadBundle(bundle="missing"))
    [devices, loaded, failed] = [
        event for event, _ in until(client, lambda e: isinstance(e, Failed))
    ]
    assert isinstance(devices, DevicesReport)
    assert devices.devices[0].name == "Fake cpu"
    assert isinstance(loaded, BundleLoaded)
    assert loaded.name == "other"
    assert isinstance(failed, Failed)
    assert failed.job is None


def test_jobs_beyond_the_limit_and_doubles_are_refused(start: Start) -> None:
    client = start()
    client.send(Render(job=0, recipe=recipe("steps=1 step_ms=30000")))
    until(client, lambda event: isinstance(event, Progress))
    for job in range(1, WAITING_JOBS + 2):
        client.send(Render(job=job, recipe=recipe("steps=1")))
    client.send(Render(job=0, recipe=recipe()))
    refused = [e for e, _ in until(client, lambda e: isinstance(e, Failed) and e.job is None)]
    assert isinstance(refused[-2], Failed)
    assert refused[-2].job == WAITING_JOBS + 1
    assert "another job 0" in str(refused[-1])


def test_stray_prints_do_not_reach_the_stream(client: EngineClient) -> None:
    client.send(Render(job=1, recipe=recipe("steps=50 noise=1")))
    frames = to_end(client, 1)
    assert isinstance(frames[-1][0], Done)
    assert sum(isinstance(event, Progress) for event, _ in frames) == 52
    logged(client, "a stray print")


def test_a_slow_reader_sees_the_newest_preview_and_every_other_event(
    fake_command: list[str],
) -> None:
    render = Render(job=1, recipe=recipe("steps=60 step_ms=15 wide=6000", takes=1))
    process = subprocess.Popen(
        fake_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(HELLO + encode_frame(render))
        process.stdin.flush()
        reader: FrameReader[Event] = FrameReader(Event)
        events: list[Event] = []
        while not any(isinstance(event, Preview) for event in events):  # 1.9 MB: fills the pipe
            events += [event for event, _ in reader.feed(os.read(process.stdout.fileno(), 65536))]
        time.sleep(3.0)  # the render ends meanwhile
        while not any(isinstance(event, Done) for event in events):
            data = os.read(process.stdout.fileno(), 1 << 20)
            assert data
            events += [event for event, _ in reader.feed(data)]
    previews = [event for event in events if isinstance(event, Preview)]
    assert len(previews) <= 4  # of about ten
    assert previews[-1].step == 60
    steps = [e.step for e in events if isinstance(e, Progress) and e.stage == "generator"]
    assert steps == list(range(1, 61))
    assert [type(event) for event in events[-2:]] == [Take, Done]


# ── death ─────────────────────────────────────────────────────────────────────────────────


def test_a_killed_engine_is_noticed_and_reaped(start: Start) -> None:
    client = start()
    client.send(Render(job=1, recipe=recipe("steps=1 step_ms=30000")))
    until(client, lambda event: isinstance(event, Progress))
    psutil.Process(client.pid).kill()
    with pytest.raises(EngineDied, match="SIGKILL") as died:
        to_end(client, 1)
    assert died.value.exit_code == -9
    assert not psutil.pid_exists(client.pid)
    client.send(Cancel(job=1))  # no error: receive tells
    with pytest.raises(EngineDied):
        client.receive(0.1)


REQUESTS: list[Request] = [Devices(), Cancel(job=1), LoadBundle()]


def test_requests_may_come_in_one_piece(fake_command: list[str]) -> None:
    events, code = raw(fake_command, HELLO, *map(encode_frame, REQUESTS), encode_frame(Devices()))
    assert code == 0
    assert isinstance(events[0], Ready)
