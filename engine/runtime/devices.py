"""Which devices can compute here, and in one sentence why one cannot.

onnxruntime falls back to the CPU with a warning on stderr when CUDA is incomplete; a musician
must be told which part is missing, so each step is tried in turn: the build, the driver, the
card, the libraries, and last a session that runs. Rejected: trusting `get_available_providers`
(it says what was compiled, not what works).
"""

import contextlib
import io
import logging
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Literal

import numpy as np

from engine.errors import UserError
from engine.runtime.ort import gpu_options, onnxruntime
from engine.runtime.probe import conv_model

_log = logging.getLogger(__name__)

Kind = Literal["cpu", "cuda", "coreml"]
ASKABLE: Final = ("auto", "cpu", "cuda", "coreml")
PROVIDERS: Final[dict[Kind, str]] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
# "auto" takes the first usable. CoreML is used only where asked for: it may split a network into
# many partitions (onnxruntime #28022) and has not been measured against the CPU.
_AUTO: Final[tuple[Kind, ...]] = ("cuda", "cpu")
# Oldest compute capability by the CUDA version that onnxruntime was built with:
# CUDA 13 drops Maxwell, Pascal and Volta (https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/).
_OLDEST_CAPABILITY: Final = {12: 6.0, 13: 7.5}
_SMI_FIELDS: Final = "name,compute_cap,memory.total,memory.free"
_SMI_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes:
        name: as people know it ("NVIDIA GeForce RTX 4070").
        kind: what to ask for.
        provider: onnxruntime's name of what runs there.
        usable: whether it can compute.
        used: whether it is the one in use.
        reason: why it cannot be used, or why it is not; empty when it is.
        memory_bytes: its own memory, None when that is the machine's.
    """

    name: str
    kind: Kind
    provider: str
    usable: bool
    used: bool = False
    reason: str = ""
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Gpu:
    """What nvidia-smi says of the first card."""

    name: str
    capability: float
    total_bytes: int
    free_bytes: int


def devices(asked: str = "auto") -> list[Device]:
    """Every kind of device, usable or not, the one that `asked` means marked as used.

    Raises:
        UserError: `asked` is no device.
    """
    if asked not in ASKABLE:
        raise UserError(
            "The device was not found", f"{asked!r} is none", f"Choose {', '.join(ASKABLE)}"
        )
    found = [_cuda(), _coreml(), cpu()]
    usable = {device.kind for device in found if device.usable}
    wanted: tuple[str, ...] = _AUTO if asked == "auto" else (asked,)
    used = next((kind for kind in wanted if kind in usable), None)
    return [_marked(device, used) for device in found]


def choose(asked: str = "auto") -> Device:
    """The device to use.

    Raises:
        UserError: the asked one cannot be used, and why.
    """
    found = devices(asked)
    for device in found:
        if device.used:
            return device
    reason = next(device.reason for device in found if device.kind == asked)
    raise UserError(
        f"{asked} cannot be used", reason, "Use --device auto, which takes the best there is"
    )


def cpu() -> Device:
    """The processor, which is always usable."""
    return Device(cpu_model(), "cpu", PROVIDERS["cpu"], usable=True)


@cache
def cpu_model() -> str:
    """The processor's name, as its maker wrote it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as info:  # noqa: PTH123
        for line in info:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    import platform  # noqa: PLC0415 - slow on some systems, and rarely needed

    return platform.processor() or platform.machine() or "CPU"


def query_gpu() -> Gpu | None:
    """The first NVIDIA card by nvidia-smi, or None without a working driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, f"--query-gpu={_SMI_FIELDS}", "--format=csv,noheader,nounits", "--id=0"]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_SMI_TIMEOUT_S, check=True, text=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        _log.info("nvidia-smi: %s", error)
        return None
    return parse_gpu(done.stdout)


def parse_gpu(line: str) -> Gpu | None:
    """One line of nvidia-smi's CSV; None when it holds no card ("[N/A]", an error text)."""
    fields = [field.strip() for field in line.strip().split(",")]
    if len(fields) != 4:
        return None
    name, *numbers = fields
    try:
        capability, total_mib, free_mib = (float(number) for number in numbers)
        return Gpu(name, capability, int(total_mib * 2**20), int(free_mib * 2**20))
    except (ValueError, OverflowError):
        return None


def _marked(device: Device, used: str | None) -> Device:
    if device.kind == used:
        return replace(device, used=True, reason="")
    if device.usable and not device.reason:
        return replace(device, reason="another device is in use")
    return device


def _coreml() -> Device:
    device = Device("Apple CoreML", "coreml", PROVIDERS["coreml"], usable=False)
    if device.provider not in onnxruntime().get_available_providers():
        return replace(device, reason="this onnxruntime is built without CoreML")
    return replace(device, usable=True, reason="used only where asked for")


def _cuda() -> Device:
    device = Device("NVIDIA GPU", "cuda", PROVIDERS["cuda"], usable=False)
    ort = onnxruntime()
    if device.provider not in ort.get_available_providers():
        return replace(device, reason="this onnxruntime is built without CUDA")
    gpu = query_gpu()
    if gpu is None:
        return replace(device, reason="no NVIDIA driver was found")
    device = replace(device, name=gpu.name, memory_bytes=gpu.total_bytes)
    version = str(ort.cuda_version or "")
    major = int(version.partition(".")[0]) if version[:1].isdigit() else 0
    oldest = _OLDEST_CAPABILITY.get(major, 0.0)
    if gpu.capability < oldest:
        why = f"its compute capability is {gpu.capability:g} and CUDA {major} needs {oldest:g}"
        return replace(device, reason=why)
    fault = _cuda_fault()
    return replace(device, usable=not fault, reason=fault)


@cache
def _cuda_fault() -> str:
    """Why a CUDA session does not run, or nothing. Tried once in a process."""
    ort = onnxruntime()
    missing = _missing_libraries(ort)
    if missing:
        return f"CUDA libraries are missing ({', '.join(missing)}): install noisefall[cuda]"
    model = conv_model(channels=8, width=8)
    try:
        session = ort.InferenceSession(
            model, gpu_options(), providers=[PROVIDERS["cuda"]], enable_fallback=0
        )
        if session.get_providers()[0] != PROVIDERS["cuda"]:
            return "its driver is too old for this onnxruntime's CUDA"
        session.run(None, {"x": np.zeros((1, 8, 1, 8), np.float32)})
    except Exception as error:  # whatever a driver does, the CPU is used instead
        return f"it failed a trial run ({_first_line(error)})"
    return ""


def _missing_libraries(ort: Any) -> list[str]:
    """Preload CUDA and cuDNN; the names that `preload_dlls` prints as not loaded."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        ort.preload_dlls(directory="")
    return list(dict.fromkeys(re.findall(r"Failed to load (\S+?):", said.getvalue())))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
