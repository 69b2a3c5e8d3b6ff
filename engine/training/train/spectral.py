"""How far two waveforms are apart as spectra: the audio terms on x̂₀.

Left, right, mid and side are compared each for itself: a loss on left and right alone lets the
stereo image collapse, since what is quiet in the side is hidden under the middle. Rejected: a
complex-spectrum loss (the phase of noise is not worth learning).
"""

from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

RESOLUTIONS: Final = (256, 512, 1024, 2048)  # windows in samples; hops are a quarter
_FLOOR: Final = 1e-4  # of a magnitude: x has unit variance, so this is −80 dB
_MEL_FFT: Final = 1024
_MEL_BANDS: Final = 80


def views(x: Tensor, n_fft: int) -> tuple[Tensor, ...]:
    """STFTs (B, bins, frames) of (B, 2, L): left, right, mid and side; of (B, 1, L) just the one.

    Scaled so that white noise has its variance in every bin. Mid and side are made of the spectra,
    which saves half of the transforms; kept apart, no view is copied.
    """
    window = torch.hann_window(n_fft, device=x.device, dtype=x.dtype)
    window = window / window.square().sum().sqrt()
    flat = x.reshape(-1, x.shape[-1])
    spectrum = torch.stft(flat, n_fft, n_fft // 4, window=window, return_complex=True)
    channels = spectrum.reshape(*x.shape[:2], *spectrum.shape[1:]).unbind(1)
    if len(channels) == 1:
        return channels
    left, right = channels
    return left, right, (left + right) / 2, (left - right) / 2


def audio_distances(
    ours: Tensor,
    theirs: Tensor,
    *,
    rate_hz: int,
    spectral: float,
    log_mel: float,
    resolutions: tuple[int, ...] = RESOLUTIONS,
) -> Tensor:
    """Weighted sum of both distances of each item, (B,), of (B, C, L) audio; `theirs` is real.

    spectral: mean |ln S − ln Ŝ| plus spectral convergence ‖S − Ŝ‖/‖S‖, averaged over resolutions
    and views (Yamamoto et al., arXiv 1910.11480, eqs. 4 to 6). log_mel: mean |Δ ln amplitude| of
    mel bands, at one resolution.
    """
    total = ours.new_zeros(ours.shape[0])
    for n_fft in resolutions if spectral else (_MEL_FFT,):
        pairs = list(zip(views(ours, n_fft), views(theirs, n_fft), strict=True))
        for view, reference in pairs:
            made, real = view.abs(), reference.abs()
            if spectral:
                share = spectral / len(resolutions) / len(pairs)
                total = total + share * _stft_distance(made, real)
            if log_mel and n_fft == _MEL_FFT:
                filters = mel_filters(rate_hz).to(ours.device, ours.dtype)
                bands = [(filters @ s.square() + _FLOOR**2).sqrt() for s in (made, real)]
                total = total + log_mel / len(pairs) * _log_distance(*bands)
    return total


def _log_distance(made: Tensor, real: Tensor) -> Tensor:
    """Mean |ln S − ln Ŝ| of (B, bins, frames) magnitudes, (B,)."""
    return ((made + _FLOOR).log() - (real + _FLOOR).log()).abs().mean(dim=(1, 2))


def _stft_distance(made: Tensor, real: Tensor) -> Tensor:
    """Log-magnitude distance plus spectral convergence, (B,)."""
    off = torch.linalg.vector_norm(made - real, dim=(1, 2))
    scale = torch.linalg.vector_norm(real, dim=(1, 2))
    # A view that is silent has no scale; its level counts in the logarithms alone.
    audible = scale > 10 * _FLOOR * (real.shape[1] * real.shape[2]) ** 0.5
    convergence: Tensor = off / scale.clamp_min(_FLOOR) * audible
    return _log_distance(made, real) + convergence


@lru_cache(maxsize=4)
def mel_filters(rate_hz: int, *, n_fft: int = _MEL_FFT, bands: int = _MEL_BANDS) -> Tensor:
    """Triangular filters of peak 1 on HTK's scale, (bands, bins), 20 Hz to the Nyquist rate.

    `engine.audio.mel.mel_filterbank` is the same and needs scipy.
    """
    ends = 2595 * torch.log10(1 + torch.tensor([20.0, rate_hz / 2], dtype=torch.float64) / 700)
    mels = torch.linspace(float(ends[0]), float(ends[1]), bands + 2, dtype=torch.float64)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * rate_hz / n_fft
    left, centre, right = (edges[i : i + bands, None] for i in range(3))
    rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
    return torch.minimum(rising, falling).clamp_min(0).float()
