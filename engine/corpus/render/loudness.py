"""Loudness and the compressors that steer by it, quick enough for a corpus.

Integrated loudness follows ITU-R BS.1770-4 with the K-weighting applied to spectra of 100 ms
pieces in place of filters over samples: within 0.15 LU of pyloudnorm, in a fifth of the
time. The number that ships is checked by engine.audio.loudness in the tests.
"""

from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy import signal as dsp

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.curves import CONTROL, spread

_PIECE: Final = RATE_HZ // 10
_PIECES_PER_BLOCK: Final = 4  # 400 ms
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
_OFFSET_LUFS: Final = -0.691
_ACTIVE_PIECE: Final = 4096
_LOOK_MS: Final = 30
_TAPS: Final = 32
_KAISER_BETA: Final = 6.0


@lru_cache(maxsize=1)
def _k_weights() -> NDArray[np.float32]:
    """Power response of BS.1770-4's two filters at the bins of a piece.

    Their analogue prototypes: a shelf of +4 dB at 1682 Hz, a high-pass at 38 Hz (De Man 2018,
    https://github.com/BrechtDeMan/loudness.py).
    """
    s = 2j * np.pi * fft.rfftfreq(_PIECE, 1 / RATE_HZ)
    w = 2 * np.pi * 1681.974450955533
    high, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    middle = high**0.4996667741545416
    shelf = (high * s**2 + middle * w * s / q + w**2) / (s**2 + w * s / q + w**2)
    v = 2 * np.pi * 38.13547087602444
    rumble = s**2 / (s**2 + v * s / 0.5003270373238773 + v**2)
    return np.asarray(np.abs(shelf * rumble) ** 2, np.float32)


def integrated_lufs(signal: Signal) -> float:
    """Gated loudness of (channels, samples); −inf where all is under the gate."""
    pieces = signal.shape[1] // _PIECE
    if pieces < _PIECES_PER_BLOCK:
        signal = np.resize(signal, (signal.shape[0], _PIECES_PER_BLOCK * _PIECE))
        pieces = _PIECES_PER_BLOCK
    cut = signal[:, : pieces * _PIECE].reshape(signal.shape[0], pieces, _PIECE)
    spectra = fft.rfft(cut, axis=-1)
    power = spectra.real**2 + spectra.imag**2
    energy = np.einsum("cpf,f->p", power, _k_weights()) * (2.0 / _PIECE**2)
    blocks = np.convolve(energy, np.full(_PIECES_PER_BLOCK, 1 / _PIECES_PER_BLOCK), mode="valid")
    loud = blocks[blocks > _energy(_ABSOLUTE_GATE_LUFS)]
    if loud.size == 0:
        return -np.inf
    loud = loud[loud > np.mean(loud) * 10 ** (_RELATIVE_GATE_LU / 10)]
    return float(_OFFSET_LUFS + 10 * np.log10(np.mean(loud)))


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))


