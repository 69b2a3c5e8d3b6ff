"""How much memory there is to use, and when a failure was about memory.

onnxruntime has no exception of its own for it: the words differ by allocator, provider and
platform, and a session may stay broken until it is rebuilt (onnxruntime #16307). So the words are
kept in one table here, and what matches becomes `OutOfMemory`.
"""

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from engine.runtime.cores import cgroup_folders, read_text

_WORDS: Final = (
    "bad_alloc",  # libstdc++, libc++
    "bad allocation",  # MSVC
    "failed to allocate memory",  # onnxruntime's arena, CPU and CUDA
    "out of memory",  # CUDA runtime and driver
    "not enough memory",
    "cudaerrormemoryallocation",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "allocation_failed",  # CUDNN_STATUS_INTERNAL_ERROR_…_ALLOCATION_FAILED
)


class OutOfMemory(Exception):  # noqa: N818 - a condition that the ladder answers, not a verdict
    """One inference call or model did not fit. The session concerned has been dropped."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of numpy, Python or onnxruntime says that memory ran out."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return any(words in text for words in _WORDS)


def available_bytes(
    *,
    system: Callable[[], int] | None = None,
    folders: list[Path] | None = None,
    address_space: Callable[[], int | None] | None = None,
) -> int:
    """Main memory that this process may still take.

    The least of what the system has, what the cgroup (a container, a systemd unit) leaves and
    what RLIMIT_AS leaves.
    """
    bounds = [(system or _system_bytes)()]
    for folder in cgroup_folders() if folders is None else folders:
        limit, used = read_text(folder / "memory.max"), read_text(folder / "memory.current")
        if limit.isdigit() and used.isdigit():
            bounds.append(int(limit) - int(used) + _reclaimable(folder))
    left = (address_space or _address_space_left)()
    if left is not None:
        bounds.append(left)
    return max(0, min(bounds))


def give_back() -> None:
    """Hand memory that was freed but kept by the C library back to the system (glibc only).

    In a trial a process kept 147 MB after dropping a session, and 62 MB after this.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(0)


def _system_bytes() -> int:
    return int(psutil.virtual_memory().available)


def _reclaimable(folder: Path) -> int:
    """Page cache charged to the cgroup that the kernel drops when memory is needed."""
    for line in read_text(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "inactive_file" and value.isdigit():
            return int(value)
    return 0


def _address_space_left() -> int | None:
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - Unix only

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return None
    return int(soft - psutil.Process().memory_info().vms)
