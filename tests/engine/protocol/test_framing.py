import itertools
import tracemalloc
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.protocol import messages
from engine.protocol.framing import (
    BLOB_LIMIT_BYTES,
    HEADER_LIMIT_BYTES,
    LENGTHS,
    FrameReader,
    ProtocolError,
    encode_frame,
    encode_head,
)
from engine.protocol.messages import (
    Cancel,
    Done,
    Event,
    Failed,
    Hello,
    Keep,
    Preview,
    Progress,
    Render,
    Request,
    Shutdown,
)
from engine.recipe import Recipe, StageSettings

# a busy machine is no failure
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
jobs = st.integers(0, 2**31)
recipes = st.builds(
    Recipe,
    prompt=texts,
    bpm=st.none() | st.floats(30, 300),
    bars=st.none() | st.integers(1, 128),
    loop=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    generator=st.builds(StageSettings, steps=st.none() | st.integers(1, 4000)),
)
requests: st.SearchStrategy[Request] = st.one_of(
    st.builds(Hello, version=st.integers(0, 9), app_version=texts),
    st.builds(Render, job=jobs, recipe=recipes),
    st.builds(Keep, job=jobs, recipe=recipes, take=st.integers(1, 4)),
    st.builds(Cancel, job=jobs),
    st.just(Shutdown()),
)
frames = st.lists(st.tuples(requests, st.binary(max_size=300)), max_size=8)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def read_all(pieces: list[bytes], kind: Any = Request) -> list[tuple[Any, bytes]]:
    reader: FrameReader[Any] = FrameReader(kind)
    read = [(message, bytes(blob)) for piece in pieces for message, blob in reader.feed(piece)]
    assert not reader.partial
    return read


@CALM
@given(frames, st.lists(st.integers(0, 2**20), max_size=12))
def test_any_split_of_any_stream_round_trips(
    sent: list[tuple[Request, bytes]], places: list[int]
) -> None:
    stream = b"".join(encode_frame(message, blob) for message, blob in sent)
    assert read_all(cut(stream, places)) == sent


def test_a_stream_fed_byte_by_byte_round_trips() -> None:
    sent: list[tuple[Request, bytes]] = [
        (Cancel(job=7), b""),
        (Shutdown(), b"\x00" * 9),
        (Cancel(job=8), b"xyz"),
    ]
    stream = b"".join(encode_frame(message, blob) for message, blob in sent)
    assert read_all([stream[i : i + 1] for i in range(len(stream))]) == sent


@settings(CALM, max_examples=300)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_arbitrary_bytes_are_messages_or_a_protocol_error(pieces: list[bytes]) -> None:
    reader: FrameReader[Request] = FrameReader(Request)
    for piece in pieces:
        try:
            reader.feed(piece)
        except ProtocolError:
            return


@settings(CALM, max_examples=300)
@given(st.binary(max_size=200), st.binary(max_size=20))
def test_arbitrary_headers_are_messages_or_a_protocol_error(header: bytes, blob: bytes) -> None:
    reader: FrameReader[Event] = FrameReader(Event)
    try:
        read = reader.feed(LENGTHS.pack(len(header), len(blob)) + header + blob)
    except ProtocolError:
        return
    assert len(read) == 1


@settings(CALM, max_examples=200)
@given(frames.filter(bool), st.data())
def test_a_stream_with_flipped_bytes_never_raises_anything_else(
    sent: list[tuple[Request, bytes]], data: st.DataObject
) -> None:
    stream = bytearray(b"".join(encode_frame(message, blob) for message, blob in sent))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    reader: FrameReader[Request] = FrameReader(Request)
    try:
        reader.feed(bytes(stream))
    except ProtocolError as error:
        for message, _ in error.before:
            assert isinstance(message, msgspec.Struct)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (LENGTHS.pack(HEADER_LIMIT_BYTES + 1, 0), "header of 1048577 bytes"),
        (LENGTHS.pack(2, BLOB_LIMIT_BYTES + 1), "blob of 67108865 bytes"),
        (LENGTHS.pack(2**32 - 1, 2**32 - 1), "header of 4294967295 bytes"),
        (LENGTHS.pack(0, 0), "no known message"),
        (LENGTHS.pack(2, 0) + b"{}", "no known message"),
        (LENGTHS.pack(14, 0) + b'{"type":"Boo"}', "Boo"),
        (LENGTHS.pack(25, 0) + b'{"type":"Cancel","job":""}', "no known message"),
        (LENGTHS.pack(2, 0) + b"\xff\xfe", "no known message"),
        (LENGTHS.pack(200_000, 0) + b"[" * 200_000, "no known message"),
    ],
)
def test_what_is_no_frame_is_refused_with_its_reason(head: bytes, said: str) -> None:
    reader: FrameReader[Request] = FrameReader(Request)
    with pytest.raises(ProtocolError, match=said):
        reader.feed(head)
    with pytest.raises(ProtocolError, match=said):  # and the stream stays refused
        reader.feed(encode_frame(Shutdown()))


