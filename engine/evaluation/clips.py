"""Held-out clips, spread evenly over the genres.

Prepared data do not name a clip's genre, but its key is the corpus's seed and the clip's number,
from which the composer draws the genre first. What else it draws is compared with the clip, so that
a composer that has changed, or data from elsewhere, give no genre instead of a wrong one.
"""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.composer.genres import GENRES
from engine.composer.request import Request, draw_plan
from engine.corpus.store.seeds import clip_seed
from engine.errors import UserError
from engine.training.train.data import ARRAYS, FULL_SCALE, ClipEntry, Part, open_data

FloatArray = NDArray[np.float32]

SPLITS: Final = ("test", "validation", "train")
NO_GENRE: Final = "unknown"
_KEY: Final = re.compile(r"(\d{1,18})-(\d{1,12})")  # engine.corpus.store.seeds.clip_key


@dataclass(frozen=True)
class HeldOut:
    """One clip, read from the disk when it is asked for.

    Attributes:
        entry: its place and labels.
        genre: key of GENRES, or NO_GENRE.
        part: the data that hold it.
    """

    entry: ClipEntry
    genre: str
    part: Part

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.entry.frames / 100

    @property
    def mel(self) -> FloatArray:
        """The real mel, (160, frames)."""
        return np.ascontiguousarray(self._rows("mel").T, np.float32)

    @property
    def audio16(self) -> FloatArray:
        """(160 · frames, 2) at 16 kHz."""
        return np.asarray(self._rows("audio16"), np.float32) / np.float32(FULL_SCALE)

    @property
    def audio24(self) -> FloatArray:
        """(240 · frames, 2) at 24 kHz."""
        return np.asarray(self._rows("audio24"), np.float32) / np.float32(FULL_SCALE)

    def _rows(self, name: str) -> NDArray[Any]:
        per_frame, first = ARRAYS[name][0], self.entry.first
        rows: NDArray[Any] = self.part.arrays[name][
            first * per_frame : (first + self.entry.frames) * per_frame
        ]
        return rows


def held_out(
    folders: Sequence[Path],
    split: str,
    clips: int,
    *,
    arrays: Sequence[str],
    longest_s: float = math.inf,
) -> tuple[HeldOut, ...]:
    """Some clips of one split, every genre as often as can be, in the order of their genres.

    Args:
        folders: of prepared data.
        split: which clips.
        clips: at most so many.
        arrays: names in ARRAYS that are needed.
        longest_s: of a longer clip so much of its middle is taken, which is no loop.

    Raises:
        UserError: there are none, an array is missing, or something is damaged.
    """
    if clips < 1:
        raise _refused(f"--clips {clips} is none", "Give 1 or more")
    if not longest_s >= 0.5:
        raise _refused(f"--seconds {longest_s:g} is too short", "Give 0.5 or more")
    found: dict[str, HeldOut] = {}
    for folder in folders:
        data = open_data(folder, split)
        for part, entry in map(data.clip, range(len(data))):
            missing = [name for name in arrays if name not in part.arrays]
            if missing:
                raise _refused(f"{part.folder} has no {missing[0]}.npy", "Prepare the data again")
            cut = middle(entry, longest_s)
            found.setdefault(entry.key, HeldOut(cut, genre_of(entry), part))
    return evenly(list(found.values()), clips)


def middle(entry: ClipEntry, longest_s: float) -> ClipEntry:
    """The clip, or the middle of a longer one: its place alone, for its bars are no longer true."""
    frames = int(min(entry.frames, longest_s * 100))
    if frames == entry.frames:
        return entry
    first = entry.first + (entry.frames - frames) // 2
    return replace(entry, first=first, frames=frames, loop=False)


def evenly(clips: Sequence[HeldOut], count: int) -> tuple[HeldOut, ...]:
    """At most `count` clips: one of every genre, then a second one, and so on.

    Where a round is too long, its genres are taken at even distances over the table of genres.
    """
    order = {genre: place for place, genre in enumerate(GENRES)}
    by_genre: defaultdict[str, list[HeldOut]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.entry.key):
        by_genre[clip.genre].append(clip)
    genres = sorted(by_genre, key=lambda genre: order.get(genre, len(order)))
    chosen: list[HeldOut] = []
    for lap in range(max((len(group) for group in by_genre.values()), default=0)):
        round_ = [by_genre[genre][lap] for genre in genres if lap < len(by_genre[genre])]
        room = min(count - len(chosen), len(round_))
        chosen += [round_[place * len(round_) // room] for place in range(room)]
    return tuple(sorted(chosen, key=lambda c: (order.get(c.genre, len(order)), c.entry.key)))


def genre_of(entry: ClipEntry) -> str:
    """The genre that the composer drew for a clip, or NO_GENRE."""
    key = _KEY.fullmatch(entry.key)
    if key is None:
        return NO_GENRE
    plan = draw_plan(clip_seed(int(key[1]), int(key[2])), Request())
    drawn = (plan.bpm, plan.meter, plan.bars, plan.loop)
    return plan.genre if drawn == (entry.bpm, entry.meter, entry.bars, entry.loop) else NO_GENRE


def _refused(why: str, remedy: str) -> UserError:
    return UserError("Nothing was measured", why, remedy)
