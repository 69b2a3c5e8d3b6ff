"""The seam score of a loop: is its seam worse than what happens inside it anyway?

Two ratios, both "at the seam ÷ inside", and the score is the larger; ≤ 1 is no worse than inside.

spectral    Jump: mean over log-mel bands of |level difference| between neighbouring frames of a
            wrapped STFT, bands more than 70 dB below the loudest not heard. A cut shows in the
            frames that span it, as a splash over the whole spectrum. At the seam the largest jump
            of the frame pairs that touch it counts; inside, the 95th percentile of the same
            sliding maximum over pairs that do not touch it, at least MINIMUM_JUMP_DB.
sample      Break: the third difference of the waveform, large where value or slope steps. At the
            seam the largest of the differences that span it; inside, the largest of all, at
            least MINIMUM_BREAK of the peak.

Periodic material scores at most 1 up to the percentile's chance: of stationary noise wrapped
without fault about one loop in twenty lies above its own 95th percentile, by a little. A loop
whose only hit is on the seam also scores above 1: that is its largest jump.

Rejected: comparing the spectra before and after the seam (a cut sine has the same on both sides)
and the sample step alone (a step of a low-passed pad is small and audible).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.audio.bands import HTK_BREAK_HZ, MelParameters
from engine.audio.mel import mel_power

MINIMUM_JUMP_DB: Final = 0.5
MINIMUM_BREAK: Final = 0.002
MINIMUM_SEAM_S: Final = 0.2
PERCENTILE: Final = 95.0

_HOPS_PER_WINDOW: Final = 4
_BANDS: Final = 40
_RANGE_DB: Final = 70.0


@dataclass(frozen=True)
class Seam:
    """Both ratios of a seam and the larger of them, the score."""

    spectral: float
    sample: float

    @property
    def score(self) -> float:
        """≤ 1 is no worse than inside the clip."""
        return max(self.spectral, self.sample)


def measure_seam(audio: NDArray[np.float32], rate_hz: int) -> Seam:
    """Compare a loop's seam with its inside.

    Args:
        audio: (samples, channels) of the loop, at least 0.2 s.
        rate_hz: sample rate.

    Raises:
        ValueError: shorter than 0.2 s.
    """
    if audio.shape[0] < MINIMUM_SEAM_S * rate_hz:
        msg = f"{audio.shape[0]} samples at {rate_hz} Hz are too short to have an inside"
        raise ValueError(msg)
    if not np.any(audio):
        return Seam(0.0, 0.0)
    return Seam(_spectral_ratio(audio, rate_hz), _sample_ratio(audio))


def _spectral_ratio(audio: NDArray[np.float32], rate_hz: int) -> float:
    hop = max(1, round(rate_hz * 0.008))
    n_fft = _HOPS_PER_WINDOW * hop
    parameters = MelParameters(
        rate_hz=rate_hz,
        windows=((n_fft, rate_hz / 2),),
        hop_samples=hop,
        n_mels=_BANDS,
        fmin_hz=0.0,
        fmax_hz=rate_hz / 2,
        break_hz=HTK_BREAK_HZ,
    )
    # rotate the seam to the middle of the audio, so that frames meet it as they meet the inside;
    # a last frame that wraps over a remainder lies far from it and is not counted
    middle = audio.shape[0] // 2 // hop * hop
    power = mel_power(np.roll(audio, middle, axis=0), parameters, circular=True)
    level_db = 10 * np.log10(power / power.max() + 10 ** (-_RANGE_DB / 10))
    jumps = np.abs(np.diff(level_db[..., :-1], axis=-1)).mean(axis=(0, 1))  # (pairs,)
    reach = _HOPS_PER_WINDOW // 2 + 1
    seam_pair = middle // hop - 1  # the pair of frames on either side of the seam
    width = 2 * reach + 1
    inside = np.concatenate([jumps[: seam_pair - reach], jumps[seam_pair + reach + 1 :]])
    usual = np.percentile(sliding_window_view(inside, width).max(axis=1), PERCENTILE)
    at_seam = jumps[seam_pair - reach : seam_pair + reach + 1].max()
    return float(at_seam / max(usual, MINIMUM_JUMP_DB))


def _sample_ratio(audio: NDArray[np.float32]) -> float:
    wrapped = np.concatenate([audio, audio[:3]])
    breaks = np.abs(np.diff(wrapped, n=3, axis=0)).max(
        axis=1
    )  # (samples,), the last 3 span the seam
    floor = MINIMUM_BREAK * float(np.max(np.abs(audio)))
    return float(breaks[-3:].max() / max(breaks[:-3].max(), floor))
