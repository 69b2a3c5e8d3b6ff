"""Rooms and echoes: convolution with a synthetic impulse response, and a tempo-synced ping-pong.

An impulse response is early reflections and noise that decays faster the higher it is (Moorer,
"About this reverberation business", Computer Music Journal 3(2), 1979). Convolution runs in long
blocks through the FFT: about 40 ms of CPU for 30 s of stereo, whatever the room. Rejected: feedback
delay networks (a Python loop per block of the shortest line).
"""

from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.corpus.render.canvas import RATE_HZ, Canvas, Signal
from engine.corpus.render.voices.drums import filtered_noise

ROOM_SIZES: Final = 8
ROOM_VARIANTS: Final = 3
_SHORTEST_S, _LONGEST_S = 0.35, 2.4  # reverberation times (−60 dB)
_BANDS_HZ: Final = (180.0, 500.0, 1200.0, 2600.0, 5200.0, 9500.0)
_ECHO_QUARTERS: Final = (0.75, 0.5, 1.0, 0.75)
_SHARED: Final = 0.6  # of a room between left and right: correlation about 0.27
_FEEDBACK: Final = 0.42
_REPEATS: Final = 4
_CROSS: Final = np.float32(0.6)  # of an echo on the far side


def room_size(amount: float) -> int:
    """0–1 → one of ROOM_SIZES rooms, from a booth to a hall."""
    return min(max(round(amount * (ROOM_SIZES - 1)), 0), ROOM_SIZES - 1)


@lru_cache(maxsize=32)
def impulse_response(size: int, variant: int) -> Signal:
    """(2, samples) impulse response of unit energy, nothing below 180 Hz."""
    decay_s = _SHORTEST_S * (_LONGEST_S / _SHORTEST_S) ** (size / (ROOM_SIZES - 1))
    rng = np.random.default_rng([size, variant])
    frames = round(decay_s * RATE_HZ)
    time = np.arange(frames, dtype=np.float32) / RATE_HZ
    response = np.zeros((2, frames), np.float32)
    for low_hz, high_hz in pairwise(_BANDS_HZ):
        band_s = decay_s * (1.15 - 0.75 * np.log2(high_hz / _BANDS_HZ[1]) / 4.3)
        noise = filtered_noise(rng, frames, low_hz=low_hz, high_hz=high_hz, channels=3)
        noise = noise[:2] + np.float32(_SHARED) * noise[2]
        response += noise * np.exp(-6.9 * time / np.float32(band_s))
    build_up = np.clip(time / np.float32(0.004 + 0.02 * decay_s), 0, 1)
    response *= build_up
    response /= np.sqrt(np.sum(response**2, axis=1, keepdims=True))
    for channel in range(2):
        for _ in range(8):
            at = round(rng.uniform(0.006, 0.02 + 0.025 * decay_s) * RATE_HZ)
            response[channel, at] += rng.choice((-1, 1)) * rng.uniform(0.05, 0.25)
    response[:, -480:] *= np.linspace(1, 0, 480, dtype=np.float32)
    response /= np.sqrt(np.sum(response**2, axis=1, keepdims=True))
    return response.astype(np.float32)


@lru_cache(maxsize=32)
def _room_spectrum(size: int, variant: int) -> tuple[int, int, NDArray[np.complex64]]:
    """FFT length, hop and (2, bins) spectrum of a room."""
    response = impulse_response(size, variant)
    length = 1 << max(15, int(np.ceil(np.log2(response.shape[1] * 2.2))))
    spectrum = np.asarray(fft.rfft(response, length), np.complex64)
    return length, length - response.shape[1] + 1, spectrum


def reverb(bus: Signal, size: int, variant: int) -> Signal:
    """(2, samples) send → (2, samples) return; the tail beyond the end is cut."""
    length, hop, room = _room_spectrum(size, variant)
    samples = bus.shape[1]
    count = -(-samples // hop)
    blocks = np.zeros((count, 2, length), np.float32)
    for index in range(count):
        piece = bus[:, index * hop : (index + 1) * hop]
        blocks[index, :, : piece.shape[1]] = piece
    spectra = fft.rfft(blocks, axis=-1)
    spectra *= room
    blocks = fft.irfft(spectra, length, axis=-1)
    out = np.zeros((2, count * hop + length), np.float32)
    for index in range(count):
        out[:, index * hop : index * hop + length] += blocks[index]
    return out[:, :samples]


def echo(bus: Signal, canvas: Canvas, variant: int) -> Signal:
    """(2, samples) send → repeats that fall left and right in time, each a little darker."""
    step = round(canvas.samples_per_quarter * _ECHO_QUARTERS[variant % len(_ECHO_QUARTERS)])
    step = min(step, round(1.2 * RATE_HZ))
    sides = np.zeros_like(bus)
    repeat = np.float32(0.5) * (bus[0] + bus[1])
    for count in range(_REPEATS):
        at = (count + 1) * step
        if at >= repeat.size:
            break
        repeat[1:] += repeat[:-1]  # two-point mean: each repeat a little darker
        repeat *= np.float32(0.5 * _FEEDBACK)
        sides[count % 2, at:] += repeat[: repeat.size - at]
    return np.asarray(np.float32(2.0) * sides + _CROSS * sides[::-1], np.float32)
