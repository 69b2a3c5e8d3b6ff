"""Models run, cancel mid-call, come back after failures, and release what they hold."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import UserError
from engine.runtime.calls import DeviceCall
from engine.runtime.cancel import Cancelled, CancelToken
from engine.runtime.devices import PROVIDERS, Device, cpu
from engine.runtime.ladder import Ladder, Plan
from engine.runtime.memory import OutOfMemory
from engine.runtime.ort import run_options
from engine.runtime.session import Runtime, make_session

GPU = Device("Test GPU", "cuda", PROVIDERS["cuda"], usable=True, used=True)
X = np.array([[1.0, 2.0]], np.float32)
OOM = "bfc_arena.cc:360 Failed to allocate memory for requested buffer of size 163840000"


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(cpu(), threads=1)


# ── real sessions on the CPU ──────────────────────────────────────────────────────────────


def test_constants_are_held_and_types_are_made_right(runtime: Runtime, affine_model: Path) -> None:
    bound = runtime.model(affine_model).bind(scale=np.array([2.0]), ids=np.array([1, 2], np.int32))
    assert not runtime.model(affine_model).loaded
    out = bound.run(CancelToken(), x=X[:, ::-1])  # float64 scale, int32 ids, reversed x
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, [[7.0, 5.0]])
    np.testing.assert_array_equal(bound.run(CancelToken(), x=np.zeros((3, 1))), np.full((3, 1), 3))


@pytest.mark.parametrize(
    ("feeds", "word"),
    [({}, "wants x, and"), ({"x": X, "y": X}, "no input y"), ({"x": X, "scale": X}, None)],
)
def test_names_that_do_not_match_the_graph_are_said(
    runtime: Runtime, affine_model: Path, feeds: dict[str, Any], word: str | None
) -> None:
    bound = runtime.model(affine_model).bind(scale=np.ones(1), ids=np.ones(1))
    if word is None:  # a feed stands in for a constant of that name
        assert bound.run(CancelToken(), x=X, scale=np.zeros(1))[0, 0] == 1
        return
    with pytest.raises(UserError, match=word):
        bound.run(CancelToken(), **feeds)


def test_weights_beside_the_model_are_read(runtime: Runtime, external_model: Path) -> None:
    out = runtime.model(external_model).bind().run(CancelToken(), x=np.ones(4))
    np.testing.assert_array_equal(out, [1, 2, 3, 4])


def test_a_run_is_cancelled_in_the_middle_and_the_session_lives(
    runtime: Runtime, heavy_model: Path
) -> None:
    bound = runtime.model(heavy_model).bind()
    small = np.ones((1, 64, 1, 4), np.float32)
    before = bound.run(CancelToken(), x=small)
    token = CancelToken()
    timer = threading.Timer(0.1, token.cancel)
    timer.start()
    with pytest.raises(Cancelled):  # a run that ends on its own, after seconds, does not raise
        bound.run(token, x=np.ones((1, 64, 1, 16_000), np.float32))
    timer.join()
    assert runtime.resident == [heavy_model]
    np.testing.assert_array_equal(bound.run(CancelToken(), x=small), before)


def test_a_cancelled_token_starts_nothing(runtime: Runtime, affine_model: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        runtime.model(affine_model).bind().run(token, x=X)
    assert runtime.resident == []


def test_a_file_that_is_no_model_is_a_user_error(runtime: Runtime, tmp_path: Path) -> None:
    for name, content in (("absent.onnx", None), ("bad.onnx", b"\xff\xff\xff")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=name):
            runtime.model(tmp_path / name).bind().run(CancelToken(), x=X)


def test_device_tensors_give_what_plain_feeds_give(affine_model: Path) -> None:
    session = make_session(affine_model, cpu(), 1)
    scale = np.array([2.0], np.float32)
    call = DeviceCall(session, {"scale": scale, "ids": np.array([5])}, device="cpu")
    scale[0] = 99  # the device has its own copy
    for x in (X, X + 1, np.ones((2, 3), np.float32), X):  # same shape twice, then others
        np.testing.assert_array_equal(call.run({"x": x}, run_options()), x * 2 + 5)
    with pytest.raises(UserError, match="wants x"):
        call.run({}, run_options())


def test_nothing_is_printed(
    runtime: Runtime, affine_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bound = runtime.model(affine_model).bind(scale=np.ones(1), ids=np.ones(1))
    bound.run(CancelToken(), x=X)
    with pytest.raises(UserError):
        bound.run(CancelToken(), x=np.ones((1, 2, 3)))  # of the wrong rank
    runtime.release_others()
    assert capfd.readouterr() == ("", "")


# ── policy, with sessions that fail on command ────────────────────────────────────────────


def test_the_least_recently_used_model_leaves_first(tmp_path: Path, factory: Any) -> None:
    runtime = Runtime(cpu(), threads=3, factory=factory)
    runtime.follow(Ladder((Plan("cpu", 1, 2),)))
    bounds = {n: runtime.model(tmp_path / n).bind() for n in "abc"}
    for name in "abacb":
        bounds[name].run(CancelToken(), x=X)
    assert [name for name, _, _ in factory.made] == ["a", "b", "c", "b"]
    assert [path.name for path in runtime.resident] == ["c", "b"]
    assert {threads for _, _, threads in factory.made} == {3}
    runtime.release_others(runtime.model(tmp_path / "c"))
    assert [path.name for path in runtime.resident] == ["c"]
    assert not runtime.model(tmp_path / "b").loaded


@pytest.mark.parametrize("cycles", [20])
def test_out_of_memory_is_typed_and_the_session_rebuilt(
    tmp_path: Path, factory: Any, ort_error: Any, cycles: int
) -> None:
    runtime = Runtime(cpu(), threads=1, factory=factory)
    bound = runtime.model(tmp_path / "m").bind()
    for cycle in range(cycles):
        factory.trouble["m"] = [ort_error(OOM)]
        with pytest.raises(OutOfMemory, match="m on "):
            bound.run(CancelToken(), x=X)
        assert runtime.resident == []
        np.testing.assert_array_equal(bound.run(CancelToken(), x=X), X + 1)
        assert len(factory.made) == cycle + 2


def test_out_of_memory_while_loading_is_the_same(
    tmp_path: Path, factory: Any, ort_error: Any
) -> None:
    factory.load_trouble = [ort_error("Exception during initialization: std::bad_alloc")]
    bound = Runtime(cpu(), threads=1, factory=factory).model(tmp_path / "m").bind()
    with pytest.raises(OutOfMemory):
        bound.run(CancelToken(), x=X)
    assert bound.run(CancelToken(), x=X)[0, 0] == 2


def test_a_failed_session_is_freed_before_the_error_is_handled(
    tmp_path: Path, factory: Any, ort_error: Any
) -> None:
    import weakref  # noqa: PLC0415

    runtime = Runtime(cpu(), threads=1, factory=factory)
    model = runtime.model(tmp_path / "m")
    first, second = model.bind(), model.bind()
    second.run(CancelToken(), x=X)
    session = weakref.ref(model.session())
    factory.trouble["m"] = [ort_error(OOM)]
    try:
        first.run(CancelToken(), x=X)
    except OutOfMemory:
        assert session() is None  # neither a Bound nor the traceback keeps it
    else:
        pytest.fail("did not raise")


def test_the_gpu_runs_the_float16_file_and_the_cpu_the_other(tmp_path: Path, factory: Any) -> None:
    said: list[str] = []
    runtime = Runtime(GPU, threads=1, notify=said.append, factory=factory)
    model = runtime.model(tmp_path / "m.onnx", tmp_path / "m16.onnx")
    model.session()
    runtime.fall_back_to_cpu("Using the CPU.")
    runtime.fall_back_to_cpu("Using the CPU.")
    assert model.bind().run(CancelToken(), x=X)[0, 0] == 2
    assert factory.made == [("m16.onnx", "cuda", 1), ("m.onnx", "cpu", 1)]
    assert said == ["Using the CPU."]
    assert runtime.device.kind == "cpu"


def test_a_gpu_that_onnxruntime_dropped_falls_back(tmp_path: Path, factory: Any) -> None:
    said: list[str] = []
    runtime = Runtime(GPU, threads=1, notify=said.append, factory=factory)
    factory.provider = PROVIDERS["cpu"]
    runtime.model(tmp_path / "m").session()
    assert [kind for _, kind, _ in factory.made] == ["cuda", "cpu"]
    assert said == ["Test GPU could not be used: going on with the CPU."]


def test_the_ladder_is_walked_to_its_end(tmp_path: Path, factory: Any, ort_error: Any) -> None:
    said: list[str] = []
    runtime = Runtime(GPU, threads=1, notify=said.append, factory=factory)
    plans = (Plan("cuda", 2, 8), Plan("cuda", 1, 8), Plan("cuda", 1, 1), Plan("cpu", 2, 8))
    ladder = Ladder(plans)
    # a fake GPU binds plainly: the fall-back is what is tested
    model = runtime.model(tmp_path / "m")
    for expected in plans[1:]:
        factory.load_trouble = [ort_error("CUDA failure 2: out of memory")]
        with pytest.raises(OutOfMemory):
            model.session()
        ladder = runtime.step_down(ladder)
        assert ladder.plan == expected
    assert runtime.device.kind == "cpu"
    assert said == [
        "Memory ran out: going on with 1 take at a time.",
        "Memory ran out: going on with one model in memory at a time.",
        "Memory on the GPU ran out: going on with the CPU.",
    ]
    assert model.bind().run(CancelToken(), x=X)[0, 0] == 2
    with pytest.raises(UserError, match="too little memory"):
        runtime.step_down(ladder)


def test_other_failures_are_told_apart_from_bugs(
    tmp_path: Path, factory: Any, ort_error: Any
) -> None:
    runtime = Runtime(cpu(), threads=1, factory=factory)
    bound = runtime.model(tmp_path / "m").bind()
    factory.trouble["m"] = [ort_error("CUDA failure 719\nmore"), ValueError("a bug")]
    with pytest.raises(UserError, match="CUDA failure 719"):
        bound.run(CancelToken(), x=X)
    with pytest.raises(ValueError, match="a bug"):
        bound.run(CancelToken(), x=X)


def test_a_plan_for_the_cpu_is_followed_from_the_start(factory: Any) -> None:
    said: list[str] = []
    runtime = Runtime(GPU, threads=1, notify=said.append, factory=factory)
    runtime.follow(Ladder((Plan("cpu", 1, 8),)))
    assert runtime.device.kind == "cpu"
    assert len(said) == 1
