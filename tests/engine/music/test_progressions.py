"""Chords as people write them, and the track that the generator hears."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.music.chord_track import FREE_BAR_S, chord_track
from engine.music.grid import loop_timeline, timeline
from engine.music.keys import KEYS
from engine.music.progression import (
    BARS_LIMIT,
    named,
    needs_key,
    pitch_classes,
    read_bars,
    written,
)

A_MINOR, F_MAJOR, C_MAJOR, G_MAJOR = (0, 4, 9), (0, 5, 9), (0, 4, 7), (2, 7, 11)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Am F C G", "Am F C G"),
        ("  Am - F – C → G ", "Am F C G"),
        ("Am-F-C-G", "Am F C G"),
        ("Am , F C, G", "Am,F C,G"),
        ("| Dm7 G7 | C | % |", "Dm7,G7 C C"),
        ("||: Dm7 G7 | C :||", "Dm7,G7 C"),
        ("i*2 ii7,V7", "i i ii7,V7"),
        ("C % %", "C C C"),
    ],
)
def test_bars_are_read_however_they_are_parted(text: str, short: str) -> None:
    assert written(read_bars(text)) == short


@pytest.mark.parametrize(
    ("chord", "notes"),
    [
        ("C", {0, 4, 7}),
        ("c".upper() + "m7", {0, 3, 7, 10}),
        ("A-7", {9, 0, 4, 7}),
        ("F#m7b5", {6, 9, 0, 4}),
        ("Bb/D", {10, 2, 5}),
        ("C/B", {0, 4, 7, 11}),
        ("E♭maj9", {3, 7, 10, 2, 5}),
        ("C6/9", {0, 4, 7, 9, 2}),
        ("Dsus", {2, 7, 9}),
        ("B°7", {11, 2, 5, 8}),
        ("G7(b9)", {7, 11, 2, 5, 8}),
        ("CΔ", {0, 4, 7, 11}),
        ("am7/g", {9, 0, 4, 7}),
        ("bb", {10, 2, 5}),
        ("bm", {11, 2, 6}),
    ],
)
def test_names_mean_what_every_book_says(chord: str, notes: set[int]) -> None:
    assert pitch_classes(chord, None) == tuple(sorted(notes))


def test_numerals_are_chords_in_a_key() -> None:
    assert named("i bVI bIII bVII", "Am") == "Am F C G"
    assert named("i bVI bIII bVII", "C#m") == "C#m A E B"
    assert named("ii7,V7 Imaj7", "Eb") == "Fm7,Bb7 Ebmaj7"
    assert named("V7/ii I/3", "C") == "A7 C/E"
    assert needs_key("Am bVI")
    assert not needs_key("Am F")
    with pytest.raises(ValueError, match="in a key only"):
        pitch_classes("bVI", None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no bar"),
        ("| | |", "no bar"),
        ("Am X", "'X' is no chord"),
        ("amen", "'amen' is no chord"),
        ("H", "is no chord"),
        ("Cfoo", "is no chord"),
        ("% C", "none before it"),
        ("C*999", f"more than {BARS_LIMIT} bars"),
        ("C,C,C,C,C,C,C,C,C", "more than 8 chords"),
        ("C " * 1100, "more than 2000 characters"),
        ("Ebmaj7/Bb,Ebmaj7/Bb,Ebmaj7/Bb*99", "characters, written out"),
    ],
)
def test_what_is_no_progression_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_bars(text)


@given(st.text(alphabet="ABCDEFGHabcdegIiVv#mosuj/79+-*%|, 1(2)", max_size=20))
def test_any_text_is_read_or_refused_and_reads_the_same_again(text: str) -> None:
    try:
        bars = read_bars(text)
    except ValueError:
        return
    assert read_bars(written(bars)) == bars
    for key in KEYS:
        assert named(written(bars), key)
        for bar in bars:
            for chord in bar:
                shown = named(chord, key)
                assert pitch_classes(shown, None) == pitch_classes(chord, key)


def heard(track: np.ndarray, frame: int) -> tuple[int, ...]:
    return tuple(np.flatnonzero(track[:, frame]).tolist())


def test_a_track_goes_round_bar_by_bar() -> None:
    line = loop_timeline(800, 100, bars=4, meter="4/4")  # 200 frames a bar
    track = chord_track("i bVI,bVII", line, key="Am")
    assert [heard(track, frame) for frame in (0, 199, 200, 299, 300, 399, 400, 799)] == [
        A_MINOR, A_MINOR, F_MAJOR, F_MAJOR, G_MAJOR, G_MAJOR, A_MINOR, G_MAJOR,
    ]  # fmt: skip
    assert track.shape == (12, 800)
    assert set(np.unique(track)) == {0.0, 1.0}


def test_a_track_follows_tempo_and_meter_or_a_pace_of_its_own() -> None:
    waltz = timeline(300, 100, bpm=180, meter="3/4")  # a bar lasts a second
    track = chord_track("C F", waltz, key=None)
    assert [heard(track, frame) for frame in (50, 150, 250)] == [C_MAJOR, F_MAJOR, C_MAJOR]
    free = timeline(900, 100, bpm=None, meter="4/4")
    track = chord_track("C F", free, key=None)
    at = int(100 * FREE_BAR_S)
    assert [heard(track, frame) for frame in (0, at - 1, at, 2 * at)] == [
        C_MAJOR, C_MAJOR, F_MAJOR, C_MAJOR,
    ]  # fmt: skip
