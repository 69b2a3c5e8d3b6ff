"""What a clip is found by."""

from pathlib import Path

import msgspec
import pytest

from app.library.clip import Clip
from app.library.library import Library
from tests.fixtures.clips import new_clip


@pytest.mark.parametrize(
    ("key", "chords", "found", "not_found"),
    [
        ("Am", "i bVI iv7", ("am f dm7", "dm7"), ("bvi",)),
        (None, "Dm9,G13 Cmaj9", ("dm9,g13", "cmaj9"), ("am",)),
        ("Am", "none", (), ("none",)),
        ("Am", "", (), ("bvi",)),
    ],
)
def test_a_clip_is_found_by_its_chords_names(
    tmp_path: Path, key: str | None, chords: str, found: tuple[str, ...], not_found: tuple[str, ...]
) -> None:
    clip = kept(tmp_path, key=key, chords=chords)
    assert all(words in clip.haystack for words in found)
    assert not any(words in clip.haystack.split("\n")[-1] for words in not_found)


@pytest.mark.parametrize("recipe", [b"", b"{", b'{"chords": 3}', b'{"chords": "H9 ??"}'])
def test_a_recipe_that_nobody_reads_has_no_chords(tmp_path: Path, recipe: bytes) -> None:
    clip = msgspec.structs.replace(kept(tmp_path, key=None, chords=""), recipe_json=recipe)
    assert clip.haystack.endswith("\n")


def kept(folder: Path, *, key: str | None, chords: str) -> Clip:
    library = Library(folder / "l.db", lambda: folder)
    try:
        library.open()
        return library.add(new_clip(prompt="x", key=key, chords=chords))
    finally:
        library.close()
