"""WAV files: every byte of the head, readers that are not ours, and hostile input."""

import io
import struct
import wave
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.pcm import BitDepth, decode_samples, encode_samples
from engine.audio.read import MAX_DECODED_VALUES, read_audio
from engine.audio.riff import MAX_CHUNKS, pack_chunk, pack_riff, walk
from engine.audio.wav import (
    MAX_INFO_BYTES,
    MAX_RECIPE_BYTES,
    MAX_SMPL_LOOPS,
    WavFile,
    WavTags,
    encode_wav,
    parse_wav,
)
from engine.errors import UserError

RECIPE = b'{"prompt":"slow lo-fi guitar","bars":4}x'[:-1]
TAGS = WavTags(
    title="Ballad",
    genre="lo-fi",
    prompt="slow lo-fi guitär ballad",
    date="2025-01-31",
    software="Noisefall",
    bpm=72.5,
    quarter_notes=12.0,
    meter=(3, 4),
    root_note=69,
    loop=True,
    recipe=RECIPE,
)


def _audio(samples: int = 7, channels: int = 2, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.99, 0.99, (samples, channels)).astype(np.float32)


def test_the_head_is_this_table_byte_for_byte() -> None:
    audio = _audio(7)
    data = encode_wav(audio, 24_000, tags=TAGS, bit_depth="24")
    prompt = "slow lo-fi guitär ballad".encode() + b"\0"  # 26 bytes
    info = (
        b"INFO"
        + b"INAM" + struct.pack("<I", 7) + b"Ballad\0" + b"\0"
        + b"IGNR" + struct.pack("<I", 6) + b"lo-fi\0"
        + b"ICMT" + struct.pack("<I", 26) + prompt
        + b"ICRD" + struct.pack("<I", 11) + b"2025-01-31\0" + b"\0"
        + b"ISFT" + struct.pack("<I", 10) + b"Noisefall\0"
    )  # fmt: skip
    fields = (
        (b"fmt ", struct.pack("<HHIIHH", 1, 2, 24_000, 144_000, 6, 24)),
        # stretch + root, root, 0x8000, 0, beats, numerator, denominator, tempo
        (b"acid", struct.pack("<IHHfIHHf", 6, 69, 0x8000, 0.0, 12, 3, 4, 72.5)),
        (b"smpl", struct.pack("<15I", 0, 0, 41_667, 69, 0, 0, 0, 1, 0, 0, 0, 0, 6, 0, 0)),
        (b"LIST", info),
        (b"nfrc", RECIPE),
        (b"data", encode_samples(audio, "24")),
    )
    body = b"".join(
        name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)
        for name, payload in fields
    )
    assert data == b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body
    assert len(RECIPE) % 2 == 1  # so that the recipe's padding is tested too


def test_a_plain_clip_is_the_44_byte_classic() -> None:
    data = encode_wav(_audio(3), 48_000, tags=WavTags(), bit_depth="16")
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        48,
        b"WAVE",
        b"fmt ",
        16,
        1,
        2,
        48_000,
        192_000,
        4,
        16,
        b"data",
        12,
    )
    assert data[:44] == head
    assert len(data) == 56


def test_float_has_fact_and_an_extension_size() -> None:
    data = encode_wav(_audio(5), 24_000, tags=WavTags(), bit_depth="float")
    assert [chunk.id for chunk in walk(data)] == [b"fmt ", b"fact", b"data"]
    assert struct.unpack_from("<HHIIHHH", data, 20) == (3, 2, 24_000, 192_000, 8, 32, 0)
    assert struct.unpack_from("<I", data, 46) == (5,)


