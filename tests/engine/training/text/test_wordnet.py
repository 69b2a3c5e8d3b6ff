"""WordNet's data files: what a line says, and whatever else may stand in it."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from engine.training.text.wordnet import FILES, Synset, parse_synset, read_wordnet

LINE: Final = (
    "01367070 00 s 03 blue(p) 0 down_in_the_mouth 0 low 1 002 & 00703109 a 0000 + 1 n 0101 "
    '| filled with melancholy and despondency; very low; "gloomy at the thought"; "a blue mood"  '
)


def test_a_line_is_words_and_a_definition() -> None:
    assert parse_synset(LINE) == Synset(
        offset=1367070,
        kind="s",
        words=("blue", "down in the mouth", "low"),
        gloss="filled with melancholy and despondency; very low",
    )


def test_the_count_of_words_is_hexadecimal() -> None:
    words = " ".join(f"word{number} 0" for number in range(0x1C))
    found = parse_synset(f"00000001 03 n 1c {words} 000 | many words for one thing")
    assert len(found.words) == 28
    assert found.words[-1] == "word27"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "fields"),
        ("00001740 03 n 01 entity 0 000", "fields"),
        ("0001740 03 n 01 entity 0 000 | too short an offset", "offset"),
        ("00001740 03 q 01 entity 0 000 | no part of speech", "offset"),
        ("00001740 03 n 1 entity 0 000 | a count of one digit", "offset"),
        ("00001740 03 n 00 000 | no words", "not 0 words"),
        ("00001740 03 n 09 entity 0 000 | fewer words than said", "not 9 words"),
        ("00001740 03 n ff entity 0 000 | too many words", "not 255 words"),
        (f"00001740 03 n 01 {'a' * 129} 0 000 | endless", "endless"),
        ("00001740 03 n 01  0 000 | nothing", "empty"),
        ("00001740 03 n 01 a 0 000 | " + "x" * 32_768, "characters"),
    ],
)
def test_a_damaged_line_is_refused(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_synset(line)


@given(st.text(max_size=80) | st.text(alphabet="0123456789abcnsv |_()\"';", max_size=120))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        found = parse_synset(text)
    except ValueError:
        return
    assert found.words


@given(st.data())
def test_a_true_line_with_a_fault_parses_or_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(LINE) - 1))
    fault = data.draw(st.characters())
    try:
        found = parse_synset(LINE[:at] + fault + LINE[at + 1 :])
    except ValueError:
        return
    assert 1 <= len(found.words) <= 64


def write_wordnet(folder: Path, line: str = LINE) -> None:
    for name in FILES:
        (folder / name).write_text(f"  1 This is the licence.\n{line}\n", encoding="utf-8")


def test_a_folder_is_read_without_its_licence(tmp_path: Path) -> None:
    write_wordnet(tmp_path)
    assert [synset.offset for synset in read_wordnet(tmp_path)] == [1367070] * 4


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"no synset\n"])
def test_a_damaged_folder_is_refused(tmp_path: Path, content: bytes | None) -> None:
    write_wordnet(tmp_path)
    path = tmp_path / "data.adj"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match="WordNet was not read"):
        list(read_wordnet(tmp_path))
