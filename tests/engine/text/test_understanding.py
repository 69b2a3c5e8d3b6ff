"""What is understood of a prompt: looked up, corrected, guessed at, or never met."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.bundle.understanding import UnderstandingFile, hashed_words
from engine.text.encoder import EncodedText
from engine.text.phrases import Slips, asked_for, key, one_slip, segments, spans, split_known
from engine.text.reading import conflicts, read_prompt, without_readings
from engine.text.understanding import (
    MOST_GUESSED,
    Understander,
    Understanding,
    share_of,
    token_means,
)

# what each word's vector is; the map takes the first axis for techno and the second for calm
VECTORS = {"bunker": (1.0, 0.0, 0.0), "placid": (0.0, 1.0, 0.0)}
MET = {"lo", "fi", "hip", "hop", "piano", "sad", "bunker", "placid", "with", "guitar", "drums"}


def file() -> UnderstandingFile:
    weights = np.array([[0, 0, 9], [9, 0, 0], [0, 9, 0]], "<f2")  # nothing, techno, calm
    return UnderstandingFile(
        schema=1,
        width=3,
        names=(
            ("genre", "techno"), ("mood", "calm"), ("genre", "lo-fi hip hop"),
            ("instrument", "piano"), ("mood", "sad"), ("instrument", "guitar"),
            ("era", "1980s"),
        ),
        guessed=2,
        weights=weights.tobytes(),
        biases=np.zeros(3, "<f4").tobytes(),
        slope=1.0,
        offset=0.0,
        phrases={
            "lofihiphop": ((2, 0.98),), "piano": ((3, 0.9),), "sad": ((4, 0.95),),
            "guitar": ((5, 0.9),), "80s": ((6, 0.99),),
        },
        slip=0.5,
        words=hashed_words(MET),
    )  # fmt: skip


class Encoder:
    """Texts to the sum of their words' vectors; strange words point to nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        rows = [
            np.sum([VECTORS.get(word, (0.0, 0.0, 1.0)) for word in text.split()], axis=0)
            for text in texts
        ]
        return np.array(rows, np.float32)


def names(found: Understanding) -> dict[str, list[str]]:
    kinds = ("genre", "instruments", "moods", "era")
    return {kind: [g.name for g in getattr(found, kind)] for kind in kinds if getattr(found, kind)}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("lo-fi hip hop, sad piano", {
            "genre": ["lo-fi hip hop"], "instruments": ["piano"], "moods": ["sad"]}),
        ("Lofi HipHop with guitars", {"genre": ["lo-fi hip hop"], "instruments": ["guitar"]}),
        ("sad 80s piano", {"instruments": ["piano"], "moods": ["sad"], "era": ["1980s"]}),
        ("no piano, guitar", {"instruments": ["guitar"]}),
        ("guitar without piano but sad", {"instruments": ["guitar"], "moods": ["sad"]}),
        ("bunker", {"genre": ["techno"]}),
        ("bunker, placid", {"genre": ["techno"], "moods": ["calm"]}),
        ("gutiar", {"instruments": ["guitar"]}),
        ("zyzzy", {}),
        ("", {}),
        ("90 bpm in A minor", {}),
    ],
)  # fmt: skip
def test_a_prompt_is_understood(prompt: str, expected: dict[str, list[str]]) -> None:
    assert names(Understander(file(), Encoder())(prompt)) == expected


def test_confidences_say_where_they_come_from() -> None:
    read = Understander(file(), Encoder())
    assert read("guitar").instruments[0].confidence == 0.9
    slip = read("a gutiar").instruments[0]
    assert (slip.confidence, slip.words) == (0.45, "gutiar")
    guess = read("bunker").genre[0]
    said = np.exp(9) / (np.exp(9) + 2)
    assert guess.confidence == pytest.approx(said, abs=1e-4)
    assert read("sad, sad piano").moods[0].words == "sad"


