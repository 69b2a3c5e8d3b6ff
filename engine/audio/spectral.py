"""Short-time Fourier transforms in numpy, for mels, vocoding guesses and measurement.

Alignment: frame i belongs to samples [i·hop, (i+1)·hop): its window is centred at (i + ½)·hop and
there are exactly ceil(samples / hop) frames. A vocoder that turns frame i into hop samples
therefore needs no shift, and a mel of a reversed clip is the reversed mel (where hop divides the
length). The usual convention, frame i centred at i·hop with one frame more, would leave every
mel half a hop early and one frame too long.

Rejected: ONNX DFT/STFT operators (100–700× slower than host FFTs,
https://github.com/microsoft/onnxruntime/issues/32403) and scipy.signal.ShortTimeFFT (double
precision, and no wrapped frames for loops).
"""

from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from engine.audio.bands import hann_window

Padding = Literal["reflect", "zero", "circular"]

_ENVELOPE_FLOOR: Final = 1e-8  # Σw² below this carries no sample


def frame_count(samples: int, hop_samples: int) -> int:
    """Frames that cover `samples`: ceil(samples / hop)."""
    return -(-samples // hop_samples)


@lru_cache(maxsize=16)
def hann(n_fft: int) -> NDArray[np.float32]:
    """The periodic Hann window, (n_fft,), read-only."""
    window = hann_window(n_fft).astype(np.float32)
    window.setflags(write=False)
    return window


def stft(
    audio: NDArray[np.float32], *, n_fft: int, hop_samples: int, padding: Padding = "reflect"
) -> NDArray[np.complex64]:
    """Hann STFT, unscaled.

    Args:
        audio: (samples, channels), at least one sample.
        n_fft: window and transform length in samples.
        hop_samples: distance of frames, at most n_fft.
        padding: what lies outside the clip: its reflection, zeros, or (loops) the clip again.

    Returns:
        (channels, frames, n_fft // 2 + 1), frames as `frame_count`.

    Raises:
        ValueError: empty audio, or a hop of 0 or beyond the window.
    """
    frames = _windowed(audio, n_fft, hop_samples, padding)  # (channels, frames, n_fft)
    spectrum: NDArray[np.complex64] = fft.rfft(frames, axis=-1, overwrite_x=True)
    return spectrum


def istft(
    spectrum: NDArray[np.complex64], *, samples: int, hop_samples: int, circular: bool = False
) -> NDArray[np.float32]:
    """Least-squares inverse of `stft` (Griffin and Lim 1984, eq. 6), exact on an unmodified STFT.

    Args:
        spectrum: (channels, frames, n_fft // 2 + 1).
        samples: length of the result; frames must be `frame_count(samples, hop_samples)`.
        hop_samples: distance of frames.
        circular: frames wrap around the ends (a loop).

    Returns:
        (samples, channels).

    Raises:
        ValueError: the number of frames does not belong to `samples`.
    """
    _, count, bins = spectrum.shape
    if count != frame_count(samples, hop_samples):
        msg = f"{count} frames do not make {samples} samples at hop {hop_samples}"
        raise ValueError(msg)
    n_fft = 2 * (bins - 1)
    window = hann(n_fft)
    frames: NDArray[np.float32] = fft.irfft(spectrum, n=n_fft, axis=-1)  # (channels, frames, n_fft)
    frames *= window
    audio = _overlap_add(frames, hop_samples)
    envelope = _overlap_add(np.broadcast_to(window**2, (1, count, n_fft)), hop_samples)
    left = _left_context(n_fft, hop_samples)
    audio, envelope = (_cut(part, left, samples, circular) for part in (audio, envelope))
    return np.ascontiguousarray((audio / np.maximum(envelope, _ENVELOPE_FLOOR)).T)


def one_channel(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """(samples, channels) → (samples, 1): the mean, or the difference where that is what sounds.

    For measurements that need no sides; out-of-phase stereo does not vanish.
    """
    if audio.shape[1] != 2:
        return np.asarray(audio.mean(axis=1, keepdims=True), np.float32)
    middle = (audio[:, :1] + audio[:, 1:]) * np.float32(0.5)
    side = (audio[:, :1] - audio[:, 1:]) * np.float32(0.5)
    return side if np.vdot(side, side) > np.vdot(middle, middle) else middle


def _left_context(n_fft: int, hop_samples: int) -> int:
    return (n_fft - hop_samples) // 2


def _windowed(
    audio: NDArray[np.float32], n_fft: int, hop_samples: int, padding: Padding
) -> NDArray[np.float32]:
    samples = audio.shape[0]
    if samples == 0 or not 0 < hop_samples <= n_fft:
        msg = f"no frames of {n_fft} at hop {hop_samples} in {samples} samples"
        raise ValueError(msg)
    count = frame_count(samples, hop_samples)
    left = _left_context(n_fft, hop_samples)
    right = (count - 1) * hop_samples + n_fft - left - samples
    channels_first = np.ascontiguousarray(audio.T, dtype=np.float32)
    padded = _padded(channels_first, left, right, padding)
    views = sliding_window_view(padded, n_fft, axis=-1)[:, ::hop_samples]
    return np.multiply(views, hann(n_fft), dtype=np.float32)


def _padded(
    audio: NDArray[np.float32], left: int, right: int, padding: Padding
) -> NDArray[np.float32]:
    if padding == "circular":
        return np.take(audio, np.arange(-left, audio.shape[1] + right), axis=1, mode="wrap")
    width = ((0, 0), (left, max(right, 0)))
    if padding == "zero":
        return np.pad(audio, width)
    return np.pad(audio, width, mode="reflect" if audio.shape[1] > 1 else "edge")


def _overlap_add(frames: NDArray[np.float32], hop_samples: int) -> NDArray[np.float32]:
    """(channels, frames, n_fft) → (channels, (frames + blocks − 1)·hop), frame i at i·hop."""
    channels, count, n_fft = frames.shape
    blocks = -(-n_fft // hop_samples)
    out = np.zeros((channels, count + blocks - 1, hop_samples), np.float32)
    for block in range(blocks):
        part = frames[:, :, block * hop_samples : (block + 1) * hop_samples]
        out[:, block : block + count, : part.shape[2]] += part
    return out.reshape(channels, -1)


def _cut(
    padded: NDArray[np.float32], left: int, samples: int, circular: bool
) -> NDArray[np.float32]:
    """Take [left, left + samples); a loop first folds what lies outside back inside."""
    if not circular:
        return padded[:, left : left + samples]
    channels, length = padded.shape
    before = -(-left // samples) * samples - left  # zeros that put sample 0 on a whole lap
    after = -(before + length) % samples
    laps = np.pad(padded, ((0, 0), (before, after))).reshape(channels, -1, samples)
    folded: NDArray[np.float32] = laps.sum(axis=1)
    return folded
