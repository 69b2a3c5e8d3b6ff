"""The meters against the standards' numbers and against the engine's measurement."""

import numpy as np
import pytest

from app.playback.meters import LoudnessMeter, PeakHold, k_response, k_weighting, peaks_db
from engine.audio.loudness import integrated_lufs

# BS.1770-4, tables 1 and 2: the two filters at 48 kHz
TABLE_1 = (
    1.53512485958697,
    -2.69169618940638,
    1.19839281085285,
    -1.69065929318241,
    0.73248077421585,
)
TABLE_2 = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)


def tone(rate_hz: int, level_db: float, hz: float = 1000.0, seconds: float = 4.0) -> np.ndarray:
    wave = 10 ** (level_db / 20) * np.sin(
        2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz
    )
    return np.stack([wave, wave], axis=1).astype(np.float32)


def test_the_filters_are_the_standards_at_48_khz() -> None:
    shelf, high_pass = k_weighting(48_000)
    assert np.allclose(shelf, TABLE_1, atol=1e-12)
    assert np.allclose(high_pass, TABLE_2, atol=1e-12)


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 44_100, 48_000, 96_000])
def test_what_the_response_leaves_out_is_nothing(rate_hz: int) -> None:
    response = k_response(rate_hz)
    assert np.abs(response[-100:]).max() < 1e-8


@pytest.mark.parametrize("level_db", [-23.0, -33.0])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_ebu_tech_3341_steady_tones(rate_hz: int, level_db: float) -> None:
    """Cases 1 and 2: 1 kHz in both channels reads its level, ±0.1 LU."""
    meter = LoudnessMeter(rate_hz)
    audio = tone(rate_hz, level_db)
    for start in range(0, audio.shape[0], 1711):
        meter.push(audio[start : start + 1711])
    assert meter.momentary_lufs() == pytest.approx(level_db, abs=0.1)
    assert meter.short_term_lufs() == pytest.approx(level_db, abs=0.1)


def test_momentary_forgets_after_400_ms_and_short_term_after_3_s() -> None:
    meter = LoudnessMeter(48_000)
    meter.push(tone(48_000, -20.0))
    meter.push(np.zeros((round(0.5 * 48_000), 2), np.float32))
    assert meter.momentary_lufs() == -np.inf
    assert meter.short_term_lufs() == pytest.approx(-20 + 10 * np.log10(2.5 / 3), abs=0.1)
    meter.push(np.zeros(((3 * 48_000), 2), np.float32))
    assert meter.short_term_lufs() == -np.inf


def test_short_term_of_steady_noise_is_the_engines_loudness() -> None:
    rng = np.random.default_rng(0)
    audio = (0.1 * rng.standard_normal((3 * 48_000, 2)) * [1.0, 0.3]).astype(np.float32)
    meter = LoudnessMeter(48_000)
    meter.push(audio)
    measured = integrated_lufs(audio, 48_000)
    assert measured is not None
    assert meter.short_term_lufs() == pytest.approx(measured, abs=0.1)


def test_pieces_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    audio = rng.uniform(-1, 1, (60_000, 2)).astype(np.float32)
    whole, pieces = LoudnessMeter(48_000), LoudnessMeter(48_000)
    whole.push(audio)
    at = 0
    while at < audio.shape[0]:
        count = int(rng.integers(0, 3000))
        pieces.push(audio[at : at + count])
        at += count
    assert pieces.momentary_lufs() == pytest.approx(whole.momentary_lufs(), abs=1e-9)


def test_peaks() -> None:
    audio = np.array([[0.5, -1.0], [-0.25, 0.1]], np.float32)
    assert peaks_db(audio) == pytest.approx((-6.0206, 0.0), abs=1e-3)
    assert peaks_db(audio[:0]) == (-np.inf, -np.inf)


def test_a_peak_is_held_and_then_falls() -> None:
    hold = PeakHold()
    assert hold.push((-3.0, -6.0), 0.0) == (-3.0, -6.0)
    assert hold.push((-20.0, -2.0), 1.4) == (-3.0, -2.0)
    left, right = hold.push((-90.0, -90.0), 2.0)
    assert left == pytest.approx(-13.0)
    assert right == -2.0
    hold.reset()
    assert hold.push((-90.0, -np.inf), 2.1) == (-90.0, -np.inf)
