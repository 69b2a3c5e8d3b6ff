"""The samples of a clip's own file, for its thumbnail and for playing it.

Only what the engine itself writes: plain PCM of 16 or 24 bits or 32-bit floats, mono or stereo.
Anything else is the engine's to read (it has the decoders, and may crash alone). Rejected: the
standard library's `wave` (no floats, and deprecated formats), libsndfile in the window.
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.translate import translate
from engine.errors import UserError
from engine.recipe import Recipe, from_json

FILE_LIMIT_BYTES: Final = 64 << 20
RECIPE_ID: Final = b"nfrc"
RECIPE_LIMIT_BYTES: Final = 256 * 1024
CHUNKS_LIMIT: Final = 256
RATE_LIMIT_HZ: Final = 768_000
_HEAD: Final = struct.Struct("<4sI4s")
_CHUNK: Final = struct.Struct("<4sI")
_FMT: Final = struct.Struct("<HHIIHH")
_PCM, _FLOAT = 1, 3


def read_wav(data: bytes | memoryview) -> tuple[NDArray[np.float32], int]:
    """Decode a clip's file.

    Returns:
        (samples, 2) float32, a mono file on both sides, and the rate in Hz.

    Raises:
        UserError: no such file, or damaged.
    """
    view = memoryview(data).cast("B")
    if len(view) > FILE_LIMIT_BYTES:
        raise _refused(f"it has {len(view)} bytes, over the limit of {FILE_LIMIT_BYTES}")
    chunks = _chunks(view)
    form, body = chunks.get(b"fmt "), chunks.get(b"data")
    if form is None or body is None or len(form) < _FMT.size:
        raise _refused("it has no format or no samples")
    tag, channels, rate_hz, _, block_bytes, bits = _FMT.unpack_from(form)
    decode = _DECODERS.get((tag, bits))
    if decode is None or channels not in (1, 2) or not 1 <= rate_hz <= RATE_LIMIT_HZ:
        raise _refused(f"its format {tag} with {channels} × {bits} bits is none of ours")
    if block_bytes != channels * bits // 8 or len(body) % block_bytes:
        raise _refused("its samples end inside a frame")
    audio = decode(body).reshape(-1, channels)
    if not np.all(np.isfinite(audio)):
        raise _refused("it has samples that are no numbers")
    return (audio if channels == 2 else np.repeat(audio, 2, axis=1)), rate_hz


def recipe_of(data: bytes | memoryview) -> Recipe | None:
    """The recipe that a Noisefall file carries, checked; None for any other WAV file.

    Raises:
        UserError: no WAV file, or its recipe is of another version or damaged.
    """
    view = memoryview(data).cast("B")
    chunk = _chunks(view).get(RECIPE_ID)
    if chunk is None:
        return None
    if len(chunk) > RECIPE_LIMIT_BYTES:
        raise _refused(translate("trouble", "its recipe has {0} bytes").format(len(chunk)))
    return from_json(bytes(chunk))


def peaks(audio: NDArray[np.float32], columns: int) -> bytes:
    """The waveform as (columns, 2) int8, minimum and maximum of both channels, full scale 127."""
    if len(audio) == 0:
        return bytes(2 * columns)
    edges = np.linspace(0, len(audio), columns, endpoint=False).astype(np.intp)
    low = np.minimum.reduceat(audio.min(axis=1), edges)
    high = np.maximum.reduceat(audio.max(axis=1), edges)
    scaled = np.clip(np.stack((low, high), axis=1) * 127, -127, 127)
    return bytes(np.rint(scaled).astype(np.int8).tobytes())


def _chunks(view: memoryview) -> dict[bytes, memoryview]:
    """The chunks by id, the first of each. Raises UserError on a length beyond the file."""
    if len(view) < _HEAD.size:
        raise _refused(translate("trouble", "it is no WAV file"))
    magic, _, kind = _HEAD.unpack_from(view)
    if (magic, kind) != (b"RIFF", b"WAVE"):
        raise _refused(translate("trouble", "it is no WAV file"))
    found: dict[bytes, memoryview] = {}
    offset = _HEAD.size
    for _ in range(CHUNKS_LIMIT):
        if offset + _CHUNK.size > len(view):
            return found
        name, size = _CHUNK.unpack_from(view, offset)
        start = offset + _CHUNK.size
        if start + size > len(view):
            raise _refused(translate("trouble", "it is cut short"))
        found.setdefault(name, view[start : start + size])
        offset = start + size + size % 2
    raise _refused(translate("trouble", "it has more than {0} chunks").format(CHUNKS_LIMIT))


def _from_16(body: memoryview) -> NDArray[np.float32]:
    return np.frombuffer(body, "<i2").astype(np.float32) / np.float32(2**15)


def _from_24(body: memoryview) -> NDArray[np.float32]:
    wide = np.zeros((len(body) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)  # the sign lands in the top byte
    return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)


def _from_float(body: memoryview) -> NDArray[np.float32]:
    return np.frombuffer(body, "<f4").astype(np.float32)


_DECODERS: Final = {(_PCM, 16): _from_16, (_PCM, 24): _from_24, (_FLOAT, 32): _from_float}


def _refused(why: str) -> UserError:
    return UserError(
        translate("trouble", "The clip was not read"),
        why,
        translate("trouble", "Use a clip that Noisefall wrote"),
    )
