"""The stereo log-mel, the image between the cascade's stages.

Scale: a band's power is in mean-square units, Σ_k f_mk · 2|X_k|² / (n_fft · Σw²), with triangular
filters of peak 1. The bands add up to the mean square of the windowed signal wherever filters
overlap, so 0 dB is the mean square of a full-scale square wave and a full-scale sine sums to
−3.01 dB, whichever window a band is seen through. Frames are aligned as `engine.audio.spectral`
says: frame i belongs to samples [i·hop, (i+1)·hop).

Rejected: area-normalised filters (the bands would no longer add up), and left and right as two
level images (panning would be the small difference of two large numbers).
"""

import numpy as np
from numpy.typing import NDArray

from engine.audio.bands import MelParameters, mean_square_scale, mel_filterbank
from engine.audio.spectral import stft


def mel_power(
    audio: NDArray[np.float32], parameters: MelParameters, *, circular: bool = False
) -> NDArray[np.float32]:
    """Mean-square band powers, (channels, n_mels, frames), of audio (samples, channels)."""
    parts = []
    for n_fft, bands in parameters.window_bands():
        spectrum = stft(
            audio,
            n_fft=n_fft,
            hop_samples=parameters.hop_samples,
            padding="circular" if circular else "reflect",
        )  # (channels, frames, bins)
        power = spectrum.real**2
        power += spectrum.imag**2
        filters = mel_filterbank(parameters, n_fft)[bands]
        parts.append(power @ (filters.T * np.float32(mean_square_scale(n_fft))))
    return np.ascontiguousarray(np.swapaxes(np.concatenate(parts, axis=2), 1, 2))


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
    return mel_of_powers(mel_power(audio, parameters, circular=circular), parameters)


def mel_of_powers(powers: NDArray[np.float32], parameters: MelParameters) -> NDArray[np.float32]:
    """`stereo_mel` from band powers (2, n_mels, frames) of left and right."""
    left, right = powers
    floor = np.float32(10 ** (parameters.level_floor_db / 10))
    level_db = 10 * np.log10(np.maximum((left + right) / 2, floor))
    difference_db = 10 * np.log10((left + floor) / (right + floor))
    span_db = parameters.level_ceil_db - parameters.level_floor_db
    level = 2 * (level_db - parameters.level_floor_db) / span_db - 1
    mel = np.concatenate([level, difference_db / parameters.difference_range_db])
    clipped: NDArray[np.float32] = np.clip(mel, -1, 1, dtype=np.float32)
    return clipped
