"""Band-limited sound, made as spectra: the raw material of the project's own voices.

A filter over a steady tone is a change of its spectrum, so filters are applied where spectra are
made, and a filter *envelope* becomes a crossfade between a dark and a bright version of the same
wave. That costs two multiplications per sample, never aliases, and cannot become unstable.
Rejected: polyBLEP and a recursive filter per note (a Python loop per sample, or numba).

Kinds of wave: a `cycle` (one period, read at any speed: glides and vibrato) and a `loop` (seconds
long, played as it is: many detuned oscillators, or PADsynth's smeared harmonics, Nasca 2005,
https://zynaddsubfx.sourceforge.io/doc/PADsynth/PADsynth.htm).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.corpus.render.canvas import RATE_HZ, Signal

TOP_HZ: Final = 11_500.0  # highest partial: below the Nyquist rate, with room for vibrato
CYCLE: Final = 4096
_SHARED: Final = 1.2  # of a pad's phases, between channels: correlation about 0.5
_LOOP_SHORTEST, _LOOP_LONGEST = 60_000, 66_000

Spectrum = NDArray[np.float64]


def pitch_hz(pitch: float) -> float:
    """Equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def low_pass(hz: Spectrum, cutoff_hz: float, *, q: float = 0.7, poles: int = 2) -> Spectrum:
    """Magnitude of `poles`/2 resonant two-pole low-passes at the frequencies `hz`."""
    ratio = (hz / cutoff_hz) ** 2
    two_poles = 1 / np.sqrt((1 - ratio) ** 2 + ratio / q**2)
    return np.asarray(two_poles ** (poles / 2))


