"""WAV files that a DAW places, loops and names by itself, and that carry their recipe.

Plain WAVE_FORMAT_PCM or WAVE_FORMAT_IEEE_FLOAT, never WAVE_FORMAT_EXTENSIBLE (some samplers refuse
it). All metadata stands before `data`, because some hosts read `acid` only there, and because a
library can then read a clip's recipe from the head of the file:

    fmt   format
    fact  frames                         float only, as Microsoft asks of every non-PCM format
    acid  beats, metre, tempo, root      where there is a tempo or a root
    smpl  loop and root                  loops
    LIST  INFO: title, prompt, genre …   UTF-8
    nfrc  the recipe, JSON               our own
    data  samples

Sources: "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft 1991) for
RIFF, LIST INFO and fact; Microsoft's "New Multimedia Data Types" 1994 for smpl. `acid` was never
published: the layout is the one that libsndfile reads (https://github.com/libsndfile/libsndfile,
src/wav.c), with the metre's numerator first, as Kontakt and Reaper have it.

Rejected: libsndfile for writing (no `acid`), and bext or iXML for the recipe (a foreign schema
around JSON that only we read).
"""

import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.pcm import BITS, BitDepth, encode_samples
from engine.audio.riff import Chunk, pack_chunk, pack_riff, refused, walk, walk_chunks

FORMAT_PCM: Final = 1
FORMAT_FLOAT: Final = 3
FORMAT_EXTENSIBLE: Final = 0xFFFE

MAX_CHANNELS: Final = 32
MAX_RATE_HZ: Final = 768_000
MAX_INFO_BYTES: Final = 64 * 1024
MAX_RECIPE_BYTES: Final = 256 * 1024
MAX_SMPL_LOOPS: Final = 64

RECIPE_ID: Final = b"nfrc"
DEFAULT_ROOT_NOTE: Final = 60

# the fields of WavTags that become LIST INFO entries, in file order
INFO_IDS: Final[dict[str, bytes]] = {
    "title": b"INAM",
    "genre": b"IGNR",
    "prompt": b"ICMT",
    "date": b"ICRD",
    "software": b"ISFT",
}

_FMT: Final = struct.Struct("<HHIIHH")
_ACID: Final = struct.Struct("<IHHfIHHf")
_ACID_CONSTANT: Final = 0x8000
ACID_ONE_SHOT, ACID_ROOT_SET, ACID_STRETCH = 1, 2, 4
_SMPL: Final = struct.Struct("<9I")
_SMPL_LOOP: Final = struct.Struct("<6I")


@dataclass(frozen=True, kw_only=True)
class WavTags:
    """What a file says of itself; everything is optional.

    Attributes:
        title, genre, prompt, software: LIST INFO texts; empty is left out.
        date: ICRD, such as "2025-01-31". Never the clock's: same clip, same bytes.
        bpm: quarter notes per minute.
        quarter_notes: the clip's length in quarter notes. A DAW takes tempo from a whole number of
            them; where it is no whole number (one bar of 7/8) the file calls itself a one-shot,
            so that no host stretches it to a wrong tempo.
        meter: (numerator, denominator).
        root_note: MIDI note 0–127 of the tonic.
        loop: the end joins the start.
        recipe: the recipe's JSON; None leaves the chunk out.
    """

    title: str = ""
    genre: str = ""
    prompt: str = ""
    date: str = ""
    software: str = ""
    bpm: float | None = None
    quarter_notes: float | None = None
    meter: tuple[int, int] = (4, 4)
    root_note: int | None = None
    loop: bool = False
    recipe: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class WavFormat:
    """The fmt chunk; `tag` is the sub-format's for WAVE_FORMAT_EXTENSIBLE."""

    tag: int
    channels: int
    rate_hz: int
    bits: int
    block_bytes: int


@dataclass(frozen=True, kw_only=True)
class Acid:
    """The acid chunk: tempo in quarter notes per minute, `beats` in quarter notes."""

    one_shot: bool
    root_note: int | None
    stretch: bool
    beats: int
    meter: tuple[int, int]
    bpm: float


@dataclass(frozen=True, kw_only=True)
class WavFile:
    """What `parse_wav` found.

    Attributes:
        format: the samples' format.
        data: where the samples lie.
        frames: samples per channel.
        acid: tempo and metre, or None.
        smpl_loops: (first, last) sample of each loop, both inside it.
        smpl_root: MIDI note of the smpl chunk, or None.
        info: LIST INFO texts by id, such as "INAM".
        recipe: the recipe's JSON, unchecked, or None.
    """

    format: WavFormat
    data: Chunk
    frames: int
    acid: Acid | None = None
    smpl_loops: tuple[tuple[int, int], ...] = ()
    smpl_root: int | None = None
    info: dict[str, str] = field(default_factory=dict)
    recipe: bytes | None = None


