"""Checking a corpus: all labels, every byte, and the sound of a sample."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.corpus.check.coverage import Coverage
from engine.corpus.check.measure import hear
from engine.corpus.check.report import Report
from engine.corpus.store.pool import Pool, default_workers
from engine.corpus.store.read import StoredClip, open_corpus
from engine.corpus.store.worker import Stopped
from engine.errors import UserError

_MOST_CLIPS: Final = 1_000_000


def check_corpus(
    folder: Path,
    *,
    clips: int = 200,
    workers: int | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Report | None:
    """Check a corpus.

    Args:
        folder: of the corpus.
        clips: how many are listened to, drawn alike from all splits; always the same ones.
        workers: processes; None is one per core, 0 works in this one.
        stop: asked now and then; True ends the check.

    Returns:
        What was found, or None if it was stopped.

    Raises:
        UserError: there is no corpus, it is damaged, or `clips` is out of range.
    """
    if not 1 <= clips <= _MOST_CLIPS:
        raise UserError(
            "The corpus was not checked", f"--clips {clips} is not in 1–{_MOST_CLIPS}", "Change it"
        )
    corpus = open_corpus(folder, hashed=True)
    stored = list(corpus.clips())
    copies, coverage, seen = [], Coverage(), set()
    for clip in stored:
        if stop():
            return None
        info = replace(clip).info  # a copy: the labels of a whole corpus need not stay in memory
        if info.notes in seen:
            copies.append(clip.key)
        seen.add(info.notes)
        coverage.add(info.annotations)
    sample = sorted(stored, key=_draw)[:clips]
    count = default_workers() if workers is None else workers
    try:
        with Pool(count, on_report=lambda _: None, stop=stop) as pool:
            heard = tuple(result for _, result in pool.ordered(hear, _jobs(sample)))
    except Stopped:
        return None
    return Report(heard, tuple(copies), coverage)


def _draw(clip: StoredClip) -> bytes:
    return hashlib.blake2b(clip.key.encode(), digest_size=8).digest()


def _jobs(sample: list[StoredClip]) -> Iterator[tuple[StoredClip]]:
    for clip in sample:
        yield (clip,)
