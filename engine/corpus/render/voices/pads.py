"""Stacks and pads: loops of many oscillators, crossfaded from dark to bright."""

from collections.abc import Callable
from typing import Final

import numpy as np

from engine.corpus.render.canvas import Signal
from engine.corpus.render.tables import Spectrum, low_pass, pad_loop, pitch_hz, stack_loop, unroll
from engine.corpus.render.voices.phrase import MakeTone, Tone, adsr, seconds

_SAWS: Final = np.array([-1.0, -0.62, -0.27, 0.0, 0.29, 0.65, 0.97])  # unequal: no common beat
_DETUNE_CENTS: Final = (18.0, 26.0, 12.0, 32.0, 22.0, 15.0)
_GLASS_RATIOS: Final = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 13.0])
_GLASS_DARK: Final = np.array([1.0, 0.35, 0.3, 0.12, 0.06, 0.03, 0.01, 0.0])
_GLASS_BRIGHT: Final = np.array([1.0, 0.5, 0.6, 0.35, 0.4, 0.22, 0.16, 0.1])
_PAD_SLOPE: Final = (1.7, 1.4, 2.0, 1.55, 1.85, 1.3)


def _morph(tone: Tone, loop: Signal, envelope: Signal, opening: Signal) -> Signal:
    """(layers · channels, length) loop → (2, samples): from the dark layer towards the bright."""
    layers = loop.reshape(2, 2, -1)
    begin = int(tone.rng.integers(layers.shape[-1]))
    dark = unroll(layers[0], begin, envelope.size)
    bright = unroll(layers[1], begin, envelope.size)
    mixed = bright - dark
    mixed *= opening
    mixed += dark
    mixed *= envelope
    return mixed


def _closed(cutoff_hz: float) -> Callable[[Spectrum], Spectrum]:
    return lambda hz: low_pass(hz, cutoff_hz, q=0.8)


def supersaw(tone: Tone) -> Signal:
    """Seven saws, spread over pitch and stereo."""

    def make() -> Signal:
        pan = np.pi / 4 * (1 + 0.8 * _SAWS[[0, 6, 2, 3, 4, 1, 5]])
        weight = np.where(_SAWS == 0, 1.0, 0.75)[:, None]
        gains = weight * np.stack([np.cos(pan), np.sin(pan)], axis=1) / 3
        layers = stack_loop(
            tone.hz,
            _SAWS * _DETUNE_CENTS[tone.flavour],
            gains,
            [_closed(900.0 + tone.hz), _closed(8500.0)],
            np.random.default_rng(tone.pitch),
        )
        return layers.reshape(4, -1)

    loop = tone.cache.get(("supersaw loop", tone.pitch, tone.flavour), make)
    envelope = adsr(tone.held, attack_s=0.008, decay_s=0.5, sustain=0.8, release_s=0.22)
    fade = np.exp(-seconds(envelope.size) / 0.35)
    return _morph(tone, loop, envelope, (0.15 + 0.85 * tone.strength) * (0.55 + 0.45 * fade))


def _pad_table(pitch: int, flavour: int) -> Signal:
    slope = _PAD_SLOPE[flavour]
    base_hz = pitch_hz(pitch)
    loop = pad_loop(
        base_hz,
        [
            lambda numbers: numbers**-slope * low_pass(numbers * base_hz, 1200.0),
            lambda numbers: numbers ** (-slope + 0.5) * low_pass(numbers * base_hz, 5000.0),
        ],
        np.random.default_rng(pitch),
        width_cents=7.0,
    )
    return loop.reshape(4, -1)


def pad(tone: Tone) -> Signal:
    """A warm bed that opens slowly."""
    loop = tone.cache.get(
        ("pad loop", tone.pitch, tone.flavour), lambda: _pad_table(tone.pitch, tone.flavour)
    )
    attack_s = (0.25, 0.4, 0.6, 0.15, 0.5, 0.3)[tone.flavour]
    envelope = adsr(tone.held, attack_s=attack_s, decay_s=2.0, sustain=0.85, release_s=0.9)
    time = seconds(envelope.size)
    opening = (0.1 + 0.8 * tone.strength) * (0.5 - 0.5 * np.cos(2 * np.pi * time / 7.0)) + 0.05
    return _morph(tone, loop, envelope, opening)


def glass(tone: Tone) -> Signal:
    """Thin, high and slow: few partials, wide in stereo."""

    def make() -> Signal:
        loop = pad_loop(
            tone.hz,
            [
                lambda numbers: _GLASS_DARK[: numbers.size],
                lambda numbers: _GLASS_BRIGHT[: numbers.size],
            ],
            np.random.default_rng(tone.pitch),
            width_cents=4.0,
            ratios=_GLASS_RATIOS,
        )
        return loop.reshape(4, -1)

    loop = tone.cache.get(("glass loop", tone.pitch), make)
    attack_s = (0.08, 0.2, 0.35, 0.12, 0.25, 0.05)[tone.flavour]
    envelope = adsr(tone.held, attack_s=attack_s, decay_s=1.5, sustain=0.7, release_s=1.2)
    shimmer = 0.3 * np.sin(2 * np.pi * 0.8 * seconds(envelope.size))
    return _morph(tone, loop, envelope, np.clip(0.2 + 0.7 * tone.strength + shimmer, 0, 1))


POLYPHONIC: Final[dict[str, MakeTone]] = {"supersaw": supersaw, "pad": pad, "glass": glass}
