"""What is measured on takes and clips, and the last touches that every clip gets."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.audio.loudness import level_gain_db, with_gain
from engine.audio.measure import measure
from engine.music.keys import KEYS
from engine.protocol.messages import Measured
from engine.recipe import Recipe

FADE_OUT_S: Final = 0.01  # a one-shot that ends mid-note must not click


def measured(audio: NDArray[np.float32], rate_hz: int, recipe: Recipe) -> Measured:
    """Tempo, key, loudness, true peak and, for loops, the seam of audio (samples, 2)."""
    found = measure(audio, rate_hz, asked_bpm=recipe.bpm, loop=recipe.loop)
    return Measured(
        bpm=_rounded(found.bpm),
        key=None if found.key_index is None else KEYS[found.key_index],
        loudness_lufs=_rounded(found.loudness_lufs),
        true_peak_dbtp=_rounded(found.true_peak_dbtp),
        seam=_rounded(found.seam),
    )


def levelled(
    audio: NDArray[np.float32], rate_hz: int, recipe: Recipe
) -> tuple[NDArray[np.float32], Measured]:
    """Audio (samples, 2) at the recipe's loudness under its ceiling, and what is measured on it.

    Everything is measured once, before the gain: a gain moves loudness and peak by itself and
    nothing else at all.
    """
    before = measured(audio, rate_hz, recipe)
    gain_db = level_gain_db(
        before.loudness_lufs,
        before.true_peak_dbtp,
        loudness_lufs=recipe.loudness_lufs,
        ceiling_dbtp=recipe.ceiling_dbtp,
    )
    after = msgspec.structs.replace(
        before,
        loudness_lufs=_rounded(_moved(before.loudness_lufs, gain_db)),
        true_peak_dbtp=_rounded(_moved(before.true_peak_dbtp, gain_db)),
    )
    return with_gain(audio, gain_db), after


def faded_out(audio: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Audio (samples, 2) with a 10 ms half-cosine fade at its end."""
    length = min(len(audio), round(FADE_OUT_S * rate_hz))
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(length) + 1) / length)
    result = audio.copy()
    result[len(audio) - length :] *= fade[:, None].astype(np.float32)
    return result


def _moved(value: float | None, gain_db: float) -> float | None:
    return None if value is None else value + gain_db


def _rounded(value: float | None) -> float | None:
    """Three decimals: more would be noise."""
    return None if value is None else round(value, 3)