@pytest.mark.parametrize(
    ("tags", "flags", "beats"),
    [
        (WavTags(bpm=120, quarter_notes=16), 4, 16),
        (WavTags(bpm=120, quarter_notes=3.5, meter=(7, 8)), 1, 0),  # one bar of 7/8
        (WavTags(bpm=120), 1, 0),
        (WavTags(root_note=60), 3, 0),
    ],
)
def test_only_a_whole_number_of_beats_may_be_stretched(
    tags: WavTags, flags: int, beats: int
) -> None:
    data = encode_wav(_audio(), 24_000, tags=tags)
    acid = next(chunk for chunk in walk(data) if chunk.id == b"acid")
    assert acid.size == 24
    assert struct.unpack_from("<I", data, acid.offset) == (flags,)
    parsed = parse_wav(data).acid
    assert parsed is not None
    assert parsed.beats == beats
    assert parsed.one_shot == bool(flags & 1)
    assert parsed.root_note == tags.root_note


@settings(max_examples=60, deadline=None)
@given(
    samples=st.integers(0, 50),
    channels=st.integers(1, 4),
    depth=st.sampled_from(["16", "24", "float"]),
    rate_hz=st.sampled_from([16_000, 24_000, 44_100, 48_000]),
    texts=st.lists(st.text(max_size=60), min_size=5, max_size=5),
    recipe=st.none() | st.binary(max_size=99),
    bpm=st.none() | st.integers(30, 300),
    loop=st.booleans(),
)
def test_everything_comes_back(
    *,
    samples: int,
    channels: int,
    depth: BitDepth,
    rate_hz: int,
    texts: list[str],
    recipe: bytes | None,
    bpm: int | None,
    loop: bool,
) -> None:
    title, genre, prompt, date, software = texts
    tags = WavTags(
        title=title,
        genre=genre,
        prompt=prompt,
        date=date,
        software=software,
        bpm=bpm,
        quarter_notes=4,
        loop=loop,
        recipe=recipe,
    )
    audio = _audio(samples, channels)
    data = encode_wav(audio, rate_hz, tags=tags, bit_depth=depth)
    assert len(data) % 2 == 0
    assert struct.unpack_from("<I", data, 4) == (len(data) - 8,)
    parsed = parse_wav(data)
    assert (parsed.format.channels, parsed.format.rate_hz) == (channels, rate_hz)
    assert parsed.frames == samples
    assert parsed.recipe == recipe
    named = zip(("INAM", "IGNR", "ICMT", "ICRD", "ISFT"), texts, strict=True)
    written = {
        name: text.replace("\0", " ").encode("utf-8", "replace").decode()
        for name, text in named
        if text
    }
    assert parsed.info == written
    assert (None if parsed.acid is None else parsed.acid.bpm) == bpm
    assert parsed.smpl_loops == (((0, samples - 1),) if loop and samples else ())
    again, rate = read_audio(data)
    assert rate == rate_hz
    assert again.shape == audio.shape
    step = {"16": 2**-15, "24": 2**-23, "float": 0}[depth]
    assert np.abs(again - audio).max(initial=0) <= step / 2 + 1e-9


@pytest.mark.parametrize("depth", ["16", "24", "float"])
@pytest.mark.parametrize("samples", [1, 2, 1001])
def test_soundfile_reads_our_files(depth: BitDepth, samples: int) -> None:
    audio = _audio(samples, 1) if samples == 1 else _audio(samples)
    data = encode_wav(audio, 24_000, tags=TAGS, bit_depth=depth)
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert (file.format, file.samplerate, file.frames) == ("WAV", 24_000, samples)
        assert file.subtype == {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}[depth]
        assert file.title == "Ballad"
        assert file.comment == "slow lo-fi guitär ballad"
        samples_read = file.read(dtype="float32", always_2d=True)
    ours, _ = read_audio(data)
    assert np.array_equal(samples_read, ours)


