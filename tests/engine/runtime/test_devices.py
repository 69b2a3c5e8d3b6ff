"""Devices: what is usable, and one clear reason for what is not."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from engine.runtime import devices
from engine.runtime.devices import Gpu, choose, parse_gpu, query_gpu

CARD = Gpu("NVIDIA GeForce RTX 4070", 8.9, 12282 * 2**20, 11000 * 2**20)


@pytest.fixture
def fake_ort(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """An onnxruntime built for CUDA 13 whose every part works; tests break one."""
    session = SimpleNamespace(
        get_providers=lambda: ["CUDAExecutionProvider"], run=lambda *_: [None]
    )
    fake = SimpleNamespace(
        cuda_version="13.0",
        get_available_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
        preload_dlls=lambda directory: None,
        InferenceSession=lambda *_, **__: session,
        session=session,
    )
    monkeypatch.setattr(devices, "onnxruntime", lambda: fake)
    monkeypatch.setattr(devices, "gpu_options", lambda: None)
    monkeypatch.setattr(devices, "query_gpu", lambda: CARD)
    devices._cuda_fault.cache_clear()
    yield fake
    devices._cuda_fault.cache_clear()


def cuda() -> devices.Device:
    return next(device for device in devices.devices() if device.kind == "cuda")


def test_a_working_card_is_used(fake_ort: SimpleNamespace) -> None:
    device = choose("auto")
    assert device.kind == "cuda"
    assert device.name == "NVIDIA GeForce RTX 4070"
    assert device.memory_bytes == CARD.total_bytes
    assert (device.used, device.usable, device.reason) == (True, True, "")
    listed = {d.kind: d for d in devices.devices("auto")}
    assert listed["cpu"].reason == "another device is in use"
    assert sum(d.used for d in listed.values()) == 1
    assert choose("cpu").kind == "cpu"


def missing(directory: str) -> None:
    # as onnxruntime does, by print
    sys.stdout.write("Failed to load libcublasLt.so.13: libcublasLt.so.13: cannot open\n")
    sys.stdout.write("Failed to load libcudnn.so.9: no such file\n")


def failing(*_: object, **__: object) -> None:
    raise RuntimeError("CUDA failure 35: CUDA driver version is insufficient\nmore")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"get_available_providers": lambda: ["CPUExecutionProvider"]}, "built without CUDA"),
        ({"preload_dlls": missing}, "missing (libcublasLt.so.13, libcudnn.so.9): install"),
        ({"InferenceSession": failing}, "trial run (CUDA failure 35: CUDA driver version"),
    ],
)
def test_each_missing_part_has_its_reason(
    fake_ort: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    reason: str,
) -> None:
    vars(fake_ort).update(change)
    assert reason in cuda().reason
    assert choose("auto").kind == "cpu"
    with pytest.raises(UserError) as caught:
        choose("cuda")
    assert reason in caught.value.why
    assert capsys.readouterr() == ("", "")


def test_a_session_that_landed_on_the_cpu_is_no_gpu(fake_ort: SimpleNamespace) -> None:
    fake_ort.session.get_providers = lambda: ["CPUExecutionProvider"]
    assert "driver is too old" in cuda().reason


def test_no_driver_and_an_old_card(
    fake_ort: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "query_gpu", lambda: None)
    assert cuda().reason == "no NVIDIA driver was found"
    old = Gpu("GTX 1080", 6.1, 1, 1)
    monkeypatch.setattr(devices, "query_gpu", lambda: old)
    assert cuda().reason == "its compute capability is 6.1 and CUDA 13 needs 7.5"
    fake_ort.cuda_version = "12.8"
    assert cuda().usable


def test_coreml_is_used_only_where_asked_for(fake_ort: SimpleNamespace) -> None:
    fake_ort.get_available_providers = lambda: ["CoreMLExecutionProvider"]
    assert choose("auto").kind == "cpu"
    assert choose("coreml").kind == "coreml"


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UserError, match="Choose auto, cpu, cuda, coreml"):
        choose("tpu")


def test_nvidia_smi_is_read() -> None:
    assert parse_gpu("NVIDIA GeForce RTX 4070, 8.9, 12282, 11000\n") == CARD
    for line in ("", "No devices were found", "A, [N/A], 1, 2", "A, 8.9, nan, 2", "A, 8.9, inf, 2"):
        assert parse_gpu(line) is None


@given(st.text())
def test_any_answer_of_nvidia_smi_is_a_card_or_none(text: str) -> None:
    card = parse_gpu(text)
    assert card is None or isinstance(card.free_bytes, int)


def test_nvidia_smi_is_asked_and_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert query_gpu() is None
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA GeForce RTX 4070, 8.9, 12282, 11000'\n")
    program.chmod(0o755)
    assert query_gpu() == CARD
    program.write_text("#!/bin/sh\nexit 9\n")
    assert query_gpu() is None


def test_devices_print_nothing_and_the_import_is_late() -> None:
    code = (
        "import sys; import engine.runtime.session as s; "
        "assert 'onnxruntime' not in sys.modules; "
        "from engine.runtime.devices import devices; "
        "assert [d.kind for d in devices()] == ['cuda', 'coreml', 'cpu']; "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
