"""onnxruntime, imported late and kept quiet.

The import costs some 0.2 s, so nothing imports it until a device or a model is asked for. It logs
to stderr in colour, even what is handled here (a missing CUDA library, an allocation that failed):
only its fatal messages are let through. Every error it raises is still an exception.
"""

import threading
from types import ModuleType
from typing import Any, Final

FATAL_ONLY: Final = 4
_SHARED_ARENA: Final = {"arena_extend_strategy": 1}  # kSameAsRequested: no rounding up to 2^n

_lock = threading.Lock()
_prepared: list[ModuleType] = []


def onnxruntime() -> Any:
    """The module, its logging silenced and one arena shared by all CPU sessions.

    The shared arena keeps a process with three live sessions of a small network at 142 MB instead
    of 205 MB: the sessions of a cascade run one after the other and need the same memory in turn.
    """
    with _lock:
        if not _prepared:
            import onnxruntime as ort  # noqa: PLC0415 - see the module's docstring

            ort.set_default_logger_severity(FATAL_ONLY)
            info = ort.OrtMemoryInfo(
                "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
            )
            ort.create_and_register_allocator(info, ort.OrtArenaCfg(_SHARED_ARENA))
            _prepared.append(ort)
        return _prepared[0]


def cpu_options(threads: int) -> Any:
    """SessionOptions for the CPU.

    Workers spin while a run lasts and stop when it returns: no idle CPU time is left (0.04 s per
    second by default). `allow_spinning=0` does that too, but lets them sleep between the operators
    of one run; on a busy machine no difference in a sampling loop could be told from noise.
    """
    options = onnxruntime().SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL_ONLY
    options.graph_optimization_level = onnxruntime().GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.add_session_config_entry("session.use_env_allocators", "1")
    return options


def gpu_options() -> Any:
    """SessionOptions for a GPU: the host does little, so one thread."""
    options = onnxruntime().SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL_ONLY
    options.graph_optimization_level = onnxruntime().GraphOptimizationLevel.ORT_ENABLE_ALL
    return options


def run_options(*, shrink: bool = False) -> Any:
    """RunOptions for one call; `shrink` gives the shared arena's free memory back afterwards."""
    options = onnxruntime().RunOptions()
    options.log_severity_level = FATAL_ONLY
    if shrink:
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