def encode_wav(
    audio: NDArray[np.float32],
    rate_hz: int,
    *,
    tags: WavTags,
    bit_depth: BitDepth = "24",
    dither_seed: int | None = None,
) -> bytes:
    """A whole WAV file, the same bytes for the same arguments.

    Args:
        audio: (samples, channels), finite; integers clip at full scale.
        rate_hz: sample rate.
        tags: metadata.
        bit_depth: "16", "24" or "float".
        dither_seed: seed of TPDF dither for 16 bits; None is no dither.

    Raises:
        ValueError: not (samples, channels), not finite, or tags beyond this module's limits.
        UserError: longer than a WAV file can be.
    """
    if audio.ndim != 2 or not 1 <= audio.shape[1] <= MAX_CHANNELS or not np.all(np.isfinite(audio)):
        msg = f"no WAV can be made of shape {audio.shape}, or of samples that are not finite"
        raise ValueError(msg)
    samples, channels = audio.shape
    info = _pack_info(tags)
    if len(info or b"") > MAX_INFO_BYTES or len(tags.recipe or b"") > MAX_RECIPE_BYTES:
        msg = f"texts or recipe beyond {MAX_INFO_BYTES} or {MAX_RECIPE_BYTES} bytes"
        raise ValueError(msg)
    chunks = (
        (b"fmt ", _pack_fmt(rate_hz, channels, bit_depth)),
        (b"fact", struct.pack("<I", samples) if bit_depth == "float" else None),
        (b"acid", _pack_acid(tags)),
        (b"smpl", _pack_smpl(tags, samples, rate_hz)),
        (b"LIST", info),
        (RECIPE_ID, tags.recipe),
        (b"data", encode_samples(audio, bit_depth, dither_seed=dither_seed)),
    )
    return pack_riff([(chunk_id, body) for chunk_id, body in chunks if body is not None])


def parse_wav(data: bytes | memoryview) -> WavFile:
    """Read the structure and metadata of a WAV file without decoding its samples.

    Raises:
        UserError: not a WAV file, truncated, or out of the limits named in this module.
    """
    chunks: dict[bytes, Chunk] = {}
    info: dict[str, str] = {}
    for chunk in walk(data):
        if chunk.id in (b"fmt ", b"data") and chunk.id in chunks:
            raise refused(f"it has two {chunk.id.decode()!r} chunks")
        chunks.setdefault(chunk.id, chunk)
        if chunk.id == b"LIST" and bytes(data[chunk.offset : chunk.offset + 4]) == b"INFO":
            info = _read_info(data, chunk)
    if b"fmt " not in chunks or b"data" not in chunks:
        raise refused("it has no fmt or no data chunk")
    wav_format = _read_fmt(data, chunks[b"fmt "])
    body = chunks[b"data"]
    if body.size % wav_format.block_bytes:
        raise refused(f"its {body.size} bytes of samples end inside a frame")
    loops, smpl_root = _read_smpl(data, chunks.get(b"smpl"))
    return WavFile(
        format=wav_format,
        data=body,
        frames=body.size // wav_format.block_bytes,
        acid=_read_acid(data, chunks.get(b"acid")),
        smpl_loops=loops,
        smpl_root=smpl_root,
        info=info,
        recipe=_read_recipe(data, chunks.get(RECIPE_ID)),
    )


# ── writing ───────────────────────────────────────────────────────────────────────────────


def _pack_fmt(rate_hz: int, channels: int, bit_depth: BitDepth) -> bytes:
    bits = BITS[bit_depth]
    block = channels * bits // 8
    tag = FORMAT_FLOAT if bit_depth == "float" else FORMAT_PCM
    plain = _FMT.pack(tag, channels, rate_hz, rate_hz * block, block, bits)
    return plain + b"\0\0" if tag == FORMAT_FLOAT else plain  # cbSize = 0


def _pack_acid(tags: WavTags) -> bytes | None:
    if tags.bpm is None and tags.root_note is None:
        return None
    beats = round(tags.quarter_notes or 0)
    whole = tags.bpm is not None and beats > 0 and abs(beats - (tags.quarter_notes or 0)) < 1e-3
    flags = (ACID_STRETCH if whole else ACID_ONE_SHOT) | (
        0 if tags.root_note is None else ACID_ROOT_SET
    )
    root = DEFAULT_ROOT_NOTE if tags.root_note is None else tags.root_note
    numerator, denominator = tags.meter
    return _ACID.pack(
        flags,
        root,
        _ACID_CONSTANT,
        0.0,
        beats if whole else 0,
        numerator,
        denominator,
        tags.bpm or 0.0,
    )


