"""The band above 7.5 kHz, made from the one below: band replication with learnt magnitudes.

At 16 kHz a take ends at 8 kHz. A frame (512 samples at 24 kHz, 100 a second) shows a network what
lies between 2 and 7.5 kHz, and it says how loud every bin from there to 12 kHz should be, above or
below the mean of the last 1.5 kHz. The phases are those of the band below, moved up: transients
stay where they are and partials go on from frame to frame,

    X(t, k + s) = X(t, k) · exp(2πi · s · t · hop / n_fft)                for a shift of s bins,

which no network has to learn. Rejected: a waveform network for a band whose phases nobody hears
(trained for 500 steps on the band alone it had hardly left its first loss).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.bands import unit_phases

FloatArray = NDArray[np.float32]
ComplexArray = NDArray[np.complex64]

RATE_HZ: Final = 24_000
N_FFT: Final = 512
HOP: Final = 240
FRAME_RATE_HZ: Final = RATE_HZ // HOP
SEEN: Final = slice(43, 160)  # bins: 2 to 7.5 kHz
MADE: Final = slice(160, 257)  # 7.5 to 12 kHz
BASE: Final = slice(128, 160)  # 6 to 7.5 kHz
_SHIFT: Final = MADE.stop - SEEN.stop
SEEN_BINS: Final = SEEN.stop - SEEN.start
MADE_BINS: Final = MADE.stop - MADE.start
FLOOR_POWER: Final = 1e-8  # of an unscaled Hann frame: −100 dB of white noise is 1.9e-8
CENTRE: Final = -2.0  # nepers; ln|X| of a loud bin is about 3, the floor −9
SPREAD: Final = 4.0


def features(log_power: FloatArray) -> FloatArray:
    """What the network sees: ln|X|² (2, T, bins) → x (1, 2 · SEEN_BINS, T)."""
    seen = (log_power[:, :, SEEN] / 2 - CENTRE) / SPREAD
    return np.ascontiguousarray(np.swapaxes(seen, 1, 2).reshape(1, -1, log_power.shape[1]))


def log_powers(spectrum: ComplexArray) -> FloatArray:
    """ln|X|², floored, of (2, T, bins)."""
    return np.asarray(np.log(spectrum.real**2 + spectrum.imag**2 + FLOOR_POWER), np.float32)


def with_high_band(
    spectrum: ComplexArray, log_power: FloatArray, gains: FloatArray, *, loop: bool
) -> ComplexArray:
    """The spectrum with its upper band.

    Args:
        spectrum: (2, T, bins) of the take at 24 kHz.
        log_power: (2, T, bins), as `log_powers`.
        gains: (2 · MADE_BINS, T) nepers above the mean of the last bins seen.
        loop: the shift is rounded to whole turns in T frames, less than 1 Hz away.

    Returns:
        (2, T, bins).
    """
    sides, frames, _ = spectrum.shape
    base = log_power[:, :, BASE].mean(axis=2, keepdims=True) / 2
    above = np.swapaxes(gains.reshape(sides, MADE_BINS, frames), 1, 2)
    magnitude = np.exp(base + above)
    source = spectrum[:, :, MADE.start - _SHIFT : MADE.stop - _SHIFT]
    turns = _SHIFT * HOP / N_FFT  # per frame
    if loop:
        turns = round(turns * frames) / frames
    turned = np.exp(2j * np.pi * (turns * np.arange(frames) % 1))
    phase = unit_phases(source) * turned[:, None].astype(np.complex64)
    result = spectrum.copy()
    result[:, :, MADE] = magnitude * phase
    return result
