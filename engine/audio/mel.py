"""The stereo log-mel, the image between the cascade's stages, and its inverse to band powers.

Scale: a band's power is in mean-square units, Σ_k f_mk · 2|X_k|² / (n_fft · Σw²), with triangular
filters of peak 1. The bands add up to the mean square of the windowed signal wherever filters
overlap, so 0 dB is the mean square of a full-scale square wave and a full-scale sine sums to
−3.01 dB. Frames are aligned as `engine.audio.spectral` says: frame i belongs to samples
[i·hop, (i+1)·hop).

Rejected: area-normalised filters inside `stereo_mel` (the bands would no longer add up), and
left and right as two level images (panning would be the small difference of two large numbers).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.audio.spectral import hann, stft

MelScale = Literal["htk", "slaney"]

# Slaney's scale: linear below 1 kHz, then 27 steps for each factor of 6.4 (Auditory Toolbox, 1998).
_SLANEY_HZ_PER_MEL: Final = 200 / 3
_SLANEY_BREAK_HZ: Final = 1000.0
_SLANEY_BREAK_MEL: Final = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP: Final = np.log(6.4) / 27


@dataclass(frozen=True, kw_only=True)
class MelParameters:
    """What makes one mel comparable with another; the fields of a bundle's MelSpec.

    Attributes:
        rate_hz: sample rate of the audio.
        n_fft: window in samples.
        hop_samples: samples per frame.
        n_mels: bands; the mel has twice as many channels.
        fmin_hz, fmax_hz: lower edge of the first band and upper edge of the last.
        scale: "htk" or "slaney".
        level_floor_db, level_ceil_db: band levels that map to −1 and +1.
        difference_range_db: left − right difference that maps to +1.
    """

    rate_hz: int = 16_000
    n_fft: int = 1024
    hop_samples: int = 160
    n_mels: int = 80
    fmin_hz: float = 20.0
    fmax_hz: float = 8_000.0
    scale: MelScale = "htk"
    level_floor_db: float = -100.0
    level_ceil_db: float = 0.0
    difference_range_db: float = 24.0


def hz_to_mel(hz: float | NDArray[np.float64], scale: MelScale) -> NDArray[np.float64]:
    """Hertz to mels: HTK's 2595·log10(1 + f/700), or Slaney's linear-then-logarithmic scale."""
    values = np.asarray(hz, np.float64)
    if scale == "htk":
        return np.asarray(2595 * np.log10(1 + values / 700), np.float64)
    above = np.log(np.maximum(values, _SLANEY_BREAK_HZ) / _SLANEY_BREAK_HZ) / _SLANEY_LOG_STEP
    return np.asarray(np.minimum(values, _SLANEY_BREAK_HZ) / _SLANEY_HZ_PER_MEL + above, np.float64)


def mel_to_hz(mel: float | NDArray[np.float64], scale: MelScale) -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    values = np.asarray(mel, np.float64)
    if scale == "htk":
        return np.asarray(700 * (10 ** (values / 2595) - 1), np.float64)
    factor = np.exp(_SLANEY_LOG_STEP * np.maximum(values - _SLANEY_BREAK_MEL, 0))
    return np.asarray(np.minimum(values, _SLANEY_BREAK_MEL) * _SLANEY_HZ_PER_MEL * factor)


@lru_cache(maxsize=16)
def mel_filterbank(
    *,
    rate_hz: int,
    n_fft: int,
    n_mels: int,
    fmin_hz: float,
    fmax_hz: float,
    scale: MelScale = "htk",
    area_normalised: bool = False,
) -> NDArray[np.float32]:
    """Triangular filters, (n_mels, n_fft // 2 + 1), read-only.

    Edges are equally spaced in mels from fmin to fmax; the triangles are linear in hertz. Peak 1,
    or area 1 over hertz (Slaney's normalisation).

    Raises:
        ValueError: fmin and fmax are not 0 ≤ fmin < fmax ≤ rate / 2.
    """
    if not 0 <= fmin_hz < fmax_hz <= rate_hz / 2:
        msg = f"no mel bands from {fmin_hz} to {fmax_hz} Hz at {rate_hz} Hz"
        raise ValueError(msg)
    low_mel, high_mel = hz_to_mel(np.array([fmin_hz, fmax_hz]), scale)
    edges = mel_to_hz(np.linspace(low_mel, high_mel, n_mels + 2), scale)
    bins = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    left, centre, right = (edges[start : start + n_mels, None] for start in range(3))
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    filters = np.maximum(0, np.minimum(rising, falling))
    if area_normalised:
        filters *= 2 / (right - left)
    weights = filters.astype(np.float32)
    weights.setflags(write=False)
    return weights


def mel_power(
    audio: NDArray[np.float32], parameters: MelParameters, *, circular: bool = False
) -> NDArray[np.float32]:
    """Mean-square band powers, (channels, n_mels, frames), of audio (samples, channels)."""
    spectrum = stft(
        audio,
        n_fft=parameters.n_fft,
        hop_samples=parameters.hop_samples,
        padding="circular" if circular else "reflect",
    )  # (channels, frames, bins)
    power = spectrum.real**2
    power += spectrum.imag**2
    filters = mel_filterbank(
        rate_hz=parameters.rate_hz,
        n_fft=parameters.n_fft,
        n_mels=parameters.n_mels,
        fmin_hz=parameters.fmin_hz,
        fmax_hz=parameters.fmax_hz,
        scale=parameters.scale,
    )
    bands = power @ (filters.T * np.float32(_mean_square_scale(parameters.n_fft)))
    return np.ascontiguousarray(np.swapaxes(bands, 1, 2))


def stereo_mel(
    audio: NDArray[np.float32], parameters: MelParameters, *, circular: bool = False
) -> NDArray[np.float32]:
    """The stereo log-mel of a clip.

    level = 10·log10(mean power of left and right), difference = 10·log10(P_left / P_right), each
    mapped linearly onto [−1, 1] and clipped. Both powers carry the level floor inside the ratio,
    so that silence has no side.

    Args:
        audio: (samples, 2) at `parameters.rate_hz`.
        parameters: the mel's definition.
        circular: frames wrap around the ends (a loop).

    Returns:
        (2·n_mels, frames), level channels first, frames = ceil(samples / hop).

    Raises:
        ValueError: the audio is empty or not stereo.
    """
    if audio.ndim != 2 or audio.shape[1] != 2:
        msg = f"stereo audio has shape (samples, 2), not {audio.shape}"
        raise ValueError(msg)
    left, right = mel_power(audio, parameters, circular=circular)
    floor = np.float32(10 ** (parameters.level_floor_db / 10))
    level_db = 10 * np.log10(np.maximum((left + right) / 2, floor))
    difference_db = 10 * np.log10((left + floor) / (right + floor))
    span_db = parameters.level_ceil_db - parameters.level_floor_db
    level = 2 * (level_db - parameters.level_floor_db) / span_db - 1
    mel = np.concatenate([level, difference_db / parameters.difference_range_db])
    clipped: NDArray[np.float32] = np.clip(mel, -1, 1, dtype=np.float32)
    return clipped


def band_powers(
    mel: NDArray[np.float32], parameters: MelParameters
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Band powers (left, right), each (…, n_mels, frames), of a mel (…, 2·n_mels, frames).

    The inverse of `stereo_mel` for bands above the floor and differences inside the range; a level
    of −1 or lower is the floor itself.
    """
    level, difference = np.split(mel, 2, axis=-2)
    span_db = parameters.level_ceil_db - parameters.level_floor_db
    level_db = parameters.level_floor_db + (np.clip(level, -1, 1) + 1) / 2 * span_db
    ratio = 10 ** (np.clip(difference, -1, 1) * parameters.difference_range_db / 10)
    right = 2 * 10 ** (level_db / 10) / (1 + ratio)
    return (ratio * right).astype(np.float32), right.astype(np.float32)


def _mean_square_scale(n_fft: int) -> float:
    """|X|² → mean square: one-sided (×2), Parseval's n_fft, the window's own power."""
    return float(2 / (n_fft * np.sum(hann(n_fft).astype(np.float64) ** 2)))
