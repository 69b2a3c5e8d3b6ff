"""Chance that is the same everywhere: a stream of random numbers named by what it decides.

Every decision draws from its own stream, `Dice(seed, "bass")`, so that a change in how drums are
made leaves the bass of every seed as it was. Only `random.Random.random()` is used: Python
promises its sequence for a seed, and does not promise those of choice, shuffle or gauss.
Rejected: numpy's Generator (its distributions may change between releases, and a call costs more).
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A named stream of chance; equal keys give equal streams."""

    def __init__(self, *key: object) -> None:
        text = "/".join(str(part) for part in key)
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        self._random = random.Random(int.from_bytes(digest, "big")).random  # noqa: S311 (music)

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """Uniform in low … high, both included."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return self._random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of several, all alike. Raises IndexError when there is none."""
        return options[int(self._random() * len(options))]

    def weighted(self, options: Mapping[T, float]) -> T:
        """A key of a table, with probability in proportion to its weight.

        Raises:
            ValueError: no option has a positive weight.
        """
        left = self._random() * sum(options.values())
        chosen: list[T] = [key for key, weight in options.items() if weight > 0]
        if not chosen:
            msg = "nothing to choose from"
            raise ValueError(msg)
        for key in chosen:
            left -= options[key]
            if left < 0:
                return key
        return chosen[-1]

    def normal(self, deviation: float) -> float:
        """Bell-shaped, mean 0: two uniforms summed, which cannot stray past 2.5 deviations."""
        return (self._random() + self._random() - 1.0) * 2.4494897 * deviation

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in a random order (Fisher and Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = int(self._random() * (last + 1))
            result[last], result[other] = result[other], result[last]
        return result
