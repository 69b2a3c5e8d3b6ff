"""How near sounds are to their texts, and to each other, in the tower's space."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def matched(texts: FloatArray, sounds: FloatArray) -> FloatArray:
    """Cosine of each text with its own sound, (N,), of vectors (N, D) of length 1."""
    return np.asarray(np.sum(texts * sounds, axis=1), np.float32)


def shuffled(texts: FloatArray, sounds: FloatArray, groups: Sequence[str]) -> float:
    """Mean cosine of texts with sounds of other groups; nan where there is one group only.

    The expectation of every shuffle at once: none has to be drawn.
    """
    names = np.array(groups)
    others = names[:, None] != names[None, :]
    return float((texts @ sounds.T)[others].mean()) if others.any() else math.nan


def way_up(cosine: float, *, bottom: float, top: float) -> float:
    """Where a cosine lies between shuffled (0) and ground truth (1); nan where these are one."""
    return (cosine - bottom) / (top - bottom) if top > bottom else math.nan


def spread(vectors: FloatArray) -> float:
    """Mean cosine distance of all pairs of (N, D) vectors of length 1; nan for fewer than two."""
    if len(vectors) < 2:
        return math.nan
    above = np.triu_indices(len(vectors), 1)
    return float(1 - (vectors @ vectors.T)[above].mean())
