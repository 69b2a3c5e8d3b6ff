"""The thread count: bounded by the cores there are, measured once, overridable; and the probe."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.errors import UserError
from engine.runtime.cores import usable_cores
from engine.runtime.ort import cpu_options, onnxruntime
from engine.runtime.probe import conv_model
from engine.runtime.threads import thread_count, time_threads, tune


def timed(times: dict[int, float], cpu_s: float = 1.0) -> Callable[[int], tuple[float, float]]:
    return lambda threads: (times[threads], cpu_s)


@pytest.mark.parametrize(
    ("cores", "times", "chosen"),
    [
        (1, {1: 1.0}, 1),
        (2, {1: 1.0, 2: 0.5}, 2),
        (2, {1: 1.0, 2: 0.97}, 1),  # 3 % is not worth a core
        (2, {1: 1.0, 2: 6.5}, 1),
        (6, {1: 1.0, 2: 0.6, 4: 0.4, 6: 0.39}, 4),
        (8, {1: 1.0, 2: 0.6, 4: 0.4, 8: 0.3}, 8),
    ],
)
def test_the_fewest_threads_that_are_about_the_fastest(
    cores: int, times: dict[int, float], chosen: int
) -> None:
    assert tune(cores, timed(times)) == (chosen, True)


def test_a_busy_machine_is_not_remembered(tmp_path: Path) -> None:
    assert tune(1, timed({1: 1.0}, cpu_s=0.5)) == (1, False)
    file = tmp_path / "threads.json"
    measure = timed({1: 1.0, 2: 0.5}, cpu_s=0.1)
    assert thread_count(environ={}, cache_file=file, cores=2, measure=measure) == 2
    assert not file.exists()


def test_it_is_measured_once_per_machine(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "threads.json"
    calls: list[int] = []

    def measure(threads: int) -> tuple[float, float]:
        calls.append(threads)
        return 1 / threads, 1.0

    for _ in range(2):
        assert thread_count(environ={}, cache_file=file, cores=2, measure=measure) == 2
    assert calls == [1, 2]
    assert thread_count(environ={}, cache_file=file, cores=4, measure=measure) == 4  # another key
    assert calls == [1, 2, 1, 2, 4]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 9999, b"\xff"])
def test_a_spoilt_cache_is_measured_again(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "threads.json"
    file.write_bytes(content)
    assert thread_count(environ={}, cache_file=file, cores=1, measure=timed({1: 1.0})) == 1
    (key,) = json.loads(file.read_text())
    file.write_text(json.dumps({key: 99}))  # more than there are cores
    assert thread_count(environ={}, cache_file=file, cores=1, measure=timed({1: 1.0})) == 1


def test_a_cache_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    inside_a_file = tmp_path / "file" / "threads.json"
    assert thread_count(environ={}, cache_file=inside_a_file, cores=1, measure=timed({1: 1.0})) == 1


def test_the_variable_overrides(tmp_path: Path) -> None:
    assert thread_count(environ={"NOISEFALL_THREADS": "7"}) == 7
    for bad in ("0", "-1", "two", "257", "9" * 5000, "²"):
        with pytest.raises(UserError, match="Give 1 to 256"):
            thread_count(environ={"NOISEFALL_THREADS": bad})


def test_quotas_bound_the_cores(tmp_path: Path) -> None:
    own = tmp_path / "self"
    own.write_text("0::/app/worker\n")
    inner = tmp_path / "cg" / "app" / "worker"
    inner.mkdir(parents=True)

    def cores() -> int:
        return usable_cores(cgroup=tmp_path / "cg", self_cgroup=own)

    free = cores()
    assert free >= 1
    (inner / "cpu.max").write_text("max 100000\n")
    assert cores() == free
    (inner.parent / "cpu.max").write_text("50000 100000\n")  # half a core, on the parent
    assert cores() == 1


def test_the_handwritten_model_is_onnx_and_computes_a_convolution() -> None:
    data = conv_model(channels=3, width=5, layers=2)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = onnxruntime().InferenceSession(
        data, cpu_options(1), providers=["CPUExecutionProvider"]
    )
    (out,) = session.run(None, {"x": np.ones((1, 3, 1, 5), np.float32)})
    once = 3 * 1e-3 * np.array([2, 3, 3, 3, 2])
    twice = 3e-3 * (np.pad(once, 1)[:-2] + once + np.pad(once, 1)[2:])
    np.testing.assert_allclose(out[0, 0, 0], twice, rtol=1e-5)


def test_the_real_measurement_runs() -> None:
    wall_s, cpu_s = time_threads(1)
    assert 0 < wall_s < 10
    assert cpu_s >= 0
