"""The file of what words mean is read whole or refused with one clear error."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle.understanding import (
    FILE_NAME,
    UnderstandingFile,
    hashed_words,
    read_understanding,
)
from engine.bundle.verify import verify_folder
from engine.errors import UserError

WIDTH = 8


def small_file(**changes: Any) -> UnderstandingFile:
    """Two names, of which the map knows both."""
    file = UnderstandingFile(
        schema=1,
        width=WIDTH,
        names=(("genre", "house"), ("mood", "calm")),
        guessed=2,
        basis=np.eye(WIDTH, dtype="<f2").tobytes(),
        weights=np.zeros((3, WIDTH), "<f2").tobytes(),
        biases=np.zeros(3, "<f4").tobytes(),
        slope=1.0,
        offset=0.0,
        phrases={"house": ((0, 0.9),)},
        slip=0.8,
        words=hashed_words({"house", "calm"}),
    )
    return msgspec.structs.replace(file, **changes)


def encoded(**changes: Any) -> bytes:
    return msgspec.msgpack.encode(small_file(**changes))


def test_a_file_comes_back_as_it_was() -> None:
    file = read_understanding(encoded())
    assert file == small_file()
    assert file.has_met("House")
    assert not file.has_met("zyzzy")
    unit = file.unit(np.full((1, WIDTH), 3.0, np.float32))
    assert np.allclose(unit, 8**-0.5)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema": 2}, "schema is 2"),
        ({"guessed": 3}, "more than its 2 names"),
        ({"phrases": {"x": ((2, 0.5),)}}, "more than its 2 names"),
        ({"phrases": {"x": ((0, float("nan")),)}}, ">= 0"),
        ({"phrases": {"x": ((0, 1.5),)}}, "<= 1"),
        ({"weights": b"12"}, "its map has 2 bytes"),
        ({"weights": np.full((3, WIDTH), np.inf, "<f2").tobytes()}, "numbers that are none"),
        ({"biases": b""}, "its map has"),
        ({"basis": bytes(6)}, "its basis has 6 bytes"),
        ({"words": b"123"}, "its words have 3 bytes"),
        ({"words": np.array([2, 1], "<u4").tobytes()}, "not in order"),
        ({"slope": 0.0}, "> 0"),
        ({"names": (("smell", "rose"),)}, "Invalid enum value"),
    ],
)
def test_a_damaged_file_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError) as caught:
        read_understanding(encoded(**changes))
    assert why in caught.value.why


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(UserError):
        read_understanding(data)


@given(place=st.integers(0, len(encoded()) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_refused_or_harmless(place: int, byte: int) -> None:
    data = bytearray(encoded())
    data[place] = byte
    try:
        file = read_understanding(bytes(data))
    except UserError:
        return
    assert file.unit(np.ones((2, file.width), np.float32)).shape == (2, file.width)


def test_a_bundle_with_a_damaged_file_does_not_open(
    tmp_path: Path, write_bundle: Callable[..., Path]
) -> None:
    text = {"model": "text.onnx", "tokenizer": "tokenizer.json", "width": WIDTH}
    text["understanding"] = FILE_NAME
    whole = write_bundle(tmp_path / "whole", files={FILE_NAME: encoded()}, text=text)
    assert verify_folder(whole).understanding() == small_file()
    assert verify_folder(write_bundle(tmp_path / "without")).understanding() is None
    spoilt = write_bundle(tmp_path / "spoilt", files={FILE_NAME: encoded()[:-3]}, text=text)
    with pytest.raises(UserError, match="file of what words mean cannot be used"):
        verify_folder(spoilt)
    narrow = write_bundle(tmp_path / "n", files={FILE_NAME: encoded()}, text=text | {"width": 9})
    with pytest.raises(UserError, match="for vectors of 8, not 9"):
        verify_folder(narrow)
    absent = write_bundle(tmp_path / "absent", text=text)
    with pytest.raises(UserError, match="is not among its files"):
        verify_folder(absent)
