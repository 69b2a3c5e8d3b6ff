"""The sheet: one clip of a genre, drawn from what is stored."""

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from engine.composer import compose
from engine.corpus.annotate import ChordSpan, annotate
from engine.corpus.sheet import write_sheet
from engine.corpus.sheet.colours import level_palette, side_palette
from engine.corpus.sheet.png import png_bytes, shades
from engine.corpus.sheet.roll import chord_name, notes_of, roll_svg
from engine.corpus.store import clips
from engine.corpus.store.layout import FORMAT, Versions
from engine.corpus.store.make import Settings, make_corpus
from engine.errors import UserError
from engine.music.midi import midi_bytes, score_to_midi
from tests.engine.corpus.store.plain_renderer import HERE


def pixels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A palette PNG without filters, read by the specification."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(256, 3)[rows[:, 1:]]


def test_a_png_holds_its_pixels() -> None:
    mel = np.linspace(-1, 1, 80 * 30, dtype=np.float32).reshape(80, 30)
    picture = pixels(png_bytes(shades(mel), level_palette()))
    assert picture.shape == (80, 30, 3)
    np.testing.assert_array_equal(picture[-1, 0], level_palette()[0])  # low and quiet: below, left
    np.testing.assert_array_equal(picture[0, -1], level_palette()[255])
    assert shades(np.array([[-9.0, 0.0, 9.0]])).tolist() == [[0, 128, 255]]


def test_lightness_rises_evenly() -> None:
    linear = (level_palette() / 255.0) ** 2.2
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    assert luminance[0] < 0.01
    assert luminance[-1] > 0.75
    assert np.diff(luminance).min() > -0.004
    steps = np.diff(np.cbrt(luminance + 0.001)[16:])  # about what the eye sees
    assert steps.max() < 4 * steps.mean()
    middle = side_palette()[127:129].astype(int)
    assert np.ptp(middle) < 25  # neither side has a colour


def test_the_roll_draws_every_note() -> None:
    for seed in range(8):
        score = compose(seed)
        midi = midi_bytes(score_to_midi(score))
        notes = notes_of(midi, score.bpm)
        assert {name: len(found) for name, found in notes.items()} == {
            part.name: len(part.notes) for part in score.parts
        }
        for part in score.parts:
            starts = sorted(note.start_q * 60 / score.bpm for note in part.notes)
            drawn = sorted(note.start_s for note in notes[part.name])
            np.testing.assert_allclose(drawn, starts, atol=60 / score.bpm / 960 + 1e-9)
        svg = ET.fromstring(roll_svg(annotate(score), midi))  # noqa: S314 - our own
        strokes = sum(path.get("d", "").count("h") for path in svg.iter("path"))
        assert strokes == sum(len(part.notes) for part in score.parts)
        named = [text.text for text in svg.iter("text")]
        assert named[: len(score.sections)] == [section.name for section in score.sections]


@pytest.mark.parametrize(
    ("chord", "name"),
    [
        (ChordSpan(0, 1, 0, "maj", 0, "I"), "C"),
        (ChordSpan(0, 1, 9, "min", 9, "vi"), "Am"),
        (ChordSpan(0, 1, 9, "min7", 4, "vi7"), "Am7/E"),
        (ChordSpan(0, 1, 7, "7", 7, "V7"), "G7"),
    ],
)
def test_chords_have_the_names_that_musicians_use(chord: ChordSpan, name: str) -> None:
    assert chord_name(chord) == name


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_sheet_is_one_file_with_everything(tmp_path: Path) -> None:
    folder = tmp_path / "corpus & co"
    make_corpus(
        Settings(
            hours=0.05, folder=folder, seed=3, workers=0, renderer=f"{HERE}:Plain",
            versions=Versions(format=FORMAT, code="test", soundfonts={}),
        )
    )  # fmt: skip
    shown = write_sheet(folder, tmp_path / "sheet.html", audio=True)
    stored = list(clips(folder))
    genres = {clip.annotations.genre for clip in stored}
    assert shown == len(genres)
    text = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.tags.count("article") == page.tags.count("svg") == shown
    assert page.tags.count("audio") == shown
    assert page.tags.count("img") == 2 * shown
    assert all(source.startswith("data:") for source in page.sources)
    assert "corpus &amp; co" in text
    assert set(re.findall(r"<h2>(.*?)</h2>", text)) == {g.replace("&", "&amp;") for g in genres}
    with pytest.raises(UserError, match="sheet was not written"):
        write_sheet(folder, tmp_path / "nowhere" / "sheet.html")
