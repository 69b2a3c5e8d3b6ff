"""Whatever an engine sends: garbage ends that engine only, and no message breaks the window."""

import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engine_link.link import EngineLink, LinkState, LinkTimes
from app.engine_link.process import Ending
from app.model.session import Session
from app.view.panels.take_cards import chords_text
from engine.protocol.framing import BLOB_LIMIT_BYTES, HEADER_LIMIT_BYTES, LENGTHS, encode_frame
from engine.protocol.messages import VERSION, Event, Measured, Notice, Preview, Ready, Take
from engine.recipe import Recipe, StageSettings
from tests.fixtures.qt import run_for, wait_until

CAT: Final = shutil.which("cat")
LINE_LIMIT_CHARS: Final = 2_000
FAKE: Final = Path(__file__).parents[2] / "engine" / "worker" / "fake_engine.py"
READY: Final = encode_frame(Ready(version=VERSION, engine_version="0", pid=1))

# ── bytes ─────────────────────────────────────────────────────────────────────────────────


def header(text: bytes, blob: bytes = b"") -> bytes:
    return LENGTHS.pack(len(text), len(blob)) + text + blob


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
wrong_types = st.builds(
    lambda kind, fields: header(msgspec.json.encode({"type": kind, **fields})),
    st.sampled_from([kind.__name__ for kind in get_args(Event)] + ["Render", "Ghost"]),
    st.dictionaries(st.sampled_from(["job", "step", "shape", "recipe", "text", "x"]), json_values),
)
oversized = st.builds(
    lambda head, blob, rest: struct.pack("<II", head, blob) + rest,
    st.integers(HEADER_LIMIT_BYTES + 1, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=64),
) | st.builds(
    lambda blob: struct.pack("<II", 2, blob) + b"{}", st.integers(BLOB_LIMIT_BYTES + 1, 2**32 - 1)
)
cut_short = st.integers(1, 200).map(
    lambda left: encode_frame(Notice(job=None, text="x" * 300), bytes(300))[:left]
)
malformed = st.binary(min_size=1, max_size=300) | wrong_types | oversized | cut_short


@pytest.mark.skipif(CAT is None, reason="an engine that only talks is `cat` here")
@settings(max_examples=80)
@given(st.integers(0, 3), malformed)
def test_malformed_bytes_end_that_engine_only(good: int, bad: bytes) -> None:
    """What was whole before the trouble is heard; then that engine is over, once."""
    notices = [Notice(job=None, text=str(number)) for number in range(good)]
    sent = READY + b"".join(encode_frame(notice) for notice in notices) + bad
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said"
        path.write_bytes(sent)
        link = EngineLink(lambda: [str(CAT), str(path)], times=LinkTimes(preview=1))
        heard: list[Event] = []
        lost: list[Ending] = []
        link.frame.connect(lambda message, _: heard.append(message))
        link.lost.connect(lost.append)
        link.lost.connect(link.stop)
        link.start()
        wait_until(lambda: lost)
    assert heard[:good] == notices
    assert len(lost) == 1
    assert lost[0].reason.startswith(("its output was not understood", "it ended with exit code"))
    assert link.state is LinkState.OFF
    assert link.pid == 0


def test_a_length_over_its_limit_is_not_waited_for(tmp_path: Path) -> None:
    """The engine lives on and says no more: nobody buffers 4 GB for it."""
    path = tmp_path / "said"
    path.write_bytes(READY + struct.pack("<II", 2, 2**32 - 1) + b"{}")
    script = "import sys, time; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read());" + (
        "sys.stdout.flush(); time.sleep(60)"
    )
    link = EngineLink(lambda: [sys.executable, "-c", script, str(path)])
    lost: list[Ending] = []
    link.lost.connect(lost.append)
    link.start()
    wait_until(lambda: lost)
    link.stop()
    assert "over the limit" in lost[0].reason


# ── messages that are well-formed and make no sense ───────────────────────────────────────


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation of `engine.protocol.messages`, likely and unlikely ones."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {field.name: of_type(field.type) for field in msgspec.structs.fields(kind)}
        return st.builds(kind, **fields)
    inside = get_args(kind)
    if get_origin(kind) is dict:
        return st.dictionaries(of_type(inside[0]), of_type(inside[1]), max_size=2)
    if get_origin(kind) is tuple and inside[-1] is Ellipsis:
        return st.lists(of_type(inside[0]), max_size=3).map(tuple)
    if get_origin(kind) is tuple:
        return st.tuples(*map(of_type, inside))
    return st.one_of(*map(of_type, inside))


