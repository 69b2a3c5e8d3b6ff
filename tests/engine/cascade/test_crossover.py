"""The take's band below 7.5 kHz is in the clip to −60 dB, whatever super-resolution made of it."""

import numpy as np
import pytest
from scipy import signal

from engine.cascade.crossover import join_bands

RATE_HZ = 24_000


def band(audio: np.ndarray, low_hz: float, high_hz: float) -> float:
    """RMS between two frequencies, through a window whose side lobes are below −90 dB."""
    windowed = audio * signal.windows.blackmanharris(audio.shape[-1])
    power = np.abs(np.fft.rfft(windowed, axis=-1)) ** 2
    hz = np.fft.rfftfreq(audio.shape[-1], 1 / RATE_HZ)
    return float(np.sqrt(power[:, (hz >= low_hz) & (hz <= high_hz)].sum()))


@pytest.mark.parametrize("loop", [True, False])
def test_low_band_nulls_to_minus_60_db(loop: bool) -> None:
    rng = np.random.default_rng(0)
    low = rng.standard_normal((2, RATE_HZ * 2)).astype(np.float32)
    full = rng.standard_normal((2, RATE_HZ * 2)).astype(np.float32)
    joined = join_bands(low, full, RATE_HZ, loop=loop)
    assert band(joined - low, 0, 7_480) < 1e-3 * band(low, 0, 7_480)
    assert band(joined - full, 7_920, 12_000) < 1e-3 * band(full, 7_920, 12_000)
    assert band(joined - low, 7_500, 12_000) > 0.5 * band(low, 7_500, 12_000)


def test_equal_inputs_pass_unchanged() -> None:
    audio = np.random.default_rng(1).standard_normal((2, 9_999)).astype(np.float32)
    assert np.abs(join_bands(audio, audio, RATE_HZ, loop=False) - audio).max() < 1e-6


def test_a_loop_wraps() -> None:
    rng = np.random.default_rng(2)
    low, full = rng.standard_normal((2, 2, 4_800)).astype(np.float32)
    rolled = join_bands(np.roll(low, 999, -1), np.roll(full, 999, -1), RATE_HZ, loop=True)
    joined = join_bands(low, full, RATE_HZ, loop=True)
    assert np.abs(rolled - np.roll(joined, 999, -1)).max() < 1e-5
