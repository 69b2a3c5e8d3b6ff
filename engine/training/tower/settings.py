"""What one tower's training is, as data."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from engine.training.settings import changed, check_ranges, with_tuples
from engine.training.tower.network import TowerShape

# May change between a run and its continuation. Other steps end the cosine elsewhere: a run can be
# cut short, or prolonged, without beginning anew.
FREE: Final = frozenset({"steps", "save_every"})


@dataclass(frozen=True, kw_only=True)
class TowerSettings:
    """One run.

    Attributes:
        steps: updates altogether; the learning rate's cosine ends there.
        batch: clips per step, each with the others' captions as its negatives.
        frames: of each clip's window, 100 a second.
        rate: peak learning rate.
        warmup: steps to it.
        decay: AdamW's, of matrices and kernels.
        average: decay of the weights' moving average, which is what is kept in the end.
        softness: share of the label-likeness in the contrastive targets (likeness).
        contrast: weight of the contrastive loss beside the taggers'.
        text_noise: standard deviation of the noise on a text's (standardised) mean.
        seed: of weights, order, windows and augmentation.
        save_every: steps between checkpoints.
        shape: of the tower.
    """

    steps: int = 900
    batch: int = 64
    frames: int = 504
    rate: float = 2e-3
    warmup: int = 60
    decay: float = 0.05
    average: float = 0.99
    softness: float = 0.5
    contrast: float = 1.0
    text_noise: float = 0.2
    seed: int = 0
    save_every: int = 100
    shape: TowerShape = field(default_factory=TowerShape)


def checked(settings: TowerSettings) -> TowerSettings:
    """The settings, or the first thing wrong with them.

    Raises:
        UserError: a number is out of range.
    """
    s = settings
    rules = {
        "steps": s.steps >= 1,
        "batch": s.batch >= 2,
        "frames": 100 <= s.frames <= 6000,
        "rate": 0 < s.rate < 1,
        "warmup": s.warmup >= 0,
        "decay": 0 <= s.decay < 1,
        "average": 0 <= s.average < 1,
        "softness": 0 <= s.softness < 1,
        "contrast": s.contrast >= 0,
        "text_noise": s.text_noise >= 0,
        "seed": 0 <= s.seed < 2**32,
        "save_every": s.save_every >= 1,
    }
    check_ranges(settings, rules, what="The tower was not trained")
    return settings


def to_json(settings: TowerSettings) -> dict[str, Any]:
    """As a JSON object."""
    return asdict(settings)


def from_json(data: dict[str, Any]) -> TowerSettings:
    """Inverse of `to_json`. Raises TypeError or KeyError where it is none."""
    return TowerSettings(**{**data, "shape": shape_from_json(data["shape"])})


def shape_from_json(data: dict[str, Any]) -> TowerShape:
    """A tower's sizes from a JSON object. Raises TypeError where it is none."""
    return TowerShape(**with_tuples(data))


def differences(before: TowerSettings, now: TowerSettings) -> list[str]:
    """Names of what may not change in mid-run and did."""
    return changed(before, now, free=FREE)
