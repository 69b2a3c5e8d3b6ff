"""From joint vectors to captions: the K nearest, and K′ of them drawn against their frequency.

Section 3.5: for each clip the K = 10 nearest captions of a vocabulary by cosine; of these K′ = 3
are drawn with a probability inverse to how often the caption comes in the whole corpus, so that
the few captions that lie near to everything do not label everything.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

NEAREST: Final = 10  # K
DRAWN: Final = 3  # K′
_AT_ONCE: Final = 1024


def nearest(clips: FloatArray, captions: FloatArray, *, count: int = NEAREST) -> IntArray:
    """Indices (N, min(count, V)) of each clip's nearest captions by cosine, nearest first.

    Args:
        clips: (N, D) of length 1.
        captions: (V, D) of length 1.
        count: K.
    """
    count = min(count, len(captions))
    rows = [np.zeros((0, count), np.int64)]
    for start in range(0, len(clips), _AT_ONCE):
        likeness = clips[start : start + _AT_ONCE] @ captions.T
        best = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(likeness, best, axis=1), axis=1, kind="stable")
        rows.append(np.take_along_axis(best, order, axis=1).astype(np.int64))
    return np.concatenate(rows)


def frequencies(found: IntArray, vocabulary: int) -> IntArray:
    """(V,): among the nearest of how many clips each caption is."""
    return np.bincount(found.ravel(), minlength=vocabulary).astype(np.int64)


def drawn(
    found: IntArray, frequency: IntArray, *, count: int = DRAWN, rng: np.random.Generator
) -> IntArray:
    """One clip's captions: `count` of `found` (K,) without repeats, p ∝ 1 / frequency.

    Args:
        found: indices of the nearest captions.
        frequency: (V,) in the corpus; what was never counted counts as one.
        count: K′.
        rng: to draw with.
    """
    weights = 1.0 / np.maximum(frequency[found], 1)
    count = min(count, len(found))
    return rng.choice(found, size=count, replace=False, p=weights / weights.sum())
