"""Everything that is measured on a finished sound, in one call.

What was asked for stands beside what was measured, so nothing here reads a recipe; the key comes
as an index, 0–11 major C…B, 12–23 minor C…B, because naming it is another module's business.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.key import measure_key
from engine.audio.loudness import integrated_lufs, true_peak_dbtp
from engine.audio.seam import MINIMUM_SEAM_S, measure_seam
from engine.audio.tempo import measure_tempo

_THREADS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What was measured; None where there is nothing of the kind to measure.

    Attributes:
        bpm: tempo; at the asked metrical level where the measured tempo allows.
        key_index: 0–11 major C…B, 12–23 minor C…B.
        loudness_lufs: integrated loudness; None for silence.
        true_peak_dbtp: true peak; None for silence.
        seam: score of a loop's seam, ≤ 1 is no worse than inside; None for one-shots.
    """

    bpm: float | None
    key_index: int | None
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    seam: float | None


def measure(
    audio: NDArray[np.float32], rate_hz: int, *, asked_bpm: float | None = None, loop: bool = False
) -> Measures:
    """Measure tempo, key, loudness, true peak and, for a loop, the seam.

    Args:
        audio: (samples, channels).
        rate_hz: sample rate.
        asked_bpm: chooses between metrical levels of the measured tempo, and nothing else.
        loop: the end joins the start.
    """
    has_seam = loop and audio.shape[0] >= MINIMUM_SEAM_S * rate_hz
    # numpy and scipy let go of the interpreter while they compute, so two cores share the work
    with ThreadPoolExecutor(_THREADS) as pool:
        seam = pool.submit(measure_seam, audio, rate_hz) if has_seam else None
        loudness_lufs = pool.submit(integrated_lufs, audio, rate_hz, periodic=loop)
        tempo_job = pool.submit(measure_tempo, audio, rate_hz, asked_bpm=asked_bpm)
        true_peak = pool.submit(true_peak_dbtp, audio, periodic=loop)
        key_job = pool.submit(measure_key, audio, rate_hz)
        tempo, key = tempo_job.result(), key_job.result()
        return Measures(
            bpm=None if tempo is None else tempo.bpm,
            key_index=None if key is None else key.index,
            loudness_lufs=loudness_lufs.result(),
            true_peak_dbtp=true_peak.result(),
            seam=None if seam is None else seam.result().score,
        )