def partials(base_hz: float, *, top_hz: float = TOP_HZ, most: int = CYCLE // 4) -> Spectrum:
    """Numbers 1 … n of the partials that fit under `top_hz`."""
    return np.arange(1, max(1, min(most, int(top_hz / base_hz))) + 1, dtype=np.float64)


def saw(numbers: Spectrum) -> Spectrum:
    """Amplitudes of a sawtooth's partials."""
    return 1 / numbers


def pulse(numbers: Spectrum, duty: float) -> Spectrum:
    """Amplitudes of a pulse wave's partials; a square at 0.5."""
    return np.asarray(np.sin(np.pi * numbers * duty) / numbers)


def cycle(amplitudes: Spectrum, *, phase: float = 0.0) -> NDArray[np.float32]:
    """(CYCLE + 1,) one period of Σ aₙ sin(2πnx + phase), its first sample repeated at the end."""
    spectrum = np.zeros(CYCLE // 2 + 1, np.complex128)
    spectrum[1 : len(amplitudes) + 1] = amplitudes * (-0.5j * CYCLE) * np.exp(1j * phase)
    wave = fft.irfft(spectrum, CYCLE)
    return np.append(wave, wave[0]).astype(np.float32)


def read(turns: NDArray[np.floating], *tables: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Cycles at the same phases `turns` (1.0 is a period, ≥ 0), linearly interpolated."""
    position = turns * CYCLE
    index = position.astype(np.int64)
    fraction = (position - index).astype(np.float32)
    index &= CYCLE - 1
    following = index + 1
    waves = []
    for table in tables:
        low = table[index]
        wave = table[following]
        wave -= low
        wave *= fraction
        wave += low
        waves.append(wave)
    return waves


@lru_cache(maxsize=256)
def loop_length(base_hz: float) -> int:
    """A length that the FFT likes and that holds a whole number of periods to within 0.01 cents."""
    lengths = _fast_lengths()
    periods = lengths * base_hz / RATE_HZ
    error = np.abs(periods - np.round(periods)) / periods
    return int(lengths[np.argmin(error)])


@lru_cache(maxsize=1)
def _fast_lengths() -> NDArray[np.int64]:
    lengths, length = [], _LOOP_SHORTEST
    while length <= _LOOP_LONGEST:
        length = fft.next_fast_len(length, real=True)
        lengths.append(length)
        length += 1
    return np.array(lengths)


def stack_loop(
    base_hz: float,
    cents: NDArray[np.float64],
    gains: NDArray[np.float64],
    shapes: list[Callable[[Spectrum], Spectrum]],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Detuned oscillators in unison, as loops.

    Args:
        base_hz: of the oscillator at 0 cents, which is exact.
        cents: (n,) detuning.
        gains: (n, channels).
        shapes: per layer, partial frequencies in Hz → amplitudes relative to a sawtooth.
        rng: of the phases; all layers share them, so that they can be crossfaded.

    Returns:
        (layers, channels, loop length).
    """
    length = loop_length(base_hz)
    spectra = np.zeros((len(shapes), gains.shape[1], length // 2 + 1), np.complex64)
    for detune, gain in zip(cents, gains, strict=True):
        numbers = partials(base_hz * 2 ** (detune / 1200))
        periods = round(base_hz * 2 ** (detune / 1200) * length / RATE_HZ)
        bins = (numbers * periods).astype(np.int64)
        turn = np.exp(1j * (2 * np.pi * rng.random() * numbers - np.pi / 2))
        for layer, shape in enumerate(shapes):
            tone = saw(numbers) * shape(bins * RATE_HZ / length) * turn
            for channel in range(gains.shape[1]):
                spectra[layer, channel, bins] += gain[channel] * tone
    return np.asarray(fft.irfft(spectra, length, axis=-1) * np.float32(length / 2), np.float32)


def pad_loop(
    base_hz: float,
    amplitudes: list[Callable[[Spectrum], Spectrum]],
    rng: np.random.Generator,
    *,
    width_cents: float,
    ratios: Spectrum | None = None,
    channels: int = 2,
) -> NDArray[np.float32]:
    """PADsynth: every partial is a narrow band of noise, so that the tone breathes by itself.

    Args:
        base_hz: fundamental.
        amplitudes: per layer, partial numbers → amplitudes.
        rng: of the phases; layers share them, channels only partly (that is the stereo width).
        width_cents: standard deviation of a band, relative to its frequency.
        ratios: frequencies of the partials over the fundamental; None is harmonic.
        channels: 1 or 2.

    Returns:
        (layers, channels, loop length), RMS about 1 for the first layer.
    """
    length = loop_length(base_hz)
    hz = np.arange(length // 2 + 1) * (RATE_HZ / length)
    numbers = partials(base_hz) if ratios is None else ratios[ratios * base_hz < TOP_HZ]
    turn = np.exp(2j * np.pi * rng.random((channels + 1, hz.size)))
    turn = turn[:channels] + _SHARED * turn[channels:]
    turn /= np.abs(turn)
    profile = np.zeros((len(amplitudes), hz.size))
    strengths = [shape(numbers) for shape in amplitudes]
    for index, number in enumerate(numbers):
        centre = number * base_hz
        spread = max(centre * (2 ** (width_cents / 1200) - 1), RATE_HZ / length)
        low, high = np.searchsorted(hz, (centre - 4 * spread, centre + 4 * spread))
        band = np.exp(-0.5 * ((hz[low:high] - centre) / spread) ** 2)
        band /= np.sqrt(np.sum(band**2))
        for layer, strength in enumerate(strengths):
            profile[layer, low:high] += strength[index] * band
    spectra = (profile[:, None] * turn).astype(np.complex64)
    waves = fft.irfft(spectra, length, axis=-1)
    return np.asarray(waves / np.sqrt(np.mean(waves[0] ** 2)), np.float32)


def unroll(loop: NDArray[np.float32], start: int, frames: int) -> NDArray[np.float32]:
    """(…, length) loop → (…, frames) of it from `start`."""
    length = loop.shape[-1]
    start %= length
    if start + frames <= length:
        return loop[..., start : start + frames]
    pieces = [loop[..., start:]]
    left = frames - pieces[0].shape[-1]
    pieces += [loop] * (left // length)
    pieces.append(loop[..., : left % length])
    return np.concatenate(pieces, axis=-1)


class Cache:
    """Arrays by key, the least recently used forgotten beyond a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Signal] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Signal]) -> Signal:
        """The array of a key, made if it is not kept. Callers do not write into it."""
        found = self.find(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def find(self, key: Hashable) -> Signal | None:
        """The array of a key, None if it is not kept."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: Hashable, made: Signal) -> None:
        """Keep an array under a new key; the longest unused go where it gets too much."""
        self._kept[key] = made
        self._bytes += made.nbytes
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
