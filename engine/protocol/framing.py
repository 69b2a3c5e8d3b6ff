"""Messages as bytes: `u32 header_len | u32 blob_len | header JSON | blob`, little-endian.

The same framing serves a pipe, QProcess.readyRead and ssh. Rejected: JSON lines with base64 blobs
(a 960 kB preview costs 5 ms at each end), pickles (they run code), and MessagePack headers (a
header is mostly under a kilobyte, and JSON can be read in a log).
"""

import struct
from enum import Enum
from typing import Final, Generic, TypeVar

import msgspec

from engine.protocol.messages import Event, Request

HEADER_LIMIT_BYTES: Final = 1 << 20
BLOB_LIMIT_BYTES: Final = 64 << 20
LENGTHS: Final = struct.Struct("<II")  # header_len, blob_len

Blob = bytes | bytearray | memoryview
MessageT = TypeVar("MessageT")


class ProtocolError(Exception):
    """The other side sent, or was to be sent, something that is no frame.

    Attributes:
        before: (message, blob) pairs that the same `feed` had completed before the trouble.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.before: list[tuple[object, memoryview]] = []


def encode_head(message: Request | Event, blob_bytes: int) -> bytes:
    """Lengths and header of a frame whose blob of `blob_bytes` is written after it, uncopied.

    Raises:
        ProtocolError: the header or the blob is over its limit, or the message holds text that is
            no Unicode (a lone surrogate).
    """
    try:
        header = msgspec.json.encode(message)
    except UnicodeEncodeError as error:
        msg = f"a {type(message).__name__} message holds text that is no Unicode ({error.reason})"
        raise ProtocolError(msg) from None
    _check_lengths(len(header), blob_bytes)
    return LENGTHS.pack(len(header), blob_bytes) + header


def encode_frame(message: Request | Event, blob: Blob = b"") -> bytes:
    """A whole frame. Raises ProtocolError as `encode_head`."""
    view = memoryview(blob)
    return b"".join((encode_head(message, view.nbytes), view))


class _Part(Enum):
    LENGTHS = "lengths"
    HEADER = "header"
    BLOB = "blob"


class FrameReader(Generic[MessageT]):
    """Reads frames from bytes that arrive in pieces of any size.

    `kind` is the union that may arrive: `engine.protocol.messages.Request` or `Event`.
    Holds one frame at most; lengths are checked before anything that follows them is kept.
    """

    def __init__(self, kind: object) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._error: str | None = None
        self._begin_frame()

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended: at the end of a stream, it was cut short."""
        return self._part is not _Part.LENGTHS or len(self._kept) > 0

    def feed(self, data: Blob) -> list[tuple[MessageT, memoryview]]:
        """The frames that `data` completes, in order.

        A blob is a read-only view, of `data` itself where it came in one piece: the caller must
        not change `data` afterwards.

        Raises:
            ProtocolError: a length over its limit, or a header that is no message of `kind`. The
                stream cannot be read on: every later call raises too.
        """
        if self._error is not None:
            raise ProtocolError(self._error)
        frames: list[tuple[MessageT, memoryview]] = []
        rest = memoryview(data).cast("B").toreadonly()
        try:
            while (part := self._collect(rest)) is not None:
                whole, rest = part
                if (blob := self._complete(whole)) is not None:
                    frames.append((self._message, blob))
                    self._begin_frame()
        except ProtocolError as error:
            self._error = str(error)
            error.before = list(frames)
            raise
        return frames

    def _begin_frame(self) -> None:
        self._part = _Part.LENGTHS
        self._need_bytes = LENGTHS.size
        self._blob_bytes = 0
        self._kept = bytearray()
        self._message: MessageT

    def _collect(self, data: memoryview) -> tuple[memoryview, memoryview] | None:
        """The part under way, once it is whole, and what is left of `data`."""
        taken = self._need_bytes - len(self._kept)
        if not self._kept and len(data) >= taken:
            return data[:taken], data[taken:]  # in one piece: no copy
        self._kept += data[:taken]
        if len(self._kept) < self._need_bytes:
            return None
        whole, self._kept = self._kept, bytearray()
        return memoryview(whole).toreadonly(), data[taken:]

    def _complete(self, whole: memoryview) -> memoryview | None:
        """Go on to the next part; the blob when `whole` is one."""
        if self._part is _Part.BLOB:
            return whole
        if self._part is _Part.LENGTHS:
            header_bytes, self._blob_bytes = LENGTHS.unpack(whole)
            _check_lengths(header_bytes, self._blob_bytes)
            self._part, self._need_bytes = _Part.HEADER, header_bytes
            return None
        try:
            self._message = self._decode(whole)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            msg = f"a header is no known message: {error}"
            raise ProtocolError(msg) from None
        self._part, self._need_bytes = _Part.BLOB, self._blob_bytes
        return None


def _check_lengths(header_bytes: int, blob_bytes: int) -> None:
    for name, length, limit in (
        ("header", header_bytes, HEADER_LIMIT_BYTES),
        ("blob", blob_bytes, BLOB_LIMIT_BYTES),
    ):
        if length > limit:
            msg = f"a {name} of {length} bytes is over the limit of {limit}"
            raise ProtocolError(msg)
