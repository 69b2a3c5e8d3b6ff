"""What super-resolution adds above 8 kHz, and that it leaves alone what is below.

Above, spectra are compared, since what is added has phases of its own. Below, sound is subtracted
from sound: the low band was given, and anything but silence is damage.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.audio.bands import MelParameters, mean_square_scale
from engine.audio.resample import fft_resample
from engine.audio.spectral import stft

FloatArray = NDArray[np.float32]

RATE_HZ: Final = 24_000
SILENT_DB: Final = -120.0  # a residual below is nothing; −∞ has no mean
NULL_BELOW_HZ: Final = 7_500.0  # the stage's crossover begins above
LOUD_DB: Final = -50.0  # frames below it are not compared
FLOOR_DB: Final = -100.0  # of a spectrum; a full-scale sine shows 0 dB
_N_FFT: Final = 2048
_HOP_SAMPLES: Final = 512
_FADE_S: Final = 0.05
_TINY: Final = 1e-30

# The bands of 7 to 12 kHz alone, linear in hertz: sides in what was added.
HIGH_BANDS: Final = MelParameters(
    rate_hz=RATE_HZ, hop_samples=240, n_mels=16, fmin_hz=7_000.0, fmax_hz=12_000.0,
    break_hz=1e6, windows=((1024, 12_000.0),),
)  # fmt: skip


class Spectra:
    """Log spectra of a real clip beside those of a made one.

    Args:
        real, made: (samples, 2) at 24 kHz.
        loop: the clip wraps around.
    """

    def __init__(self, real: FloatArray, made: FloatArray, *, loop: bool) -> None:
        first, second = _powers(real, loop=loop), _powers(made, loop=loop)
        level = first.mean(axis=0).sum(axis=1) * mean_square_scale(_N_FFT)  # (frames,)
        self._loud = 10 * np.log10(level + _TINY) > LOUD_DB
        self._delta_db = _decibels(first) - _decibels(second)  # (2, frames, bins)

    def distance_db(self, low_hz: float, high_hz: float) -> float:
        """Log-spectral distance of a band in dB; nan where no frame is louder than LOUD_DB.

        The root mean square over the band's bins of Δ 10·log10 |X|², both floored at FLOOR_DB,
        its mean over the loud frames of both channels.
        """
        if not self._loud.any():
            return math.nan
        bins = np.arange(self._delta_db.shape[2]) * RATE_HZ / _N_FFT
        delta = self._delta_db[:, self._loud][:, :, (bins >= low_hz) & (bins <= high_hz)]
        return float(np.sqrt(np.square(delta).mean(axis=2)).mean())


def null_test_db(given: FloatArray, made: FloatArray, *, loop: bool) -> float:
    """Energy of made − given below NULL_BELOW_HZ, relative to given's there, in dB.

    Args:
        given: (samples, 2) at 16 kHz, up-sampled here by FFT.
        made: (samples · 3/2, 2) at 24 kHz.
        loop: the clip wraps around; one with ends is faded, so that they do not ring.

    Returns:
        SILENT_DB or more; nan for silence.
    """
    upsampled = fft_resample(given, len(made), periodic=loop)
    residual, signal = (_low_energy(x, loop=loop) for x in (made - upsampled, upsampled))
    if signal <= _TINY:
        return math.nan
    return max(SILENT_DB, 10 * math.log10(max(residual / signal, _TINY)))


def _powers(audio: FloatArray, *, loop: bool) -> FloatArray:
    """|X|², (2, frames, bins)."""
    spectrum = stft(
        np.ascontiguousarray(audio, np.float32),
        n_fft=_N_FFT,
        hop_samples=_HOP_SAMPLES,
        padding="circular" if loop else "reflect",
    )
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


def _decibels(power: FloatArray) -> FloatArray:
    """In dB of a full-scale sine, whose |X| is half the window's sum: n_fft / 4."""
    relative = power * np.float32((4 / _N_FFT) ** 2)
    floored = np.maximum(relative, np.float32(10 ** (FLOOR_DB / 10)))
    return np.asarray(10 * np.log10(floored), np.float32)


def _low_energy(audio: FloatArray, *, loop: bool) -> float:
    samples = len(audio)
    window = np.ones(samples)
    if not loop:
        fade = min(round(_FADE_S * RATE_HZ), samples // 2)
        rise = np.sin(np.linspace(0, np.pi / 2, fade, endpoint=False)) ** 2
        window[:fade], window[samples - fade :] = rise, rise[::-1]
    spectrum = fft.rfft(audio.astype(np.float64) * window[:, None], axis=0)
    kept = spectrum[: int(NULL_BELOW_HZ * samples / RATE_HZ)]
    return float(np.sum(np.abs(kept) ** 2)) / samples
