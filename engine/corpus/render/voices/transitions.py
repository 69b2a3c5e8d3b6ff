"""Risers and impacts: noise that leads into a section, and the blow that opens it."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.tables import cycle, low_pass, partials, read, saw
from engine.corpus.render.voices.drums import filtered_noise
from engine.corpus.render.voices.phrase import MakeTone, Tone, adsr, fade_out, seconds

_FRAME: Final = 512
_HOP: Final = 256
_RISE_OCTAVES: Final = (2.0, 1.0, 2.0, 1.0, 2.0, 1.0)


def riser(tone: Tone) -> Signal:
    """Noise and a saw that climb for as long as the note is held."""
    frames = tone.held
    noise = _sweep_noise(frames, tone)
    progress = np.linspace(0, 1, frames)
    hz = tone.hz * 2 ** (_RISE_OCTAVES[tone.flavour] * (progress - 1))
    top = partials(tone.hz, top_hz=9000.0)
    wave = cycle(saw(top) * low_pass(top * tone.hz, 2500.0))
    tones = read(np.cumsum(hz) / RATE_HZ, wave)[0]
    swell = (progress**1.7).astype(np.float32)
    amount = 0.25 if tone.flavour % 3 else 0.6
    out = swell * (noise + np.float32(amount) * tones)
    return fade_out(out.astype(np.float32), RATE_HZ // 30)


def _sweep_noise(frames: int, tone: Tone) -> Signal:
    """(2, frames) noise in a band that climbs from 300 Hz to 7 kHz and opens."""
    count = frames // _HOP + 2
    progress = np.linspace(0, 1, count)[:, None]
    hz = np.maximum(np.arange(_FRAME // 2 + 1) * (RATE_HZ / _FRAME), 20.0)
    centre = np.log2(300.0) + progress * np.log2(7000.0 / 300.0)
    width = 0.5 + 1.2 * progress
    gain = np.exp(-0.5 * ((np.log2(hz) - centre) / width) ** 2)
    rng = tone.rng
    angles = rng.random((2, count, hz.size)).astype(np.float32)
    spectra = (gain * np.exp(2j * np.pi * angles)).astype(np.complex64)
    window = np.sqrt(np.hanning(_FRAME + 1)[:-1]).astype(np.float32)
    grains = fft.irfft(spectra, _FRAME, axis=-1) * window * np.float32(6.0)
    out = np.zeros((2, (count + 1) * _HOP), np.float32)
    view = sliding_window_view(out, _FRAME, axis=1, writeable=True)[:, ::_HOP]
    for half in (0, 1):  # every second grain does not overlap
        view[:, half::2][:, : grains[:, half::2].shape[1]] += grains[:, half::2]
    return out[:, _HOP : _HOP + frames]


def impact(tone: Tone) -> Signal:
    """A falling boom under a burst of noise that rings like a hall."""
    frames = round(2.8 * RATE_HZ)
    time = seconds(frames)
    rng = tone.rng
    low_hz = min(max(tone.hz, 30.0), 70.0)
    turns = np.cumsum(low_hz * (1 + 2.2 * np.exp(-time.astype(np.float64) / 0.07))) / RATE_HZ
    boom = np.tanh(2.0 * np.sin(2 * np.pi * turns)) * np.exp(-time / 0.7)
    crack = filtered_noise(rng, frames, low_hz=60, high_hz=2500 + 4000 * tone.strength, channels=2)
    hall = filtered_noise(rng, frames, low_hz=40, high_hz=900, channels=2)
    out = 0.8 * boom + 0.5 * crack * np.exp(-time / 0.12) + 0.3 * hall * np.exp(-time / 0.6)
    rise = adsr(frames, attack_s=0.002, decay_s=1, sustain=1, release_s=0.002)[:frames]
    return fade_out((out * rise).astype(np.float32), RATE_HZ // 4)


POLYPHONIC: Final[dict[str, MakeTone]] = {"riser": riser, "impact": impact}
