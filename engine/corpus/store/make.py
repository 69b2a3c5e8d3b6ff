"""Making a corpus: plan, look at what is there, render what is missing.

Only shards that are complete to the last byte count, so a run may be interrupted, killed or have
its files damaged at any time: the same command again finishes it.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import msgspec

from engine.corpus.store import worker
from engine.corpus.store.folder import (
    ELSEWHERE,
    WHAT,
    check_space,
    existing_plan,
    locked,
    prepare,
)
from engine.corpus.store.layout import PLAN_NAME, Plan, PlannedShard, Split, Versions, encoded
from engine.corpus.store.plan import Outline, default_seconds_per_shard, plan_shards
from engine.corpus.store.pool import Pool, default_workers
from engine.corpus.store.shards import remove_parts
from engine.corpus.store.versions import present_versions
from engine.corpus.store.worker import DEFAULT_RENDERER, Job, Report
from engine.errors import UserError
from engine.files import replace_file

HOURS: Final = (0.001, 10_000.0)
SECONDS_PER_SHARD: Final = (1.0, 100_000.0)
_BATCH: Final = 32  # outlines per task
_MEAN_CLIP_S: Final = 21.0  # for the progress of planning only

Phase = Literal["planning", "checking", "rendering"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is asked for.

    Attributes:
        hours: of audio over all splits, at least.
        folder: where.
        seed: of the corpus; one seed is one corpus.
        stems: also the mels of drums, bass, harmony and melody.
        workers: processes; None is one per core, 0 works in this one.
        seconds_per_shard: audio per shard; None lets the hours decide.
        renderer: "module:callable" that makes a renderer.
        versions: what makes the clips; None looks at what is installed.
    """

    hours: float
    folder: Path
    seed: int = 0
    stems: bool = False
    workers: int | None = None
    seconds_per_shard: float | None = None
    renderer: str = DEFAULT_RENDERER
    versions: Versions | None = None


