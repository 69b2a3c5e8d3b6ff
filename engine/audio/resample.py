"""Sample-rate conversion: by FFT between the cascade's stages, by soxr for what leaves the house.

The paper up-samples by padding the spectrum with zeros (Noise2Music, section 3 and App. B), which
is exact for a loop. For a clip with ends the FFT would join them, so the clip is first continued
at both ends by linear prediction, fading to silence. Largest error within 5 ms of the ends of
unit sines cut out of longer ones (16 to 24 kHz): 0.0002, where a point reflection gives 0.8, a
mirror 0.7 and silence 0.4.

soxr resamples clips for the 44.1 and 48 kHz hand-off. Loops go through the FFT there too: soxr
cannot be told a period, and where n·rate_out/rate_in is not whole, context alone would leave the
end up to half a sample away from the start.

Rejected: scipy.signal.resample (periodic only, and its import takes longer than our work) and
polyphase filters of our own.
"""

from fractions import Fraction
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import fft

CONTEXT_SAMPLES: Final = 2048  # context at each end of a clip, at the lower of the two rates
_LARGEST_DENOMINATOR: Final = 1000  # 44.1 to 48 kHz is 147:160; beyond, the ratio is taken as is
_FLUSH_SAMPLES: Final = 64  # more than soxr's rounding, in input samples
_PREDICTION_ORDER: Final = 32
_PREDICTION_SPAN: Final = 1024  # samples that the predictor is fitted on
_PREDICTION_REACH: Final = 256  # samples predicted; silence after them
_TINY: Final = 1e-20


