"""Electronic basses: 808, sub, acid and reese. Mono, as basses should be."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.tables import (
    CYCLE,
    Spectrum,
    cycle,
    low_pass,
    partials,
    pitch_hz,
    pulse,
    read,
    saw,
    stack_loop,
    unroll,
)
from engine.corpus.render.voices.phrase import MakeTone, Tone, adsr, seconds

_GLIDE_S: Final = 0.05
_808_DECAY_S: Final = (0.5, 0.8, 1.2, 0.65, 1.6, 0.9)
_808_DRIVE: Final = (1.2, 0.6, 2.2, 3.0, 0.9, 1.6)
_SUB_PARTIALS: Final = (
    (1.0, 0.12, 0.03),
    (1.0, 0.3, 0.12, 0.05),
    (1.0, 0.0, 0.2, 0.0, 0.06),
    (1.0, 0.05),
    (1.0, 0.4, 0.2, 0.12, 0.06, 0.03),
    (1.0, 0.0, 0.33, 0.0, 0.16, 0.0, 0.08),
)
_ACID_CUTOFFS_HZ: Final = np.geomspace(110, 9000, 24)
_ACID_Q: Final = (5.0, 8.0, 3.5, 6.5, 10.0, 4.0)
_REESE_CENTS: Final = (14.0, 22.0, 9.0, 30.0, 17.0, 12.0)


def glided_turns(tone: Tone, frames: int) -> NDArray[np.float64]:
    """(frames,) phase in periods of a tone that glides from the pitch before it."""
    time = seconds(frames)
    octaves = 0.0
    if tone.glide_from is not None:
        octaves = (tone.glide_from - tone.pitch) / 12
    hz = tone.hz * 2 ** (octaves * np.exp(-time.astype(np.float64) / _GLIDE_S * 2.5))
    return np.cumsum(hz) / RATE_HZ


def bass_808(tone: Tone) -> Signal:
    """A sine that falls into its pitch, long and driven: the kick drum that became a bass."""
    envelope = adsr(tone.held, attack_s=0.002, decay_s=1.0, sustain=1.0, release_s=0.07)
    time = seconds(envelope.size)
    turns = glided_turns(tone, envelope.size)
    if tone.glide_from is None:
        knock = 0.012 * tone.hz * (1.0 + 1.6 * tone.strength)  # periods gained in the fall
        turns = turns + knock * (1 - np.exp(-time / 0.012))
    drive = _808_DRIVE[tone.flavour] * (0.5 + tone.strength)
    body = np.tanh(drive * np.sin(2 * np.pi * turns) * np.exp(-time / _808_DECAY_S[tone.flavour]))
    return np.asarray(envelope * body / np.tanh(drive), np.float32)[None]


def sub(tone: Tone) -> Signal:
    """Nearly a sine; velocity opens its few overtones."""
    weights = np.array(_SUB_PARTIALS[tone.flavour])
    weights[1:] *= 0.3 + tone.strength
    envelope = adsr(tone.held, attack_s=0.006, decay_s=0.4, sustain=0.8, release_s=0.07)
    return (envelope * read(glided_turns(tone, envelope.size), cycle(weights))[0])[None]


def acid(tone: Tone) -> Signal:
    """A saw or square through a resonant low-pass whose envelope accents open wide."""
    envelope = adsr(tone.held, attack_s=0.003, decay_s=0.35, sustain=0.55, release_s=0.04)
    time = seconds(envelope.size)
    rest_hz = 180.0 + 45.0 * tone.flavour
    octaves = 0.6 + 3.6 * tone.strength**1.5
    fall_s = 0.07 + 0.12 * tone.strength
    cutoff = np.log(rest_hz) + np.log(2) * octaves * np.exp(-time / fall_s)
    table = tone.cache.get(
        ("acid table", tone.pitch, tone.flavour), lambda: _acid_table(tone.pitch, tone.flavour)
    )
    wave = _read_between(table, glided_turns(tone, envelope.size), cutoff)
    return np.asarray(envelope * np.tanh(1.4 * wave), np.float32)[None]


def _acid_table(pitch: int, flavour: int) -> NDArray[np.float32]:
    """(cutoffs, CYCLE + 1)."""
    numbers = partials(pitch_hz(pitch))
    hz = numbers * pitch_hz(pitch)
    wave = saw(numbers) if flavour % 2 == 0 else pulse(numbers, 0.5)
    rows = []
    for cutoff_hz in _ACID_CUTOFFS_HZ:
        gain = low_pass(hz, cutoff_hz, q=_ACID_Q[flavour]) * low_pass(hz, cutoff_hz * 1.3)
        row = cycle(wave * gain)
        rows.append(row / (0.4 + np.max(np.abs(row))))
    return np.stack(rows)


def _read_between(
    table: NDArray[np.float32], turns: NDArray[np.float64], log_cutoff: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A row-wise family of cycles, interpolated over phase and cutoff."""
    grid = np.log(_ACID_CUTOFFS_HZ)
    place = np.clip((log_cutoff - grid[0]) / (grid[1] - grid[0]), 0, len(grid) - 1.001)
    row = place.astype(np.int32)
    across = (place - row).astype(np.float32)
    position = np.mod(turns, 1.0) * CYCLE
    index = position.astype(np.int32)
    along = (position - index).astype(np.float32)
    flat, base = table.ravel(), row * (CYCLE + 1) + index
    low = flat[base] + along * (flat[base + 1] - flat[base])
    base += CYCLE + 1
    high = flat[base] + along * (flat[base + 1] - flat[base])
    return np.asarray(low + across * (high - low), np.float32)


def reese(tone: Tone) -> Signal:
    """Three saws that beat, under a slowly breathing filter."""
    spread = _REESE_CENTS[tone.flavour]

    def make() -> Signal:
        layers = stack_loop(
            tone.hz,
            np.array([0.0, spread, -spread]),
            np.array([[0.4], [0.3], [0.3]]),
            [_darkness(260.0), _darkness(1700.0)],
            np.random.default_rng(tone.pitch),
        )
        return layers[:, 0]

    dark, bright = tone.cache.get(("reese loop", tone.pitch, tone.flavour), make)
    envelope = adsr(tone.held, attack_s=0.008, decay_s=0.6, sustain=0.85, release_s=0.08)
    begin = int(tone.rng.integers(dark.size))
    breath = 0.25 * np.sin(2 * np.pi * 0.7 * seconds(envelope.size) + tone.rng.random() * 6)
    opening = np.clip(0.15 + 0.55 * tone.strength + breath, 0, 1).astype(np.float32)
    low = unroll(dark, begin, envelope.size)
    high = unroll(bright, begin, envelope.size)
    return np.asarray(envelope * (low + opening * (high - low)), np.float32)[None]


def _darkness(cutoff_hz: float) -> Callable[[Spectrum], Spectrum]:
    return lambda hz: low_pass(hz, cutoff_hz, q=0.9, poles=4)


MONOPHONIC: Final[dict[str, MakeTone]] = {
    "808": bass_808,
    "sub": sub,
    "acid": acid,
    "reese": reese,
}