@dataclass(frozen=True)
class Progress:
    """How far a phase is, in its own unit: clips to plan, shards to check, seconds of audio.

    Attributes:
        audio_s, cpu_s: rendered in this run, and the CPU time of everything so far.
    """

    phase: Phase
    done: float
    total: float
    audio_s: float = 0.0
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Attributes:
        plan: of the corpus.
        made, kept: shards.
        faults: why shards that were there had to be made again.
        audio_s: rendered by this run.
        cpu_s: spent by this run, planning and starting included; over all processes.
        wall_s: of the run.
        made_bytes: written by this run.
        finished: False where it was stopped.
    """

    plan: Plan | None
    made: int
    kept: int
    faults: tuple[str, ...]
    audio_s: float
    cpu_s: float
    wall_s: float
    made_bytes: int
    finished: bool

    @property
    def times_real_time_per_core(self) -> float:
        """Seconds of audio per second of CPU."""
        return self.audio_s / self.cpu_s if self.cpu_s > 0 else 0.0


def clips_by_split(plan: Plan) -> dict[Split, int]:
    """How many clips each split has."""
    counts: dict[Split, int] = {"train": 0, "validation": 0, "test": 0}
    for shard in plan.shards:
        counts[shard.split] += len(shard.clips)
    return counts


def make_corpus(
    settings: Settings,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Summary:
    """Make a corpus, or finish one that was begun.

    Args:
        settings: what is asked for.
        on_progress: told after every clip, shard or batch.
        stop: asked several times a second; True ends the run, which can be continued.

    Raises:
        UserError: settings out of range; a folder that cannot be used or is too small, or holds
            another corpus; nothing to render with; a disk that fills up.
    """
    _check_ranges(settings)
    before = existing_plan(settings.folder)
    worker.new_renderer(settings.renderer).close()  # is there anything to render with?
    settings = replace(settings, versions=settings.versions or present_versions())
    if before is not None:
        settings = _continued(settings, before)
    else:
        check_space(
            settings.folder, settings.hours, stems=settings.stems, hours_asked=settings.hours
        )
    prepare(settings.folder)
    with locked(settings.folder):
        remove_parts(settings.folder)
        return _Run(settings, on_progress).run(before, stop)


class _Run:
    """One run: counts what it does."""

    def __init__(self, settings: Settings, on_progress: Callable[[Progress], None]) -> None:
        self.settings = settings
        self.on_progress = on_progress
        self.audio_s = self.cpu_s = 0.0
        self.made = self.kept = self.made_bytes = 0
        self.faults: list[str] = []
        self.phase: Phase = "planning"
        self.done = self.total = 0.0

    def run(self, before: Plan | None, stop: Callable[[], bool]) -> Summary:
        started_s = time.monotonic()
        workers = default_workers() if self.settings.workers is None else self.settings.workers
        plan, finished = None, False
        try:
            with Pool(workers, on_report=self.report, stop=stop) as pool:
                plan = self.plan(pool, before)
                missing = self.missing(pool, plan)
                self.render(pool, plan, missing)
                finished = True
        except worker.Stopped:
            pass
        return Summary(
            plan, self.made, self.kept, tuple(self.faults), self.audio_s, self.cpu_s,
            time.monotonic() - started_s, self.made_bytes, finished,
        )  # fmt: skip

    def report(self, report: Report) -> None:
        self.audio_s += report.audio_s
        self.cpu_s += report.cpu_s
        if self.phase == "rendering":
            self.step(report.audio_s)

    def enter(self, phase: Phase, total: float) -> None:
        self.phase, self.done, self.total = phase, 0.0, total
        self.step(0.0)

    def step(self, amount: float) -> None:
        self.done += amount
        self.on_progress(Progress(self.phase, self.done, self.total, self.audio_s, self.cpu_s))

    def plan(self, pool: Pool, before: Plan | None) -> Plan:
        """The plan, written down; that of before where it has the hours."""
        asked = self.settings
        if before is not None and before.hours == asked.hours:
            return before
        seconds_per_shard = asked.seconds_per_shard or default_seconds_per_shard(asked.hours)
        self.enter("planning", asked.hours * 3600 / _MEAN_CLIP_S)
        shards, duplicates = plan_shards(
            self.outlines(pool), seconds=asked.hours * 3600, seconds_per_shard=seconds_per_shard
        )
        if asked.versions is None:
            raise AssertionError
        plan = Plan(
            versions=asked.versions, seed=asked.seed, hours=asked.hours, stems=asked.stems,
            seconds_per_shard=seconds_per_shard, duplicates=duplicates, shards=shards,
        )  # fmt: skip
        try:
            replace_file(asked.folder / PLAN_NAME, encoded(plan))
        except OSError as error:
            raise UserError(WHAT, f"{asked.folder}: {error.strerror}", ELSEWHERE) from None
        return plan

    def outlines(self, pool: Pool) -> Iterator[Outline]:
        jobs = ((self.settings.seed, first, _BATCH) for first in itertools.count(0, _BATCH))
        for _, batch in pool.ordered(worker.outlines, jobs):
            self.step(len(batch))
            yield from batch

    def missing(self, pool: Pool, plan: Plan) -> list[PlannedShard]:
        """Shards that are not there, or not whole."""
        self.enter("checking", len(plan.shards))
        missing = []
        present = {entry.name for entry in self.settings.folder.iterdir()}
        for (job,), fault in pool.ordered(worker.look, ((job,) for job in self.jobs(plan))):
            self.step(1)
            if not fault:
                self.kept += 1
                continue
            missing.append(job.shard)
            if f"{job.shard.name}.tar" in present:
                self.faults.append(fault)
        return missing

    def render(self, pool: Pool, plan: Plan, missing: list[PlannedShard]) -> None:
        asked = self.settings
        self.enter("rendering", sum(shard.seconds for shard in missing))
        check_space(
            asked.folder, self.total / 3600, stems=plan.stems, hours_asked=plan.seconds / 3600
        )
        names = {shard.name for shard in missing}
        jobs = ((job,) for job in self.jobs(plan) if job.shard.name in names)
        for _, size_bytes in pool.ordered(worker.make_shard, jobs):
            self.made += 1
            self.made_bytes += size_bytes

    def jobs(self, plan: Plan) -> Iterator[Job]:
        """Longest first: validation and test, which are short, fill the gaps at the end."""
        for shard in sorted(plan.shards, key=lambda shard: (-shard.seconds, shard.name)):
            alone = msgspec.structs.replace(plan, shards=(shard,))
            yield Job(self.settings.folder, alone, shard, self.settings.renderer)


def _check_ranges(settings: Settings) -> None:
    ranges = (
        ("--hours", settings.hours, *HOURS),
        ("--seed", settings.seed, 0, 2**63 - 1),
        ("--workers", settings.workers, 0, 1024),
        ("--seconds-per-shard", settings.seconds_per_shard, *SECONDS_PER_SHARD),
    )
    for name, value, low, high in ranges:
        if value is not None and not low <= value <= high:  # NaN is in no range
            raise UserError(WHAT, f"{name} {value:g} is not in {low:g}–{high:g}", "Change it")


def _continued(settings: Settings, before: Plan) -> Settings:
    """The settings with the shard size that the folder has.

    Raises:
        UserError: the folder holds another corpus.
    """
    settings = replace(
        settings, seconds_per_shard=settings.seconds_per_shard or before.seconds_per_shard
    )
    facts = (
        ("seed", before.seed, settings.seed),
        ("stems", before.stems, settings.stems),
        ("seconds per shard", before.seconds_per_shard, settings.seconds_per_shard),
        ("version", before.versions, settings.versions),
    )
    for name, there, asked in facts:
        if there != asked:
            detail = "" if name == "version" else f" ({name} {there}, not {asked})"
            raise UserError(
                WHAT,
                f"{settings.folder} holds a corpus of another {name}{detail}",
                "Remove it, or choose another folder with --out",
            )
    if settings.hours < before.hours:
        raise UserError(
            WHAT,
            f"{settings.folder} holds a corpus of {before.hours:g} hours",
            f"Ask for --hours {before.hours:g} to finish it or for more to go on, or choose"
            " another folder with --out",
        )
    return settings
