"""Figures of taggers and of retrieval, each as its formula."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_TRUST: Final = 20.0  # positives; a class with as many has its own threshold half of the way
_FALLBACK: Final = 0.5


def top_k(probabilities: FloatArray, truth: FloatArray, k: int) -> float:
    """Share of clips whose class is among the k likeliest. (N, C) each; nan without clips."""
    if not len(truth):
        return float("nan")
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float(np.take_along_axis(truth, best, axis=1).max(axis=1).mean())


def average_precision(scores: FloatArray, truth: FloatArray) -> float:
    """Mean of the precision at each positive, best score first. (N,) each; nan without positives.

    Ties count at their worst: a constant score earns nothing by the order of the clips.
    """
    order = np.lexsort((truth, -scores))
    hits = truth[order] > 0
    if not hits.any():
        return float("nan")
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def mean_average_precision(scores: FloatArray, truth: FloatArray) -> float:
    """Over the classes that occur. (N, C) each; nan where none does."""
    each = [
        average_precision(scores[:, c], truth[:, c])
        for c in range(truth.shape[1])
        if truth[:, c].any()
    ]
    return float(np.mean(each)) if each else float("nan")


def clip_f1(found: NDArray[np.bool_], truth: FloatArray) -> float:
    """Mean over clips of the F1 of each clip's own classes. (N, C) each.

    A clip that has none and is given none counts as right.
    """
    there = truth > 0
    both = (found & there).sum(axis=1)
    either = found.sum(axis=1) + there.sum(axis=1)
    each = np.where(either == 0, 1.0, 2 * both / np.maximum(either, 1))
    return float(each.mean()) if len(each) else float("nan")


def best_threshold(scores: FloatArray, truth: FloatArray) -> float:
    """The score from which to say yes for the best F1, midway between two scores. Any shape."""
    flat, hits = scores.ravel(), truth.ravel() > 0
    if not hits.any():
        return _FALLBACK
    order = np.argsort(-flat, kind="stable")
    ranked, right = flat[order], np.cumsum(hits[order])
    f1 = 2 * right / (np.arange(1, len(flat) + 1) + hits.sum())
    f1[:-1][ranked[:-1] == ranked[1:]] = -1.0  # equal scores are taken together
    best = int(np.argmax(f1))
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2)


def thresholds(scores: FloatArray, truth: FloatArray) -> FloatArray:
    """A threshold for each class, (C,), from (N, C) each.

    Between the best one of all classes together and the class's own, nearer to that the more
    positives it has: of few, its own lies between two particular clips. (Own ones from 5 positives
    on gave instruments an F1 of 0.59 on the clips they were chosen on and 0.45 on others.)
    """
    common = best_threshold(scores, truth)
    own = np.array([best_threshold(scores[:, c], truth[:, c]) for c in range(truth.shape[1])])
    count = truth.sum(axis=0)
    return np.asarray(common + (own - common) * count / (count + _TRUST), np.float32)


def retrieval_ranks(
    texts: FloatArray, clips: FloatArray, own: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The rank of each text's own clip among all clips, 0 the best.

    Args:
        texts: (M, D) of length 1.
        clips: (N, D) of length 1.
        own: (M,) places of the texts' clips.
    """
    cosines = texts @ clips.T
    mine = np.take_along_axis(cosines, own[:, None], axis=1)
    better: NDArray[np.int64] = (cosines >= mine).sum(axis=1) - 1  # ties at their worst
    return better


def recall_at(ranks: NDArray[np.int64], k: int) -> float:
    """Share of ranks below k."""
    return float((ranks < k).mean())
