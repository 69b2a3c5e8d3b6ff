"""The mel's bands: their scale, filters, windows and envelopes, and what the windows are for."""

import numpy as np
import pytest

from engine.audio.bands import (
    HTK_BREAK_HZ,
    MelParameters,
    band_edges_hz,
    correction_matrix,
    envelope_matrix,
    frame_bins,
    frame_filters,
    frame_windows,
    hann_window,
    hz_to_mel,
    mean_square_scale,
    mel_filterbank,
    mel_to_hz,
)
from engine.audio.mel import mel_power
from engine.audio.spectral import stft

DEFAULT = MelParameters()
ONE_WINDOW = MelParameters(break_hz=HTK_BREAK_HZ, windows=((1024, 8_000.0),))
LONG_WINDOW = MelParameters(windows=((2048, 8_000.0),))
HTK_MELS = 2595 / np.log(10)  # per unit of ln(1 + f / 700)


@pytest.mark.parametrize(
    ("hz", "mel"),
    [
        (0, 0),
        (700, 2595 * np.log10(2)),
        (1000, 999.9855),  # HTK Book 3.4, eq. 5.13
        (8000, 2840.0230),
    ],
)
def test_a_break_at_700_hz_is_htks_scale(hz: float, mel: float) -> None:
    assert HTK_MELS * float(hz_to_mel(hz, HTK_BREAK_HZ)) == pytest.approx(mel, abs=1e-3)
    assert float(mel_to_hz(mel / HTK_MELS, HTK_BREAK_HZ)) == pytest.approx(hz, abs=1e-2)


def test_edges_are_equally_spaced_from_fmin_to_fmax() -> None:
    edges = band_edges_hz(DEFAULT)
    assert edges.shape == (82,)
    assert (edges[0], edges[-1]) == (pytest.approx(20), pytest.approx(8000))
    steps = np.diff(np.log1p(edges / 200))
    assert np.abs(steps / steps[0] - 1).max() < 1e-9


