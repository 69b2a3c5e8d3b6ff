"""A finished clip as the DAW wants it: another rate or bit depth, the same tags and recipe.

The engine's clip is the 24 kHz, 24-bit master. Some hosts play 24 kHz unconverted at the wrong
speed, so 44.1 and 48 kHz are an option away; a loop is resampled as a periodic signal, or it
clicks.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.pcm import BITS, BitDepth
from engine.audio.read import read_audio
from engine.audio.resample import fft_resample, soxr_resample
from engine.audio.wav import encode_wav
from engine.recipe import Recipe, sample_count
from engine.worker.tags import dither_seed, wav_tags

MASTER_RATE_HZ: Final = 24_000
RATES_HZ: Final = (24_000, 44_100, 48_000)
BIT_DEPTHS: Final[tuple[BitDepth, ...]] = ("16", "24", "float")
CHANNELS: Final = 2
TAGS_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class HandOff:
    """The format of the files that are written."""

    rate_hz: int = MASTER_RATE_HZ
    bit_depth: BitDepth = "24"

    @property
    def is_master(self) -> bool:
        """Whether the engine's files can be written as they are."""
        return self == HandOff()

    def file_bytes(self, recipe: Recipe) -> int:
        """Upper bound of one clip's size."""
        samples = sample_count(recipe, max(self.rate_hz, MASTER_RATE_HZ))
        return samples * CHANNELS * BITS[self.bit_depth] // 8 + TAGS_BYTES


def handed_off(wav: bytes | memoryview, recipe: Recipe, form: HandOff) -> bytes:
    """The engine's clip in another format; the same bytes where nothing changes."""
    if form.is_master:
        return bytes(wav)
    audio, rate_hz = read_audio(bytes(wav))
    return encoded(_at_rate(audio, rate_hz, recipe, form.rate_hz), form.rate_hz, recipe, form)


def encoded(audio: NDArray[np.float32], rate_hz: int, recipe: Recipe, form: HandOff) -> bytes:
    """Audio (samples, 2) as a tagged WAV file at its own rate, in the form's bit depth."""
    return encode_wav(
        audio,
        rate_hz,
        tags=wav_tags(recipe),
        bit_depth=form.bit_depth,
        dither_seed=dither_seed(recipe),
    )


def _at_rate(
    audio: NDArray[np.float32], rate_hz: int, recipe: Recipe, out_hz: int
) -> NDArray[np.float32]:
    """(samples, 2) at another rate; a loop to the exact length of its bars there."""
    if rate_hz == out_hz:
        return audio
    if recipe.loop:
        return fft_resample(audio, sample_count(recipe, out_hz), periodic=True)
    return soxr_resample(audio, rate_hz, out_hz)
