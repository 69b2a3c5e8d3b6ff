"""How many threads one inference call should use, measured once per machine.

On a laptop all cores are best, on a busy or virtual machine often fewer, and no table knows. So a
small convolution is timed at each candidate and the answer kept in the cache, under the CPU's and
onnxruntime's names. Rejected: onnxruntime's default (it ignores quotas and what else runs), and
tuning on the first real model (seconds, at the worst moment).
"""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from engine.bundle.places import cache_dir
from engine.errors import UserError
from engine.runtime.cores import usable_cores
from engine.runtime.devices import cpu_model
from engine.runtime.ort import cpu_options, onnxruntime
from engine.runtime.probe import conv_model

_log = logging.getLogger(__name__)

VARIABLE: Final = "NOISEFALL_THREADS"
THREADS_LIMIT: Final = 256
_CHANNELS, _WIDTH, _LAYERS = 256, 512, 2  # 0.4 GFLOP, the shape of a generator's block
_RUNS: Final = 5
_BUDGET_S: Final = 0.6
_WORTH: Final = 1.05  # more threads must be this much faster to be worth it
_BUSY: Final = 1.3  # wall ÷ CPU time of one thread above which others are computing too

Measure = Callable[[int], tuple[float, float]]


def thread_count(
    *,
    environ: Mapping[str, str] | None = None,
    cache_file: Path | None = None,
    cores: int | None = None,
    measure: Measure | None = None,
) -> int:
    """Threads for one call: NOISEFALL_THREADS, else the cached measurement, else a new one.

    Raises:
        UserError: NOISEFALL_THREADS is no number of threads.
    """
    override = (os.environ if environ is None else environ).get(VARIABLE, "")
    if override:
        return _checked(override)
    cores = cores or usable_cores()
    file = cache_file or cache_dir() / "threads.json"
    key = f"{cpu_model()} | {cores} cores | onnxruntime {onnxruntime().__version__}"
    known = _read(file, key, cores)
    if known is not None:
        return known
    threads, quiet = tune(cores, measure or time_threads)
    if quiet:
        _write(file, key, threads)
    return threads


def tune(cores: int, measure: Measure) -> tuple[int, bool]:
    """(fewest threads within 5 % of the fastest, whether the machine was quiet enough to keep it).

    `measure(threads)` returns the best wall time of one call and the CPU time it took, in seconds.
    """
    candidates = sorted({2**power for power in range(9) if 2**power <= cores} | {cores})
    times: dict[int, float] = {}
    quiet, end = True, time.monotonic() + _BUDGET_S
    for threads in candidates:
        if times and time.monotonic() > end:
            break
        times[threads], cpu_s = measure(threads)
        if threads == 1:
            quiet = times[1] <= _BUSY * cpu_s
    best = min(times.values())
    chosen = next(threads for threads in candidates if times[threads] <= best * _WORTH)
    _log.info("threads %d of %s, quiet %s", chosen, times, quiet)
    return chosen, quiet


def time_threads(threads: int) -> tuple[float, float]:
    """(best wall time, median CPU time) of one call with this many threads, in seconds."""
    model = conv_model(channels=_CHANNELS, width=_WIDTH, layers=_LAYERS)
    session = onnxruntime().InferenceSession(
        model, cpu_options(threads), providers=["CPUExecutionProvider"]
    )
    x = np.full((1, _CHANNELS, 1, _WIDTH), 0.1, np.float32)
    session.run(None, {"x": x})
    walls, cpus = [], []
    for _ in range(_RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        session.run(None, {"x": x})
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), sorted(cpus)[_RUNS // 2]


def _checked(override: str) -> int:
    if override.isdecimal() and 1 <= int(override[:4]) <= THREADS_LIMIT and len(override) <= 4:
        return int(override)
    raise UserError(
        "The engine did not start", f"{VARIABLE} is {override[:20]!r}", f"Give 1 to {THREADS_LIMIT}"
    )


def _read(file: Path, key: str, cores: int) -> int | None:
    try:
        known = json.loads(file.read_bytes()[:65_536])
    except (OSError, ValueError, RecursionError):
        return None
    threads = known.get(key) if isinstance(known, dict) else None
    return threads if type(threads) is int and 1 <= threads <= cores else None


def _write(file: Path, key: str, threads: int) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(json.dumps({key: threads}), encoding="utf-8")
        fresh.replace(file)
    except OSError as error:  # measured again next time
        _log.info("the thread count was not kept: %s", error)