def fft_resample(
    audio: NDArray[np.float32], n_out: int, *, periodic: bool = False
) -> NDArray[np.float32]:
    """Resample by zero-padding or cutting the spectrum.

    Args:
        audio: (samples, channels).
        n_out: samples of the result.
        periodic: the clip is a loop: exact for band-limited loops, and the seam stays a seam.

    Returns:
        (n_out, channels).

    Raises:
        ValueError: no samples in or out.
    """
    samples = audio.shape[0]
    if samples == 0 or n_out <= 0:
        msg = f"cannot resample {samples} samples to {n_out}"
        raise ValueError(msg)
    if samples == n_out:
        return np.array(audio, np.float32)
    rows = np.ascontiguousarray(audio.T, np.float32)  # (channels, samples)
    if periodic or samples == 1:
        return np.ascontiguousarray(_resample_spectrum(rows, n_out).T)
    ratio = _simple_ratio(samples, n_out)
    padded, skip = _with_context(rows, ratio)
    out = _resample_spectrum(padded, padded.shape[1] * ratio.numerator // ratio.denominator)
    return np.ascontiguousarray(out[:, skip : skip + n_out].T)


def soxr_resample(
    audio: NDArray[np.float32], rate_in_hz: int, rate_out_hz: int, *, periodic: bool = False
) -> NDArray[np.float32]:
    """Convert (samples, channels) from one rate to another, to exactly round(n·out/in) samples.

    A loop (`periodic`) is resampled with its period, to the last fraction of a sample, by FFT.

    Raises:
        ValueError: no samples, or a rate of 0.
    """
    if audio.shape[0] == 0 or min(rate_in_hz, rate_out_hz) <= 0:
        msg = f"cannot resample {audio.shape[0]} samples from {rate_in_hz} to {rate_out_hz} Hz"
        raise ValueError(msg)
    n_out = round(audio.shape[0] * rate_out_hz / rate_in_hz)
    if periodic or rate_in_hz == rate_out_hz:
        return fft_resample(audio, n_out, periodic=True)
    # soxr rounds its own way: give it a little silence more, and cut
    flushed = np.pad(np.asarray(audio, np.float32), ((0, _FLUSH_SAMPLES), (0, 0)))
    out = soxr.resample(flushed, rate_in_hz, rate_out_hz, quality="VHQ")
    return np.ascontiguousarray(out[:n_out], np.float32)


def _resample_spectrum(rows: NDArray[np.float32], n_out: int) -> NDArray[np.float32]:
    """(channels, n) → (channels, n_out), both one period of a loop.

    Channels travel in pairs, as real and imaginary part of one complex signal: at a prime length,
    where a real FFT costs as much as a complex one, that halves the time.
    """
    channels, n_in = rows.shape
    pairs = np.zeros((-(-channels // 2), n_in), np.complex64)
    pairs.real = rows[0::2]
    pairs.imag[: channels // 2] = rows[1::2]
    spectrum = fft.fft(pairs, axis=1, overwrite_x=True)
    kept = min(n_in, n_out)
    positive, negative = (kept + 1) // 2, (kept - 1) // 2  # 0 … and … −1, without the Nyquist bin
    resized = np.zeros((pairs.shape[0], n_out), np.complex64)
    resized[:, :positive] = spectrum[:, :positive]
    resized[:, n_out - negative :] = spectrum[:, n_in - negative :]
    half = kept // 2
    if kept % 2 == 0 and n_out > n_in:  # the old Nyquist bin stood for both +f and −f: share it
        resized[:, half] = spectrum[:, half] / 2
        resized[:, n_out - half] = spectrum[:, half] / 2
    elif kept % 2 == 0:  # the new one stands for both: join them
        resized[:, half] = spectrum[:, half] + spectrum[:, n_in - half]
    pairs = fft.ifft(resized, axis=1, overwrite_x=True)
    out = np.empty((channels, n_out), np.float32)
    out[0::2] = pairs.real
    out[1::2] = pairs.imag[: channels // 2]
    return out * np.float32(n_out / n_in)


def _simple_ratio(samples: int, n_out: int) -> Fraction:
    """n_out / samples, or the simple ratio that it rounds: 16 to 24 kHz of an odd length is 3:2."""
    exact = Fraction(n_out, samples)
    simple = exact.limit_denominator(_LARGEST_DENOMINATOR)
    return simple if simple > 0 and abs(simple * samples - n_out) < 1 else exact


def _with_context(rows: NDArray[np.float32], ratio: Fraction) -> tuple[NDArray[np.float32], int]:
    """The clip between predictions of what is beyond its ends, and where it starts at the new rate.

    The length is a fast one for the FFT at both rates, and the start falls on a sample of both.
    """
    samples = rows.shape[1]
    step = ratio.denominator
    context = round(CONTEXT_SAMPLES * min(max(1.0, 1 / float(ratio)), 16.0))
    left_steps = -(-context // step)
    steps = fft.next_fast_len(left_steps + -(-(samples + context) // step), real=True)
    left, right = left_steps * step, (steps - left_steps) * step - samples
    start = _continuation(rows[:, ::-1], left)[:, ::-1]
    end = _continuation(rows, right)
    return np.concatenate([start, rows, end], axis=1), left_steps * ratio.numerator


def _continuation(rows: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """`count` samples after the end: linear prediction from the last samples, faded to silence."""
    known = rows[:, -_PREDICTION_SPAN:].astype(np.float64)
    order = min(_PREDICTION_ORDER, known.shape[1] // 3)
    out = np.zeros((rows.shape[0], count), np.float32)
    reach = min(_PREDICTION_REACH, count)
    if order == 0 or reach == 0:
        return out
    weights = -_burg(known, order)[:, :0:-1]  # (channels, order), oldest sample first
    line = np.pad(known[:, -order:], ((0, 0), (0, reach)))
    for index in range(reach):
        line[:, order + index] = np.sum(line[:, index : index + order] * weights, axis=1)
    fade = np.cos(np.linspace(0, np.pi / 2, reach, endpoint=False)) ** 2
    out[:, :reach] = line[:, order:] * fade
    return out


def _burg(rows: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Burg's prediction-error filter, (channels, order + 1) with a leading 1; always stable.

    Source: Burg, "Maximum entropy spectral analysis", 1967; reflection coefficients |k| ≤ 1.
    """
    forward, backward = rows[:, 1:], rows[:, :-1]
    filters = np.zeros((rows.shape[0], order + 1))
    filters[:, 0] = 1
    for m in range(order):
        energy = np.sum(forward**2 + backward**2, axis=1) + _TINY
        reflection = (-2 * np.sum(forward * backward, axis=1) / energy)[:, None]
        filters[:, 1 : m + 2] = filters[:, 1 : m + 2] + reflection * filters[:, m::-1]
        forward, backward = (
            (forward + reflection * backward)[:, 1:],
            (backward + reflection * forward)[:, :-1],
        )
    return filters