@pytest.mark.parametrize("break_hz", [200.0, HTK_BREAK_HZ])
@pytest.mark.parametrize("n_fft", [512, 1024, 2048])
def test_filters_add_up_to_one_between_the_outer_centres(n_fft: int, break_hz: float) -> None:
    parameters = MelParameters(break_hz=break_hz)
    filters = mel_filterbank(parameters, n_fft)
    assert filters.shape == (80, n_fft // 2 + 1)
    for window, bands in parameters.window_bands():
        if window == n_fft:
            assert np.all(filters[bands].sum(axis=1) > 0)
    edges = band_edges_hz(parameters)
    bins_hz = np.arange(n_fft // 2 + 1) * 16_000 / n_fft
    between = (bins_hz >= edges[1]) & (bins_hz <= edges[-2])
    assert np.abs(filters.sum(axis=0)[between] - 1).max() < 1e-5


def test_band_edges_beyond_nyquist_are_a_bug() -> None:
    with pytest.raises(ValueError, match="no mel bands"):
        mel_filterbank(MelParameters(n_mels=4, fmin_hz=0, fmax_hz=8001), 64)


@pytest.mark.parametrize("parameters", [DEFAULT, ONE_WINDOW, LONG_WINDOW])
def test_every_band_has_one_window_in_order(parameters: MelParameters) -> None:
    parts = parameters.window_bands()
    limits = dict(parameters.windows)
    covered = [band for _, bands in parts for band in range(80)[bands]]
    assert covered == list(range(80))
    centres = band_edges_hz(parameters)[1:-1]
    for n_fft, bands in parts:
        assert centres[bands].max() < limits[n_fft]
    assert [n_fft for n_fft, _ in parts] == [n_fft for n_fft, _ in parameters.windows]


def test_a_window_without_bands_is_left_out() -> None:
    parameters = MelParameters(windows=((4096, 21.0), (1024, 8_000.0)))
    assert parameters.window_bands() == ((1024, slice(0, 80)),)


def test_the_windows_of_frames_are_one_spectrum() -> None:
    windows = frame_windows(DEFAULT)
    assert [window.n_fft for window in windows] == [2048, 1024, 512]
    total, fine = np.zeros(257), np.zeros(8001)
    for window in windows:
        whole = np.zeros(window.n_fft // 2 + 1)
        whole[window.bins] = window.weights
        assert window.weights.min() > 0
        total += whole[:: window.n_fft // 512]  # at the frequencies that all of them have
        bins_hz = np.arange(window.n_fft // 2 + 1) * 16_000 / window.n_fft
        fine += np.interp(np.arange(8001), bins_hz, whole)
    assert np.abs(total - 1).max() < 1e-6
    assert np.abs(fine - 1).max() < 0.02  # a crossover is a curve, interpolated straight
    assert frame_bins(DEFAULT) == sum(len(window.weights) for window in windows) == 390


def test_corrections_of_bins_are_means_of_the_bands_around_them() -> None:
    for n_fft in (512, 1024, 2048):
        matrix = correction_matrix(DEFAULT, n_fft)
        assert matrix.shape == (n_fft // 2 + 1, 80)
        assert matrix.min() >= 0
        assert np.abs(matrix.sum(axis=1) - 1).max() < 1e-5
    measured, spread = frame_filters(DEFAULT)
    assert (measured.shape, spread.shape) == ((80, 390), (390, 80))
    assert np.abs(spread.sum(axis=1) - 1).max() < 1e-5


def test_the_bins_of_frames_hold_what_the_mel_measures() -> None:
    audio = 0.1 * np.random.default_rng(0).standard_normal((3200, 1)).astype(np.float32)
    bins = [
        np.abs(stft(audio, n_fft=window.n_fft, hop_samples=160)[0])[:, window.bins]
        for window in frame_windows(DEFAULT)
    ]
    measured, _ = frame_filters(DEFAULT)
    powers = measured @ np.concatenate(bins, axis=1).T ** 2
    np.testing.assert_allclose(powers, mel_power(audio, DEFAULT)[0], rtol=1e-4)


@pytest.mark.parametrize("n_fft", [512, 1024, 2048])
def test_the_envelope_of_white_noise_is_flat(n_fft: int) -> None:
    expected = np.zeros(80)  # band powers of unit variance, where E|X|² = Σw²
    for window, bands in DEFAULT.window_bands():
        square = np.sum(hann_window(window) ** 2) * mean_square_scale(window)
        expected[bands] = mel_filterbank(DEFAULT, window)[bands].sum(axis=1) * square
    mean = envelope_matrix(DEFAULT, n_fft).astype(np.float64) @ expected
    inside = slice(2, n_fft // 2 - 1)  # at 0 Hz and at Nyquist a lobe meets its mirror image
    off_db = 10 * np.log10(mean[inside] / np.sum(hann_window(n_fft) ** 2))
    assert np.abs(off_db).max() < 0.5
    noise = np.random.default_rng(1).standard_normal((16_000, 1)).astype(np.float32)
    measured = mel_power(noise, DEFAULT, circular=True)[0].mean(axis=1).sum()
    assert 10 * np.log10(measured / expected.sum()) == pytest.approx(0, abs=0.2)


def _notes(fundamentals_hz: list[float], *, harmonics: int, samples: int = 8_000) -> np.ndarray:
    """(samples, notes): every harmonic at 1 / its number, phases apart from each other."""
    time_s = np.arange(samples)[:, None] / 16_000
    f = np.array(fundamentals_hz)
    parts = [np.sin(2 * np.pi * h * f * time_s + h * h) / h for h in range(1, harmonics + 1)]
    return np.asarray(0.2 * np.sum(parts, axis=0), np.float32)


@pytest.mark.parametrize("n_fft", [512, 1024, 2048])
def test_the_envelope_of_a_chord_has_its_power(n_fft: int) -> None:
    chord = _notes([110.0, 277.2, 659.3, 1975.0, 3210.0], harmonics=1).sum(axis=1, keepdims=True)
    powers = mel_power(chord, DEFAULT, circular=True)[0].mean(axis=1)
    total = (envelope_matrix(DEFAULT, n_fft) @ powers).sum() * mean_square_scale(n_fft)
    assert 10 * np.log10(total / np.mean(chord**2)) == pytest.approx(0, abs=0.5)


def _readable_cents(parameters: MelParameters, notes_hz: list[float]) -> np.ndarray:
    """Standard deviation of each note's pitch under noise of 1.5 dB in every band below 300 Hz.

    Cramér and Rao's bound: 1 / √Σ (∂ dB / ∂ cent / 1.5 dB)², the median of some frames.
    """
    below = band_edges_hz(parameters)[1:-1] < 300
    step = 2 ** (1 / 1200)  # a cent on each side
    levels = []
    for factor in (1 / step, step):
        notes = _notes([hz * factor for hz in notes_hz], harmonics=6)
        power = mel_power(notes, parameters)[:, below, 8:42] + 1e-7  # −70 dB of other sound
        levels.append(10 * np.log10(power))
    slope = (levels[1] - levels[0]) / 2  # dB per cent
    information = np.sum((slope / 1.5) ** 2, axis=1)
    return np.asarray(np.median(1 / np.sqrt(information), axis=1))


def test_the_default_tells_bass_notes_apart_three_times_better() -> None:
    notes_hz = [41.2, 51.9, 65.4, 82.4, 103.8, 123.5]
    ours, theirs = (_readable_cents(p, notes_hz) for p in (DEFAULT, ONE_WINDOW))
    assert np.median(ours) < 3
    assert np.median(theirs) > 3 * np.median(ours)


def _frames_before(parameters: MelParameters, begin: int) -> int:
    """Frames in which a burst is above −80 dB beyond 2.5 kHz before the one that it begins in."""
    audio = np.zeros((16_000, 1), np.float32)
    noise = np.random.default_rng(2).standard_normal((16_000 - begin, 1))
    audio[begin:] = 0.1 * noise
    above = band_edges_hz(parameters)[1:-1] > 2_500
    level = mel_power(audio, parameters)[0, above].sum(axis=0)
    return begin // 160 - int(np.argmax(level > 1e-8))


def test_a_burst_is_hardly_seen_before_it_begins() -> None:
    begins = (8_000, 8_050, 8_110, 8_159)
    assert max(_frames_before(DEFAULT, begin) for begin in begins) <= 2
    assert max(_frames_before(LONG_WINDOW, begin) for begin in begins) >= 5
