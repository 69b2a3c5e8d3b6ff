"""Reading a corpus: clips in order, or any crop of any clip.

Members are found by the sidecars, so nothing is scanned: a crop of the mel is a slice of a memory
map, a crop of the audio seeks in the FLAC where it lies in the tar. Nothing is skipped: a shard
that is missing or has the wrong size stops the reader before the first clip.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import soundfile
from numpy.lib import format as npy
from numpy.typing import NDArray

from engine.corpus.annotate import Annotations
from engine.corpus.captions import Captions
from engine.corpus.store.layout import PLAN_NAME, ClipInfo, Place, Plan, Sidecar, Split, load
from engine.corpus.store.shards import fault_of, sidecar_path, tar_path
from engine.errors import UserError
from engine.music.score import Stem


class _Window(io.RawIOBase):
    """The bytes of one member of an open tar, as a file of its own."""

    def __init__(self, path: Path, place: Place) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._place = place
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._place.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than Buffer
        self._file.seek(self._place.offset + self._at)
        data = self._file.read(max(0, min(len(buffer), self._place.size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


@dataclass(frozen=True)
class StoredClip:
    """A clip of a corpus; everything but its key is read when it is asked for.

    Attributes:
        key: its name.
        split: where it belongs.
        tar: the shard that holds it.
        places: extension → where its bytes are.
    """

    key: str
    split: Split
    tar: Path
    places: Mapping[str, Place]

    @cached_property
    def info(self) -> ClipInfo:
        """Labels, captions and sizes. Raises UserError if they are damaged."""
        try:
            return msgspec.json.decode(self.file("json"), type=ClipInfo)
        except ValueError as error:  # msgspec's errors are ValueErrors
            raise self._damaged("json", str(error)) from None

    @property
    def annotations(self) -> Annotations:
        """What the composition is."""
        return self.info.annotations

    @property
    def captions(self) -> Captions:
        """What is said of it."""
        return self.info.captions

    def file(self, extension: str) -> bytes:
        """The bytes of a member: "json", "mid", "flac", "mel.npy", "drums.mel.npy".

        Raises:
            KeyError: the clip has no such member.
            UserError: the shard cannot be read.
        """
        place = self.places[extension]
        try:
            with self.tar.open("rb") as file:
                file.seek(place.offset)
                data = file.read(place.size)
        except OSError as error:
            raise self._damaged(extension, error.strerror or str(error)) from None
        if len(data) != place.size:
            raise self._damaged(extension, "it is cut off")
        return data

    def mel(self, *, stem: Stem | None = None) -> NDArray[np.float16]:
        """(160, frames) log-mel, mapped from the disk: slice it before using it.

        Raises:
            KeyError: the corpus was made without stems.
            UserError: the shard is damaged.
        """
        name = "mel.npy" if stem is None else f"{stem}.mel.npy"
        place = self.places[name]
        try:
            with self.tar.open("rb") as file:
                file.seek(place.offset)
                npy.read_magic(file)
                shape, fortran, dtype = npy.read_array_header_1_0(file)
                start = file.tell()
            if fortran or dtype != np.float16 or len(shape) != 2:
                raise self._damaged(name, f"it holds {dtype} {shape}")
            return np.memmap(self.tar, dtype, "r", offset=start, shape=(shape[0], shape[1]))
        except (OSError, ValueError) as error:
            raise self._damaged(name, str(error)) from None

    def audio(self, start: int = 0, samples: int | None = None) -> NDArray[np.float32]:
        """(samples, 2) at 24 kHz; a crop where asked for, shorter at the clip's end.

        Raises:
            UserError: the shard is damaged.
        """
        try:
            with (
                _Window(self.tar, self.places["flac"]) as window,
                io.BufferedReader(window, 1 << 16) as buffered,
                soundfile.SoundFile(buffered) as file,
            ):
                file.seek(min(start, file.frames))
                audio: NDArray[np.float32] = file.read(
                    -1 if samples is None else samples, dtype="float32", always_2d=True
                )
        except (OSError, soundfile.LibsndfileError) as error:
            raise self._damaged("flac", str(error)) from None
        return audio

    def _damaged(self, extension: str, why: str) -> UserError:
        return UserError(
            "The corpus was not read",
            f"{self.key}.{extension} in {self.tar} is damaged ({why})",
            "Repair it with: noisefall corpus make, as it was made",
        )


@dataclass(frozen=True)
class Corpus:
    """A complete corpus."""

    folder: Path
    plan: Plan

    def clips(self, split: Split | None = None) -> Iterator[StoredClip]:
        """Every clip of a split, or of all, in the order of the shards.

        Raises:
            UserError: a sidecar is damaged.
        """
        for shard in self.plan.shards:
            if split in (None, shard.split):
                sidecar = load(sidecar_path(self.folder, shard.name), Sidecar)
                path = tar_path(self.folder, shard.name)
                for key, places in sidecar.members.items():
                    yield StoredClip(key, shard.split, path, places)


def open_corpus(folder: Path, *, hashed: bool = False) -> Corpus:
    """Open a corpus.

    Args:
        folder: of the corpus.
        hashed: whether every byte of it is read and checked.

    Raises:
        UserError: there is none, or a shard is missing or damaged.
    """
    try:
        plan = load(folder / PLAN_NAME, Plan)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            "The corpus was not read",
            f"{folder} holds no corpus",
            "Make one with: noisefall corpus make --hours H --out FOLDER",
        ) from None
    faults = [fault_of(folder, plan, shard, hashed=hashed) for shard in plan.shards]
    broken = [fault for fault in faults if fault]
    if broken:
        raise UserError(
            "The corpus was not read",
            f"{len(broken)} of its {len(faults)} shards are not whole: {broken[0]}",
            "Finish it with: noisefall corpus make, as it was begun",
        )
    return Corpus(folder, plan)


def clips(folder: Path, split: Split | None = None) -> Iterator[StoredClip]:
    """Every clip of a split of the corpus in a folder. Raises UserError as `open_corpus`."""
    yield from open_corpus(folder).clips(split)