@pytest.mark.parametrize("depth", ["16", "24"])
def test_the_standard_library_reads_our_files(depth: Literal["16", "24"]) -> None:
    data = encode_wav(_audio(1001), 24_000, tags=TAGS, bit_depth=depth)
    with wave.open(io.BytesIO(data)) as file:
        assert file.getparams()[:4] == (2, int(depth) // 8, 24_000, 1001)
        assert file.readframes(2000) == encode_samples(_audio(1001), depth)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "PCM_U8", "PCM_32", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_we_read_soundfiles_files(subtype: str, container: str) -> None:
    audio, buffer = _audio(501), io.BytesIO()
    soundfile.write(buffer, audio, 44_100, format=container, subtype=subtype)
    again, rate_hz = read_audio(buffer.getvalue())
    assert rate_hz == 44_100
    assert np.abs(again - audio).max() < (0.01 if subtype == "PCM_U8" else 5e-5)


@pytest.mark.parametrize("container", ["FLAC", "AIFF", "OGG"])
def test_other_containers_are_read(container: str) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.1 * _audio(4000), 44_100, format=container)
    again, rate_hz = read_audio(buffer.getvalue())
    assert (again.shape, rate_hz) == ((4000, 2), 44_100)


def test_integers_clip_and_round_to_nearest() -> None:
    audio = np.array([[2.0], [-2.0], [1.0], [0.6 / 32_768], [-0.4 / 32_768]], np.float32)
    assert np.frombuffer(encode_samples(audio, "16"), "<i2").tolist() == [
        32_767,
        -32_768,
        32_767,
        1,
        0,
    ]
    packed = encode_samples(np.array([[1.0], [-1.0], [-(2.0**-23)]], np.float32), "24")
    assert packed == bytes.fromhex("ffff7f 000080 ffffff")
    assert decode_samples(packed, "24", 1)[1:, 0].tolist() == [-1.0, -(2.0**-23)]


def test_dither_is_seeded_triangular_and_linear() -> None:
    level = 0.3 / 32_768  # below half a step: without dither it is silence
    audio = np.full((200_000, 1), level, np.float32)
    assert not np.any(np.frombuffer(encode_samples(audio, "16"), "<i2"))
    dithered = encode_samples(audio, "16", dither_seed=5)
    assert dithered == encode_samples(audio, "16", dither_seed=5)
    assert dithered != encode_samples(audio, "16", dither_seed=6)
    steps = np.frombuffer(dithered, "<i2")
    assert steps.mean() == pytest.approx(0.3, abs=0.01)
    # TPDF makes the total error's variance 1/4 step², whatever the signal
    assert np.var(steps - 0.3) == pytest.approx(0.25, abs=0.01)
    assert encode_samples(audio, "24", dither_seed=5) == encode_samples(audio, "24")


def test_what_cannot_be_written_is_a_bug() -> None:
    for audio in (np.zeros(5), np.zeros((5, 0)), np.zeros((5, 33)), np.full((5, 2), np.nan)):
        with pytest.raises(ValueError, match="no WAV"):
            encode_wav(audio.astype(np.float32), 24_000, tags=WavTags())
    for tags in (
        WavTags(prompt="x" * MAX_INFO_BYTES),
        WavTags(recipe=b"x" * (MAX_RECIPE_BYTES + 1)),
    ):
        with pytest.raises(ValueError, match="beyond"):
            encode_wav(_audio(), 24_000, tags=tags)


# ── hostile input ─────────────────────────────────────────────────────────────────────────

FMT = (b"fmt ", struct.pack("<HHIIHH", 1, 2, 24_000, 96_000, 4, 16))
DATA = (b"data", b"\0" * 8)


