"""How much is understood of prompts and captions whose parts are known, and how true it is.

Precision is strict: "guitar" reported for a "rosewood guitar" is wrong where the lexicon has that
as a steel guitar. Recall on captions is of everything that the clip has, said or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.text.understanding import FIELDS, Understander
from engine.training.text.labelled import (
    Labelled,
    fitted_words,
    known_words,
    labelled_captions,
    labelled_prompts,
    spared_words,
)

_EDGES: Final = (0.0, 0.5, 0.7, 0.85, 0.95)  # lower edges of the bins of confidence
_SEED: Final = 5  # of prompts that no confidence was fitted on


@dataclass(frozen=True, kw_only=True)
class Score:
    """Of one sort of texts.

    Attributes:
        precision, recall: by kind; recall of the parts, any one of a part's meanings being enough.
        calibration: mean distance of confidences from the share that is right, over five bins.
        reported: how many things were.
    """

    precision: Mapping[str, float]
    recall: Mapping[str, float]
    calibration: float
    reported: int


def score(reader: Understander, texts: Sequence[Labelled]) -> Score:
    """Read every text and compare with its parts."""
    right: dict[str, list[bool]] = {kind: [] for kind in FIELDS}
    found: dict[str, list[bool]] = {kind: [] for kind in FIELDS}
    judged: list[tuple[float, bool]] = []
    for text in texts:
        understanding = reader(text.text)
        for kind, field in FIELDS.items():
            guesses = getattr(understanding, field)
            fits = [text.allows((kind, guess.name)) for guess in guesses]
            right[kind] += fits
            judged += [(g.confidence, fit) for g, fit in zip(guesses, fits, strict=True)]
            for part in text.parts:
                if any(own == kind for own, _ in part):
                    alone = Labelled("", (part,))
                    found[kind].append(any(alone.allows((kind, g.name)) for g in guesses))
    return Score(
        precision={kind: _share(fits) for kind, fits in right.items()},
        recall={kind: _share(fits) for kind, fits in found.items()},
        calibration=calibration_error(judged),
        reported=len(judged),
    )


def _share(fits: Sequence[bool]) -> float:
    return float(np.mean(fits)) if fits else 0.0


def calibration_error(judged: Sequence[tuple[float, bool]]) -> float:
    """Mean |confidence − share right| over the bins of (confidence, right), by their sizes."""
    if not judged:
        return 0.0
    confidence = np.array([share for share, _ in judged])
    fits = np.array([float(fit) for _, fit in judged])
    bins = np.digitize(confidence, _EDGES)
    gaps = [abs((confidence - fits)[bins == place].sum()) for place in np.unique(bins)]
    return float(sum(gaps) / len(judged))


def report(reader: Understander, *, prompts: int = 300, clips: int = 80) -> list[str]:
    """Scores of every sort of texts, as lines."""
    sorts = {
        "prompts of the captions' words": labelled_prompts(
            known_words, number=prompts, seed=_SEED),
        "the same, one word mistyped": labelled_prompts(
            known_words, number=prompts, seed=_SEED, slips=True),
        "prompts of words in no caption": labelled_prompts(
            fitted_words, number=prompts, seed=_SEED),
        "prompts of words in no text learnt": labelled_prompts(
            spared_words, number=prompts, seed=_SEED),
        "captions of other clips": labelled_captions("test", clips=clips),
    }  # fmt: skip
    head = "".join(f"{kind:>20}" for kind in FIELDS)
    lines = [f"{'precision / recall':<36}{head}{'calibration':>14}"]
    for name, texts in sorts.items():
        found = score(reader, texts)
        cells = "".join(
            f"{found.precision[kind]:>12.1%} /{found.recall[kind]:>6.1%}" for kind in FIELDS
        )
        lines.append(f"{name:<36}{cells}{found.calibration:>14.3f}")
    return lines
