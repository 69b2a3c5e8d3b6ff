"""How far two waveforms are apart as spectra: the audio terms on x̂₀.

Left, right, mid and side are compared each for itself: a loss on left and right alone lets the
stereo image collapse, since what is quiet in the side is hidden under the middle. Rejected: a
complex-spectrum loss (the phase of noise is not worth learning).
"""

from dataclasses import replace
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from engine.audio.bands import MelParameters, mel_filterbank

RESOLUTIONS: Final = (512, 1024, 2048)  # windows in samples, the mel's; hops are a quarter
_FLOOR: Final = 1e-4  # of a magnitude: x has unit variance, so this is −80 dB


def powers(x: Tensor, n_fft: int) -> tuple[Tensor, ...]:
    """|STFT|² (B, bins, frames) of (B, 2, L): left, right, mid and side; of (B, 1, L) just the one.

    Scaled so that white noise has its variance in every bin. Mid and side are made of the spectra,
    which saves half of the transforms; real arithmetic alone, for the gradient of a complex
    modulus costs as much as a network's layer.
    """
    window = torch.hann_window(n_fft, device=x.device, dtype=x.dtype)
    window = window / window.square().sum().sqrt()
    flat = x.reshape(-1, x.shape[-1])
    spectrum = torch.stft(flat, n_fft, n_fft // 4, window=window, return_complex=True)
    shaped = spectrum.reshape(*x.shape[:2], *spectrum.shape[1:])
    real, imaginary = shaped.real.contiguous(), shaped.imag.contiguous()
    each = torch.addcmul(real * real, imaginary, imaginary)
    if x.shape[1] == 1:
        return (each[:, 0],)
    left, right = each.unbind(1)
    # |L ± R|² = |L|² + |R|² ± 2 Re(L R*)
    cross = torch.addcmul(real[:, 0] * real[:, 1], imaginary[:, 0], imaginary[:, 1]) / 2
    mean = (left + right) / 4
    return left, right, (mean + cross).clamp_min(0), (mean - cross).clamp_min(0)


def audio_distances(
    ours: Tensor,
    theirs: Tensor,
    *,
    rate_hz: int,
    spectral: float,
    log_mel: float,
    above_hz: float = 0.0,
    resolutions: tuple[int, ...] = RESOLUTIONS,
) -> Tensor:
    """Weighted sum of both distances of each item, (B,), of (B, C, L) audio; `theirs` is real.

    spectral: mean |ln S − ln Ŝ| plus spectral convergence ‖S − Ŝ‖/‖S‖, averaged over resolutions
    and views, of the spectrum above `above_hz` (Yamamoto et al., arXiv 1910.11480, eqs. 4 to 6).
    log_mel: mean |Δ ln amplitude| of the mel's bands, each through its own window.
    """
    total = ours.new_zeros(ours.shape[0])
    filters = mel_filters(rate_hz) if log_mel else {}
    for n_fft in resolutions if spectral else tuple(filters):
        with torch.no_grad():
            references = powers(theirs, n_fft)
        pairs = list(zip(powers(ours, n_fft), references, strict=True))
        lowest = round(above_hz * n_fft / rate_hz)
        for made, real in pairs:
            if spectral:
                share = spectral / len(resolutions) / len(pairs)
                total = total + share * _stft_distance(made[:, lowest:], real[:, lowest:])
            if n_fft in filters:
                bank = filters[n_fft].to(ours.device, ours.dtype)
                share = log_mel * len(bank) / MelParameters().n_mels / len(pairs)
                total = total + share * _log_distance(bank @ made, bank @ real)
    return total


def _log_distance(made: Tensor, real: Tensor) -> Tensor:
    """Mean |ln S − ln Ŝ| of magnitudes from (B, bins, frames) powers, (B,)."""
    return ((made + _FLOOR**2).log() - (real + _FLOOR**2).log()).abs().mean(dim=(1, 2)) / 2


def _stft_distance(made: Tensor, real: Tensor) -> Tensor:
    """Log-magnitude distance plus spectral convergence of powers, (B,)."""
    magnitude, wanted = (made + _FLOOR**2).sqrt(), (real + _FLOOR**2).sqrt()
    off = torch.linalg.vector_norm(magnitude - wanted, dim=(1, 2))
    scale = torch.linalg.vector_norm(wanted, dim=(1, 2))
    # A view that is silent has no scale; its level counts in the logarithms alone.
    audible = scale > 10 * _FLOOR * (real.shape[1] * real.shape[2]) ** 0.5
    convergence: Tensor = off / scale.clamp_min(_FLOOR) * audible
    return _log_distance(made, real) + convergence


@lru_cache(maxsize=4)
def mel_filters(rate_hz: int) -> dict[int, Tensor]:
    """The default mel's filters by window, (bands, n_fft // 2 + 1) each, up to the Nyquist rate."""
    mel = replace(MelParameters(), rate_hz=rate_hz, fmax_hz=rate_hz / 2)
    return {
        n_fft: torch.from_numpy(mel_filterbank(mel, n_fft)[bands].copy())
        for n_fft, bands in mel.window_bands()
    }
