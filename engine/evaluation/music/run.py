"""One run of the whole evaluation: what is asked, made, heard and counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.errors import UserError
from engine.evaluation.clips import SPLITS, HeldOut, held_out
from engine.evaluation.music.asks import Ask, drawn_asks
from engine.evaluation.music.diverse import Group, groups_of
from engine.evaluation.music.ear import Ear, TextMeans
from engine.evaluation.music.figures import Judged, Row, rows
from engine.evaluation.music.judge import judge
from engine.evaluation.music.making import Band, Job, Say, jobs, real_jobs, run_jobs
from engine.evaluation.music.shelf import Shelf
from engine.training.train.data import has_split

SHELF: Final = "sounds"
GROUP_CLIPS: Final = 6_000  # of each split, looked at for captions that several share


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the report says of its run.

    Attributes:
        bundle: its name, version and hash.
        sampling: preset and overrides, as text.
        split: the test clips'.
        command: that makes the report again.
        machine: device and threads.
        ear: the judge's file.
    """

    bundle: str
    sampling: str
    split: str
    command: str
    machine: str
    ear: str


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What a run asks.

    Attributes:
        asks: prompts with their real clips.
        groups: captions for diversity.
        others: real clips of another split, cut alike.
    """

    asks: tuple[Ask, ...]
    groups: tuple[Group, ...] = ()
    others: tuple[Ask, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished run."""

    facts: Facts
    questions: Questions
    judged: Judged
    table: list[Row] = field(default_factory=list)


def questions(
    folders: Sequence[Path], *, split: str, count: int, groups: int, longest_s: float, seed: int
) -> Questions:
    """Draw what is asked; the same for the same data and seed.

    Args:
        folders: of prepared data.
        split: of the clips that are asked about.
        count: prompts.
        groups: captions for diversity, from every split.
        longest_s: of a sound.
        seed: of words and recipes.

    Raises:
        UserError: the split holds no clip that is short enough, or the data are damaged.
    """
    clips = held_out(folders, split, max(1, count), arrays=("audio16",))
    asks = drawn_asks(clips, count, longest_s=longest_s, seed=seed)
    if not asks:
        raise UserError(
            "Nothing was measured", f"no clip of {split} has a bar of {longest_s:g} s or less",
            "Allow longer sounds with --longest, or prepare more data",
        )  # fmt: skip
    everything = [c for name in SPLITS for c in _clips_of(folders, name, GROUP_CLIPS)]
    wanted = len({ask.clip.entry.key for ask in asks})
    other = next((name for name in SPLITS[1:] if name != split and _there(folders, name)), "")
    others = _clips_of(folders, other, wanted) if other else ()
    return Questions(
        asks=asks,
        groups=groups_of(everything, groups, longest_s=longest_s, seed=seed),
        others=drawn_asks(others, len(others), longest_s=longest_s, seed=seed),
    )


def _there(folders: Sequence[Path], split: str) -> list[Path]:
    return [folder for folder in folders if has_split(folder, split)]


def _clips_of(folders: Sequence[Path], split: str, count: int) -> tuple[HeldOut, ...]:
    """Clips of a split, evenly over the genres; none where there is no such split."""
    there = _there(folders, split)
    return held_out(there, split, count, arrays=("audio16",)) if there else ()


def evaluate_music(
    facts: Facts,
    asked: Questions,
    *,
    band: Band,
    ear: Ear,
    means: TextMeans,
    folder: Path,
    say: Say = lambda done, total, left_s: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome | None:
    """Make what is missing, listen, and count. None where it was stopped: run it again to go on.

    Raises:
        UserError: a render was refused, the folder cannot be written, or the ear cannot hear.
    """
    shelf = Shelf(folder / SHELF)
    needed: list[Job] = [*jobs(asked.asks, asked.groups, band), *real_jobs(asked.others)]
    if not run_jobs(needed, shelf, say=say, stop=stop):
        return None
    judged = judge(
        asked.asks, asked.groups, asked.others, band=band, shelf=shelf, ear=ear, means=means
    )
    return Outcome(facts=facts, questions=asked, judged=judged, table=rows(judged))
