"""Writing a shard so that it is there whole or not at all, and telling which it is.

The tar is written under a hidden name, flushed to the disk and renamed; its sidecar follows. Both
are the same bytes for the same clips (no times, no owners).
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from engine.corpus.store.layout import Place, Plan, PlannedShard, Sidecar, encoded, load
from engine.errors import UserError
from engine.files import replace_file, sync_folder

_PART: Final = ".part"
_BLOCK: Final = tarfile.BLOCKSIZE

# (key, (extension, bytes)…) of each clip
Clips = Iterable[tuple[str, Iterable[tuple[str, bytes]]]]


def tar_path(folder: Path, name: str) -> Path:
    """A shard's tar."""
    return folder / f"{name}.tar"


def sidecar_path(folder: Path, name: str) -> Path:
    """A shard's sidecar."""
    return folder / f"{name}.json"


def _part_path(path: Path) -> Path:
    return path.with_name(f".{path.name}{_PART}")


def remove_parts(folder: Path) -> None:
    """Remove what a killed run was writing."""
    for part in folder.glob(f".*{_PART}"):
        part.unlink(missing_ok=True)


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is written."""

    def __init__(self, file: io.BufferedWriter) -> None:
        super().__init__()
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size_bytes = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size_bytes

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # narrower than Buffer
        self.sha256.update(data)
        self.size_bytes += len(data)
        return self._file.write(data)


def write_shard(folder: Path, plan: Plan, shard: PlannedShard, clips: Clips) -> Sidecar:
    """Write a shard and its sidecar; what raises inside `clips` leaves nothing behind.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    path = tar_path(folder, shard.name)
    sidecar_path(folder, shard.name).unlink(missing_ok=True)
    part = _part_path(path)
    members: dict[str, dict[str, Place]] = {}
    try:
        with part.open("wb") as file:
            hashed = _Hashed(file)
            with tarfile.open(fileobj=hashed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                for key, files in clips:
                    members[key] = {name: _add(tar, f"{key}.{name}", data) for name, data in files}
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sidecar = Sidecar(
        contents=plan.contents_of(shard), seconds=shard.seconds, size_bytes=hashed.size_bytes,
        sha256=hashed.sha256.hexdigest(), members=members,
    )  # fmt: skip
    sync_folder(folder)
    replace_file(sidecar_path(folder, shard.name), encoded(sidecar))
    return sidecar


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> Place:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    tar.addfile(info, io.BytesIO(data))
    tar.members.clear()  # type: ignore[attr-defined]  # it would keep every header
    padded = -(-len(data) // _BLOCK) * _BLOCK
    return Place(tar.offset - padded, len(data))


def fault_of(folder: Path, plan: Plan, shard: PlannedShard, *, hashed: bool) -> str:
    """Why a shard is not the finished shard of the plan; "" if it is.

    Args:
        folder: of the corpus.
        plan: of the corpus.
        shard: one of its shards.
        hashed: whether every byte is checked, or the size only.
    """
    path = tar_path(folder, shard.name)
    try:
        sidecar = load(sidecar_path(folder, shard.name), Sidecar)
        size_bytes = path.stat().st_size
    except FileNotFoundError as error:
        return f"{Path(str(error.filename)).name} is missing"
    except UserError as error:
        return error.why
    fault = ""
    if sidecar.contents != plan.contents_of(shard):
        fault = "belongs to another plan"
    elif len(sidecar.members) != len(shard.clips):
        fault = f"has {len(sidecar.members)} clips, not {len(shard.clips)}"
    elif size_bytes != sidecar.size_bytes:
        fault = f"has {size_bytes} bytes, not {sidecar.size_bytes}"
    elif hashed and sha256_of(path) != sidecar.sha256:
        fault = "is damaged (its SHA-256 is wrong)"
    return f"{path.name} {fault}" if fault else ""


def sha256_of(path: Path) -> str:
    """Of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
