"""Host noise: one seed means one sound, on every device and with every number of takes beside it.

Take k's noise depends on (seed, k, stage) alone. The three make up the 128-bit key of a Philox
counter generator: seed and take as they are (so no two collide), the stage by a 64-bit hash of its
name. Philox's raw words are guaranteed by numpy never to change; its normal distribution is not
(NEP 19: numpy.org/neps/nep-0019-rng-policy.html), so the normals are made here, by Box and Muller's
transform: word → two 32-bit halves b₁ (low), b₂ (high) → r = √(−2 ln((b₁ + ½)/2³²)) → r cos φ,
r sin φ with φ = 2π b₂/2³². In float32 its logarithm and cosine may differ by an ulp between
processors, some 1e-7 of a value. The tails end at 6.8 σ.

Rejected: Generator.standard_normal (may change with numpy, and is no faster), float64 throughout
(three times slower, for digits that float32 drops), and one stream for a batch of takes (take 2
would depend on whether take 1 was made).
"""

import hashlib
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

_FIELD_LIMIT = 2**32  # seed and take have 32 bits of the key each
_WORDS_PER_BLOCK = 1 << 16  # the transform's intermediates stay in the processor's cache


class NoiseStream:
    """Standard normal noise of one take at one stage; each draw goes on where the last ended.

    Args:
        seed: the recipe's, 0 … 2³²−1.
        take: the take's number, 0 … 2³²−1.
        stage: any name; different names are independent streams ("vocoder/augmentation").

    Raises:
        ValueError: seed or take is out of range.
    """

    def __init__(self, seed: int, take: int, stage: str) -> None:
        self._words = np.random.Philox(key=_key(seed, take, stage))

    def draw(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The next values in C order; an odd count leaves half a word unused."""
        count = math.prod(shape)
        pairs = np.empty((-(-count // 2), 2), np.float32)  # (words, (cos, sin))
        for start in range(0, len(pairs), _WORDS_PER_BLOCK):
            block = pairs[start : start + _WORDS_PER_BLOCK]
            _box_muller(self._words.random_raw(len(block)), block)
        return pairs.reshape(-1)[:count].reshape(shape)


class BatchNoise:
    """The noise of several takes in one array; item i is exactly `takes[i]`'s own stream."""

    def __init__(self, seed: int, takes: Sequence[int], stage: str) -> None:
        self._streams = [NoiseStream(seed, take, stage) for take in takes]

    def draw(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Noise of `shape`, (takes, …) float32: a sampler's `Draw`.

        Raises:
            ValueError: the first axis is not as long as there are takes.
        """
        if not shape or shape[0] != len(self._streams):
            msg = f"shape {shape} is not one item for each of {len(self._streams)} takes"
            raise ValueError(msg)
        return np.stack([stream.draw(shape[1:]) for stream in self._streams])


def uniform_stream(seed: int, take: int, purpose: str) -> Callable[[], float]:
    """Random numbers in [0, 1) for a take's other choices (its chords), one for each call.

    Raises:
        ValueError: seed or take is out of range.
    """
    words = np.random.Philox(key=_key(seed, take, purpose))
    return lambda: (int(words.random_raw()) >> 11) * 2.0**-53


def offset_stream(seed: int, stage: str, *, multiple: int = 1) -> Callable[[int], int]:
    """Random rotations for `engine.diffusion.rotation`: length L → offset in [0, L).

    The stream belongs to the stage, not to a take: all takes of a batch rotate together, and a
    take does not depend on which others are in its batch. Offsets are multiples of `multiple`
    (the hop of an aligned sequence must divide them).

    Raises:
        ValueError: the seed is out of range; in a call, L is shorter than `multiple`.
    """
    words = np.random.Philox(key=_key(seed, 0, f"{stage}/offset"))

    def draw_offset(length: int) -> int:
        places = length // multiple
        if places < 1:
            msg = f"no multiple of {multiple} fits into {length}"
            raise ValueError(msg)
        return int(words.random_raw()) % places * multiple

    return draw_offset


def _key(seed: int, take: int, stage: str) -> int:
    for name, value in (("seed", seed), ("take", take)):
        if not 0 <= value < _FIELD_LIMIT:
            msg = f"{name} {value} is not in 0 … 2³²−1"
            raise ValueError(msg)
    stage_id = int.from_bytes(hashlib.blake2b(stage.encode(), digest_size=8).digest(), "little")
    return stage_id << 64 | take << 32 | seed


def _box_muller(words: NDArray[np.uint64], out: NDArray[np.float32]) -> None:
    halves = words.astype("<u8", copy=False).view("<u4").reshape(-1, 2)  # (words, (low, high))
    radius = halves[:, 0].astype(np.float32)
    radius += 0.5
    radius *= 2.0**-32
    np.log(radius, out=radius)
    radius *= -2.0
    np.sqrt(radius, out=radius)
    angle = halves[:, 1].astype(np.float32)
    angle *= 2 * math.pi / 2**32
    np.multiply(radius, np.cos(angle), out=out[:, 0])
    np.multiply(radius, np.sin(angle), out=out[:, 1])
