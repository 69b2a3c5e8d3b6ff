"""The key that a listener would name, from how long each pitch class sounds.

Krumhansl and Kessler's probe-tone ratings, correlated with the weights in all 24 rotations
(Krumhansl, Cognitive Foundations of Musical Pitch, 1990, ch. 4). The composer asks it whether a
piece says its key, so it must answer alike on every machine: plain sums in a fixed order.
Rejected: numpy (a matrix product's rounding differs between machines, and ties would fall apart).
"""

from collections.abc import Sequence
from math import sqrt

from engine.music.keys import relative_key

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def _centred(profile: Sequence[float]) -> tuple[float, ...]:
    mean = sum(profile) / 12
    shifted = [value - mean for value in profile]
    norm = sqrt(sum(value * value for value in shifted))
    return tuple(value / norm for value in shifted) if norm > 0 else (0.0,) * 12


def _templates() -> tuple[tuple[float, ...], ...]:
    rows: list[tuple[float, ...]] = []
    for profile in (_centred(MAJOR_PROFILE), _centred(MINOR_PROFILE)):
        rows += [tuple(profile[(note - tonic) % 12] for note in range(12)) for tonic in range(12)]
    return tuple(rows)


_TEMPLATES = _templates()  # 24 rows of 12, in the order of engine.music.keys.KEYS


def key_correlations(weights: Sequence[float]) -> list[float]:
    """Correlation of 12 pitch-class weights with each of the 24 keys; zeros if all are equal.

    Raises:
        ValueError: there are not 12 weights.
    """
    if len(weights) != 12:
        msg = f"{len(weights)} is not 12 pitch classes"
        raise ValueError(msg)
    shape = _centred(weights)
    return [sum(a * b for a, b in zip(row, shape, strict=True)) for row in _TEMPLATES]


def best_key(weights: Sequence[float]) -> int:
    """Index 0–23 (engine.music.keys) of the best key for 12 pitch-class weights."""
    scores = key_correlations(weights)
    return scores.index(max(scores))


def key_margin(weights: Sequence[float], key: int) -> float:
    """How far a key, or its relative, is ahead of every other; negative where another leads."""
    scores = key_correlations(weights)
    ours = {key, relative_key(key)}
    best = max(scores[key], scores[relative_key(key)] - 0.02)
    return best - max(score for index, score in enumerate(scores) if index not in ours)
