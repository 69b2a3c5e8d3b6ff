"""Old media: vinyl, tape, and narrow bandwidth."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy import signal as dsp

from engine.corpus.render.canvas import RATE_HZ, Canvas, Signal
from engine.corpus.render.curves import CONTROL, spread
from engine.corpus.render.voices.drums import filtered_noise

_POPS_PER_S: Final = 14.0
_NOISE_TABLE_S: Final = 4.0
_WOW_S: Final = 0.0012
_FLUTTER_S: Final = 0.00004


def _noise_bed(frames: int, rng: np.random.Generator, *, low_hz: float, high_hz: float) -> Signal:
    """(2, frames) noise from a 4 s table that repeats."""
    table = filtered_noise(
        rng, round(_NOISE_TABLE_S * RATE_HZ), low_hz=low_hz, high_hz=high_hz, channels=2
    )
    return np.take(table, np.arange(frames), axis=1, mode="wrap")


def vinyl(canvas: Canvas, amount: float, level: float, rng: np.random.Generator) -> Signal:
    """(2, total) crackle, hiss and rumble of a record, to add to a mix of RMS `level`.

    Pops of very different heights (log-normal), each a millisecond of a worn groove.
    """
    frames = canvas.frames
    count = rng.poisson(_POPS_PER_S * (0.4 + 1.2 * amount) * frames / RATE_HZ)
    pops = np.zeros((2, frames), np.float32)
    heights = np.minimum(rng.lognormal(-0.5, 1.0, count), 6.0)
    at, side = rng.integers(0, frames, count), rng.uniform(0.3, 1.0, (2, count))
    for channel in range(2):
        signs = rng.choice((-1.0, 1.0), count)
        np.add.at(pops[channel], at, heights * side[channel] * signs)
    groove = filtered_noise(np.random.default_rng(0), 72, low_hz=700, high_hz=6000)[0]
    groove *= np.exp(-np.arange(72, dtype=np.float32) / 14)
    length = fft.next_fast_len(frames + 72, real=True)
    crackle = fft.irfft(fft.rfft(pops, length) * fft.rfft(groove, length), length)
    crackle[:, :72] += crackle[:, frames : frames + 72] if canvas.loop else 0.0
    hiss = _noise_bed(frames, rng, low_hz=900, high_hz=9000)
    rumble = _noise_bed(frames, rng, low_hz=20, high_hz=55)
    bed = 0.9 * crackle[:, :frames] + 0.05 * hiss + 0.06 * rumble
    return canvas.with_lead((np.float32(amount * level) * bed).astype(np.float32))


def sway(canvas: Canvas, amount: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(total,) position on the tape that is heard at each sample: wow and flutter."""
    frames = canvas.total
    wow = np.sin(canvas.phase(rng.uniform(0.5, 0.9), step=CONTROL) + np.float32(rng.random() * 6))
    flutter = np.sin(canvas.phase(rng.uniform(5.5, 8.0), step=CONTROL))
    shift = amount * RATE_HZ * (_WOW_S * wow + _FLUTTER_S * flutter)
    position = np.arange(frames) - spread(shift, frames)
    return np.asarray(np.clip(position, 1, frames - 3), np.float64)


def swayed(sound: Signal, position: NDArray[np.float64]) -> Signal:
    """(2, total) read at moving positions."""
    return np.stack([_read_cubic(row, position) for row in sound])


def dulled(sound: Signal, amount: float) -> Signal:
    """The softer top of a tape."""
    sections = dsp.butter(1, 11_000 - 5500 * amount, "low", fs=RATE_HZ, output="sos")
    return np.asarray(dsp.sosfilt(sections.astype(np.float32), sound, axis=1), np.float32)


def tape_hiss(canvas: Canvas, amount: float, level: float, rng: np.random.Generator) -> Signal:
    """(2, total) hiss to add to a mix of RMS `level`."""
    hiss = _noise_bed(canvas.frames, rng, low_hz=600, high_hz=9000)
    return canvas.with_lead(np.float32(0.02 * amount * level) * hiss)


def narrow(mix: Signal, cutoff_hz: float) -> Signal:
    """A steep low-pass, as of a sampler at a low rate."""
    sections = dsp.butter(4, min(cutoff_hz, 11_500.0), "low", fs=RATE_HZ, output="sos")
    return np.asarray(dsp.sosfilt(sections.astype(np.float32), mix, axis=1), np.float32)


def centred(mix: Signal) -> Signal:
    """Without offset: asymmetric basses and saturation leave one."""
    sections = dsp.butter(1, 18.0, "high", fs=RATE_HZ, output="sos").astype(np.float32)
    return np.asarray(dsp.sosfilt(sections, mix, axis=1), np.float32)


def warm(mix: Signal, amount: float) -> Signal:
    """More below 250 Hz, less above 4 kHz, by one-pole shelves."""
    low = dsp.butter(1, 250, "low", fs=RATE_HZ, output="sos").astype(np.float32)
    high = dsp.butter(1, 4000, "high", fs=RATE_HZ, output="sos").astype(np.float32)
    out = mix + np.float32(0.35 * amount) * dsp.sosfilt(low, mix, axis=1)
    out -= np.float32(0.4 * amount) * dsp.sosfilt(high, mix, axis=1)
    return np.asarray(out, np.float32)


def _read_cubic(row: Signal, position: NDArray[np.floating]) -> Signal:
    """Catmull-Rom interpolation: flat to 6 kHz, where a line would dull what sways."""
    index = position.astype(np.int32)
    t = (position - index).astype(np.float32)
    a, b, c, d = (row[index + k] for k in (-1, 0, 1, 2))
    return np.asarray(
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    )
