"""Tempo as measured from the sound alone, to about 0.1 BPM.

Onset strength is the half-wave rectified rise of a coarse log-mel, 100 values a second. A tempo f
is scored by two views that fail differently: the autocorrelation at its first multiples (high at
every slower metrical level too) and the spectrum of the onsets at f and its harmonics (high at
every faster level too); their product is high where both agree (Peeters, "Template-based
estimation of time-varying tempo", 2007). The winner is refined on the spectrum's harmonics, whose
phase is coherent over the whole clip.

What was asked for may only choose the metrical level (half, double, three halves …) and never
moves the figure. Pulse clarity is the mean normalised autocorrelation of the onsets at the first
multiples of the beat; below MINIMUM_CLARITY + CLARITY_OF_CHANCE / seconds there is no tempo (white
noise reaches at most 0.34 in 2 s, 0.19 in 5 s, 0.06 in 20 s; drums stay above 0.6).

Rejected: dynamic-programming beat tracking (answers "when", which nobody asks here) and rounding
to whole beats of the clip (would report what was asked for, not what is heard).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.audio.bands import HTK_BREAK_HZ, MelParameters
from engine.audio.mel import mel_power
from engine.audio.spectral import one_channel

BPM_LOW: Final = 30.0
BPM_HIGH: Final = 300.0
MINIMUM_CLARITY: Final = 0.2
CLARITY_OF_CHANCE: Final = 0.6  # more is needed of a short clip, ÷ seconds: chance repeats there
MINIMUM_ONSET_DB: Final = 1.2  # mean rise over the bands in the clip's strongest onsets
MINIMUM_SECONDS: Final = 1.0

_FRAMES_PER_S: Final = 100
_WINDOW_S: Final = 0.021
_BANDS: Final = 32
_RANGE_DB: Final = 50.0  # below the loudest band, rises are not heard
_LOCAL_MEAN_S: Final = 0.6
_GRID_PER_OCTAVE: Final = 240
_HARMONICS: Final = 8
_MULTIPLES: Final = 4
_PRIOR_BPM: Final = 115.0
_PRIOR_OCTAVES: Final = 1.0
_OCTAVES: Final = (1.0, 2.0, 0.5, 4.0, 0.25)
_TRIPLES: Final = (1.5, 2 / 3, 3.0, 1 / 3)
_TRIPLE_SUPPORT: Final = 0.5  # of the beat's own autocorrelation
_LEVEL_TOLERANCE: Final = 0.04  # of the asked tempo: mir_eval's tempo tolerance
_REFINE_SPAN: Final = 0.03


@dataclass(frozen=True)
class Tempo:
    """A measured tempo in BPM and how clearly the clip pulses, 0–1."""

    bpm: float
    clarity: float


def measure_tempo(
    audio: NDArray[np.float32], rate_hz: int, *, asked_bpm: float | None = None
) -> Tempo | None:
    """Measure the tempo of a clip; None where nothing pulses.

    Args:
        audio: (samples, channels).
        rate_hz: sample rate.
        asked_bpm: used only to choose between metrical levels of what was measured.
    """
    if audio.shape[0] < MINIMUM_SECONDS * rate_hz:
        return None
    onsets, frames_per_s = onset_strength(audio, rate_hz)
    if not np.any(onsets):
        return None
    correlation = _autocorrelation(onsets)
    spectrum = _Lines(onsets, frames_per_s)
    longest_s = onsets.size / frames_per_s / 2
    grid = _tempo_grid(max(BPM_LOW, 60 / longest_s))
    lags = 60 * frames_per_s / grid
    pulse = _comb(correlation, lags)
    harmonic = spectrum.strength(grid)
    prior = np.exp(-0.5 * (np.log2(grid / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    best = int(np.argmax(np.maximum(pulse, 0) * harmonic * prior))
    clarity = float(pulse[best])
    if clarity < MINIMUM_CLARITY + CLARITY_OF_CHANCE * frames_per_s / onsets.size:
        return None
    bpm = spectrum.refined(float(grid[best]))
    beat_frames = 60 * frames_per_s / bpm
    return Tempo(bpm * _level(bpm, asked_bpm, correlation, beat_frames), clarity)


def onset_strength(audio: NDArray[np.float32], rate_hz: int) -> tuple[NDArray[np.float64], float]:
    """Rise of the log-mel in dB above its local mean, (frames,), and the frames per second."""
    hop = max(1, round(rate_hz / _FRAMES_PER_S))
    n_fft = fft.next_fast_len(max(round(_WINDOW_S * rate_hz), hop), real=True)
    n_fft += n_fft % 2
    parameters = MelParameters(
        rate_hz=rate_hz,
        windows=((n_fft, rate_hz / 2),),
        hop_samples=hop,
        n_mels=_BANDS,
        fmin_hz=40.0,
        fmax_hz=min(11_000.0, rate_hz / 2),
        break_hz=HTK_BREAK_HZ,
    )
    power = mel_power(one_channel(audio), parameters)[0]  # (bands, frames)
    peak = float(power.max())
    nothing = np.zeros(power.shape[1]), rate_hz / hop
    if peak <= 0:
        return nothing
    level_db = 10 * np.log10(power / peak + 10 ** (-_RANGE_DB / 10))
    rise = np.maximum(np.diff(level_db, axis=1, prepend=level_db[:, :1]), 0).mean(axis=0)
    strongest = max(1, int(rise.size * hop / rate_hz * BPM_LOW / 60))
    if np.partition(rise, -strongest)[-strongest] < MINIMUM_ONSET_DB:
        return nothing  # sustained sound: what rises there is noise or beating partials
    width = round(_LOCAL_MEAN_S * rate_hz / hop)
    local = np.convolve(rise, np.ones(width) / width, mode="same")
    return np.maximum(rise - local, 0).astype(np.float64), rate_hz / hop


class _Lines:
    """The spectrum of the onsets, read at any tempo and its harmonics."""

    def __init__(self, onsets: NDArray[np.float64], frames_per_s: float) -> None:
        length = 1 << int(np.ceil(np.log2(onsets.size * 32)))
        centred = onsets - onsets.mean()
        spectrum = fft.rfft(centred * np.hanning(onsets.size), n=length)
        self._power = np.abs(spectrum) ** 2
        self._bins_per_bpm = length / frames_per_s / 60

    def strength(self, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean magnitude at the tempo and its harmonics, up to 4 of them."""
        return np.asarray(np.sqrt(self._harmonics(bpm, 4)).mean(axis=0))

    def refined(self, bpm: float) -> float:
        """The tempo within ±3 % whose harmonics are strongest together."""
        for span, harmonics in ((_REFINE_SPAN, _HARMONICS // 2), (_REFINE_SPAN / 6, _HARMONICS)):
            grid = bpm * np.linspace(1 - span, 1 + span, 201)
            score = self._harmonics(grid, harmonics).sum(axis=0)
            bpm = _peak(grid, score)
        return bpm

    def _harmonics(self, bpm: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """Power, (count, tempos); beyond the onsets' bandwidth it is 0."""
        position = np.arange(1, count + 1)[:, None] * bpm * self._bins_per_bpm
        bins = np.arange(self._power.size)
        return np.asarray(np.interp(position, bins, self._power, right=0.0), np.float64)


def _peak(grid: NDArray[np.float64], score: NDArray[np.float64]) -> float:
    """Where the parabola through the best three points has its top."""
    best = int(np.clip(np.argmax(score), 1, grid.size - 2))
    before, at, after = score[best - 1 : best + 2]
    curvature = before - 2 * at + after
    shift = 0.0 if curvature >= 0 else float(np.clip(0.5 * (before - after) / curvature, -1, 1))
    return float(grid[best] + shift * (grid[1] - grid[0]))


def _autocorrelation(onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unbiased and normalised: 1 at lag 0, 0 for noise; lags up to the clip's length."""
    smooth = np.convolve(onsets, (0.25, 0.5, 0.25), mode="same")
    centred = smooth - smooth.mean()
    length = fft.next_fast_len(2 * onsets.size, real=True)
    correlation = fft.irfft(np.abs(fft.rfft(centred, n=length)) ** 2, n=length)[: onsets.size]
    overlap = onsets.size - np.arange(onsets.size)
    unbiased = correlation / np.maximum(overlap, onsets.size // 8)
    return np.asarray(unbiased / max(unbiased[0], 1e-12))


def _comb(correlation: NDArray[np.float64], lags: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean autocorrelation at the first multiples of each lag that the clip holds twice."""
    positions = np.arange(1, _MULTIPLES + 1)[:, None] * lags
    inside = positions <= correlation.size * 0.75
    values = np.interp(positions, np.arange(correlation.size), correlation)
    return np.asarray((values * inside).sum(axis=0) / np.maximum(inside.sum(axis=0), 1))


def _tempo_grid(low_bpm: float) -> NDArray[np.float64]:
    octaves = np.log2(BPM_HIGH / low_bpm)
    return np.asarray(low_bpm * 2 ** np.linspace(0, octaves, round(octaves * _GRID_PER_OCTAVE) + 1))


def _level(
    bpm: float, asked_bpm: float | None, correlation: NDArray[np.float64], beat_frames: float
) -> float:
    """The metrical factor that brings the measured tempo to the asked one, or 1.

    Halves and doubles need no proof (a half-time groove is at both tempi); a factor of three does:
    the onsets must repeat at that period and at twice it.
    """
    if asked_bpm is None:
        return 1.0
    lags = np.arange(correlation.size)
    needed = _TRIPLE_SUPPORT * float(np.interp(beat_frames, lags, correlation))
    for factor in _OCTAVES + _TRIPLES:
        if abs(bpm * factor / asked_bpm - 1) > _LEVEL_TOLERANCE:
            continue
        period = beat_frames / factor
        support = np.interp((period, 2 * period), lags, correlation, right=0.0).min()
        if factor in _OCTAVES or support >= needed:
            return factor
    return 1.0
