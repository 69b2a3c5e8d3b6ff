"""Key by librosa: the peaks of its constant-Q transform, every frame alike, against key profiles.

Profiles: Albrecht and Shanahan, "The Use of Large Corpora to Train a New Type of Key-Finding
Algorithm" (Music Perception 31(1), 2013), measured on scores. The composer judges its drafts by
Krumhansl and Kessler's, which are therefore no witness; on audio they lean to minor besides, where
every major third brings its own fifth.

On 185 tonal clips of one corpus 91 % come out exact or relative. Rejected, with what they reach
there: Temperley's profiles (85 %), Krumhansl's (71 %), whole bins in place of peaks (85 %),
magnitudes in place of their square roots (86 %), harmonic-percussive separation (89 %), and octaves
from C2 on, where kick drums sing (86 %).
"""

from functools import lru_cache
from typing import Final

import librosa
import numpy as np
from numpy.typing import NDArray

MAJOR: Final = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR: Final = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)

_RATE_HZ: Final = 8_000
_HOP: Final = 512
_LOWEST: Final = "C3"
_OCTAVES: Final = 4
_PER_SEMITONE: Final = 3  # the middle bin is in tune
_FLOOR: Final = 0.01  # of the loudest frame: silence is not made as loud as music
_SHORTEST_S: Final = 8.0  # the longest window of the constant-Q transform has to fit


@lru_cache(maxsize=1)
def _profiles() -> NDArray[np.float64]:
    """(24, 12): C…B major, then minor."""
    return np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])


def key_of_chroma(chroma: NDArray[np.floating]) -> int:
    """Index 0–23 of the profile with the highest correlation with (12,)."""
    return int(np.argmax(np.corrcoef(np.vstack([chroma, _profiles()]))[0, 1:]))


def chroma_of(mono: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """(12,) how much of each pitch class there is, C first."""
    mono = np.resize(mono, max(mono.size, round(_SHORTEST_S * rate_hz)))
    low = librosa.resample(mono, orig_sr=rate_hz, target_sr=_RATE_HZ, res_type="soxr_mq")
    bins = librosa.cqt(
        low, sr=_RATE_HZ, hop_length=_HOP, tuning=0.0, n_bins=12 * _OCTAVES * _PER_SEMITONE,
        bins_per_octave=12 * _PER_SEMITONE,
        fmin=librosa.note_to_hz(_LOWEST) * 2 ** (-1 / (12 * _PER_SEMITONE)),
    )  # fmt: skip
    below, here, above = np.swapaxes(np.abs(bins).reshape(12 * _OCTAVES, _PER_SEMITONE, -1), 0, 1)
    peaks = np.where((here >= below) & (here >= above), here, 0.0)
    chroma = np.sqrt(peaks).reshape(_OCTAVES, 12, -1).sum(axis=0)  # (12, frames)
    loudest = chroma.max(axis=0)
    return np.asarray((chroma / (loudest + _FLOOR * loudest.max() + 1e-12)).mean(axis=1))


def measure_key(audio: NDArray[np.float32], rate_hz: int) -> int | None:
    """Key index of (samples, 2); None for silence."""
    mono = audio.mean(axis=1)
    return key_of_chroma(chroma_of(mono, rate_hz)) if np.any(mono) else None
