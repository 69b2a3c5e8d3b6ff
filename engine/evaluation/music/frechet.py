"""Fréchet distance of two sets of clip features, as it would be with endless clips.

With N clips the distance is too large by about a constant over N; a line through the distances of
smaller draws, against 1/N, meets the axis at the unbiased value (Chong and Forsyth 2020,
https://arxiv.org/abs/1911.07023; for audio: Gui et al. 2023, https://arxiv.org/abs/2311.01616).
That needs more clips than dimensions, so features are first brought to the leading principal axes
of the real ones; and a tower's features have no unit, so the distance is in total variances of the
real ones. Neither these axes nor this tower are anybody else's: the figure stands beside its own
ceiling and is not comparable with published ones.

Rejected: all of some hundred dimensions with shrunk covariances (the shrinkage decides the figure).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
_Doubles = NDArray[np.float64]

FEWEST: Final = 10  # clips of either set
CLIPS_PER_AXIS: Final = 4  # in the smallest draw
MOST_AXES: Final = 32
SIZES: Final = 8
DRAWS: Final = 6  # of each size
_SMALLEST: Final = 0.4  # of the clips
_NOTHING: Final = 1e-12


@dataclass(frozen=True)
class Axes:
    """The leading principal axes of the real features: (F,) mean, (F, d) axes, total variance."""

    mean: _Doubles
    axes: _Doubles
    variance: float

    def of(self, features: FloatArray) -> _Doubles:
        """(N, F) → (N, d), in units of the real ones' total deviation."""
        placed = (np.asarray(features, np.float64) - self.mean) @ self.axes
        return np.asarray(placed / math.sqrt(max(self.variance, _NOTHING)))


def axes_for(count: int, features: int) -> int:
    """How many axes sets of at least `count` clips of so many features can bear."""
    return max(1, min(features, MOST_AXES, int(count * _SMALLEST) // CLIPS_PER_AXIS))


def principal_axes(real: FloatArray, count: int) -> Axes:
    """The `count` leading axes of real features (N, F)."""
    values = np.asarray(real, np.float64)
    mean = values.mean(axis=0)
    _, spreads, turned = np.linalg.svd(values - mean, full_matrices=False)
    variances = spreads[:count] ** 2 / max(1, len(values) - 1)
    return Axes(mean, turned[:count].T, float(variances.sum()))


def frechet(first: _Doubles, second: _Doubles) -> float:
    """Squared Fréchet distance of two sets (N, d) taken as Gaussian.

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½) (Dowson and Landau 1982).
    """
    root = _root(np.atleast_2d(np.cov(first, rowvar=False)))
    other = np.atleast_2d(np.cov(second, rowvar=False))
    cross = np.linalg.eigvalsh(root @ other @ root)
    apart = first.mean(axis=0) - second.mean(axis=0)
    traces = np.trace(root @ root) + np.trace(other) - 2 * np.sqrt(np.maximum(cross, 0)).sum()
    return float(apart @ apart + traces)


def _root(covariance: _Doubles) -> _Doubles:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def frechet_infinity(real: _Doubles, other: _Doubles, rng: np.random.Generator) -> float:
    """The distance of `other` (N, d) from `real` (M, d), N taken to infinity; nan for too few."""
    total = len(other)
    if min(len(real), total) < FEWEST:
        return math.nan
    smallest = max(2, round(total * _SMALLEST))
    sizes = np.round(1 / np.linspace(1 / smallest, 1 / total, SIZES)).astype(int)
    over, distances = [], []
    for size in sizes:
        for _ in range(1 if size == total else DRAWS):
            drawn = rng.choice(total, size=size, replace=False)
            over.append(1 / size)
            distances.append(frechet(real, other[drawn]))
    _, at_infinity = np.polyfit(over, distances, 1)
    return float(at_infinity)
