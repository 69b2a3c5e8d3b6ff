"""Timing an engine process from the outside, as a musician meets it: by the events it sends.

Rejected: timing inside the engine (it would miss the process boundary, which is where cold starts
and previews are won or lost).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import psutil

from engine.errors import UserError
from engine.protocol.client import EngineClient, EngineDied, engine_command
from engine.protocol.messages import (
    BundleLoaded,
    Clip,
    Devices,
    DevicesReport,
    Done,
    Failed,
    Keep,
    LoadBundle,
    Preview,
    Progress,
    Render,
    Request,
    Take,
)
from engine.protocol.parts import take_parts
from engine.recipe import PresetName, Recipe, checked

PROMPT: Final = "warm lo-fi guitar with soft drums and a round bass, rainy evening"
COLD_STARTS: Final = 3

Answer = TypeVar("Answer", DevicesReport, BundleLoaded)


@dataclass(frozen=True)
class StageTiming:
    """One stage of one render; step_ms leaves out the stage's first step where there are more."""

    stage: str
    steps: int
    step_ms: float
    seconds: float


@dataclass(frozen=True)
class RenderTiming:
    """One warm render from request to finished clip."""

    preset: str
    first_preview_s: float
    stages: tuple[StageTiming, ...]
    total_s: float


@dataclass(frozen=True)
class BenchReport:
    """Everything that `noisefall bench` prints."""

    bundle: str
    device: str
    threads: int
    seconds: float
    ready_s: float
    load_s: float
    first_preview_cold_s: float
    renders: tuple[RenderTiming, ...]
    peak_memory_bytes: int


@dataclass
class _Recording:
    """What came back for one job: when each step was done, and the take."""

    started_s: float
    steps: list[tuple[float, Progress]]
    first_preview_s: float = 0.0
    ended_s: float = 0.0
    take: Take | None = None
    take_s: float = 0.0
    audio: bytes = b""


def measure(
    bundle: str,
    *,
    seconds: float,
    presets: Sequence[PresetName],
    device: str,
    threads: int,
    say: Callable[[str], None],
) -> BenchReport:
    """Measure one bundle in fresh engine processes.

    Args:
        bundle: path of the bundle.
        seconds: clip length.
        presets: rendered warm, one after the other.
        device: as `noisefall-engine serve --device`.
        threads: CPU threads, 0 for the tuned number.
        say: told what is going on, one line at a time.

    Raises:
        UserError: the recipe, the bundle or the device was refused, or the engine died.
    """
    command = engine_command("--device", device, "--threads", str(threads), "--bundle", bundle)
    say(f"starting the engine {COLD_STARTS} times")
    ready_s = min(_cold_start_s(command) for _ in range(COLD_STARTS))
    try:
        with EngineClient(command) as client:
            return _measure_warm(
                client, bundle, seconds=seconds, presets=presets, ready_s=ready_s, say=say
            )
    except EngineDied as error:
        raise UserError("The bench was not finished", str(error), "Run it again") from None


def _cold_start_s(command: Sequence[str]) -> float:
    started_s = time.perf_counter()
    with EngineClient(command):
        return time.perf_counter() - started_s


def _measure_warm(
    client: EngineClient,
    bundle: str,
    *,
    seconds: float,
    presets: Sequence[PresetName],
    ready_s: float,
    say: Callable[[str], None],
) -> BenchReport:
    report = _ask(client, Devices(), DevicesReport)
    used = next((d.name for d in report.devices if d.used), "?")
    started_s = time.perf_counter()
    loaded = _ask(client, LoadBundle(bundle=bundle), BundleLoaded)
    load_s = time.perf_counter() - started_s
    say("warming up")
    recipe = checked(Recipe(prompt=PROMPT, seconds=seconds, preset="draft"))
    cold = _render_and_keep(client, recipe, job=1)
    timings = []
    for job, preset in enumerate(presets, start=2):
        say(f"rendering {preset}")
        recipe = checked(Recipe(prompt=PROMPT, seconds=seconds, preset=preset, seed=job))
        timings.append(_timing(preset, _render_and_keep(client, recipe, job=job)))
    return BenchReport(
        bundle=f"{loaded.name} {loaded.version}",
        device=used,
        threads=_ask(client, Devices(), DevicesReport).threads,
        seconds=seconds,
        ready_s=ready_s,
        load_s=load_s,
        first_preview_cold_s=cold.first_preview_s,
        renders=tuple(timings),
        peak_memory_bytes=_peak_memory_bytes(client.pid),
    )


def _ask(client: EngineClient, request: Request, answer: type[Answer]) -> Answer:
    client.send(request)
    for event, _ in client.events():
        if isinstance(event, answer):
            return event
        if isinstance(event, Failed):
            raise UserError(event.what, event.why, event.remedy)
    raise AssertionError


def _render_and_keep(client: EngineClient, recipe: Recipe, *, job: int) -> _Recording:
    """Render one take and finish it; both requests are one recording."""
    recording = _Recording(time.perf_counter(), [])
    client.send(Render(job=job, recipe=recipe))
    _record(client, recording)
    if recording.take is None:
        raise UserError("The bench was not finished", "no take came back", "Run it again")
    keep = Keep(job=job + 1000, recipe=recording.take.recipe, take=recording.take.take)
    client.send(keep, recording.audio)
    _record(client, recording)
    return recording


def _record(client: EngineClient, recording: _Recording) -> None:
    """Note every event of a job until it is done."""
    for event, blob in client.events():
        now_s = time.perf_counter()
        match event:
            case Progress():
                recording.steps.append((now_s, event))
            case Preview():
                recording.first_preview_s = recording.first_preview_s or (
                    now_s - recording.started_s
                )
            case Take():
                recording.take, recording.audio = event, bytes(take_parts(event, blob)[0])
                recording.take_s = now_s
            case Clip():
                recording.ended_s = now_s
            case Failed(what=what, why=why, remedy=remedy):
                raise UserError(what, why, remedy)
            case Done():
                return
            case _:
                pass


def _timing(preset: str, recording: _Recording) -> RenderTiming:
    stages: list[StageTiming] = []
    before_s = recording.started_s
    for stage in dict.fromkeys(event.stage for _, event in recording.steps):
        times_s = [at_s for at_s, event in recording.steps if event.stage == stage]
        if times_s[0] > recording.take_s:  # what was measured on the take is no stage's time
            before_s = max(before_s, recording.take_s)
        own_s = times_s[-1] - before_s
        steps = len(times_s)
        step_s = (times_s[-1] - times_s[0]) / (steps - 1) if steps > 1 else own_s
        stages.append(StageTiming(stage, steps, step_s * 1000, own_s))
        before_s = times_s[-1]
    total_s = recording.ended_s - recording.started_s
    rest_s = total_s - sum(stage.seconds for stage in stages)
    stages.append(StageTiming("measure, write", 1, rest_s * 1000, rest_s))
    return RenderTiming(preset, recording.first_preview_s, tuple(stages), total_s)


def _peak_memory_bytes(pid: int) -> int:
    """Highest resident memory of a process so far (on macOS: its present one)."""
    if psutil.LINUX:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    memory = psutil.Process(pid).memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
