"""A finished clip as the DAW wants it: another rate or bit depth, or a part; the same recipe.

The engine's clip is the 24 kHz, 24-bit master. Some hosts play 24 kHz unconverted at the wrong
speed, so 44.1 and 48 kHz are an option away; a loop is resampled as a periodic signal, or it
clicks.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from engine.audio.pcm import BITS, BitDepth
from engine.audio.read import read_audio
from engine.audio.resample import fft_resample, soxr_resample
from engine.audio.wav import encode_wav, parse_wav
from engine.errors import UserError
from engine.protocol import messages
from engine.recipe import Recipe, from_json, sample_count
from engine.worker.tags import dither_seed, file_name, wav_tags

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


def cut(wav: bytes | memoryview, form: HandOff, region_s: tuple[float, float]) -> bytes:
    """A part of a clip (start, end in seconds) in some format; it is no loop any more.

    Raises:
        UserError: the part is empty or lies outside.
    """
    recipe = carried_recipe(wav)
    audio, rate_hz = read_audio(bytes(wav))
    start, end = (round(edge_s * rate_hz) for edge_s in region_s)
    if not 0 <= start < end <= len(audio):
        raise UserError(
            "The part was not cut",
            f"{region_s[0]:.3f} to {region_s[1]:.3f} s of {len(audio) / rate_hz:.3f} s was asked",
            "Select a part inside the clip",
        )
    part = _at_rate(audio[start:end], rate_hz, structs.replace(recipe, loop=False), form.rate_hz)
    beats = None if recipe.bpm is None else (end - start) / rate_hz * recipe.bpm / 60
    return encode_wav(
        part,
        form.rate_hz,
        tags=replace(wav_tags(recipe), loop=False, quarter_notes=beats),
        bit_depth=form.bit_depth,
        dither_seed=dither_seed(recipe),
    )


def answered(wav: memoryview, request: messages.HandOff) -> tuple[str, int, bytes]:
    """(suggested file name, samples, WAV file) for a request of the window. Raises UserError."""
    if request.rate_hz not in RATES_HZ:
        raise UserError(
            "The clip was not converted",
            f"{request.rate_hz} Hz was asked",
            f"Ask for {', '.join(str(rate) for rate in RATES_HZ)} Hz",
        )
    form = HandOff(rate_hz=request.rate_hz, bit_depth=request.bits)
    recipe = carried_recipe(wav)
    name = file_name(recipe)
    if request.region_s is None:
        data = handed_off(wav, recipe, form)
    else:
        start_s, end_s = request.region_s
        name = f"{name.removesuffix('.wav')}_{start_s:.2f}-{end_s:.2f}s.wav"
        data = cut(wav, form, request.region_s)
    return name, parse_wav(data).frames, data


def carried_recipe(wav: bytes | memoryview) -> Recipe:
    """The recipe of a clip's file. Raises UserError: it carries none."""
    data = parse_wav(wav).recipe
    if data is None:
        raise UserError(
            "The clip was not converted", "its file carries no recipe", "Use a Noisefall clip"
        )
    return from_json(data)


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
