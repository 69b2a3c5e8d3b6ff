"""Any rate to the device's, before anything is played.

soxr converts what has two ends. A loop is resampled as the periodic signal it is, by FFT, so that
its seam stays a seam: soxr cannot be told a period.

Rejected: leaving it to the sound system (some drop the last samples, some refuse 16 kHz), and
resampling in the audio callback (it would have to allocate, and a loop's wrap would not be exact).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_FLUSH_SAMPLES: Final = 64  # more than soxr's own rounding of a length, in input samples


def to_rate(
    audio: NDArray[np.float32], rate_in_hz: int, rate_out_hz: int, *, periodic: bool
) -> NDArray[np.float32]:
    """(samples, 2) at one rate → (round(samples · out / in), 2) at another, contiguous float32."""
    if rate_in_hz == rate_out_hz:
        return np.ascontiguousarray(audio, np.float32)
    n_out = max(1, round(audio.shape[0] * rate_out_hz / rate_in_hz))
    if periodic:
        return _periodic(audio, n_out)
    import soxr  # noqa: PLC0415 - only where something is converted

    flushed = np.pad(audio, ((0, _FLUSH_SAMPLES), (0, 0)))
    return np.ascontiguousarray(
        soxr.resample(flushed, rate_in_hz, rate_out_hz, quality="VHQ")[:n_out], np.float32
    )


def _periodic(audio: NDArray[np.float32], n_out: int) -> NDArray[np.float32]:
    """One period resampled to `n_out` samples by cutting or padding its spectrum.

    Both channels travel in one complex FFT. The Nyquist bin of an even length, where a band-limited
    loop has nothing, is dropped: it could not be placed without guessing its phase.
    """
    n_in = audio.shape[0]
    spectrum = np.fft.fft(audio[:, 0] + 1j * audio[:, 1].astype(np.float64))
    kept = (min(n_in, n_out) - 1) // 2  # bins on each side of 0
    resized = np.zeros(n_out, np.complex128)
    resized[: kept + 1] = spectrum[: kept + 1]
    if kept:
        resized[-kept:] = spectrum[-kept:]
    pair = np.fft.ifft(resized) * (n_out / n_in)
    return np.stack([pair.real, pair.imag], axis=1).astype(np.float32)