names = st.sampled_from(
    ["generator", "draft", "4/4", "Am", "", "no key", "9/9", "/etc/../x", "ö🎹"]
)
PLAIN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    int: st.integers(-3, 4) | st.sampled_from([160, 8000, 16_000, 2**31, 2**70]),
    float: st.floats(allow_nan=False, allow_infinity=False) | st.floats(0, 200),
    str: names | st.text(max_size=20),
    bool: st.booleans(),
    type(None): st.none(),
    Recipe: st.just(Recipe(prompt="x", seconds=0.5)),
    StageSettings: st.just(StageSettings(steps=3)),
}
blobs = st.binary(max_size=40) | st.sampled_from([0, 8, 320, 64_000, 2560]).map(bytes)
events = st.one_of(*[of_type(kind) for kind in get_args(Event)])
whole_previews = st.builds(
    lambda shape, fill: (
        Preview(job=0, first_take=1, shape=shape, step=1, steps=1),
        (fill * 2 * max(0, shape[0] * shape[1] * shape[2])),
    ),
    st.tuples(*[st.integers(-2, 5)] * 3),
    st.sampled_from([b"\0", b"\xff"]),  # 0 and NaN
)
whole_takes = st.builds(
    lambda take, rate_hz, samples, fill, harmony: (
        Take(
            job=0,
            take=take,
            rate_hz=rate_hz,
            samples=samples,
            recipe=Recipe(
                prompt="x", seconds=0.5, first_take=max(1, take), key=harmony[0], chords=harmony[1]
            ),
            measured=Measured(),
        ),
        fill * 8 * max(0, samples),
    ),
    st.integers(0, 3),
    PLAIN[int],
    st.integers(-2, 300),
    st.sampled_from([b"\0", b"\xff"]),
    st.tuples(st.sampled_from((None, "Am", "H")), names | st.sampled_from(("", "none", "Am", "i"))),
)
frames = st.tuples(events, blobs) | whole_previews | whole_takes


@pytest.fixture(scope="module")
def running() -> Iterator[Session]:
    """A session whose engine renders for ever, so that frames of its job can be slipped in."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        session = Session(
            config_dir=home / "config",
            data_dir=home / "data",
            command=lambda: [sys.executable, str(FAKE), "serve"],
        )
        session.models.settings.clips_folder = str(home / "clips")
        session.start()
        wait_until(lambda: session.models.engine.bundle is not None)
        yield session
        session.close()


def looked_at(session: Session) -> None:
    """What widgets ask for."""
    models = session.models
    takes, jobs = models.takes, models.jobs
    for index in range(len(takes.takes)):
        mel = takes.mel(index)
        assert mel is None or (mel.ndim == 2 and mel.size > 0 and np.isfinite(mel).all())
        audio = takes.takes[index].audio
        assert audio is None or (audio.shape[1] == 2 and np.isfinite(audio).all())
        assert 8_000 <= takes.takes[index].rate_hz <= 192_000
        takes.comparisons(index)
        chords_text(takes.takes[index])
    for job in (*jobs.waiting, *([jobs.current] if jobs.current else [])):
        assert job.fraction is None or 0 <= job.fraction <= 1
        assert all(0 <= bar.fraction <= 1 for bar in job.stages.values())
    models.form.asked()
    for trouble in models.troubles.all:
        assert len(trouble.line) < LINE_LIMIT_CHARS
    for stage in models.engine.stages:
        models.engine.step_curve(stage, "uniform")
        models.engine.preset(stage, "draft")


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.lists(frames, min_size=1, max_size=4), st.booleans())
def test_no_message_breaks_the_window(
    running: Session, said: list[tuple[Event, bytes]], about_the_job: bool
) -> None:
    """Unasked, of no job, of the wrong kind of job, out of range, blobs of any length."""
    models = running.models
    for message, blob in said:
        if models.jobs.current is None:
            models.form.prompt = "steps=1 step_ms=600000 deaf=1"
            models.form.turn("seconds", 0.5)
            models.jobs.generate()
        current = models.jobs.current
        if about_the_job and current is not None and hasattr(message, "job"):
            message = msgspec.structs.replace(message, job=current.number)  # noqa: PLW2901
        running.link.frame.emit(message, memoryview(blob))
        looked_at(running)
    run_for(0.001)
    assert running.link.state is LinkState.READY
