"""What the tower learns by: agreement with captions, and tags.

    loss = contrast + Σ weight · tagging

Contrast is the cosine softmax in both directions (InfoNCE, arXiv 1807.03748, as CLIP uses it) with
soft targets. A batch in which everything lies at one point has a contrast of ln(batch) and no
gradient to leave it by; the taggers pull the features apart from the first step, which is one
reason to train them jointly.
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from engine.training.tower.classes import SINGLE

# Of several-class kinds the sum over classes counts, not the mean: 86 of 90 instruments are silent
# in a clip and right at once.
TAG_WEIGHTS: Final = {"genre": 1.0, "era": 0.4, "instrument": 0.25, "mood": 0.25}
SMOOTHING: Final = 0.05  # of single-class targets


def contrast_loss(sounds: Tensor, texts: Tensor, targets: Tensor, scale: Tensor) -> Tensor:
    """Mean cross-entropy over both directions.

    Args:
        sounds: (B, D) of length 1.
        texts: likewise; those of the sound in the same row.
        targets: (B, B) rows of sum 1.
        scale: of the cosines, ().
    """
    cosines = scale * (sounds @ texts.T)
    to_text = -(targets * cosines.log_softmax(dim=1)).sum(dim=1)
    to_sound = -(targets * cosines.T.log_softmax(dim=1)).sum(dim=1)
    return (to_text.mean() + to_sound.mean()) / 2


def tag_losses(
    logits: Mapping[str, Tensor], hot: Mapping[str, Tensor], known: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Kind → mean loss over the clips of which it is known, 0 where there are none.

    Args:
        logits: kind → (B, C).
        hot: kind → (B, C) of 0 and 1.
        known: kind → (B,) of 0 and 1.
    """
    found = {}
    for kind, raw in logits.items():
        goal = hot[kind]
        if kind in SINGLE:
            smooth = (1 - SMOOTHING) * goal + SMOOTHING / goal.shape[1]
            rows = -(smooth * raw.log_softmax(dim=1)).sum(dim=1)
        else:
            rows = functional.binary_cross_entropy_with_logits(raw, goal, reduction="none").sum(
                dim=1
            )
        found[kind] = (rows * known[kind]).sum() / known[kind].sum().clamp(min=1)
    return found


def entropy(targets: Tensor) -> Tensor:
    """Mean entropy of rows of targets (B, B): what the contrast cannot fall below."""
    return -torch.xlogy(targets, targets).sum(dim=1).mean()