def active_level_db(signal: Signal) -> float:
    """Level of a part while it plays, dB; −inf for silence.

    Mean power of the pieces within 20 dB of the loudest, highs weighted as in BS.1770 but lows
    left alone: a sub bass measured through the K high-pass would be mixed too loud.
    """
    pieces = signal.shape[1] // _ACTIVE_PIECE
    if pieces == 0:
        return float(10 * np.log10(np.mean(signal**2) + 1e-30))
    cut = signal[:, : pieces * _ACTIVE_PIECE].reshape(signal.shape[0], pieces, _ACTIVE_PIECE)
    cut = cut[..., : _ACTIVE_PIECE // 2]  # every second 85 ms are enough
    edge = np.zeros_like(cut)
    np.subtract(cut[..., 1:], np.float32(0.6) * cut[..., :-1], out=edge[..., 1:])
    power = np.einsum("cpn,cpn->p", edge, edge) + 0.5 * np.einsum("cpn,cpn->p", cut, cut)
    power = power / (_ACTIVE_PIECE // 2 * signal.shape[0])
    top = float(power.max())
    if top < 1e-12:
        return -np.inf
    return float(10 * np.log10(power[power > 0.01 * top].mean()))


def peaks(signal: Signal) -> NDArray[np.float32]:
    """(control steps,) peak per millisecond over channels, halfway values included."""
    frames = signal.shape[1]
    count = -(-frames // CONTROL)
    padded = np.zeros((signal.shape[0], count * CONTROL + 3), np.float32)
    padded[:, 1 : frames + 1] = signal
    between = 9.0 * (padded[:, 1:-2] + padded[:, 2:-1]) - padded[:, :-3] - padded[:, 3:]
    high = np.maximum(np.abs(padded[:, 1:-2]), np.abs(between) * np.float32(1 / 16)).max(axis=0)
    highest = high[::CONTROL].copy()
    for step in range(1, CONTROL):  # ten times faster than a maximum along a short axis
        np.maximum(highest, high[step::CONTROL], out=highest)
    return np.asarray(highest, np.float32)


def true_peak(signal: Signal) -> float:
    """True peak of (channels, samples), 4× oversampled, looked for round a loop's seam, too.

    Only samples within 6 dB of the highest are interpolated around.
    """
    magnitude = np.abs(signal)
    highest = float(magnitude.max(initial=0.0))
    channel, at = np.nonzero(magnitude > 0.5 * highest)
    if at.size == 0:
        return highest
    reach = np.arange(-_TAPS // 2, _TAPS // 2)
    around = np.take(
        signal.ravel(),
        channel[:, None] * signal.shape[1] + np.mod(at[:, None] + reach, signal.shape[1]),
    )
    return max(highest, float(np.abs(around @ _interpolators()).max()))


@lru_cache(maxsize=1)
def _interpolators() -> NDArray[np.float32]:
    """(_TAPS, 6): values ¼, ½ and ¾ of a sample before and after the middle tap."""
    reach = np.arange(-_TAPS // 2, _TAPS // 2)
    columns = []
    for phase in (-0.75, -0.5, -0.25, 0.25, 0.5, 0.75):
        distance = reach - phase
        inside = np.clip(1 - (2 * distance / _TAPS) ** 2, 0, 1)
        taps = np.sinc(distance) * np.i0(_KAISER_BETA * np.sqrt(inside))
        columns.append(taps / taps.sum())
    return np.stack(columns, axis=1).astype(np.float32)


def limiter_curve(
    peaks_per_ms: NDArray[np.float32], ceiling: float, frames: int, *, periodic: bool
) -> Signal:
    """(frames,) gain that keeps peaks under the ceiling, moving within 30 ms around each."""
    needed = np.minimum(1.0, ceiling / np.maximum(peaks_per_ms, 1e-9)).astype(np.float32)
    mode: Literal["wrap", "nearest"] = "wrap" if periodic else "nearest"
    held = ndimage.minimum_filter1d(needed, 2 * _LOOK_MS + 1, mode=mode)
    window = np.hanning(2 * _LOOK_MS + 1).astype(np.float32)  # inside the minimum's reach
    smooth = ndimage.convolve1d(held, window / window.sum(), mode=mode)
    return spread(smooth, frames)


def glue_curve(signal: Signal, amount: float) -> Signal:
    """(samples,) gain of a slow 2:1 compressor over the whole mix."""
    frames = signal.shape[1]
    count = frames // CONTROL
    power = np.mean(
        signal[:, : count * CONTROL].reshape(signal.shape[0], count, CONTROL) ** 2, (0, 2)
    )
    b, a = dsp.butter(1, 12.0, fs=1000)
    smooth = np.asarray(dsp.lfilter(b, a, power))
    threshold = 1.2 * float(np.mean(power)) + 1e-12
    over_db = 10 * np.log10(np.maximum(smooth / threshold, 1.0))
    gain = 10 ** (-0.5 * amount * over_db / 20)
    gain = np.append(gain, gain[-1:]) if count else np.ones(1)
    return spread(gain.astype(np.float32), frames)
