"""Leads and plucks: single waves read at a moving speed."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.tables import Spectrum, cycle, low_pass, partials, pulse, read, saw
from engine.corpus.render.voices.phrase import MakeTone, Tone, adsr, seconds

_CHIP_DUTY: Final = (0.5, 0.25, 0.125, 0.5, 0.25, 0.125)
_CHIP_STEPS: Final = 15  # levels of a four-bit volume
_PLUCK_TIMES_S: Final = (0.45, 0.7, 0.3, 0.55, 0.9, 0.35)
_UNISON_CENTS: Final = (5.0, 8.0, 3.0, 11.0, 6.0, 4.0)


def vibrato_turns(
    hz: float, frames: int, *, depth_cents: float, rate_hz: float, delay_s: float
) -> NDArray[np.float64]:
    """(frames,) phase in periods; the vibrato swells in after a delay."""
    time = np.arange(frames) / RATE_HZ
    swell = np.clip((time - delay_s) / 0.3, 0, 1)
    cents = depth_cents * swell * np.sin(2 * np.pi * rate_hz * time)
    return np.cumsum(hz * (1 + cents * (np.log(2) / 1200))) / RATE_HZ


def _lead(tone: Tone, wave: Spectrum) -> Signal:
    """An oscillator in the middle, two detuned ones beside it, from dark to bright and back."""
    envelope = adsr(tone.held, attack_s=0.008, decay_s=0.5, sustain=0.75, release_s=0.12)
    hz = partials(tone.hz) * tone.hz
    closed_hz = 500.0 + 1.5 * tone.hz
    dark = cycle(wave * low_pass(hz, closed_hz, q=1.0))
    bright = cycle(wave * low_pass(hz, 6000.0, q=1.0))
    time = seconds(envelope.size)
    opening = (0.2 + 0.8 * tone.strength) * (0.35 + 0.65 * np.exp(-time / 0.4))
    cents = _UNISON_CENTS[tone.flavour]
    turns = vibrato_turns(
        tone.hz, envelope.size, depth_cents=14, rate_hz=5.2 + 0.15 * tone.flavour, delay_s=0.25
    )

    def morph(turns: NDArray[np.floating]) -> Signal:
        low, high = read(turns, dark, bright)
        high -= low
        high *= opening
        high += low
        return high

    return _beside(turns, cents, envelope, morph)


def _beside(
    turns: NDArray[np.floating], cents: float, envelope: Signal, wave: Callable[..., Signal]
) -> Signal:
    """(2, samples): a wave in tune in the middle, and detuned at the sides.

    Two oscillators alone would cancel in mono, once a beat.
    """
    middle = np.float32(0.8) * wave(turns)
    sides = [
        np.float32(0.45) * wave(turns * 2 ** (cents / 1200) + 0.09),
        np.float32(0.45) * wave(turns * 2 ** (-cents / 1200) + 0.17),
    ]
    return np.stack([envelope * (middle + side) for side in sides]).astype(np.float32)


def saw_lead(tone: Tone) -> Signal:
    """A sawtooth lead with vibrato."""
    return _lead(tone, saw(partials(tone.hz)))


def square_lead(tone: Tone) -> Signal:
    """A square (or nearly square) lead with vibrato."""
    duty = 0.5 if tone.flavour % 2 == 0 else 0.38
    return _lead(tone, pulse(partials(tone.hz), duty))


def chip(tone: Tone) -> Signal:
    """A pulse wave with four-bit volume steps, as game consoles had."""
    smooth = adsr(tone.held, attack_s=0.002, decay_s=0.5, sustain=0.5, release_s=0.06)
    steps = np.round(smooth * _CHIP_STEPS) / _CHIP_STEPS
    envelope = np.convolve(steps, np.full(120, 1 / 120, np.float32), mode="same")
    envelope[-48:] *= np.linspace(1, 0, 48, dtype=np.float32)
    turns = vibrato_turns(tone.hz, envelope.size, depth_cents=18, rate_hz=6.0, delay_s=0.18)
    numbers = partials(tone.hz)
    gentler = low_pass(numbers * tone.hz, 3000.0 + 8000.0 * tone.strength)
    wave = cycle(pulse(numbers, _CHIP_DUTY[tone.flavour]) * gentler)
    return (envelope.astype(np.float32) * read(turns, wave)[0])[None]


def pluck(tone: Tone) -> Signal:
    """A saw whose highs die first, as if a filter closed."""
    body_s = _PLUCK_TIMES_S[tone.flavour]
    envelope = adsr(tone.held, attack_s=0.002, decay_s=body_s, sustain=0.0, release_s=0.18)
    time = seconds(envelope.size)
    numbers = partials(tone.hz)
    hz = numbers * tone.hz
    wave = saw(numbers) if tone.flavour % 2 == 0 else pulse(numbers, 0.3)
    cutoffs = (tone.hz * 1.5 + 150, tone.hz * 4 + 400, 9000.0)
    low, middle, high = (cycle(wave * low_pass(hz, cutoff, q=1.1)) for cutoff in cutoffs)
    middle_fade = np.exp(-time / (0.35 * body_s))
    high_fade = (0.15 + 0.85 * tone.strength) * np.exp(-time / (0.12 * body_s))
    base = np.arange(envelope.size) * (tone.hz / RATE_HZ)

    def close(turns: NDArray[np.floating]) -> Signal:
        dark, mid, bright = read(turns, low, middle, high)
        bright -= mid
        bright *= high_fade
        bright += mid
        bright -= dark
        bright *= middle_fade
        bright += dark
        return bright

    return _beside(base, _UNISON_CENTS[tone.flavour], envelope, close)


POLYPHONIC: Final[dict[str, MakeTone]] = {
    "saw": saw_lead,
    "square": square_lead,
    "chip": chip,
    "pluck": pluck,
}
