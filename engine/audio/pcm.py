"""Samples to bytes and back: 16 and 24-bit PCM and 32-bit float, little-endian, interleaved.

Full scale is 2^(bits−1), as libsndfile has it, so what we write reads back elsewhere unscaled and
+1.0 clips by one step. Dither is TPDF of ±1 step from a seed: same clip, same bytes.

Rejected: noise-shaped dither (the file may be processed further) and dithering 24 bits (its step
is below any converter's noise).
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

BitDepth = Literal["16", "24", "float"]
BITS: Final[dict[BitDepth, int]] = {"16": 16, "24": 24, "float": 32}


def encode_samples(
    audio: NDArray[np.float32], bit_depth: BitDepth, *, dither_seed: int | None = None
) -> bytes:
    """(samples, channels) as interleaved bytes; integers round to nearest and clip.

    Args:
        audio: (samples, channels), finite.
        bit_depth: "16", "24" or "float".
        dither_seed: seed of TPDF dither, for 16 bits only; None is no dither.
    """
    if bit_depth == "float":
        return bytes(np.ascontiguousarray(audio, "<f4").tobytes())
    full_scale = 2 ** (BITS[bit_depth] - 1)
    scaled = audio.astype(np.float64) * full_scale
    if bit_depth == "16" and dither_seed is not None:
        rng = np.random.default_rng(dither_seed)
        scaled += rng.random(audio.shape) - rng.random(audio.shape)  # TPDF, ±1 step
    steps = np.clip(np.rint(scaled), -full_scale, full_scale - 1)
    if bit_depth == "16":
        return bytes(steps.astype("<i2").tobytes())
    words = np.frombuffer(steps.astype("<i4").tobytes(), np.uint8)
    return bytes(words.reshape(-1, 4)[:, :3].tobytes())


def decode_samples(
    data: bytes | memoryview, bit_depth: BitDepth, channels: int
) -> NDArray[np.float32]:
    """Interleaved bytes, a whole number of frames, as (samples, channels)."""
    if bit_depth == "float":
        return np.frombuffer(data, "<f4").astype(np.float32).reshape(-1, channels)
    if bit_depth == "16":
        steps = np.frombuffer(data, "<i2").astype(np.float32)
        return (steps * np.float32(2**-15)).reshape(-1, channels)
    packed = np.frombuffer(data, np.uint8).reshape(-1, 3)
    words = np.zeros((packed.shape[0], 4), np.uint8)
    words[:, 1:] = packed  # the sample in the upper three bytes brings its sign along
    steps = words.view("<i4")[:, 0].astype(np.float32)
    return (steps * np.float32(2**-31)).reshape(-1, channels)
