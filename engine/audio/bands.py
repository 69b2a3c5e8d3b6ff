"""The bands of the log-mel: their edges, their windows, and what power they hold. numpy only.

Edges are equally spaced on mel(f) = ln(1 + f / break). HTK's scale is the one with a break at
700 Hz; ours is at 200, and every band is seen through a window of its own length: long where bass
notes have to be told apart, short where drums begin. Measured with the 80 bands of the default on
40 bass notes of 41 to 125 Hz (all partials below 4 kHz, falling with h^1.5, in noise at −80 dBFS),
standard deviation of the pitch that noise of 1.5 dB per band leaves
readable below 300 Hz (median, 90th percentile), and frames in which a noise burst can be seen
above 2.5 kHz before it begins:

    window 1024, break 700     3.3 and 10.7 cents    4 frames
    window 2048, break 700     2.9 and  7.2          7
    window 2048, break 250     0.7 and  1.8          7
    2048/1024/512, break 200   0.6 and  1.7          2

Rejected: Slaney's scale (37 Hz a band in the bass), and a fourth window of 4096 samples for the
lowest notes (0.5 and 0.9 cents, but a kick drum is 250 ms long in it).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

HTK_BREAK_HZ: Final = 700.0
# How magnitudes are made to have the mel's band powers (engine.audio.frames).
CORRECTIONS: Final = 2
MOST_CORRECTION: Final = 6.0  # of a power in nepers, at once: 26 dB
QUIET: Final = 1e-10  # of a band power: −100 dB
_TINY_POWER: Final = 1e-18  # of a bin, where there is nothing
_CROSSOVER: Final = 0.2  # half of its width, as a share of its frequency


@dataclass(frozen=True, kw_only=True)
class MelParameters:
    """What makes one mel comparable with another; the fields of a bundle's MelSpec.

    Attributes:
        rate_hz: sample rate of the audio.
        hop_samples: samples per frame.
        n_mels: bands; the mel has twice as many channels.
        fmin_hz, fmax_hz: lower edge of the first band and upper edge of the last.
        break_hz: where the scale turns from linear to logarithmic.
        windows: (n_fft, limit in Hz), longest first: a band is seen through the first window whose
            limit lies above its centre; the last takes the rest.
        level_floor_db, level_ceil_db: band levels that map to −1 and +1.
        difference_range_db: left − right difference that maps to +1.
    """

    rate_hz: int = 16_000
    hop_samples: int = 160
    n_mels: int = 80
    fmin_hz: float = 20.0
    fmax_hz: float = 8_000.0
    break_hz: float = 200.0
    windows: tuple[tuple[int, float], ...] = ((2048, 300.0), (1024, 2_000.0), (512, 8_000.0))
    level_floor_db: float = -100.0
    level_ceil_db: float = 0.0
    difference_range_db: float = 24.0

    def window_bands(self) -> tuple[tuple[int, slice], ...]:
        """(n_fft, its bands) of every window that has any."""
        centres = band_edges_hz(self)[1:-1]
        limits = [limit for _, limit in self.windows[:-1]]
        ends = [*np.searchsorted(centres, limits), self.n_mels]
        starts = [0, *ends[:-1]]
        return tuple(
            (n_fft, slice(int(start), int(end)))
            for (n_fft, _), start, end in zip(self.windows, starts, ends, strict=True)
            if end > start
        )


def hz_to_mel(hz: float | NDArray[np.float64], break_hz: float) -> NDArray[np.float64]:
    """Hertz to mels: ln(1 + f / break)."""
    return np.asarray(np.log1p(np.asarray(hz, np.float64) / break_hz), np.float64)


def mel_to_hz(mel: float | NDArray[np.float64], break_hz: float) -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    return np.asarray(break_hz * np.expm1(np.asarray(mel, np.float64)), np.float64)


def band_edges_hz(parameters: MelParameters) -> NDArray[np.float64]:
    """(n_mels + 2,) edges: band m rises from edge m, peaks at m + 1 and ends at m + 2."""
    ends = np.array([parameters.fmin_hz, parameters.fmax_hz])
    low, high = hz_to_mel(ends, parameters.break_hz)
    return mel_to_hz(np.linspace(low, high, parameters.n_mels + 2), parameters.break_hz)


@lru_cache(maxsize=32)
def mel_filterbank(parameters: MelParameters, n_fft: int) -> NDArray[np.float32]:
    """Triangular filters of peak 1, linear in hertz, (n_mels, n_fft // 2 + 1), read-only.

    Raises:
        ValueError: fmin and fmax are not 0 ≤ fmin < fmax ≤ rate / 2.
    """
    p = parameters
    if not 0 <= p.fmin_hz < p.fmax_hz <= p.rate_hz / 2:
        msg = f"no mel bands from {p.fmin_hz} to {p.fmax_hz} Hz at {p.rate_hz} Hz"
        raise ValueError(msg)
    edges = band_edges_hz(p)
    bins = np.arange(n_fft // 2 + 1) * p.rate_hz / n_fft
    left, centre, right = (edges[start : start + p.n_mels, None] for start in range(3))
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    weights = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    weights.setflags(write=False)
    return weights


def hann_window(n_fft: int) -> NDArray[np.float64]:
    """The periodic Hann window, (n_fft,)."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft), np.float64)


def unit_phases(spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Every number turned to modulus 1; np.abs of complex numbers takes three times as long."""
    power = spectrum.real**2
    power += spectrum.imag**2
    power += np.float32(_TINY_POWER)
    return np.asarray(spectrum * np.reciprocal(np.sqrt(power)), np.complex64)


def mean_square_scale(n_fft: int) -> float:
    """|X|² of a Hann STFT → mean square: one-sided (×2), Parseval's n_fft, the window's power."""
    return float(2 / (n_fft * np.sum(hann_window(n_fft) ** 2)))


def band_powers(
    mel: NDArray[np.float32], parameters: MelParameters
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Band powers (left, right), each (…, n_mels, frames), of a mel (…, 2·n_mels, frames).

    The inverse of `engine.audio.mel.stereo_mel` for bands above the floor and differences inside
    the range; a level of −1 or lower is the floor itself.
    """
    level, difference = np.split(mel, 2, axis=-2)
    span_db = parameters.level_ceil_db - parameters.level_floor_db
    level_db = parameters.level_floor_db + (np.clip(level, -1, 1) + 1) / 2 * span_db
    ratio = 10 ** (np.clip(difference, -1, 1) * parameters.difference_range_db / 10)
    right = 2 * 10 ** (level_db / 10) / (1 + ratio)
    return (ratio * right).astype(np.float32), right.astype(np.float32)


@lru_cache(maxsize=8)
def envelope_matrix(parameters: MelParameters, n_fft: int) -> NDArray[np.float32]:
    """Band powers → mean |X|² of a Hann STFT of `n_fft`, (n_fft // 2 + 1, n_mels), read-only.

    Each band's power is spread over its triangle on the frequencies of the longest window, then
    smeared by the main lobe of the STFT's own window: what a stationary sound with these band
    powers shows on average. Below fmin and above fmax the outermost band's density goes on.
    """
    fine = max(n_fft, *(window for window, _ in parameters.windows))
    filters = mel_filterbank(parameters, fine).astype(np.float64)  # (bands, fine bins)
    density = _shares(filters) / np.maximum(
        filters.sum(axis=1), 1e-9
    )  # band power → mean square per fine bin
    spread = _smear(n_fft, fine) @ density
    matrix: NDArray[np.float32] = spread.astype(np.float32)
    matrix.setflags(write=False)
    return matrix


def _shares(filters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filters (bands, bins) → which share each band has of a bin, (bins, bands), rows sum to 1.

    A bin beyond the outermost band is that band's.
    """
    covered = filters.sum(axis=0)
    inside = np.flatnonzero(covered > 1e-6)  # an outer edge is 0 but for rounding
    nearest = inside[np.abs(np.arange(len(covered))[:, None] - inside).argmin(axis=1)]
    shares: NDArray[np.float64] = (filters / np.maximum(covered, 1e-9))[:, nearest].T
    return shares


def _smear(n_fft: int, fine: int) -> NDArray[np.float64]:
    """Mean square at each fine frequency → |X|² in each bin, (n_fft // 2 + 1, fine // 2 + 1)."""
    window = np.abs(np.fft.fft(hann_window(n_fft), 8 * fine)) ** 2  # at fine / 8 spacing
    bins = np.arange(n_fft // 2 + 1)[:, None] * (fine / n_fft)
    away = np.rint((bins - np.arange(fine // 2 + 1)) * 8).astype(np.intp)
    lobe = window[away % (8 * fine)]
    mirrored = window[np.rint((bins + np.arange(fine // 2 + 1)) * 8).astype(np.intp) % (8 * fine)]
    # A sinusoid of mean square s has |X|² = s/2 · |W|²; near 0 Hz its mirror image adds.
    return np.asarray((lobe + mirrored) / 2, np.float64)


@lru_cache(maxsize=8)
def correction_matrix(parameters: MelParameters, n_fft: int) -> NDArray[np.float32]:
    """Gains of bands → gains of STFT bins, (n_fft // 2 + 1, n_mels), rows sum to 1, read-only.

    A bin between two bands gets a weighted mean; a bin beyond the outermost band, that band's.
    """
    filters = mel_filterbank(parameters, n_fft).astype(np.float64)
    matrix: NDArray[np.float32] = _shares(filters).astype(np.float32)
    matrix.setflags(write=False)
    return matrix


@dataclass(frozen=True)
class FrameWindow:
    """The part of the spectrum that one of the mel's windows stands for.

    Attributes:
        n_fft: the window in samples.
        bins: of its STFT.
        weights: (bins,) of the part in the sound; the windows' weights sum to 1 at any frequency.
    """

    n_fft: int
    bins: slice
    weights: NDArray[np.float32]


@lru_cache(maxsize=8)
def frame_windows(parameters: MelParameters) -> tuple[FrameWindow, ...]:
    """The mel's windows as parts of one spectrum, crossing over around their limits, low first."""
    limits = [limit for _, limit in parameters.windows[:-1]]
    return tuple(
        _frame_window(parameters.rate_hz, n_fft, low_hz=low, high_hz=high)
        for (n_fft, _), low, high in zip(
            parameters.windows, [0.0, *limits], [*limits, np.inf], strict=True
        )
    )


def _frame_window(rate_hz: int, n_fft: int, *, low_hz: float, high_hz: float) -> FrameWindow:
    bins_hz = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    weights = _risen(bins_hz, low_hz) * (1 - _risen(bins_hz, high_hz))
    first, last = np.flatnonzero(weights > 0)[[0, -1]]
    bins = slice(int(first), int(last) + 1)
    return FrameWindow(n_fft, bins, weights[bins].astype(np.float32))


def _risen(hz: NDArray[np.float64], limit_hz: float) -> NDArray[np.float64]:
    """A raised cosine from 0 below a limit to 1 above it."""
    if limit_hz == 0:
        return np.ones_like(hz)
    if limit_hz == np.inf:
        return np.zeros_like(hz)
    place = (hz / limit_hz - (1 - _CROSSOVER)) / (2 * _CROSSOVER)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(place, 0, 1)), np.float64)


@lru_cache(maxsize=8)
def frame_filters(parameters: MelParameters) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mel in the windows' bins: powers → band powers, and gains of bands → gains of bins.

    Each band adds up the bins of its own window, (n_mels, bins); a bin takes the gains of the bands
    around its frequency, whichever window they are seen through, (bins, n_mels). Both read-only.
    """
    windows = frame_windows(parameters)
    own = dict(parameters.window_bands())
    measured = np.zeros((parameters.n_mels, frame_bins(parameters)), np.float32)
    start = 0
    for window in windows:
        stop = start + len(window.weights)
        if window.n_fft in own:
            bands = own[window.n_fft]
            filters = mel_filterbank(parameters, window.n_fft)[bands, window.bins]
            measured[bands, start:stop] = filters * mean_square_scale(window.n_fft)
        start = stop
    spread = np.concatenate([correction_matrix(parameters, w.n_fft)[w.bins] for w in windows])
    for matrix in (measured, spread):
        matrix.setflags(write=False)
    return measured, spread


def frame_bins(parameters: MelParameters) -> int:
    """Bins of all windows together."""
    return sum(len(window.weights) for window in frame_windows(parameters))
