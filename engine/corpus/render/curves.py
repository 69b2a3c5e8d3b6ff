"""Gains over time: made at a control rate, spread over the samples; and filters that move.

A moving filter is a gain per frequency and moment, applied between a short Fourier transform and
its inverse (Hann frames at half overlap add up to one): no recursion, no zipper noise, and it
cannot become unstable. Rejected: state-variable filters in blocks (Python per block).
"""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from engine.corpus.render.canvas import RATE_HZ, Signal

CONTROL: Final = 24  # samples per control value: 1 ms
FRAME: Final = 1024
HOP: Final = FRAME // 2
BIN_HZ: Final = (np.arange(FRAME // 2 + 1) * (RATE_HZ / FRAME)).astype(np.float32)


def spread(control: NDArray[np.floating], frames: int, *, step: int = CONTROL) -> Signal:
    """(k,) values at every `step`-th sample → (frames,) joined by straight lines."""
    control = np.asarray(control, np.float32)
    following = np.append(control[1:], control[-1])
    ramp = np.arange(step, dtype=np.float32) / np.float32(step)
    lines = control[:, None] + (following - control)[:, None] * ramp
    return np.asarray(lines.reshape(-1)[:frames])


def control_steps(frames: int, *, step: int = CONTROL) -> int:
    """Control values that cover `frames` samples."""
    return -(-frames // step)


def moving_filter(signal: Signal, gains: NDArray[np.float32]) -> Signal:
    """Filter with a gain curve per moment.

    Args:
        signal: (channels, samples).
        gains: (moments(samples), FRAME / 2 + 1).

    Returns:
        (channels, samples).
    """
    channels, samples = signal.shape
    count = moments(samples)
    padded = np.zeros((channels, (count + 1) * HOP), np.float32)
    padded[:, HOP : HOP + samples] = signal
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    frames = sliding_window_view(padded, FRAME, axis=1)[:, ::HOP] * window
    spectra = fft.rfft(frames, axis=-1)
    spectra *= gains[:count]
    frames = fft.irfft(spectra, FRAME, axis=-1)
    out = frames[:, :, :HOP]
    out[:, 1:] += frames[:, :-1, HOP:]
    return np.ascontiguousarray(out.reshape(channels, -1)[:, HOP : HOP + samples], np.float32)


def moments(samples: int) -> int:
    """Frames that `moving_filter` cuts a signal into; frame k is centred on sample k · HOP."""
    return -(-samples // HOP) + 1


def low_pass_gains(cutoff_hz: NDArray[np.float32], *, resonance: float = 1.1) -> Signal:
    """(k,) cutoffs → (k, FRAME / 2 + 1) gains of a resonant four-pole low-pass.

    Cutoffs are rounded to a sixteenth of an octave: a table look-up in place of a million powers.
    """
    steps = np.round(16 * np.log2(np.clip(cutoff_hz, 40, 12_000) / 40)).astype(np.int64)
    distinct, index = np.unique(steps, return_inverse=True)
    ratio = (BIN_HZ / (40 * 2 ** (distinct[:, None] / 16))) ** 2
    table = 1 / ((1 - ratio) ** 2 + ratio * (1.4 / resonance) ** 2)
    return np.asarray(table.astype(np.float32)[index])
