"""Prepared data: flat arrays on the disk that training maps into memory, and what each clip is.

A folder holds parts, <split>-<number>/, each complete by itself, so that a corpus moves to another
machine a part at a time and whatever has arrived can be trained on:

    clips.json    [ClipEntry…], written last: a part without it is unfinished
    mel.npy       (frames, 160) float16
    audio16.npy   (160 · frames, 2) int16 at 16 kHz
    audio24.npy   (240 · frames, 2) int16 at 24 kHz
    text.npy      (tokens, width) float16 embeddings of every text
    notes.npy     (notes, 5) float32 of every clip (engine.music.roll.Played)

Everything lies on one grid of frames, 100 a second, so that one number finds a clip in all of them.
Rejected: reading corpus shards in training (FLAC and tar want libraries, and a core), and one file
for everything (it cannot be carried in pieces).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import UserError
from engine.files import replace_file
from engine.music.roll import Player

FORMAT: Final = 2  # 1 had another mel
CLIPS_NAME: Final = "clips.json"
NOTES: Final = "notes"
FRAME_RATE_HZ: Final = 100
FULL_SCALE: Final = 32767
# array → (rows per frame, columns, dtype)
ARRAYS: Final[dict[str, tuple[int, int, type[np.generic]]]] = {
    "mel": (1, 160, np.float16),
    "audio16": (160, 2, np.int16),
    "audio24": (240, 2, np.int16),
}
_JSON_LIMIT_BYTES: Final = 256 << 20


@dataclass(frozen=True, kw_only=True)
class ClipEntry:
    """One clip.

    Attributes:
        key: its name.
        first, frames: where it lies in its part's arrays, in frames.
        bpm, meter, bars, key_name, loop: its grid and key; key_name is None for drums alone.
        chords: (start_s, end_s, pitch classes) of every chord.
        texts: what is said of it, one of which a step draws.
        rows: (first, count) of each text in text.npy; empty where nothing was embedded.
        free: the tempo is not known, and bpm and bars say nothing.
        labels: kind ("genre", "instrument", "mood", "era") → what the clip has of it.
        notes: (first, count) of its rows in notes.npy; None where nobody knows what is played.
        players: who plays.
    """

    key: str
    first: int
    frames: int
    bpm: float
    meter: str
    bars: int
    key_name: str | None
    loop: bool
    chords: tuple[tuple[float, float, tuple[int, ...]], ...]
    texts: tuple[str, ...]
    rows: tuple[tuple[int, int], ...] = ()
    free: bool = False
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[int, int] | None = None
    players: tuple[Player, ...] = ()


def _entry(data: dict[str, Any]) -> ClipEntry:
    chords = tuple((float(a), float(b), tuple(tones)) for a, b, tones in data.pop("chords"))
    rows = tuple((int(first), int(count)) for first, count in data.pop("rows", ()))
    labels = {kind: tuple(names) for kind, names in data.pop("labels", {}).items()}
    notes = data.pop("notes", None)
    if notes is not None:
        first, count = notes
        notes = (int(first), int(count))
    players = tuple(Player(**player) for player in data.pop("players", ()))
    return ClipEntry(
        chords=chords, rows=rows, labels=labels, notes=notes, players=players,
        texts=tuple(data.pop("texts")), **data,
    )  # fmt: skip


def write_clips(part: Path, clips: list[ClipEntry], *, mean_square: float) -> None:
    """Write a part's clips.json whole or not at all; `mean_square` of its 16 kHz audio."""
    data = {"format": FORMAT, "mean_square": mean_square, "clips": [asdict(c) for c in clips]}
    replace_file(part / CLIPS_NAME, json.dumps(data).encode())


def damaged(path: Path, why: str) -> UserError:
    """The error of a part that is not as it should be."""
    return UserError(
        "The training data were not read", f"{path}: {why}", "Prepare them again: noisefall train"
    )


