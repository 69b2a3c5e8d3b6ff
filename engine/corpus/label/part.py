"""One part of labelled data, heard: arrays as training reads them, and a vector for every clip.

A part that is heard has draft.json, written last: everything but the captions, which are drawn when
the whole collection has been heard. Made by this process or by any of a cluster's.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.audio.key import measure_key
from engine.audio.tempo import measure_tempo
from engine.corpus.label.beat import bar_start_s
from engine.corpus.label.files import SHORTEST_S, stretches
from engine.corpus.store.layout import RATE_HZ
from engine.errors import UserError
from engine.files import replace_file
from engine.music.keys import KEYS
from engine.music.meter import seconds_per_bar
from engine.training.train.data import ARRAYS, FULL_SCALE, ClipEntry
from engine.training.train.prepare import on_grid

DRAFT_NAME: Final = "draft.json"
VECTORS_NAME: Final = "vectors.npy"
FORMAT: Final = 1
_METER: Final = "4/4"
_FREE_BPM: Final = 120.0  # of a clip without a tempo; nobody is told of it
_QUIET: Final = 1e-4  # peak of a stretch that holds nothing

FloatArray = NDArray[np.float32]


class Hears(Protocol):
    """What is needed of a trained tower."""

    def embed(self, mels: Iterable[FloatArray]) -> FloatArray:
        """Joint vectors of clips: N mels (160, frames) → (N, D) of length 1."""

    def embed_text_means(self, means: FloatArray) -> FloatArray:
        """Mean token embeddings (N, width) → (N, D) of length 1."""


@dataclass(frozen=True)
class PartJob:
    """A part to hear: folder of the audio, names of files in it, folder of the part, arrays."""

    source: str
    files: tuple[str, ...]
    folder: str
    arrays: tuple[str, ...] = tuple(ARRAYS)


@dataclass(frozen=True)
class HeardPart:
    """What came of a part: clips, seconds of audio, and a line for each file that was skipped."""

    folder: str
    clips: int
    seconds: float
    skipped: tuple[str, ...]


def hear_part(job: PartJob, ear: Hears) -> HeardPart:
    """Read, measure, embed and write a part; a part that was heard is left as it is.

    Raises:
        UserError: the folder cannot be written.
    """
    folder = Path(job.folder)
    try:
        if (folder / DRAFT_NAME).is_file():
            clips, _, skipped = read_draft(folder)
            return HeardPart(job.folder, len(clips), sum(c.frames for c in clips) / 100, skipped)
        folder.mkdir(parents=True, exist_ok=True)
        return _heard(job, folder, ear)
    except OSError as error:
        raise UserError(
            "The collection was not labelled", f"{folder}: {error}", "Free some space"
        ) from None


def _heard(job: PartJob, folder: Path, ear: Hears) -> HeardPart:
    clips: list[ClipEntry] = []
    skipped: list[str] = []
    blocks: dict[str, list[NDArray[np.generic]]] = {name: [] for name in ARRAYS}
    for name in job.files:
        try:
            for number, audio in enumerate(stretches(Path(job.source) / name)):
                _add(clips, blocks, f"{_key(name)}-{number:03d}", audio)
        except UserError as error:  # the stretches before the damage stay
            skipped.append(error.why)
    mels = [np.asarray(mel, np.float32).T for mel in blocks["mel"]]
    vectors = ear.embed(mels) if mels else np.zeros((0, 1), np.float32)
    for array in job.arrays:
        _, columns, kind = ARRAYS[array]
        whole = np.concatenate(blocks[array]) if mels else np.zeros((0, columns), kind)
        np.save(folder / f"{array}.npy", whole, allow_pickle=False)
    np.save(folder / VECTORS_NAME, vectors, allow_pickle=False)
    square = [float(np.square(b.astype(np.float64) / FULL_SCALE).mean()) for b in blocks["audio16"]]
    lengths = [clip.frames for clip in clips]
    _write_draft(folder, clips, skipped, float(np.average(square, weights=lengths)) if clips else 0)
    return HeardPart(job.folder, len(clips), sum(lengths) / 100, tuple(skipped))


def _key(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _add(
    clips: list[ClipEntry],
    blocks: dict[str, list[NDArray[np.generic]]],
    key: str,
    audio: FloatArray,
) -> None:
    """Measure a stretch, cut it at its first bar line, and take it on; silence is left out."""
    if np.abs(audio).max(initial=0.0) < _QUIET:
        return
    tempo, found = measure_tempo(audio, RATE_HZ), measure_key(audio, RATE_HZ)
    bpm = None if tempo is None else tempo.bpm
    if bpm is not None:
        cut = round(bar_start_s(audio, RATE_HZ, bpm=bpm) * RATE_HZ)
        audio = audio[cut:] if len(audio) - cut >= SHORTEST_S * RATE_HZ else audio
    arrays = on_grid(audio, loop=False)
    frames = len(arrays["mel"])
    bar_s = seconds_per_bar(bpm or _FREE_BPM, _METER)
    clips.append(ClipEntry(
        key=key, first=sum(clip.frames for clip in clips), frames=frames,
        bpm=bpm or _FREE_BPM, meter=_METER, bars=max(1, math.floor(frames / 100 / bar_s)),
        key_name=None if found is None else KEYS[found.index], loop=False, chords=(), texts=(),
        free=bpm is None,
    ))  # fmt: skip
    for name, array in arrays.items():
        blocks[name].append(array)


def _write_draft(
    folder: Path, clips: list[ClipEntry], skipped: list[str], mean_square: float
) -> None:
    data = {
        "format": FORMAT,
        "mean_square": mean_square,
        "skipped": skipped,
        "clips": [asdict(clip) for clip in clips],
    }
    replace_file(folder / DRAFT_NAME, json.dumps(data).encode())


def read_draft(folder: Path) -> tuple[list[ClipEntry], float, tuple[str, ...]]:
    """Clips without captions, mean square, and why files were skipped, of a heard part.

    Raises:
        UserError: it is damaged.
    """
    path = folder / DRAFT_NAME
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}, not {FORMAT}")
        clips = [ClipEntry(**{**entry, "chords": (), "texts": ()}) for entry in data["clips"]]
        return clips, float(data["mean_square"]), tuple(map(str, data["skipped"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(
            "The collection was not labelled",
            f"{path}: {type(error).__name__}: {error}",
            f"Remove {folder} and run the command again",
        ) from None
