"""A folder of audio to data that training opens: planned, heard part by part, captioned, embedded.

    out/  label.json             the plan: which files are which part, settings
          <split>-<n>/           as engine.training.train.data, and draft.json, vectors.npy

Hearing can be interrupted and goes on where it ended, here or on a cluster
(engine.corpus.label.ray_run). Captions are drawn when all is heard: how often a caption is near is
known of the whole collection only. New files in the folder become new parts of the same plan.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.corpus.label.files import audio_files, length_s, split_of_file
from engine.corpus.label.nearest import NEAREST, drawn, frequencies, nearest
from engine.corpus.label.part import (
    DRAFT_NAME,
    VECTORS_NAME,
    HeardPart,
    Hears,
    PartJob,
    hear_part,
    read_draft,
)
from engine.corpus.label.vocabulary import Vocabulary
from engine.errors import UserError
from engine.files import replace_file
from engine.training.train.data import ARRAYS, write_clips

PLAN_NAME: Final = "label.json"
FORMAT: Final = 1

FloatArray = NDArray[np.float32]
Say = Callable[[str], None]
Stop = Callable[[], bool]
# jobs → what came of them, in any order
Spread = Callable[[Sequence[PartJob]], Iterable[HeardPart]]


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What came of it.

    Attributes:
        finished: whether every part has captions.
        clips, seconds: of audio in them.
        skipped: a line for each file that was not read, or not to its end.
    """

    finished: bool
    clips: int
    seconds: float
    skipped: tuple[str, ...]


def plan_parts(
    source: Path,
    out: Path,
    *,
    seconds_per_part: float = 900.0,
    arrays: tuple[str, ...] = tuple(ARRAYS),
) -> list[PartJob]:
    """The parts of a collection, those planned before as they were.

    Raises:
        UserError: there is no audio, or the plan cannot be read or written.
    """
    planned = _read_plan(out)
    known = {name for names in planned.values() for name in names}
    fresh = [name for name in audio_files(source) if name not in known]
    for split, names in _by_split(fresh).items():
        first = sum(part.startswith(f"{split}-") for part in planned)
        for number, group in enumerate(_groups(source, names, seconds_per_part)):
            planned[f"{split}-{first + number:04d}"] = group
    try:
        out.mkdir(parents=True, exist_ok=True)
        replace_file(out / PLAN_NAME, json.dumps({"format": FORMAT, "parts": planned}).encode())
    except OSError as error:
        raise _failed(f"{out}: {error}", "Choose another folder with --out") from None
    return [
        PartJob(str(source), tuple(names), str(out / part), arrays)
        for part, names in planned.items()
    ]


def _by_split(names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(split_of_file(name), []).append(name)
    return found


def _groups(source: Path, names: Sequence[str], seconds: float) -> Iterator[list[str]]:
    """Names in order, a new group where the next would pass `seconds`."""
    group: list[str] = []
    filled = 0.0
    for name in names:
        length = length_s(source / name)
        if group and filled + length > seconds:
            yield group
            group, filled = [], 0.0
        group.append(name)
        filled += length
    if group:
        yield group


def _read_plan(out: Path) -> dict[str, list[str]]:
    path = out / PLAN_NAME
    if not path.exists():
        return {}
    try:
        data: Any = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}, not {FORMAT}")
        return {str(part): [str(name) for name in names] for part, names in data["parts"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _failed(f"{path}: {error}", "Choose another folder with --out") from None


def hear_here(ear: Hears, *, stop: Stop = lambda: False) -> Spread:
    """Hear the parts one after the other in this process, until `stop` says so."""

    def spread(jobs: Sequence[PartJob]) -> Iterator[HeardPart]:
        for job in jobs:
            if stop():
                return
            yield hear_part(job, ear)

    return spread


def label(
    jobs: Sequence[PartJob],
    vocabularies: Sequence[Vocabulary],
    spread: Spread,
    *,
    seed: int = 0,
    say: Say = lambda line: None,
) -> Labelled:
    """Hear every part, then caption every clip.

    Args:
        jobs: of `plan_parts`.
        vocabularies: the first gives long captions, the others tags, which become one text.
        spread: how the hearing is done.
        seed: of the captions that are drawn.
        say: takes lines of progress.

    Raises:
        UserError: anything that the user can change.
    """
    heard = []
    for part in spread(jobs):
        heard.append(part)
        say(f"{Path(part.folder).name}: {part.clips} clips")
    skipped = tuple(line for part in heard for line in part.skipped)
    clips, seconds = sum(p.clips for p in heard), sum(p.seconds for p in heard)
    finished = len(heard) == len(jobs)
    if finished and not clips:
        raise _failed("none of the files holds two seconds of sound", "Give other files")
    if finished:
        _caption([Path(job.folder) for job in jobs], vocabularies, seed)
    return Labelled(finished=finished, clips=clips, seconds=seconds, skipped=skipped)


def _caption(folders: Sequence[Path], vocabularies: Sequence[Vocabulary], seed: int) -> None:
    """Draw the captions of every clip and write each part's clips.json."""
    found = [_nearest_of_part(folder, vocabularies) for folder in folders]
    counts = [
        sum(frequencies(part[v], len(vocabulary.texts)) for part in found)
        for v, vocabulary in enumerate(vocabularies)
    ]
    for folder, rows in zip(folders, found, strict=True):
        clips, mean_square, _ = read_draft(folder)
        if not clips:
            continue
        labelled = []
        for place, clip in enumerate(clips):
            rng = _rng(seed, clip.key)
            said = [
                [v.texts[index] for index in drawn(row[place], np.asarray(count), rng=rng)]
                for v, row, count in zip(vocabularies, rows, counts, strict=True)
            ]
            joined = [", ".join(words) for words in said[1:]]
            labelled.append(replace(clip, texts=(*said[0], *joined)))
        (folder / "text.npy").unlink(missing_ok=True)
        write_clips(folder, labelled, mean_square=mean_square)


def _nearest_of_part(folder: Path, vocabularies: Sequence[Vocabulary]) -> list[NDArray[np.int64]]:
    path = folder / VECTORS_NAME
    try:
        vectors = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _failed(f"{path}: {error}", f"Remove {folder / DRAFT_NAME}, and run again") from None
    width = vocabularies[0].vectors.shape[1]
    if len(vectors) and vectors.shape[1] != width:
        raise _failed(f"{path} was heard with another tower", "Choose another folder with --out")
    if not len(vectors):
        return [np.zeros((0, min(NEAREST, len(v.texts))), np.int64) for v in vocabularies]
    return [nearest(vectors, v.vectors) for v in vocabularies]


def _rng(seed: int, key: str) -> np.random.Generator:
    """A clip's own dice: what is drawn does not depend on what was heard before it."""
    digest = hashlib.blake2b(f"captions {seed} {key}".encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest))


def _failed(why: str, remedy: str) -> UserError:
    return UserError("The collection was not labelled", why, remedy)
