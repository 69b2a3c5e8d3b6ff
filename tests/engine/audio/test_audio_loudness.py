"""Loudness and true peak on the standards' own signals; the one gain."""

import numpy as np
import pytest

from engine.audio.loudness import integrated_lufs, level, true_peak_dbtp


def _sine(hz: float, dbfs: float, seconds: float, rate_hz: int) -> np.ndarray:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    sine = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * time_s)
    return np.repeat(sine[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("rate_hz", "seconds"), [(16_000, 3), (24_000, 3), (44_100, 3), (48_000, 20)]
)
@pytest.mark.parametrize("dbfs", [-23.0, -33.0])
def test_ebu_3341_cases_1_and_2(rate_hz: int, seconds: float, dbfs: float) -> None:
    measured = integrated_lufs(_sine(1000, dbfs, seconds, rate_hz), rate_hz)
    assert measured == pytest.approx(dbfs, abs=0.1)


def test_ebu_3341_case_3_gates_what_is_quiet() -> None:
    parts = [_sine(1000, dbfs, s, 24_000) for dbfs, s in ((-36, 10), (-23, 60), (-36, 10))]
    assert integrated_lufs(np.concatenate(parts), 24_000) == pytest.approx(-23.0, abs=0.1)


# EBU Tech 3341 cases 15–19: (rate / hz, phase in degrees, amplitude, dBTP), tolerance +0.2 −0.4
@pytest.mark.parametrize(
    ("period", "phase", "amplitude", "dbtp"),
    [(4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3)],
)
def test_ebu_3341_true_peaks(period: int, phase: float, amplitude: float, dbtp: float) -> None:
    samples = np.arange(48_000)
    fade = np.clip(np.minimum(samples, samples[::-1]) / 4800, 0, 1)
    sine = amplitude * fade * np.sin(2 * np.pi * samples / period + np.deg2rad(phase))
    measured = true_peak_dbtp(sine[:, None].astype(np.float32))
    assert measured is not None
    assert -0.4 <= measured - dbtp <= 0.2


def test_the_loops_peak_looks_round_the_seam() -> None:
    # fs/4 at 45°: the peak between samples lies on the seam, nowhere else
    period = np.sin(2 * np.pi * np.arange(4000) / 4 + np.pi / 4)
    shape = np.roll(np.hanning(4000) ** 40, 2000)
    audio = (period * shape)[:, None].astype(np.float32)
    around, cut = true_peak_dbtp(audio, periodic=True), true_peak_dbtp(audio)
    turned = true_peak_dbtp(np.roll(audio, 2000, axis=0))
    assert around == pytest.approx(0.0, abs=0.02)
    assert around == pytest.approx(turned, abs=1e-4)
    assert cut != pytest.approx(turned, abs=0.05)


def test_true_peak_is_never_below_the_sample_peak() -> None:
    audio = np.random.default_rng(0).standard_normal((1001, 2)).astype(np.float32)
    measured = true_peak_dbtp(audio)
    assert measured is not None
    assert measured >= 20 * np.log10(np.abs(audio).max()) - 1e-5
    assert true_peak_dbtp(np.zeros((0, 2), np.float32)) is None
    assert true_peak_dbtp(np.zeros((9, 2), np.float32)) is None


def test_short_clips_have_a_loudness() -> None:
    short = _sine(1000, -20, 0.1, 24_000)
    loop = integrated_lufs(short, 24_000, periodic=True)
    assert loop == pytest.approx(-20, abs=0.1)
    one_shot = integrated_lufs(short, 24_000)  # a quarter of the block sounds: 6 dB less
    assert one_shot == pytest.approx(-26, abs=0.3)
    assert integrated_lufs(np.zeros((10, 2), np.float32), 24_000) is None
    assert integrated_lufs(short * np.float32(1e-5), 24_000) is None


@pytest.mark.parametrize("periodic", [False, True])
def test_level_reaches_the_loudness(periodic: bool) -> None:
    audio = _sine(1000, -30, 3, 24_000)
    out, gain_db = level(audio, 24_000, loudness_lufs=-16, ceiling_dbtp=-1, periodic=periodic)
    assert gain_db == pytest.approx(14, abs=0.1)
    assert integrated_lufs(out, 24_000, periodic=periodic) == pytest.approx(-16, abs=0.05)
    assert out.dtype == np.float32


def test_the_ceiling_wins_and_the_shape_stays() -> None:
    audio = _sine(1000, -40, 3, 24_000)
    audio[1000] = 0.5
    out, gain_db = level(audio, 24_000, loudness_lufs=-10, ceiling_dbtp=-1)
    assert true_peak_dbtp(out) == pytest.approx(-1, abs=0.01)
    assert np.allclose(out, audio * 10 ** (gain_db / 20), rtol=1e-5)


def test_without_a_loudness_only_the_ceiling_acts() -> None:
    quiet, loud = _sine(1000, -30, 1, 24_000), _sine(1000, 6, 1, 24_000)
    assert level(quiet, 24_000, loudness_lufs=None, ceiling_dbtp=-1)[1] == 0
    assert level(loud, 24_000, loudness_lufs=None, ceiling_dbtp=-1)[1] == pytest.approx(-7, abs=0.1)
    assert level(loud, 24_000, loudness_lufs=None, ceiling_dbtp=None)[1] == 0


def test_silence_is_left_alone() -> None:
    audio = np.zeros((24_000, 2), np.float32)
    out, gain_db = level(audio, 24_000, loudness_lufs=-16, ceiling_dbtp=-1)
    assert gain_db == 0
    assert not np.any(out)
