"""What a prompt says in words, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.music.keys import KEYS
from engine.music.meter import METER_TABLE
from engine.text.reading import PromptReading, conflicts, read_prompt


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("lo-fi, 90 bpm, in A minor", PromptReading(bpm=90, key="Am")),
        ("drum loop at 174bpm, F# minor, 3/4", PromptReading(bpm=174, key="F#m", meter="3/4")),
        ("128.5 BPM techno", PromptReading(bpm=128.5)),
        ("120 beats per minute", PromptReading(bpm=120)),
        ("8-bar loop in Eb", PromptReading(key="Eb", bars=8)),
        ("B-flat major nocturne", PromptReading(key="Bb")),
        ("C sharp minor sonata", PromptReading(key="C#m")),
        ("in E flat", PromptReading(key="Eb")),
        ("waltz in Gbm", PromptReading(key="F#m")),
        ("key of A, slow", PromptReading(key="A")),
        ("Db minor dirge", PromptReading(key="C#m")),
    ],
)
def test_reads(prompt: str, expected: PromptReading) -> None:
    assert read_prompt(prompt) == expected


@pytest.mark.parametrize(
    "prompt",
    [
        "a minor setback",
        "A minor key ballad",
        "In A Silent Way",
        "100 guitars",
        "in Berlin",
        "recorded 4/20",
        "in a minor mood",
        "3000 bpm",
        "90 bpm then 120 bpm",
        "from C major to A minor",
        "5/3 time",
    ],
)
def test_does_not_read(prompt: str) -> None:
    assert read_prompt(prompt) == PromptReading()


@given(st.text())
def test_any_text_gives_legal_values(prompt: str) -> None:
    reading = read_prompt(prompt)
    assert reading.key is None or reading.key in KEYS
    assert reading.meter is None or reading.meter in METER_TABLE


@given(st.sampled_from(KEYS), st.integers(30, 300), st.sampled_from(list(METER_TABLE)))
def test_round_trip(key: str, bpm: int, meter: str) -> None:
    mode = "minor" if key.endswith("m") else "major"
    prompt = f"a song in {key.removesuffix('m')} {mode} at {bpm} bpm, {meter}"
    assert read_prompt(prompt) == PromptReading(bpm=bpm, key=key, meter=meter)


def test_conflicts_name_both_sides() -> None:
    reading = read_prompt("90 bpm in A minor")
    assert conflicts(reading, bpm=120, key="Am", meter="4/4") == [
        "the prompt says 90 BPM, the tempo knob 120 BPM"
    ]
    assert conflicts(reading, bpm=None, key=None, meter=None) == []
