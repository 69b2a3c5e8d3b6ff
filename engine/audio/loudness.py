"""Loudness, true peak, and the one gain that brings a clip to its level.

The gain is linear: a limiter would spend the transients that producers want to shape themselves,
so where the target loudness and the ceiling disagree, the ceiling wins and the clip stays quieter.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

BLOCK_S: Final = 0.4  # BS.1770-4's gating block
_LOOP_MINIMUM_S: Final = 3.0
_OVERSAMPLING: Final = 4
_TAPS: Final = 32  # per phase; BS.1770-4's example has 12
_KAISER_BETA: Final = 6.0
_PEAK_BLOCK: Final = 64  # samples per row of the matrix product


def integrated_lufs(
    audio: NDArray[np.float32], rate_hz: int, *, periodic: bool = False
) -> float | None:
    """Gated integrated loudness (ITU-R BS.1770-4), None where all is below the −70 LUFS gate.

    A loop is heard round its seam (repeated to at least 3 s). A one-shot shorter than a gating
    block is measured as one block that it shares with silence.

    Args:
        audio: (samples, channels).
        rate_hz: sample rate.
        periodic: the clip is a loop.
    """
    samples = audio.shape[0]
    block = int(np.ceil(BLOCK_S * rate_hz)) + 1
    if samples == 0 or not np.any(audio):
        return None
    if periodic:
        length = max(samples + block, round(_LOOP_MINIMUM_S * rate_hz))
        heard = np.take(audio, np.arange(length), axis=0, mode="wrap")
    else:
        heard = np.pad(audio, ((0, max(0, block - samples)), (0, 0)))
    import pyloudnorm  # noqa: PLC0415 - pulls in scipy.signal, a second of start-up

    meter = pyloudnorm.Meter(rate_hz)
    loudness = float(meter.integrated_loudness(heard.astype(np.float64)))
    return loudness if np.isfinite(loudness) else None


def true_peak_dbtp(audio: NDArray[np.float32], *, periodic: bool = False) -> float | None:
    """True peak in dBTP over all channels, 4× oversampled (BS.1770-4, Annex 2); None for silence.

    Args:
        audio: (samples, channels), at any rate.
        periodic: the clip is a loop: the interpolation looks round the seam.
    """
    half = _TAPS // 2
    samples = audio.shape[0]
    if samples == 0:
        return None
    blocks = -(-samples // _PEAK_BLOCK)
    length = blocks * _PEAK_BLOCK + _TAPS - 1
    rows = np.ascontiguousarray(audio.T, np.float32)  # (channels, samples)
    if periodic:
        padded = np.take(rows, np.arange(1 - half, length + 1 - half), axis=1, mode="wrap")
    else:
        padded = np.pad(rows, ((0, 0), (half - 1, length - samples - half + 1)))
    windows = sliding_window_view(padded, _PEAK_BLOCK + _TAPS - 1, axis=1)[:, ::_PEAK_BLOCK]
    between = windows @ _interpolation_matrix()  # (channels, blocks, 3 · _PEAK_BLOCK)
    peak = float(max(np.max(rows), -np.min(rows), np.max(between), -np.min(between)))
    return float(20 * np.log10(peak)) if peak > 0 else None


def level(
    audio: NDArray[np.float32],
    rate_hz: int,
    *,
    loudness_lufs: float | None,
    ceiling_dbtp: float | None,
    periodic: bool = False,
) -> tuple[NDArray[np.float32], float]:
    """Bring a clip to a loudness with one gain, never above the ceiling.

    Args:
        audio: (samples, channels).
        rate_hz: sample rate.
        loudness_lufs: target integrated loudness; None leaves the level alone.
        ceiling_dbtp: true-peak ceiling; None is no ceiling.
        periodic: the clip is a loop.

    Returns:
        The audio and the gain in dB. Silence comes back as it is, with 0 dB.
    """
    measured = None
    if loudness_lufs is not None:
        measured = integrated_lufs(audio, rate_hz, periodic=periodic)
    peak_dbtp = true_peak_dbtp(audio, periodic=periodic)
    gain_db = level_gain_db(
        measured, peak_dbtp, loudness_lufs=loudness_lufs, ceiling_dbtp=ceiling_dbtp
    )
    return with_gain(audio, gain_db), gain_db


def level_gain_db(
    measured_lufs: float | None,
    peak_dbtp: float | None,
    *,
    loudness_lufs: float | None,
    ceiling_dbtp: float | None,
) -> float:
    """The gain of `level` from what was measured (None: silence) and the two targets."""
    if peak_dbtp is None:
        return 0.0
    gain_db = 0.0
    if loudness_lufs is not None and measured_lufs is not None:
        gain_db = loudness_lufs - measured_lufs
    return gain_db if ceiling_dbtp is None else min(gain_db, ceiling_dbtp - peak_dbtp)


def with_gain(audio: NDArray[np.float32], gain_db: float) -> NDArray[np.float32]:
    """The audio louder by `gain_db`; at 0 dB the very same array."""
    return audio if gain_db == 0 else audio * np.float32(10 ** (gain_db / 20))


@lru_cache(maxsize=1)
def _interpolation_matrix() -> NDArray[np.float32]:
    """(_PEAK_BLOCK + taps − 1, 3 · _PEAK_BLOCK): three filters for every sample of a block.

    Three times the arithmetic of a plain convolution, but as one matrix product ten times faster.
    """
    matrix = np.zeros((_PEAK_BLOCK + _TAPS - 1, 3, _PEAK_BLOCK), np.float32)
    for sample in range(_PEAK_BLOCK):
        matrix[sample : sample + _TAPS, :, sample] = _interpolation_filters()
    return matrix.reshape(matrix.shape[0], -1)


def _interpolation_filters() -> NDArray[np.float32]:
    """(taps, 3): windowed-sinc interpolation at ¼, ½ and ¾ of a sample, unity at DC."""
    positions = np.arange(_TAPS) - _TAPS // 2 + 1
    columns = []
    for phase in range(1, _OVERSAMPLING):
        distance = positions - phase / _OVERSAMPLING
        inside = np.clip(1 - (distance / (_TAPS / 2)) ** 2, 0, 1)
        taps = np.sinc(distance) * np.i0(_KAISER_BETA * np.sqrt(inside))
        columns.append(taps / taps.sum())
    return np.stack(columns, axis=1).astype(np.float32)