def _pack_smpl(tags: WavTags, samples: int, rate_hz: int) -> bytes | None:
    if not tags.loop or samples == 0:
        return None
    root = DEFAULT_ROOT_NOTE if tags.root_note is None else tags.root_note
    sample_period_ns = round(1e9 / rate_hz)
    # manufacturer, product, period, note, fraction, SMPTE format, SMPTE offset, loops, sampler data
    head = _SMPL.pack(0, 0, sample_period_ns, root, 0, 0, 0, 1, 0)
    # id, type (forward), first, last (inclusive), fraction, plays (0 = for ever)
    return head + _SMPL_LOOP.pack(0, 0, 0, samples - 1, 0, 0)


def _pack_info(tags: WavTags) -> bytes | None:
    entries = [
        pack_chunk(chunk_id, _info_text(getattr(tags, name)))
        for name, chunk_id in INFO_IDS.items()
        if getattr(tags, name)
    ]
    return b"INFO" + b"".join(entries) if entries else None


def _info_text(text: str) -> bytes:
    """UTF-8 with the terminating NUL that the standard asks for, and none inside."""
    return text.replace("\0", " ").encode("utf-8", "replace") + b"\0"


# ── reading ───────────────────────────────────────────────────────────────────────────────


def _read_fmt(data: bytes | memoryview, chunk: Chunk) -> WavFormat:
    if chunk.size < _FMT.size:
        raise refused(f"its fmt chunk has {chunk.size} of {_FMT.size} bytes")
    tag, channels, rate_hz, _, block_bytes, bits = _FMT.unpack_from(data, chunk.offset)
    if tag == FORMAT_EXTENSIBLE:
        if chunk.size < 40:
            raise refused(f"its extensible fmt chunk has {chunk.size} of 40 bytes")
        (tag,) = struct.unpack_from("<H", data, chunk.offset + 24)  # head of the sub-format GUID
    if not 1 <= channels <= MAX_CHANNELS:
        raise refused(f"it has {channels} channels, and 1 to {MAX_CHANNELS} can be read")
    if not 1 <= rate_hz <= MAX_RATE_HZ:
        raise refused(f"its sample rate is {rate_hz} Hz")
    if block_bytes == 0 or (
        tag in (FORMAT_PCM, FORMAT_FLOAT) and block_bytes * 8 != channels * bits
    ):
        raise refused(f"its frames of {block_bytes} bytes do not hold {channels} × {bits} bits")
    return WavFormat(
        tag=tag, channels=channels, rate_hz=rate_hz, bits=bits, block_bytes=block_bytes
    )


def _read_acid(data: bytes | memoryview, chunk: Chunk | None) -> Acid | None:
    if chunk is None:
        return None
    if chunk.size < _ACID.size:
        raise refused(f"its acid chunk has {chunk.size} of {_ACID.size} bytes")
    flags, root, _, _, beats, numerator, denominator, bpm = _ACID.unpack_from(data, chunk.offset)
    return Acid(
        one_shot=bool(flags & ACID_ONE_SHOT),
        root_note=root if flags & ACID_ROOT_SET else None,
        stretch=bool(flags & ACID_STRETCH),
        beats=beats,
        meter=(numerator, denominator),
        bpm=bpm if np.isfinite(bpm) else 0.0,
    )


def _read_smpl(
    data: bytes | memoryview, chunk: Chunk | None
) -> tuple[tuple[tuple[int, int], ...], int | None]:
    if chunk is None:
        return (), None
    if chunk.size < _SMPL.size:
        raise refused(f"its smpl chunk has {chunk.size} of {_SMPL.size} bytes")
    _, _, _, root, _, _, _, count, _ = _SMPL.unpack_from(data, chunk.offset)
    if count > MAX_SMPL_LOOPS or _SMPL.size + count * _SMPL_LOOP.size > chunk.size:
        raise refused(f"its smpl chunk of {chunk.size} bytes announces {count} loops")
    rows = (
        _SMPL_LOOP.unpack_from(data, chunk.offset + _SMPL.size + index * _SMPL_LOOP.size)
        for index in range(count)
    )
    return tuple((first, last) for _, _, first, last, _, _ in rows), root


def _read_info(data: bytes | memoryview, chunk: Chunk) -> dict[str, str]:
    if chunk.size > MAX_INFO_BYTES:
        raise refused(f"its texts have {chunk.size} bytes, and {MAX_INFO_BYTES} can be read")
    texts: dict[str, str] = {}
    for entry in walk_chunks(data, chunk.offset + 4, chunk.offset + chunk.size):
        raw = bytes(data[entry.offset : entry.offset + entry.size])
        name = entry.id.decode("latin-1")
        texts.setdefault(name, raw.split(b"\0", 1)[0].decode("utf-8", "replace"))
    return texts


def _read_recipe(data: bytes | memoryview, chunk: Chunk | None) -> bytes | None:
    if chunk is None:
        return None
    if chunk.size > MAX_RECIPE_BYTES:
        raise refused(f"its recipe has {chunk.size} bytes, and {MAX_RECIPE_BYTES} can be read")
    return bytes(data[chunk.offset : chunk.offset + chunk.size])
