"""Multi-window frames in torch: the twin of `engine.audio.frames`, for training.

The definitions are there; the two are compared number by number in the tests.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from engine.audio.bands import (
    CORRECTIONS,
    MOST_CORRECTION,
    QUIET,
    MelParameters,
    envelope_matrix,
    frame_filters,
    frame_windows,
    hann_window,
)

_FLOOR_MEAN_SQUARE: Final = 1e-10  # of full scale: −100 dB of white noise


class FrameSpace:
    """Magnitudes of audio in the frames of a mel, and the envelope that the mel promises.

    Args:
        parameters: what the mel's channels mean.
        device: of the tensors.
    """

    def __init__(self, parameters: MelParameters, device: torch.device) -> None:
        self._parameters = parameters
        self._windows = frame_windows(parameters)
        self._hann = [torch.hann_window(w.n_fft, device=device) for w in self._windows]
        matrices = [envelope_matrix(parameters, w.n_fft)[w.bins] for w in self._windows]
        self._envelope = torch.from_numpy(np.concatenate(matrices)).to(device)
        self._measured, self._spread = (
            torch.from_numpy(matrix.copy()).to(device) for matrix in frame_filters(parameters)
        )
        floors = [
            np.full(len(w.weights), _FLOOR_MEAN_SQUARE * np.sum(hann_window(w.n_fft) ** 2))
            for w in self._windows
        ]
        self._floor = torch.from_numpy(np.sqrt(np.concatenate(floors)).astype(np.float32))
        self._floor = self._floor.to(device)[:, None]

    def log_magnitudes(self, audio: Tensor) -> Tensor:
        """Audio (B, 2, n) → ln|STFT| of left, right and side (B, 3, bins, n / hop), floored."""
        side = (audio[:, :1] - audio[:, 1:]) / 2
        three = torch.cat([audio, side], dim=1)
        parts = []
        for window, hann in zip(self._windows, self._hann, strict=True):
            spectrum = self._stft(three, window.n_fft, hann)[:, :, window.bins]
            parts.append(spectrum.real**2 + spectrum.imag**2)
        return (torch.cat(parts, dim=2) + self._floor**2).log() / 2

    def powers(self, mel: Tensor) -> Tensor:
        """Mel (B, 160, T) → band powers of left and right, (B, 2, bands, T)."""
        p = self._parameters
        level, difference = mel.clamp(-1, 1).chunk(2, dim=1)
        span_db = p.level_ceil_db - p.level_floor_db
        middle = 10 ** ((p.level_floor_db + (level + 1) / 2 * span_db) / 10)
        ratio = 10 ** (difference * (p.difference_range_db / 10))
        right = 2 * middle / (1 + ratio)
        return torch.stack([ratio * right, right], dim=1)

    def log_envelope(self, powers: Tensor) -> Tensor:
        """Band powers (B, 2, bands, T) → ln of the magnitudes they promise, (B, 2, bins, T)."""
        return (self._envelope @ powers + self._floor**2).log() / 2

    def corrected(self, log_magnitudes: Tensor, powers: Tensor) -> Tensor:
        """Log-magnitudes (B, 2, bins, T) whose bands have these powers (B, 2, bands, T)."""
        for _ in range(CORRECTIONS):
            bands = self._measured @ (2 * log_magnitudes).exp()
            lacking = ((powers + QUIET) / (bands + QUIET)).log()
            lacking = lacking.clamp(-MOST_CORRECTION, MOST_CORRECTION) / 2
            log_magnitudes = log_magnitudes + self._spread @ lacking
        return log_magnitudes

    def _stft(self, audio: Tensor, n_fft: int, hann: Tensor) -> Tensor:
        """(B, C, n) → complex (B, C, bins, n / hop), aligned as `engine.audio.spectral`."""
        hop = self._parameters.hop_samples
        left = (n_fft - hop) // 2
        padded = pad(audio, (left, n_fft - hop - left), mode="reflect").flatten(0, 1)
        spectrum = torch.stft(padded, n_fft, hop, window=hann, center=False, return_complex=True)
        return spectrum.reshape(*audio.shape[:2], *spectrum.shape[1:])
