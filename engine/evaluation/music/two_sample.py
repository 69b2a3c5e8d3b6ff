"""Can a classifier tell generated clips from real ones by their embeddings? 50 % is by chance.

A classifier two-sample test (Lopez-Paz and Oquab 2017, https://arxiv.org/abs/1610.06545): logistic
regression, judged on clips that it has not learnt from. A clip and what was generated for it are
always in the same fold, so that nothing is recognised that was seen. Both sets weigh alike, however
many clips each has, and so does the accuracy count them. Who shares a fold is drawn several times:
of two hundred clips, one draw alone moves the figure by a point or two.

Rejected: a neural classifier (a few hundred clips are too few, and its luck would be the figure).
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

FloatArray = NDArray[np.float32]
_Doubles = NDArray[np.float64]

FOLDS: Final = 5
DRAWS: Final = 10  # of who shares a fold
FEWEST: Final = 10  # clips of either set
RIDGE: Final = 0.01  # of |w|² ÷ 2, beside a mean loss over standardised embeddings


def told_apart(
    real: FloatArray,
    other: FloatArray,
    *,
    real_groups: Sequence[str],
    other_groups: Sequence[str],
    rng: np.random.Generator,
) -> float:
    """Balanced accuracy on unseen clips, 0.5 by chance; nan where there are too few.

    Args:
        real: (N, D) embeddings.
        other: (M, D).
        real_groups: of each real clip; equal names share a fold.
        other_groups: of each other clip.
        rng: shares the groups out, DRAWS times; the accuracy is the mean.
    """
    if min(len(real), len(other)) < FEWEST:
        return math.nan
    x = np.concatenate([real, other]).astype(np.float64)
    y = np.repeat([0.0, 1.0], [len(real), len(other)])
    groups = np.array([*real_groups, *other_groups])
    names, members = np.unique(groups, return_inverse=True)
    shares = np.arange(len(names)) % FOLDS
    return float(np.mean([_accuracy(x, y, rng.permutation(shares)[members]) for _ in range(DRAWS)]))


def _accuracy(x: _Doubles, y: _Doubles, folds: NDArray[np.intp]) -> float:
    """Balanced accuracy on each fold, learnt from the others."""
    said = np.zeros(len(y))
    for fold in range(FOLDS):
        seen = folds != fold
        if len(np.unique(y[seen])) == 2:
            said[~seen] = _learnt(x[seen], y[seen], x[~seen])
    right = (said > 0) == (y > 0)
    return float((right[y == 0].mean() + right[y == 1].mean()) / 2)


def _learnt(x: _Doubles, y: _Doubles, unseen: _Doubles) -> _Doubles:
    """Logits of unseen rows."""
    mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    rows = np.column_stack([(x - mean) / deviation, np.ones(len(x))])
    weights = np.where(y > 0, 0.5 / y.sum(), 0.5 / (1 - y).sum())
    signs = 2 * y - 1

    def loss(w: _Doubles) -> tuple[float, _Doubles]:
        margins = signs * (rows @ w)
        value = weights @ np.logaddexp(0, -margins) + RIDGE / 2 * float(w[:-1] @ w[:-1])
        slope = rows.T @ (-weights * signs * expit(-margins))
        slope[:-1] += RIDGE * w[:-1]
        return float(value), slope

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    w = np.asarray(found.x, np.float64)
    return np.asarray(np.column_stack([(unseen - mean) / deviation, np.ones(len(unseen))]) @ w)
