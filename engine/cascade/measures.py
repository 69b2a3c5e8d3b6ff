"""What is measured on takes and clips, and the last touches that every one-shot gets."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.key import measure_key
from engine.audio.loudness import integrated_lufs, true_peak_dbtp
from engine.audio.seam import measure_seam
from engine.audio.tempo import measure_tempo
from engine.music.keys import KEYS
from engine.protocol.messages import Measured
from engine.recipe import Recipe

FADE_OUT_S: Final = 0.01  # a one-shot that ends mid-note must not click


def measured(audio: NDArray[np.float32], rate_hz: int, recipe: Recipe) -> Measured:
    """Tempo, key, loudness, true peak and, for loops, the seam of audio (samples, 2)."""
    tempo = measure_tempo(audio, rate_hz, asked_bpm=recipe.bpm)
    key = measure_key(audio, rate_hz)
    return Measured(
        bpm=None if tempo is None else round(tempo.bpm, 2),
        key=None if key is None else KEYS[key.index],
        loudness_lufs=_rounded(integrated_lufs(audio, rate_hz, periodic=recipe.loop)),
        true_peak_dbtp=_rounded(true_peak_dbtp(audio, periodic=recipe.loop)),
        seam=_rounded(measure_seam(audio, rate_hz).score) if recipe.loop else None,
    )


def faded_out(audio: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Audio (samples, 2) with a 10 ms half-cosine fade at its end."""
    length = min(len(audio), round(FADE_OUT_S * rate_hz))
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(length) + 1) / length)
    result = audio.copy()
    result[len(audio) - length :] *= fade[:, None].astype(np.float32)
    return result


def _rounded(value: float | None) -> float | None:
    """Two decimals: more would be noise."""
    return None if value is None else round(value, 2)