def _fmt(tag: int, channels: int, rate_hz: int, block: int, bits: int) -> tuple[bytes, bytes]:
    return b"fmt ", struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block, block, bits)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 bytes"),
        (b"RIFF\0\0\0\0AVI ", "RIFF and WAVE"),
        (b"OggS" + b"\0" * 50, "RIFF and WAVE"),
        (pack_riff([FMT, DATA])[:-1], "truncated"),
        (pack_riff([FMT]), "no data chunk"),
        (pack_riff([DATA]), "no fmt"),
        (pack_riff([FMT, FMT, DATA]), "two 'fmt ' chunks"),
        (pack_riff([FMT, DATA, DATA]), "two 'data' chunks"),
        (pack_riff([(b"fmt ", b"\1\0\2\0"), DATA]), "4 of 16 bytes"),
        (pack_riff([_fmt(1, 0, 24_000, 0, 16), DATA]), "0 channels"),
        (pack_riff([_fmt(1, 60_000, 24_000, 4, 16), DATA]), "60000 channels"),
        (pack_riff([_fmt(1, 2, 0, 4, 16), DATA]), "0 Hz"),
        (pack_riff([_fmt(1, 2, 24_000, 0, 16), DATA]), "0 bytes do not hold"),
        (pack_riff([_fmt(1, 2, 24_000, 3, 16), DATA]), "3 bytes do not hold"),
        (pack_riff([_fmt(0xFFFE, 2, 24_000, 4, 16), DATA]), "of 40 bytes"),
        (pack_riff([FMT, (b"data", b"\0" * 7)]), "inside a frame"),
        (pack_riff([FMT, (b"acid", b"\0" * 8), DATA]), "acid chunk has 8 of 24"),
        (pack_riff([FMT, (b"smpl", b"\0" * 8), DATA]), "smpl chunk has 8 of 36"),
        (
            pack_riff([FMT, (b"smpl", struct.pack("<9I", *[0] * 7, 1, 0)), DATA]),
            "announces 1 loops",
        ),
        (
            pack_riff([FMT, (b"smpl", struct.pack("<9I", *[0] * 7, MAX_SMPL_LOOPS + 1, 0)), DATA]),
            "announces",
        ),
        (pack_riff([FMT, (b"nfrc", b"x" * (MAX_RECIPE_BYTES + 1)), DATA]), "its recipe has"),
        (pack_riff([FMT, (b"LIST", b"INFO" + b"x" * MAX_INFO_BYTES), DATA]), "its texts have"),
        (
            pack_riff([FMT, (b"LIST", b"INFOINAM\xff\xff\xff\xff"), DATA]),
            "'INAM' chunk is truncated",
        ),
        (pack_riff([FMT, *[(b"junk", b"")] * MAX_CHUNKS, DATA]), "more than 256 chunks"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, why: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_wav(data)
    assert why in caught.value.why


def test_trailing_bytes_and_a_missing_last_pad_are_forgiven() -> None:
    data = pack_riff([FMT, DATA])
    assert parse_wav(data + b"trailing").frames == 2
    mono = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))
    unpadded = pack_riff([mono, (b"data", b"\0" * 3)])[:-1]
    unpadded = unpadded[:4] + struct.pack("<I", len(unpadded) - 8) + unpadded[8:]
    assert parse_wav(unpadded).frames == 3


def _parse_or_refuse(data: bytes) -> WavFile | None:
    try:
        parsed = parse_wav(data)
    except UserError:
        return None
    assert 0 <= parsed.data.offset <= parsed.data.offset + parsed.data.size <= len(data)
    assert parsed.frames * parsed.format.block_bytes == parsed.data.size
    return parsed


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"RIFF\xc0\0\0\0WAVE" + tail)
)
def test_arbitrary_bytes_never_crash_the_parser(data: bytes) -> None:
    _parse_or_refuse(data)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"fmt ", b"data", b"acid", b"smpl", b"LIST", b"nfrc", b"junk"]),
            st.binary(max_size=64)
            | st.just(FMT[1])
            | st.binary(max_size=30).map(lambda t: b"INFO" + t),
        ),
        max_size=8,
    )
)
def test_arbitrary_chunks_never_crash_the_parser(chunks: list[tuple[bytes, bytes]]) -> None:
    _parse_or_refuse(pack_riff(chunks))
    _parse_or_refuse(pack_riff([FMT, *chunks, DATA]))


