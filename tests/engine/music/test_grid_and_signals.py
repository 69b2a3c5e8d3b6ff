"""Phases against hand-computed positions; every signal optional and in its manifest's order."""

import numpy as np
import pytest

from engine.music.grid import loop_timeline, timeline
from engine.music.meter import pulse_bpm, seconds_per_bar
from engine.music.signals import (
    GLOBALS,
    SIGNALS,
    Conditions,
    global_values,
    signal_rows,
    unknown_inputs,
)


@pytest.mark.parametrize(
    ("bpm", "meter", "bar_s", "pulses_per_minute"),
    [
        (120, "4/4", 2.0, 120),
        (90, "3/4", 2.0, 90),
        (120, "6/8", 1.5, 80),
        (120, "12/8", 3.0, 80),
        (60, "7/8", 3.5, 120),
    ],
)
def test_bars_and_pulses(bpm: float, meter: str, bar_s: float, pulses_per_minute: float) -> None:
    assert seconds_per_bar(bpm, meter) == pytest.approx(bar_s)
    assert pulse_bpm(bpm, meter) == pytest.approx(pulses_per_minute)


def test_beat_phase_is_zero_on_every_beat() -> None:
    # 120 BPM: a beat every 50 frames; the frame before and the frame on a beat straddle phase 0.
    rows = signal_rows(
        ["beat_sin", "beat_cos"], Conditions(timeline(1000, 100, bpm=120, meter="4/4"), bpm=120)
    )
    phase = np.arctan2(rows[0], rows[1]) / (2 * np.pi)
    on_beat = phase[50::50]
    before = phase[49::50][: len(on_beat)]
    assert np.allclose(on_beat, 0.5 / 50, atol=1e-4)
    assert np.allclose(before, -0.5 / 50, atol=1e-4)


def test_bar_phase_turns_once_a_bar_in_six_eight() -> None:
    rows = signal_rows(
        ["bar_sin", "bar_cos", "beat_sin", "beat_cos"],
        Conditions(timeline(600, 100, bpm=120, meter="6/8"), bpm=120),  # 4 bars of 1.5 s
    )
    turns = np.unwrap(np.arctan2(rows[0], rows[1]))
    pulses = np.unwrap(np.arctan2(rows[2], rows[3]))
    assert (turns[-1] - turns[0]) / (2 * np.pi) == pytest.approx(4 * 599 / 600, abs=1e-3)
    assert (pulses[-1] - pulses[0]) / (2 * np.pi) == pytest.approx(8 * 599 / 600, abs=1e-3)


@pytest.mark.parametrize("frames", [126, 517, 2667])
def test_a_loop_is_periodic_however_its_frames_were_rounded(frames: int) -> None:
    rows = signal_rows(
        [name for name in SIGNALS if name.endswith(("_sin", "_cos"))],
        Conditions(loop_timeline(frames, 100, bars=2, meter="4/4"), bpm=90, loop=True),
    )
    steps = np.abs(np.diff(np.concatenate([rows, rows[:, :1]], axis=1), axis=1))
    assert steps[:, -1].max() <= steps[:, :-1].max() * 1.001  # the wrap is a step like any other


def test_absent_conditions_are_zero_and_flagged() -> None:
    free = Conditions(timeline(64, 100, bpm=None, meter="4/4"))
    rows = dict(zip(SIGNALS, signal_rows(list(SIGNALS), free), strict=True))
    values = dict(zip(GLOBALS, global_values(list(GLOBALS), free), strict=True))
    phases = [name for name in SIGNALS if name.endswith(("_sin", "_cos"))]
    assert len(phases) == 12
    for name in (*phases, "grid_present", "chroma_present"):
        assert not rows[name].any()
    assert rows["position_present"].all()
    assert values["bpm_present"] == values["key_present"] == values["log_bpm"] == 0
    assert not any(values[f"key_{index}"] for index in range(24))


def test_given_conditions() -> None:
    given = Conditions(
        timeline(1500, 100, bpm=60, meter="4/4"),
        bpm=60,
        key="Am",
        chroma=np.eye(12, 1500, dtype=np.float32),
    )
    values = dict(zip(GLOBALS, global_values(list(GLOBALS), given), strict=True))
    rows = dict(zip(SIGNALS, signal_rows(list(SIGNALS), given), strict=True))
    assert values["log_bpm"] == -1
    assert values["duration"] == pytest.approx(0.5)
    assert [index for index in range(24) if values[f"key_{index}"]] == [21]
    assert rows["chroma_3"][3] == 1
    assert rows["chroma_3"].sum() == 1
    assert rows["position"][0] == pytest.approx(0.5 / 1500)


def test_a_loop_has_no_position() -> None:
    loop = Conditions(loop_timeline(100, 100, bars=1, meter="4/4"), bpm=240, loop=True)
    assert not signal_rows(["position", "position_present"], loop).any()
    assert global_values(["loop"], loop)[0] == 1


def test_unknown_names_are_reported() -> None:
    assert unknown_inputs(["beat_sin", "wobble"], ["loop", "weather"]) == ["wobble", "weather"]
    assert unknown_inputs(list(SIGNALS), list(GLOBALS)) == []


@pytest.mark.parametrize(("name", "per_bar"), [("beat2", 8), ("beat3", 12), ("beat4", 16),
                                               ("phrase", 0.25)])  # fmt: skip
def test_parts_of_beats_and_phrases_turn_as_often_as_they_say(name: str, per_bar: float) -> None:
    given = Conditions(timeline(1600, 100, bpm=120, meter="4/4"), bpm=120)  # 8 bars
    sine, cosine = signal_rows([f"{name}_sin", f"{name}_cos"], given)
    turns = np.unwrap(np.arctan2(sine, cosine)) / (2 * np.pi)
    assert turns[-1] - turns[0] == pytest.approx(8 * per_bar * 1599 / 1600, rel=1e-3)


@pytest.mark.parametrize(("bars", "there"), [(2, False), (3, False), (4, True), (8, True)])
def test_a_loop_has_a_phrase_where_whole_ones_fit(bars: int, there: bool) -> None:
    line = loop_timeline(800, 100, bars=bars, meter="4/4")
    rows = signal_rows(["phrase_cos"], Conditions(line, bpm=bars * 30.0, loop=True))
    assert rows.any() == there