def test_an_event_is_no_request() -> None:
    reader: FrameReader[Request] = FrameReader(Request)
    with pytest.raises(ProtocolError, match="Done"):
        reader.feed(encode_frame(Done(job=1, seconds=0.5)))


def test_an_oversized_claim_allocates_nothing() -> None:
    reader: FrameReader[Request] = FrameReader(Request)
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError):
            reader.feed(LENGTHS.pack(2, 2**32 - 1))
        reader = FrameReader(Request)
        header = msgspec.json.encode(Shutdown())
        reader.feed(LENGTHS.pack(len(header), BLOB_LIMIT_BYTES) + header)  # claims 64 MiB, sends 0
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
    assert reader.partial


def test_frames_before_the_trouble_are_not_lost() -> None:
    good = encode_frame(Cancel(job=3), b"abc")
    reader: FrameReader[Request] = FrameReader(Request)
    with pytest.raises(ProtocolError) as caught:
        reader.feed(good + LENGTHS.pack(2**31, 0))
    assert [(message, bytes(blob)) for message, blob in caught.value.before] == [
        (Cancel(job=3), b"abc")
    ]


def test_a_blob_that_comes_in_one_piece_is_not_copied() -> None:
    mel = np.arange(2 * 160 * 100, dtype="<f2")
    message = Preview(job=1, first_take=1, shape=(2, 160, 100), step=1, steps=4)
    data = encode_frame(message, mel.data)
    reader: FrameReader[Event] = FrameReader(Event)
    [(read, blob)] = reader.feed(data)
    assert read == message
    assert blob.obj is data
    assert blob.readonly
    np.testing.assert_array_equal(np.frombuffer(blob, "<f2"), mel)


def test_a_truncated_stream_is_known_as_such() -> None:
    data = encode_frame(Cancel(job=1), b"12345")
    for end in range(1, len(data)):
        reader: FrameReader[Request] = FrameReader(Request)
        assert reader.feed(data[:end]) == []
        assert reader.partial
    assert not FrameReader(Request).partial


def test_what_cannot_be_sent_is_refused_by_the_sender() -> None:
    with pytest.raises(ProtocolError, match="header"):
        encode_frame(Failed(job=None, what="x" * HEADER_LIMIT_BYTES, why="", remedy=""))
    with pytest.raises(ProtocolError, match="blob of 67108865 bytes"):
        encode_head(Shutdown(), BLOB_LIMIT_BYTES + 1)
    with pytest.raises(ProtocolError, match="no Unicode"):
        encode_frame(Hello(version=1, app_version="\udcff"))


def test_a_frame_has_the_layout_that_is_published() -> None:
    frame = encode_frame(Cancel(job=5), b"\x01\x02")
    assert frame == b'\x19\x00\x00\x00\x02\x00\x00\x00{"type":"Cancel","job":5}\x01\x02'


def test_every_message_has_its_own_tag_and_refuses_unknown_fields() -> None:
    classes = [*messages.Request.__args__, *messages.Event.__args__]
    tags = [msgspec.inspect.type_info(cls).tag for cls in classes]  # type: ignore[attr-defined]
    assert len(set(tags)) == len(tags) == 30
    reader: FrameReader[Event] = FrameReader(Event)
    header = b'{"type":"Progress","job":1,"stage":"text","step":1,"steps":1,"colour":3}'
    with pytest.raises(ProtocolError, match="colour"):
        reader.feed(LENGTHS.pack(len(header), 0) + header)
    assert read_all([encode_frame(Progress(job=1, stage="text", step=1, steps=1))], Event)