GOOD = {
    depth: encode_wav(_audio(40), 24_000, tags=TAGS, bit_depth=depth)
    for depth in ("16", "24", "float")
}


@settings(max_examples=200, deadline=None)
@given(
    depth=st.sampled_from(["16", "24", "float"]),
    edits=st.lists(st.tuples(st.integers(0, 399), st.binary(min_size=1, max_size=4)), max_size=4),
    cut=st.none() | st.integers(0, 600),
)
def test_mutants_are_refused_or_read(
    depth: BitDepth, edits: list[tuple[int, bytes]], cut: int | None
) -> None:
    mutant = bytearray(GOOD[depth])
    for position, replacement in edits:
        mutant[position : position + len(replacement)] = replacement
    data = bytes(mutant[:cut])
    _parse_or_refuse(data)
    try:
        audio, rate_hz = read_audio(data)
    except UserError:
        return
    assert audio.dtype == np.float32
    assert audio.size <= MAX_DECODED_VALUES
    assert np.all(np.isfinite(audio))
    assert rate_hz > 0


def _foreign(container: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, _audio(300), 44_100, format=container)
    return buffer.getvalue()


FOREIGN = {container: _foreign(container) for container in ("FLAC", "AIFF", "OGG", "WAVEX")}


@settings(max_examples=150, deadline=None)
@given(
    container=st.sampled_from(sorted(FOREIGN)),
    edits=st.lists(st.tuples(st.integers(0, 199), st.binary(min_size=1, max_size=4)), max_size=4),
    cut=st.none() | st.integers(0, 600),
)
def test_mutants_of_foreign_files_are_refused_or_read(
    container: str, edits: list[tuple[int, bytes]], cut: int | None
) -> None:
    mutant = bytearray(FOREIGN[container])
    for position, replacement in edits:
        mutant[position : position + len(replacement)] = replacement
    try:
        audio, _ = read_audio(bytes(mutant[:cut]))
    except UserError:
        return
    assert audio.ndim == 2
    assert np.all(np.isfinite(audio))


def test_what_is_no_audio_is_refused_before_a_decoder_sees_it() -> None:
    for data in (b"", b"ID3\4" + b"\0" * 500, b"\xff\xfb\x90" * 300, b"%PDF-1.7", b"PK\3\4"):
        with pytest.raises(UserError, match="no WAV, AIFF, FLAC or Ogg"):
            read_audio(data)
    for magic in (b"fLaC", b"OggS", b"FORM\0\0\0\x40AIFF"):
        with pytest.raises(UserError, match="was not read"):
            read_audio(magic + b"\xff\xfb\x90\x44" * 200)


def test_samples_that_are_no_numbers_are_refused() -> None:
    data = bytearray(encode_wav(_audio(4), 24_000, tags=WavTags(), bit_depth="float"))
    data[-4:] = struct.pack("<f", float("nan"))
    with pytest.raises(UserError, match="no numbers"):
        read_audio(bytes(data))


def test_a_length_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.audio.read.MAX_DECODED_VALUES", 10)
    buffer = io.BytesIO()
    soundfile.write(buffer, _audio(6), 44_100, format="FLAC")
    for data in (GOOD["24"], buffer.getvalue()):
        with pytest.raises(UserError, match="too many"):
            read_audio(data)


def test_chunks_pad_to_even() -> None:
    assert pack_chunk(b"abcd", b"xyz") == b"abcd\3\0\0\0xyz\0"
    assert pack_chunk(b"abcd", b"") == b"abcd\0\0\0\0"


def test_the_same_clip_is_the_same_bytes(tmp_path: Path) -> None:
    first = encode_wav(_audio(), 24_000, tags=TAGS, bit_depth="16", dither_seed=1)
    (tmp_path / "a.wav").write_bytes(first)
    second = encode_wav(_audio(), 24_000, tags=TAGS, bit_depth="16", dither_seed=1)
    assert (tmp_path / "a.wav").read_bytes() == second
