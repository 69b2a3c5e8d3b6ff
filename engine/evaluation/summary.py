"""From figures per clip to a table: means, their confidence intervals, and who was better where."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

RESAMPLES: Final = 5000
CONFIDENCE: Final = 0.95
_SEED: Final = 0

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Measure:
    """One row of a table.

    Attributes:
        name: its key in the report.
        text: what it is called, with its unit.
        better: which way is good.
        digits: after the point.
    """

    name: str
    text: str
    better: Better
    digits: int = 2


@dataclass(frozen=True)
class Mean:
    """A mean over clips, and the bounds of its 95 % confidence interval; nan without clips."""

    value: float
    low: float
    high: float
    clips: int


@dataclass(frozen=True)
class ClipFigures:
    """What was measured on one clip.

    Attributes:
        key, genre, seconds, loop: of the clip.
        figures: system → measure → figure; nan where the clip cannot say.
    """

    key: str
    genre: str
    seconds: float
    loop: bool
    figures: Mapping[str, Mapping[str, float]]


def bootstrap_mean(figures: Sequence[float]) -> Mean:
    """The mean of the figures that are numbers, with a percentile bootstrap's interval.

    Clips are drawn again with replacement (Efron 1979), always with the same seed.
    """
    known = np.array([figure for figure in figures if not math.isnan(figure)])
    if not known.size:
        return Mean(math.nan, math.nan, math.nan, 0)
    drawn = np.random.default_rng(_SEED).integers(known.size, size=(RESAMPLES, known.size))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known[drawn].mean(axis=1), [tail, 1 - tail])
    return Mean(float(known.mean()), float(low), float(high), int(known.size))


def mean_of(clips: Sequence[ClipFigures], system: str, measure: str) -> Mean:
    """One system's mean of one measure."""
    return bootstrap_mean([clip.figures[system][measure] for clip in clips])


def wins(
    clips: Sequence[ClipFigures], ours: str, others: Sequence[str], measure: Measure
) -> tuple[int, int]:
    """On how many clips `ours` is better than all `others`, and of how many that say it."""
    sign = 1 if measure.better == "higher" else -1
    best = known = 0
    for clip in clips:
        mine, *theirs = (sign * clip.figures[name][measure.name] for name in (ours, *others))
        if not any(map(math.isnan, (mine, *theirs))):
            known += 1
            best += mine > max(theirs)
    return best, known


def table(
    clips: Sequence[ClipFigures], measures: Sequence[Measure], systems: Sequence[str]
) -> list[tuple[str, ...]]:
    """Rows of text, the heading first: measure, each system's mean, where the first is the best."""
    heading = ("", *systems, f"{systems[0]} best on")
    return [heading, *(_row(clips, measure, systems) for measure in measures)]


def _row(clips: Sequence[ClipFigures], measure: Measure, systems: Sequence[str]) -> tuple[str, ...]:
    arrow = "↓" if measure.better == "lower" else "↑"
    means = [_shown(mean_of(clips, system, measure.name), measure.digits) for system in systems]
    best, of = wins(clips, systems[0], systems[1:], measure)
    return f"{measure.text} {arrow}", *means, f"{best} of {of}"


def _shown(mean: Mean, digits: int) -> str:
    if not mean.clips:
        return "–"
    value, low, high = (f"{x:.{digits}f}" for x in (mean.value, mean.low, mean.high))
    return f"{value} [{low}, {high}]"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines of text, columns aligned."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        rest = (text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join((row[0].ljust(widths[0]), *rest)).rstrip())
    return lines


def markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as a Markdown table."""
    rule = ["---", *("---:" for _ in rows[0][1:])]
    return [f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:])]
