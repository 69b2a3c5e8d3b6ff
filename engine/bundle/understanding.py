"""The optional file of a bundle that says what its text encoder's vectors mean to a person.

A linear map from the mean of a phrase's token embeddings to names of genres, instruments, moods
and eras (row 0 is "none of them"), the phrases that the captions use for them, and hashes of every
word that the encoder has ever met. MessagePack, so that arrays are plain bytes of a known length.
Rejected: npz (a zip within the bundle may unpack to anything), and a second ONNX graph (a matrix
needs no session).
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from engine.errors import UserError

SCHEMA: Final = 1
FILE_NAME: Final = "understanding.msgpack"
LIMIT_BYTES: Final = 16 * 2**20
_HASH_BYTES: Final = 4

Kind = Literal["genre", "instrument", "mood", "era"]
Text = Annotated[str, Meta(min_length=1, max_length=100)]
Share = Annotated[float, Meta(ge=0, le=1)]
Index = Annotated[int, Meta(ge=0, le=4095)]


class UnderstandingFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decoded file.

    Attributes:
        width: D of the token embeddings.
        names: (kind, name) of every thing that can be understood.
        guessed: how many of `names`, from the first, the linear map knows.
        basis: float16 little-endian, (width, width), in which vectors are compared; empty is 1.
        weights: float16 little-endian, (1 + guessed, width), for basis · vector of length 1.
        biases: float32 little-endian, (1 + guessed,).
        slope, offset: what the map says, p, means σ(slope · logit p + offset).
        phrases: key (see engine.text.phrases) → (index of a name, how often it was meant).
        slip: share of the right ones among phrases that are one slip away from a known one.
        words: uint32 little-endian hashes, ascending, of every word that was met.
    """

    schema: int
    width: Annotated[int, Meta(ge=1, le=65_536)]
    names: Annotated[tuple[tuple[Kind, Text], ...], Meta(max_length=4096)]
    guessed: Index
    basis: bytes = b""
    weights: bytes
    biases: bytes
    slope: Annotated[float, Meta(gt=0, le=100)]
    offset: Annotated[float, Meta(ge=-100, le=100)]
    phrases: dict[Text, Annotated[tuple[tuple[Index, Share], ...], Meta(max_length=64)]]
    slip: Share
    words: bytes

    def map(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights (1 + guessed, width) and biases (1 + guessed,)."""
        weights = np.frombuffer(self.weights, "<f2").reshape(1 + self.guessed, self.width)
        return weights.astype(np.float32), np.frombuffer(self.biases, "<f4").astype(np.float32)

    def unit(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, width) mean token embeddings, in the basis and of length 1."""
        if self.basis:
            basis = np.frombuffer(self.basis, "<f2").reshape(self.width, self.width)
            vectors = vectors @ basis.T.astype(np.float32)
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        unit: NDArray[np.float32] = (vectors / lengths).astype(np.float32)
        return unit

    def has_met(self, word: str) -> bool:
        """Whether a word stood in a text that the encoder learnt from."""
        known, value = np.frombuffer(self.words, "<u4"), word_hash(word)
        place = int(np.searchsorted(known, value))
        return place < len(known) and int(known[place]) == value


def word_hash(word: str) -> int:
    """32 bits of a word without its case; one in 160,000 strange words seems known to 27,000."""
    digest = hashlib.blake2b(word.casefold().encode("utf-8", "replace"), digest_size=_HASH_BYTES)
    return int.from_bytes(digest.digest(), "little")


def hashed_words(words: set[str]) -> bytes:
    """The field `words` for some words."""
    return np.array(sorted({word_hash(word) for word in words}), "<u4").tobytes()


def read_understanding(data: bytes) -> UnderstandingFile:
    """Decode and check.

    Raises:
        UserError: it is too large, damaged, of another schema, or contradicts itself.
    """
    if len(data) > LIMIT_BYTES:
        raise _refused(f"it is larger than {LIMIT_BYTES >> 20} MiB")
    try:
        found = msgspec.msgpack.decode(data, type=UnderstandingFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(str(error)) from None
    for fault in _faults(found):
        raise _refused(fault)
    return found


def _faults(file: UnderstandingFile) -> Iterator[str]:
    rows = 1 + file.guessed
    highest = max((place for row in file.phrases.values() for place, _ in row), default=-1)
    if file.schema != SCHEMA:
        yield f"its schema is {file.schema}, and this version reads schema {SCHEMA}"
    if file.guessed > len(file.names) or highest >= len(file.names):
        yield f"it speaks of more than its {len(file.names)} names"
    if len(file.weights) != 2 * rows * file.width or len(file.biases) != 4 * rows:
        yield f"its map has {len(file.weights)} bytes for {rows} rows of {file.width}"
        return
    if len(file.basis) not in (0, 2 * file.width**2):
        yield f"its basis has {len(file.basis)} bytes for a width of {file.width}"
        return
    if len(file.words) % _HASH_BYTES:
        yield f"its words have {len(file.words)} bytes"
        return
    shares = [share for row in file.phrases.values() for _, share in row]
    basis = np.frombuffer(file.basis, "<f2")
    numbers = [*file.map(), basis, np.array([file.slope, file.offset, file.slip, *shares])]
    if not all(bool(np.isfinite(array).all()) for array in numbers):
        yield "it has numbers that are none"
    hashes = np.frombuffer(file.words, "<u4").astype(np.int64)
    if bool((np.diff(hashes) <= 0).any()):
        yield "its words are not in order"


def _refused(why: str) -> UserError:
    return UserError(
        "The bundle was refused",
        f"its file of what words mean cannot be used: {why}"[:300],
        "Get the bundle again",
    )
