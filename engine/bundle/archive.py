"""Zip archives from strangers, read without trusting a number or a name in them.

A bundle's archive holds flat files, or one folder of flat files: nothing else a zip can express is
accepted, and what does not fit is refused before one byte is written. `zipfile` decompresses; the
end record is read here first, because `zipfile` searches for it, tolerates bytes around the
archive, and loads a central directory of any size.

Rejected: extracting and then checking (a bomb has gone off by then), and `ZipFile.extractall`,
which mends bad names instead of refusing them.
"""

import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from engine.bundle.checks import FILES_LIMIT, TOTAL_LIMIT_BYTES, plain_name_fault
from engine.errors import UserError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # as manifest.FileName
_BLOCK_BYTES: Final = 2**20
_RATIO_EXEMPT_BYTES: Final = 2**20  # JSON may compress well
_DIRECTORY_LIMIT_BYTES: Final = 2**18
_UNSUPPORTED_FLAGS: Final = 0x1 | 0x20 | 0x40 | 0x2000  # encrypted, patched, strong, masked

# https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14 to 4.3.16
_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = struct.Struct("<4sLQL")

# What `zipfile` and its decompressor raise for malformed input.
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    UnicodeDecodeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to.

    Attributes:
        files: entries, folders included.
        total_bytes: unpacked size of all entries together.
        ratio: unpacked ÷ packed size of an entry above 1 MiB.
    """

    files: int = FILES_LIMIT + 2
    total_bytes: int = TOTAL_LIMIT_BYTES
    ratio: int = 100


def refused(why: str) -> UserError:
    """The error that every refused archive raises."""
    return UserError("The archive was refused", why, "Get the bundle's .zip file again")


class Archive:
    """A zip whose directory has been checked; use `open_archive`."""

    def __init__(self, zip_file: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> None:
        self._zip = zip_file
        self._entries = entries

    @property
    def sizes(self) -> dict[str, int]:
        """Flat name → declared size in bytes."""
        return {name: info.file_size for name, info in self._entries.items()}

    def read(self, name: str, limit_bytes: int) -> bytes:
        """The content of one entry.

        Raises:
            UserError: it is missing, larger than the limit or damaged.
        """
        if name not in self._entries:
            raise refused(f"it has no {name}")
        parts: list[bytes] = []
        self._stream(self._entries[name], limit_bytes, parts.append)
        return b"".join(parts)

    def extract(self, folder: Path) -> None:
        """Write every entry into an existing, empty folder.

        Raises:
            UserError: too little space, or a damaged entry; the folder then holds rubbish.
        """
        needed = sum(self.sizes.values())
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise UserError(
                "The bundle was not unpacked",
                f"it needs {needed / 1e6:.0f} MB and {folder} has {free / 1e6:.0f} MB free",
                "Free some space",
            )
        for name, info in self._entries.items():
            with (folder / name).open("xb") as target:
                self._stream(info, info.file_size, target.write)

    def _stream(
        self, info: zipfile.ZipInfo, limit_bytes: int, write: Callable[[bytes], object]
    ) -> None:
        """Decompress one entry, stopping at the limit whatever it declares."""
        if info.file_size > limit_bytes:
            raise refused(f"{info.filename} has {info.file_size} bytes of {limit_bytes} allowed")
        seen = 0
        try:
            with self._zip.open(info) as source:
                while block := source.read(_BLOCK_BYTES):
                    seen += len(block)
                    if seen > limit_bytes:
                        raise refused(f"{info.filename} is larger than it says")
                    write(block)
        except _ZIP_ERRORS as error:
            raise refused(f"{info.filename} is damaged ({error})") from None
        if seen != info.file_size:
            raise refused(f"{info.filename} is shorter than it says")


@contextmanager
def open_archive(path: Path, *, limits: Limits | None = None) -> Iterator[Archive]:
    """Open a zip after checking its whole directory; nothing is unpacked yet.

    Raises:
        UserError: it is no zip, or has anything but the flat files of one bundle.
    """
    try:
        with path.open("rb") as file:
            directory_start = _check_end(file, limits or Limits())
            try:
                zip_file = zipfile.ZipFile(file)
            except _ZIP_ERRORS as error:
                raise refused(f"it is damaged ({error})") from None
            with zip_file:
                entries = _checked_entries(zip_file.infolist(), directory_start, limits or Limits())
                yield Archive(zip_file, entries)
    except OSError as error:
        raise UserError(
            "The archive was not read", f"{error}", "Check the file and the space on the disk"
        ) from None


def _check_end(file: IO[bytes], limits: Limits) -> int:
    """Where the central directory starts, after the end record proved to close the file exactly."""
    size = file.seek(0, 2)
    if size < _END.size:
        raise refused("it is no zip file")
    file.seek(size - _END.size)
    end_at = size - _END.size
    magic, disk, start_disk, here, entries, length, start, comment = _END.unpack(
        file.read(_END.size)
    )
    if magic != b"PK\5\6" or comment:
        raise refused("it is no zip file, or has something after its end")
    if _has_locator(file, size):  # as zipfile decides, whatever the old record's numbers
        end_at, here, entries, length, start = _end64(file, size)
    if disk or start_disk or here != entries:
        raise refused("it is one part of several")
    if entries > limits.files or length > _DIRECTORY_LIMIT_BYTES:
        raise refused(f"it has {entries} entries of {limits.files} allowed")
    if start + length != end_at:
        raise refused("it has something before its start, or is truncated")
    return int(start)


def _has_locator(file: IO[bytes], size: int) -> bool:
    at = size - _END.size - _LOCATOR64.size
    if at < 0:
        return False
    file.seek(at)
    return file.read(4) == b"PK\6\7"


def _end64(file: IO[bytes], size: int) -> tuple[int, int, int, int, int]:
    """(its position, entries here, entries, directory's length, directory's start)."""
    locator_at = size - _END.size - _LOCATOR64.size
    end_at = locator_at - _END64.size
    if end_at < 0:
        raise refused("it is truncated")
    file.seek(end_at)
    end = _END64.unpack(file.read(_END64.size))
    locator = _LOCATOR64.unpack(file.read(_LOCATOR64.size))
    if end[0] != b"PK\6\6" or locator[2] != end_at:
        raise refused("its zip64 end record is damaged")
    return end_at, end[6], end[7], end[8], end[9]


def _checked_entries(
    infos: list[zipfile.ZipInfo], directory_start: int, limits: Limits
) -> dict[str, zipfile.ZipInfo]:
    """Flat name → entry, all rules checked."""
    if len(infos) > limits.files:
        raise refused(f"it has {len(infos)} entries of {limits.files} allowed")
    entries: dict[str, zipfile.ZipInfo] = {}
    tops: set[str] = set()
    for info in infos:
        top, name = _split(info)
        tops.add(top)
        _check_entry(info, limits)
        if not name:
            continue
        if name.casefold() in {known.casefold() for known in entries}:
            raise refused(f"it has {name!r} twice")
        entries[name] = info
    if len(tops) > 1:
        raise refused(f"it mixes the folders {sorted(tops)!r}")
    if sum(info.file_size for info in infos) > limits.total_bytes:
        raise refused(f"it unpacks to more than {limits.total_bytes} bytes")
    _check_overlap(infos, directory_start)
    return entries


def _split(info: zipfile.ZipInfo) -> tuple[str, str]:
    """(top folder or "", flat name or "" for the folder's own entry) of an entry's name."""
    # orig_filename: `filename` has been cut at NUL and had the separator replaced
    top, _, name = info.orig_filename.rpartition("/")
    parts = [part for part in (top, name) if part]
    if not parts or (not name and info.file_size):
        raise refused(f"{info.orig_filename!r} is no plain name")
    for part in parts:
        if not _NAME.fullmatch(part) or plain_name_fault(part):
            raise refused(f"{info.orig_filename!r} is no plain name")
    return top, name


def _check_entry(info: zipfile.ZipInfo, limits: Limits) -> None:
    name = info.orig_filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if name.endswith("/") else stat.S_IFREG):
        raise refused(f"{name!r} is a link or a special file")
    if info.flag_bits & _UNSUPPORTED_FLAGS:
        raise refused(f"{name!r} is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused(f"{name!r} is compressed by method {info.compress_type}")
    if info.file_size > max(_RATIO_EXEMPT_BYTES, limits.ratio * info.compress_size):
        raise refused(f"{name!r} unpacks to more than {limits.ratio} times its size")


def _check_overlap(infos: list[zipfile.ZipInfo], directory_start: int) -> None:
    """Refuse entries that share bytes: how a small archive unpacks to a huge one."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in ordered[1:]), directory_start]
    for info, end in zip(ordered, ends, strict=True):
        if info.header_offset + 30 + info.compress_size > end:
            raise refused(f"{info.orig_filename!r} overlaps the next entry")
