"""A PNG writer for palette images: three chunks and zlib (PNG specification, third edition)."""

import base64
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.corpus.sheet.colours import Palette

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_DEPTH, _INDEXED = 8, 3


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bytes(image: NDArray[np.uint8], palette: Palette) -> bytes:
    """A PNG of (height, width) palette indices, top row first."""
    height, width = image.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each begins with its filter: none
    rows[:, 1:] = image
    header = struct.pack(">IIBBBBB", width, height, _DEPTH, _INDEXED, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette.tobytes())
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def shades(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(bands, frames) in [−1, 1] → (bands, frames) palette indices, lowest band at the bottom."""
    scaled = (np.clip(np.asarray(values, np.float32), -1, 1) + 1) * np.float32(127.5)
    return np.round(scaled[::-1]).astype(np.uint8)


def data_uri(data: bytes, kind: str) -> str:
    """Bytes inside a page."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
