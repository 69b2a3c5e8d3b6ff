"""What a process of the pool does: outlines, shards, checks. One Renderer each, one thread each.

Reports go up a queue, the wish to stop comes down an event. A process whose parent is gone ends
itself: it would wait for work for ever, as it holds the other end of its own queue.
"""

import importlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.composer import compose
from engine.corpus.render import Rendering
from engine.corpus.store.encode import clip_files
from engine.corpus.store.layout import RATE_HZ, Plan, PlannedShard
from engine.corpus.store.plan import Outline, outline
from engine.corpus.store.seeds import clip_key, clip_seed
from engine.corpus.store.shards import fault_of, write_shard
from engine.errors import UserError
from engine.music.score import Score

DEFAULT_RENDERER = "engine.corpus.render:Renderer"


class Renders(Protocol):
    """What is asked of a renderer."""

    def render(self, score: Score, *, stems: bool = False) -> Rendering:
        """Render a score."""

    def close(self) -> None:
        """Let go of what it holds."""


@dataclass(frozen=True)
class Report:
    """A clip is done: its audio, and the CPU time since the last report."""

    audio_s: float
    cpu_s: float


@dataclass(frozen=True)
class Job:
    """Make one shard, or look whether it is there.

    Attributes:
        folder: of the corpus.
        plan: of the corpus; its other shards may be left out.
        shard: which.
        renderer: "module:callable" that gives a `Renders`.
    """

    folder: Path
    plan: Plan
    shard: PlannedShard
    renderer: str


class Stopped(Exception):  # noqa: N818 - no error
    """The work was asked to stop."""


class _State:
    """Of this process."""

    def __init__(self) -> None:
        self.renderers: dict[str, Renders] = {}
        self.report: Callable[[Report], None] = lambda _: None
        self.stop: Callable[[], bool] = lambda: False
        self.cpu_s = 0.0  # reported so far


_state = _State()


def start_here(report: Callable[[Report], None], stop: Callable[[], bool]) -> None:
    """Work in this process: what it spent so far is not the work's."""
    _state.report, _state.stop = report, stop
    _state.cpu_s = time.process_time()


def start_process(report: Callable[[Report], None], stop: Callable[[], bool]) -> None:
    """Work in a process of a pool: its start counts, Ctrl-C is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _state.report, _state.stop = report, stop
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    os._exit(1)


def new_renderer(name: str) -> Renders:
    """The renderer that "module:callable" gives."""
    module, _, attribute = name.partition(":")
    made: Renders = getattr(importlib.import_module(module), attribute)()
    return made


def outlines(corpus_seed: int, first: int, count: int) -> list[Outline]:
    """Of `count` clips from a number on. Raises Stopped."""
    result = []
    for number in range(first, first + count):
        if _state.stop():
            raise Stopped
        result.append(outline(corpus_seed, number))
    _report(0.0)
    return result


def look(job: Job) -> str:
    """Every byte of a shard: why it is not the plan's, or "". Raises Stopped."""
    if _state.stop():
        raise Stopped
    fault = fault_of(job.folder, job.plan, job.shard, hashed=True)
    _report(0.0)
    return fault


def make_shard(job: Job) -> int:
    """Render and write a shard; returns its bytes.

    Raises:
        Stopped: in the middle; nothing of the shard stays.
        UserError: it could not be rendered or written.
    """
    try:
        sidecar = write_shard(job.folder, job.plan, job.shard, _clips(job))
    except OSError as error:
        raise UserError(
            "The corpus is not finished",
            f"{error.filename or job.folder} could not be written ({error.strerror or error})",
            "Free some space, then give the same command again: finished shards are kept",
        ) from None
    return sidecar.size_bytes


def _clips(job: Job) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    plan = job.plan
    if job.renderer not in _state.renderers:
        _state.renderers[job.renderer] = new_renderer(job.renderer)
    renderer = _state.renderers[job.renderer]
    for number in job.shard.clips:
        if _state.stop():
            raise Stopped
        seed = clip_seed(plan.seed, number)
        try:
            score = compose(seed)
            rendering = renderer.render(score, stems=plan.stems)
            files = clip_files(
                score, rendering, corpus_seed=plan.seed, number=number, versions=plan.versions
            )
            yield clip_key(plan.seed, number), list(files)
        except (UserError, OSError):
            raise
        except Exception as error:
            error.add_note(f"clip {number} of corpus {plan.seed}, composition seed {seed}")
            raise
        _report(len(rendering.audio_24k) / RATE_HZ)


def close_renderers() -> None:
    """Let go of this process's renderers."""
    while _state.renderers:
        _state.renderers.popitem()[1].close()


def _report(audio_s: float) -> None:
    cpu_s = time.process_time()
    _state.report(Report(audio_s, cpu_s - _state.cpu_s))
    _state.cpu_s = cpu_s
