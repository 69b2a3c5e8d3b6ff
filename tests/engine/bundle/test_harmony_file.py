"""The file of chords is read whole or refused with one clear error."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle.harmony import (
    FILE_NAME,
    LIMIT_BYTES,
    GenreHarmony,
    HarmonyFile,
    read_harmony,
)
from engine.bundle.verify import verify_folder
from engine.errors import UserError

FILE = HarmonyFile(
    schema=1,
    any=GenreHarmony(major=(("I IV", 1.0),), minor=(("i iv,v", 2.0),)),
    genres={"house": GenreHarmony(minor=(("i*4", 1.0),))},
    unpitched=("808 kit",),
)


def encoded(**changes: Any) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(FILE, **changes))


def test_a_file_comes_back_as_it_was() -> None:
    assert read_harmony(encoded()) == FILE


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (encoded(schema=2), "schema is 2"),
        (encoded(any=GenreHarmony()), "a genre without chords"),
        (encoded(genres={"x": GenreHarmony()}), "a genre without chords"),
        (encoded(any=GenreHarmony(major=(("I huh", 1.0),))), "'huh' is no chord"),
        (encoded(any=GenreHarmony(major=(("I", 0.0),))), "> 0"),
        (b"{", "truncated"),
        (b"\xff", "malformed"),
        (b" " * (LIMIT_BYTES + 1), "larger than 4 MiB"),
    ],
)
def test_a_damaged_file_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UserError, match="file of chords") as caught:
        read_harmony(data)
    assert why in caught.value.why


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with pytest.raises(UserError):
        read_harmony(data)


def test_a_bundle_opens_with_its_chords_only_if_they_are_whole(
    tmp_path: Path, write_bundle: Callable[..., Path]
) -> None:
    assert verify_folder(write_bundle(tmp_path / "none")).harmony() is None
    good = write_bundle(tmp_path / "good", files={FILE_NAME: encoded()}, harmony=FILE_NAME)
    assert verify_folder(good).harmony() == FILE
    bad = write_bundle(tmp_path / "bad", files={FILE_NAME: b"{}"}, harmony=FILE_NAME)
    with pytest.raises(UserError, match="file of chords"):
        verify_folder(bad)
    absent = write_bundle(tmp_path / "absent", harmony=FILE_NAME)
    with pytest.raises(UserError, match=r"harmony\.json is not among its files"):
        verify_folder(absent)
