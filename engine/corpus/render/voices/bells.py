"""Frequency modulation: keys and bells (Chowning, JAES 21(7), 1973).

The index of every operator is held where its sidebands stay under the Nyquist rate (Carson's rule).
"""

from typing import Final

import numpy as np

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.tables import TOP_HZ
from engine.corpus.render.voices.phrase import MakeTone, Tone, adsr, seconds

_TINE_RATIO: Final = (14.0, 11.0, 9.0, 14.0, 7.0, 12.0)
_BELL_RATIO: Final = (3.5, 1.41, 2.76, 3.5, 5.04, 1.73)
_MARGIN: Final = 3.0  # sidebands beyond Carson's, until −60 dB


def largest_index(carrier_hz: float, modulator_hz: float) -> float:
    """Index whose sidebands reach TOP_HZ: carrier + (index + margin) · modulator."""
    return max(0.0, (TOP_HZ - carrier_hz) / modulator_hz - _MARGIN)


def _operator(turns: Signal, modulation: Signal) -> Signal:
    return np.asarray(np.sin(2 * np.pi * turns + modulation), np.float32)


def fm_keys(tone: Tone) -> Signal:
    """An electric piano: a mellow body and a struck tine."""
    envelope = adsr(tone.held, attack_s=0.003, decay_s=1.6, sustain=0.12, release_s=0.2)
    time = seconds(envelope.size)
    turns = np.mod(np.arange(envelope.size) * (tone.hz / RATE_HZ), 1.0)
    body_index = min(0.2 + 1.7 * tone.strength, largest_index(tone.hz, tone.hz))
    body = _operator(turns, body_index * np.exp(-time / 0.5) * np.sin(2 * np.pi * turns))
    tine_hz = _TINE_RATIO[tone.flavour] * tone.hz
    tine_index = min(0.5 * tone.strength, max(0.0, 0.5 * (TOP_HZ / tine_hz - 1.5)))
    tine_turns = np.arange(envelope.size) * (tine_hz / RATE_HZ)
    tine = tine_index * np.exp(-time / 0.05) * np.sin(2 * np.pi * tine_turns)
    return np.asarray(envelope * (body + 0.5 * _operator(turns, tine)), np.float32)[None]


def fm_bell(tone: Tone) -> Signal:
    """Inharmonic above a clear fundamental."""
    ring_s = (1.4, 0.9, 2.0, 0.6, 1.1, 1.7)[tone.flavour]
    envelope = adsr(tone.held, attack_s=0.002, decay_s=ring_s, sustain=0.0, release_s=0.8)
    time = seconds(envelope.size)
    base = np.arange(envelope.size) * (tone.hz / RATE_HZ)
    ratio = _BELL_RATIO[tone.flavour]
    index = min(0.4 + 1.8 * tone.strength, largest_index(tone.hz, ratio * tone.hz))
    swing = np.sin(2 * np.pi * np.mod(base * ratio, 1.0))
    strike = _operator(np.mod(base, 1.0), index * np.exp(-time / (0.3 * ring_s)) * swing)
    octave = np.sin(2 * np.pi * np.mod(2 * base, 1.0)) * np.exp(-time / (0.4 * ring_s))
    return np.asarray(envelope * (strike + 0.25 * octave), np.float32)[None]


POLYPHONIC: Final[dict[str, MakeTone]] = {"fm": fm_keys, "fmbell": fm_bell}