@dataclass(frozen=True)
class Part:
    """One part, opened."""

    folder: Path
    clips: tuple[ClipEntry, ...]
    mean_square: float

    @cached_property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that are there, mapped."""
        found: dict[str, NDArray[Any]] = {}
        for name in (*ARRAYS, "text", NOTES):
            path = self.folder / f"{name}.npy"
            if not path.exists():
                continue
            try:
                found[name] = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise damaged(path, str(error)) from None
            self._check(name, found[name])
        return found

    def _check(self, name: str, array: NDArray[Any]) -> None:
        if name in ARRAYS:
            per_frame, columns, dtype = ARRAYS[name]
            rows = per_frame * max((c.first + c.frames for c in self.clips), default=0)
            fits = array.dtype == dtype and array.shape == (rows, columns)
        elif name == NOTES:
            rows = max((sum(c.notes) for c in self.clips if c.notes), default=0)
            fits = array.dtype == np.float32 and array.ndim == 2 and array.shape[1:] == (5,)
            fits = fits and len(array) >= rows
        else:
            rows = max((a + n for c in self.clips for a, n in c.rows), default=0)
            fits = array.dtype == np.float16 and array.ndim == 2 and len(array) >= rows
        if not fits:
            raise damaged(self.folder / f"{name}.npy", f"it holds {array.dtype} {array.shape}")


@dataclass(frozen=True)
class Dataset:
    """Every part of one split that is there.

    Attributes:
        parts: opened.
        places: (part, clip) of each clip, in order.
    """

    parts: tuple[Part, ...]
    places: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.places)

    def clip(self, index: int) -> tuple[Part, ClipEntry]:
        """A clip and the part that holds it."""
        part, clip = self.places[index]
        return self.parts[part], self.parts[part].clips[clip]

    @property
    def rms(self) -> float:
        """Of the audio, every clip weighted by its length."""
        frames = [sum(clip.frames for clip in part.clips) for part in self.parts]
        squares = [part.mean_square for part in self.parts]
        return float(np.sqrt(np.average(squares, weights=frames)))

    @property
    def text_width(self) -> int:
        """Width of the text embeddings, 0 without."""
        if not self.parts or "text" not in self.parts[0].arrays:
            return 0
        return int(self.parts[0].arrays["text"].shape[1])


def notes_of(part: Part, clip: ClipEntry) -> NDArray[np.float32] | None:
    """(N, 5) what is played in a clip (engine.music.roll.Played), None where nobody knows."""
    if clip.notes is None or NOTES not in part.arrays:
        return None
    first, count = clip.notes
    return np.asarray(part.arrays[NOTES][first : first + count], np.float32)


def open_part(folder: Path) -> Part:
    """Open one part. Raises UserError where it is damaged."""
    path = folder / CLIPS_NAME
    try:
        if path.stat().st_size > _JSON_LIMIT_BYTES:
            raise damaged(path, "it is too large")
        data = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise damaged(path, f"its format is {data['format']!r}, not {FORMAT}")
        clips = tuple(_entry(entry) for entry in data["clips"])
        return Part(folder, clips, float(data["mean_square"]))
    except (
        OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError,
    ) as error:  # fmt: skip
        raise damaged(path, f"{type(error).__name__}: {error}") from None


def has_split(folder: Path, split: str) -> bool:
    """Whether there is a complete part of a split."""
    return any(folder.glob(f"{split}-*/{CLIPS_NAME}"))


def open_data(folder: Path, split: str) -> Dataset:
    """Every complete part of a split.

    Raises:
        UserError: there is none, or one is damaged.
    """
    found = sorted(path.parent for path in folder.glob(f"{split}-*/{CLIPS_NAME}"))
    parts = tuple(open_part(path) for path in found)
    places = tuple((p, c) for p, part in enumerate(parts) for c in range(len(part.clips)))
    if not places:
        raise UserError(
            "The training data were not read",
            f"{folder} holds no prepared clips of the split {split!r}",
            "Prepare some with: noisefall train prepare CORPUS --out DIR",
        )
    return Dataset(parts, places)
