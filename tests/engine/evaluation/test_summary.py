"""Means, intervals and the table."""

import math

import numpy as np
import pytest

from engine.evaluation.summary import (
    ClipFigures,
    Measure,
    aligned,
    bootstrap_mean,
    markdown,
    table,
    wins,
)

ERROR = Measure("error", "error, dB", "lower")
SCORE = Measure("score", "score", "higher", 3)


def figures(ours: float, other: float, measure: Measure = ERROR) -> ClipFigures:
    both = {"a": {measure.name: ours}, "b": {measure.name: other}}
    return ClipFigures("k", "g", 1.0, False, both)


def test_the_interval_is_about_two_standard_errors() -> None:
    drawn = np.random.default_rng(0).normal(5, 2, 400)
    mean = bootstrap_mean(list(drawn))
    error = drawn.std() / 20
    assert mean.value == pytest.approx(drawn.mean())
    assert (mean.low, mean.high) == pytest.approx(
        (mean.value - 1.96 * error, mean.value + 1.96 * error), abs=0.15 * error
    )
    assert mean == bootstrap_mean(list(drawn))


def test_what_a_clip_cannot_say_is_left_out() -> None:
    assert bootstrap_mean([2.0, math.nan, 4.0]).value == 3
    assert bootstrap_mean([2.0, math.nan, 4.0]).clips == 2
    none = bootstrap_mean([math.nan])
    assert none.clips == 0
    assert math.isnan(none.value)


def test_better_is_lower_or_higher() -> None:
    clips = [figures(1, 2), figures(3, 2), figures(1, 1), figures(math.nan, 1)]
    assert wins(clips, "a", ["b"], ERROR) == (1, 3)
    assert wins([figures(1, 2, SCORE)], "a", ["b"], SCORE) == (0, 1)
    three = {name: {"error": error} for name, error in (("a", 2.0), ("b", 3.0), ("c", 1.0))}
    assert wins([ClipFigures("k", "g", 1.0, False, three)], "a", ["b", "c"], ERROR) == (0, 1)


def test_the_table_is_told_in_lines() -> None:
    rows = table([figures(1, 2), figures(1, 4)], [ERROR], ("a", "b"))
    assert rows[1] == ("error, dB ↓", "1.00 [1.00, 1.00]", "3.00 [2.00, 4.00]", "2 of 2")
    lines = aligned(rows)
    assert lines[0].endswith("a best on")
    assert len({len(line) for line in lines}) == 1
    assert markdown(rows)[1] == "| --- | ---: | ---: | ---: |"


def test_a_measure_without_clips_is_a_dash() -> None:
    row = table([figures(math.nan, 1)], [ERROR], ("a", "b"))[1]
    assert row[1:] == ("–", "1.00 [1.00, 1.00]", "0 of 0")