def test_unknown_words_are_the_prompts_own() -> None:
    read = Understander(file(), Encoder())
    assert read("Zyzzy pianos, xylo-fi 90 bpm 808 zyzzy").unknown_words == (
        "Zyzzy", "xylo", "zyzzy",
    )  # fmt: skip
    assert read("sad piano with guitar").unknown_words == ()


def test_a_stretch_is_encoded_once() -> None:
    encoder = Encoder()
    read = Understander(file(), encoder)
    read("bunker")
    read("bunker, placid")
    assert encoder.asked == ["bunker", "placid"]


@given(st.text(max_size=200))
def test_any_text_is_understood_in_bounded_work(prompt: str) -> None:
    encoder = Encoder()
    found = Understander(file(), encoder)(prompt)
    assert len(encoder.asked) <= MOST_GUESSED
    for kind in (found.genre, found.instruments, found.moods, found.era):
        assert all(0 <= guess.confidence <= 1 for guess in kind)
        assert [g.confidence for g in kind] == sorted((g.confidence for g in kind), reverse=True)


def test_long_prompts_cost_no_more() -> None:
    encoder = Encoder()
    Understander(file(), encoder)(" ".join(f"strange{chr(97 + n % 26)}" for n in range(300)))
    assert len(encoder.asked) <= MOST_GUESSED


def test_shares_are_platts() -> None:
    assert share_of(0.8, 1.0, 0.0) == pytest.approx(0.8)
    assert share_of(0.5, 3.0, 0.0) == pytest.approx(0.5)
    assert share_of(0.9, 0.5, -1.0) == pytest.approx(1 / (1 + np.exp(1.0) / 3.0))


def test_the_mean_leaves_out_the_padding() -> None:
    rows = np.array([[[1, 1], [3, 5], [9, 9]], [[2, 2], [0, 0], [0, 0]]], np.float32)
    mask = np.array([[1, 1, 0], [0, 0, 0]], np.float32)
    assert token_means(EncodedText(rows, mask)).tolist() == [[2, 3], [0, 0]]


def test_phrases_are_cut_at_punctuation() -> None:
    assert list(segments("Lo-fi, r&b / don't - stop")) == [
        ["Lo", "fi"], ["r&b"], ["don't"], ["stop"],
    ]  # fmt: skip
    assert key("Lo-Fi Hip-Hop") == "lofihiphop"
    known, runs = split_known({"lofi": 0, "fi": 0}, ["my", "lo", "fi", "song"])
    assert (known, runs) == ([("lofi", "lo fi")], [["my"], ["song"]])
    assert spans(["a", "soft", "808"], 2) == [(1, 2), (1, 3)] or spans(["a", "soft"], 2) == [(1, 2)]
    assert asked_for(["piano", "no", "drums", "but", "bass"]) == [["piano"], ["but", "bass"]]


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        ("gutiar", "guitar", True), ("guitr", "guitar", True), ("guittar", "guitar", True),
        ("guiter", "guitar", True), ("guitar", "guitar", False), ("duitar", "guitar", False),
        ("gtuira", "guitar", False), ("guitars", "guitar", True),
    ],
)  # fmt: skip
def test_one_slip(typed: str, meant: str, slip: bool) -> None:
    assert one_slip(typed, meant) is slip
    assert (Slips({meant: 0}).meant(typed) == meant) is slip


@given(word=st.text("abcdef", min_size=5, max_size=9), data=st.data())
def test_every_lost_letter_is_found(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(word) - 1))
    typed = word[:place] + word[place + 1 :]
    assert len(typed) < 5 or Slips({word: 0}).meant(typed) == word


def test_readings_are_taken_out_and_compared() -> None:
    prompt = "8 bar loop at 90 bpm in A minor, 3/4 piano"
    assert "piano" in without_readings(prompt)
    assert not any(mark in without_readings(prompt) for mark in ("90", "minor", "3/4", "8"))
    said = conflicts(read_prompt(prompt), bpm=None, key=None, meter=None, bars=4)
    assert said == ["the prompt says 8 bars, the bars knob 4 bars"]
