"""What drum machines are made of: falling sines, filtered noise, and clusters of square waves.

Each maker returns one stroke, (samples,) mono, peak near 1 at full strength.
"""

from typing import Final

import numpy as np
from scipy import fft

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.tables import TOP_HZ
from engine.corpus.render.voices.phrase import Envelope, seconds

# the six oscillators of the TR-808's cymbals, in Hz (Werner, Abel, Smith, "The TR-808 cymbal",
# 2014)
_METAL_HZ: Final = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
_SHORTEST_S: Final = 0.02
_DECAYS: Final = 7.0  # time constants until a stroke ends: −61 dB


def _length(decay_s: float) -> int:
    return round(max(decay_s * _DECAYS, _SHORTEST_S) * RATE_HZ)


def _decay(frames: int, decay_s: float, *, attack_s: float = 0.0008) -> Envelope:
    """Exponential decay that starts smoothly and ends at zero."""
    envelope = np.exp(-seconds(frames) / np.float32(decay_s))
    attack = min(max(round(attack_s * RATE_HZ), 8), frames)
    envelope[:attack] *= 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, attack, dtype=np.float32))
    fade = min(frames, RATE_HZ // 100)
    envelope[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return np.asarray(envelope, np.float32)


def filtered_noise(
    rng: np.random.Generator, frames: int, *, low_hz: float, high_hz: float, channels: int = 1
) -> Signal:
    """(channels, frames) noise in a band with gentle edges, RMS 0.3."""
    length = fft.next_fast_len(frames, real=True)
    spectrum = fft.rfft(rng.standard_normal((channels, length), dtype=np.float32))
    hz = np.maximum(fft.rfftfreq(length, 1 / RATE_HZ), 1.0)
    gain = 1 / np.sqrt((1 + (low_hz / hz) ** 4) * (1 + (hz / high_hz) ** 6))
    noise = fft.irfft(spectrum * gain.astype(np.float32), length)[:, :frames]
    return np.asarray(noise * (0.3 / np.sqrt(np.mean(noise**2))), np.float32)


def noise_hit(
    rng: np.random.Generator,
    decay_s: float,
    *,
    low_hz: float,
    high_hz: float = 11_000.0,
    attack_s: float = 0.0008,
) -> Signal:
    """A burst of noise."""
    frames = _length(decay_s)
    noise = filtered_noise(rng, frames, low_hz=low_hz, high_hz=high_hz)[0]
    return np.asarray(noise * _decay(frames, decay_s, attack_s=attack_s), np.float32)


def falling_sine(
    hz: float, decay_s: float, *, bend: float = 0.0, bend_s: float = 0.03, drive: float = 0.0
) -> Signal:
    """A sine that starts (1 + bend) times as high and falls into its pitch; `drive` saturates."""
    frames = _length(decay_s)
    time = seconds(frames).astype(np.float64)
    turns = hz * (time + bend * bend_s * (1 - np.exp(-time / bend_s)))
    tone = np.sin(2 * np.pi * turns) * np.exp(-time / decay_s)
    if drive > 0:
        tone = np.tanh(drive * tone) / np.tanh(drive)
    return (tone * _decay(frames, 10.0)).astype(np.float32)


def click(rng: np.random.Generator, *, high_hz: float) -> Signal:
    """The beater: 4 ms of noise."""
    return 2.0 * noise_hit(rng, 0.0025, low_hz=800, high_hz=high_hz, attack_s=0.0004)


def metal(decay_s: float, *, low_hz: float, tune: float = 1.0, attack_s: float = 0.0008) -> Signal:
    """Six square waves that no key fits, high-passed: hats, cymbals, cowbells' cousins."""
    frames = _length(decay_s)
    spectrum = np.zeros(frames // 2 + 1, np.complex128)
    for index, base_hz in enumerate(_METAL_HZ):
        odd = np.arange(1, TOP_HZ / (base_hz * tune), 2)
        hz = odd * base_hz * tune
        bins = np.round(hz * frames / RATE_HZ).astype(np.int64)
        gain = 1 / np.sqrt(1 + (low_hz / hz) ** 6) / odd
        np.add.at(spectrum, bins, gain * np.exp(1j * (1.3 * index + 2.1 * odd)))
    wave = fft.irfft(spectrum, frames)
    wave *= 0.35 / np.sqrt(np.mean(wave**2))
    return (wave * _decay(frames, decay_s, attack_s=attack_s)).astype(np.float32)


def clap(rng: np.random.Generator, *, spread_s: float, tail_s: float, low_hz: float) -> Signal:
    """Hands that do not meet at once, and the room."""
    bursts = [noise_hit(rng, 0.006, low_hz=low_hz, high_hz=5000) for _ in range(3)]
    return add_all(
        *((round(i * spread_s * RATE_HZ), 0.9 * burst) for i, burst in enumerate(bursts)),
        (round(3 * spread_s * RATE_HZ), noise_hit(rng, tail_s, low_hz=low_hz, high_hz=4500)),
    )


def scrape(rng: np.random.Generator, *, strokes: int, gap_s: float, low_hz: float) -> Signal:
    """Guiro, vibraslap: a row of small strokes that die away."""
    row = [
        (round(i * gap_s * RATE_HZ), noise_hit(rng, 0.008, low_hz=low_hz) * (0.85**i))
        for i in range(strokes)
    ]
    return add_all(*row)


def held_noise(rng: np.random.Generator, decay_s: float, *, rate_hz: float) -> Signal:
    """Noise whose value is held, as console chips made it."""
    frames = _length(decay_s)
    values = rng.choice(np.array([-0.5, 0.5], np.float32), round(frames * rate_hz / RATE_HZ) + 2)
    return values[(np.arange(frames) * (rate_hz / RATE_HZ)).astype(np.int64)] * _decay(
        frames, decay_s
    )


def add_all(*layers: tuple[int, Signal]) -> Signal:
    """Sum of (offset in samples, mono sound)."""
    out = np.zeros(max(offset + sound.size for offset, sound in layers), np.float32)
    for offset, sound in layers:
        out[offset : offset + sound.size] += sound
    return out


def mix(*layers: Signal) -> Signal:
    """Sum of mono sounds that start together."""
    return add_all(*((0, layer) for layer in layers))
