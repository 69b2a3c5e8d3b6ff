"""RIFF as bytes: packing chunks, and walking them strictly.

Lengths are checked before anything is read, against named limits, and no chunk is copied on the
way. Rejected: the standard library's `wave` (fmt and data only) and libsndfile for metadata (it
does not write `acid`, and a decoder in C should not be the first to see a stranger's file).
"""

import struct
from dataclasses import dataclass
from typing import Final

from engine.errors import UserError

RIFF_HEADER_BYTES: Final = 12
CHUNK_HEADER_BYTES: Final = 8
MAX_CHUNKS: Final = 256
MAX_RIFF_BYTES: Final = 2**32 - 1 + CHUNK_HEADER_BYTES


@dataclass(frozen=True)
class Chunk:
    """Where a chunk's payload lies.

    Attributes:
        id: the four-byte name.
        offset: first byte of the payload.
        size: payload bytes, without padding.
    """

    id: bytes
    offset: int
    size: int


def pack_chunk(chunk_id: bytes, payload: bytes) -> bytes:
    """Header, payload, and the pad byte after an odd payload."""
    header = struct.pack("<4sI", chunk_id, len(payload))
    return b"".join((header, payload, b"\0" * (len(payload) % 2)))


def pack_riff(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A RIFF WAVE file of (id, payload) chunks.

    Raises:
        UserError: more than the 4 GiB that a RIFF file can say.
    """
    sizes = (CHUNK_HEADER_BYTES + len(payload) + len(payload) % 2 for _, payload in chunks)
    size = 4 + sum(sizes)
    if size + CHUNK_HEADER_BYTES > MAX_RIFF_BYTES:
        raise UserError(
            "The WAV was not written",
            f"{size} bytes are more than a WAV file can hold",
            "Export a shorter selection",
        )
    header = struct.pack("<4sI4s", b"RIFF", size, b"WAVE")
    return b"".join([header, *(pack_chunk(chunk_id, payload) for chunk_id, payload in chunks)])


def walk(data: bytes | memoryview) -> list[Chunk]:
    """The chunks of a RIFF WAVE file, in file order.

    A missing pad byte at the very end is forgiven, as are bytes after the RIFF chunk.

    Raises:
        UserError: not a RIFF WAVE file, truncated, or more than MAX_CHUNKS chunks.
    """
    if len(data) < RIFF_HEADER_BYTES:
        raise refused(f"it has {len(data)} bytes, and a WAV file has at least {RIFF_HEADER_BYTES}")
    riff, size, wave = struct.unpack_from("<4sI4s", data, 0)
    if riff != b"RIFF" or wave != b"WAVE":
        raise refused("it does not begin with RIFF and WAVE")
    end = CHUNK_HEADER_BYTES + size
    if end > len(data):
        raise refused(f"it is truncated: {len(data)} of {end} bytes are there")
    return walk_chunks(data, RIFF_HEADER_BYTES, end)


def walk_chunks(data: bytes | memoryview, start: int, end: int) -> list[Chunk]:
    """The chunks that fill data[start:end]. Raises UserError as `walk`."""
    chunks: list[Chunk] = []
    while end - start >= CHUNK_HEADER_BYTES:
        if len(chunks) == MAX_CHUNKS:
            raise refused(f"it has more than {MAX_CHUNKS} chunks")
        chunk_id, size = struct.unpack_from("<4sI", data, start)
        offset = start + CHUNK_HEADER_BYTES
        if size > end - offset:
            raise refused(
                f"its {shown_id(chunk_id)} chunk is truncated: it has {end - offset} of {size}"
            )
        chunks.append(Chunk(chunk_id, offset, size))
        start = offset + size + size % 2
    return chunks


def shown_id(chunk_id: bytes) -> str:
    """A chunk's name for a message."""
    return repr(chunk_id.decode("ascii", "backslashreplace"))


def refused(why: str) -> UserError:
    """The one refusal of this reader."""
    return UserError(
        "The file was not read as a WAV",
        why,
        "Choose a WAV file, or export it again from where it came",
    )
