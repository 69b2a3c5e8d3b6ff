"""How alike two clips are by their labels, and the targets that follow from it.

Captions repeat: two funk clips with slap bass deserve each other's sentences nearly as much as
their own, and a loss that calls one of them wrong teaches noise. So a row of targets is

    (1 − m) · identity + m · softmax(likeness / τ)

over the batch, likeness being a weighted mean over the kinds of labels: the share of common ones
(Jaccard; for a single label, whether it is the same). Rejected: identity alone, and likeness of the
captions' vectors (two sentences about one clip share no word).
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

WEIGHTS: Final = {"genre": 0.4, "instrument": 0.35, "mood": 0.15, "era": 0.1}
TEMPERATURE: Final = 0.15
_TINY: Final = 1e-6


def label_likeness(hot: Mapping[str, Tensor]) -> Tensor:
    """(B, B) in [0, 1], 1 on the diagonal, from kind → (B, C) of 0 and 1.

    Two clips of which a kind says nothing have nothing in common in it.
    """
    if not hot:
        raise ValueError("clips without labels have no likeness")
    total = sum(WEIGHTS[kind] for kind in hot)
    size = len(next(iter(hot.values())))
    found = torch.zeros(size, size)
    for kind, labels in hot.items():
        both = labels @ labels.T
        count = labels.sum(dim=1)
        either = count[:, None] + count[None] - both
        found += WEIGHTS[kind] / total * both / either.clamp(min=_TINY)
    return found.fill_diagonal_(1.0)


def soft_targets(hot: Mapping[str, Tensor], size: int, *, softness: float) -> Tensor:
    """(B, B) rows of sum 1.

    Args:
        hot: kind → (B, C); empty leaves the identity.
        size: B.
        softness: m, in [0, 1].
    """
    identity = torch.eye(size)
    if not hot or softness == 0:
        return identity
    alike = (label_likeness(hot) / TEMPERATURE).softmax(dim=1)
    return (1 - softness) * identity + softness * alike
