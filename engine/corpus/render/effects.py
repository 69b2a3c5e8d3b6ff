"""Insert effects of a part, by the names that Part.effects uses.

Every effect takes and returns (channels, samples) and may widen mono to stereo. LFOs run at rates
that close on themselves in a loop.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from engine.corpus.render.canvas import RATE_HZ, Canvas, Signal
from engine.corpus.render.curves import (
    BIN_HZ,
    CONTROL,
    HOP,
    control_steps,
    low_pass_gains,
    moments,
    moving_filter,
    spread,
)

_SWEEP_LOW_HZ: Final = 160.0
_SWEEP_HIGH_HZ: Final = 11_000.0
_SATURATED_BELOW_HZ: Final = 4200.0
_DUCK_ATTACK_S: Final = 0.004
_CHORUS_S: Final = 0.011
_CHORUS_DEPTH_S: Final = 0.0028


@dataclass(frozen=True)
class Scene:
    """What an effect may know beside the sound.

    Attributes:
        canvas: rate, length, grid.
        kicks: samples of the canvas at which a kick drum is struck.
        cutoff: filter automation as (quarter, 0–1) points; may be empty.
        variant: a number that differs between scores.
    """

    canvas: Canvas
    kicks: NDArray[np.int64]
    cutoff: tuple[tuple[float, float], ...]
    variant: int


Effect = Callable[[Signal, float, Scene], Signal]


def saturate(signal: Signal, amount: float, scene: Scene) -> Signal:
    """Warm distortion of what lies below 4 kHz; what lies above would only alias.

    The cubic x − x³/3 makes third harmonics, which stay below the Nyquist rate.
    """
    low = dsp.sosfilt(_low_pass(_SATURATED_BELOW_HZ), signal, axis=1)
    level = float(np.sqrt(np.mean(low**2))) + 1e-9
    drive = np.float32((0.25 + 0.9 * amount) / (2.2 * level))
    bent = np.clip(low * drive, -1, 1)
    bent -= bent * bent * bent * np.float32(1 / 3)
    bent *= np.float32(1.5) / drive
    bent -= low
    bent *= np.float32(min(1.0, 0.4 + amount))
    bent += signal
    return np.asarray(bent, np.float32)


def low_pass_at(signal: Signal, cutoff_hz: float, scene: Scene) -> Signal:
    """A fixed two-pole low-pass."""
    return _filtered(signal, _low_pass(min(cutoff_hz, 11_500.0)))


def high_pass_at(signal: Signal, cutoff_hz: float, scene: Scene) -> Signal:
    """A fixed two-pole high-pass."""
    return _filtered(signal, _high_pass(cutoff_hz))


def sweep(signal: Signal, amount: float, scene: Scene) -> Signal:
    """A resonant low-pass that follows the automation, or rises and falls once over the clip."""
    centres = np.arange(moments(signal.shape[1])) * HOP - scene.canvas.lead
    if scene.cutoff:
        quarters, values = np.array(sorted(scene.cutoff)).T
        at = np.clip(centres / scene.canvas.samples_per_quarter, 0, scene.canvas.quarters)
        if scene.canvas.loop:
            at = np.mod(centres / scene.canvas.samples_per_quarter, scene.canvas.quarters)
        opening = np.interp(at, quarters, values)
    else:
        opening = 0.5 - 0.5 * np.cos(2 * np.pi * centres / scene.canvas.frames)
    octaves = np.log2(_SWEEP_HIGH_HZ / _SWEEP_LOW_HZ) * amount * (1 - opening)
    cutoff_hz = (_SWEEP_HIGH_HZ * 2.0**-octaves).astype(np.float32)
    return moving_filter(signal, low_pass_gains(cutoff_hz, resonance=1.3))


def phaser(signal: Signal, amount: float, scene: Scene) -> Signal:
    """Two notches that wander: the magnitude response of four all-passes beside the direct way."""
    phase = scene.canvas.phase(0.35, step=HOP)
    phase = np.append(phase, phase[-1:])[: moments(signal.shape[1])]
    centre_hz = 700 * 2 ** (1.3 * np.sin(phase))
    notches = np.abs(np.cos(4 * np.arctan(BIN_HZ / centre_hz[:, None])))
    return moving_filter(signal, (1 - amount + amount * notches).astype(np.float32))


def chorus(signal: Signal, amount: float, scene: Scene) -> Signal:
    """A wavering copy, in opposite phase left and right."""
    samples = signal.shape[1]
    phase = scene.canvas.phase(0.6 + 0.1 * (scene.variant % 4), step=CONTROL)
    sides = []
    for channel in range(2):
        dry = signal[min(channel, signal.shape[0] - 1)]
        sway = np.sin(phase + np.float32(np.pi * 0.6 * channel))
        delay = (_CHORUS_S + _CHORUS_DEPTH_S * sway) * RATE_HZ
        sides.append(dry + np.float32(0.75 * amount) * delayed(dry, spread(delay, samples)))
    return np.stack(sides) * np.float32(1 / np.sqrt(1 + (0.75 * amount) ** 2))


def tremolo(signal: Signal, amount: float, scene: Scene) -> Signal:
    """Level at four to six swings a second."""
    phase = scene.canvas.phase(4.0 + 0.5 * (scene.variant % 5), step=CONTROL)
    gain = 1 - amount * (0.5 - 0.5 * np.cos(phase))
    return signal * spread(gain, signal.shape[1])


def gate(signal: Signal, amount: float, scene: Scene) -> Signal:
    """Chopped in sixteenths."""
    positions = np.arange(control_steps(signal.shape[1])) * CONTROL - scene.canvas.lead
    sixteenth = 4 * positions / scene.canvas.samples_per_quarter
    shut = (np.mod(sixteenth, 1.0) > 0.55) * np.float32(amount)
    smooth = np.convolve(1 - shut, np.hanning(9)[1:-1] / 4, mode="same")
    return signal * spread(smooth.astype(np.float32), signal.shape[1])


def bitcrush(signal: Signal, amount: float, scene: Scene) -> Signal:
    """Fewer bits, and samples that are held."""
    peak = float(np.max(np.abs(signal))) + 1e-9
    step = np.float32(peak / 2 ** (10 - 6 * amount))
    held = 1 + round(3 * amount)
    coarse = np.repeat(signal[:, ::held], held, axis=1)[:, : signal.shape[1]]
    return np.asarray(np.round(coarse / step) * step, np.float32)


def sidechain(signal: Signal, amount: float, scene: Scene) -> Signal:
    """Ducked by the kick drum, or by every beat where there is none."""
    return signal * duck_curve(signal.shape[1], amount, scene)


def duck_curve(frames: int, amount: float, scene: Scene) -> Signal:
    """(frames,) gain that falls before every kick and recovers within a beat."""
    beat = scene.canvas.samples_per_quarter
    kicks = scene.kicks
    if kicks.size == 0:
        first = scene.canvas.lead - int(scene.canvas.lead / beat) * beat
        kicks = np.round(np.arange(first, frames, beat)).astype(np.int64)
    attack = round(_DUCK_ATTACK_S * RATE_HZ)
    recovery = round(min(0.3 * RATE_HZ, 0.8 * beat))
    rise = np.linspace(0, 1, recovery, dtype=np.float32)
    shape = np.concatenate([np.linspace(0, 1, attack, dtype=np.float32), 1 - rise**1.5])
    template = 1 - np.float32(amount) * shape
    gain = np.ones(frames + template.size, np.float32)
    for kick in kicks:
        begin = max(int(kick) - attack, 0)
        span = gain[begin : begin + template.size]
        np.minimum(span, template[: span.size], out=span)
    return gain[:frames]


def delayed(signal: Signal, delay: Signal) -> Signal:
    """(samples,) read `delay` samples earlier, linearly interpolated; silence before the start."""
    whole = delay.astype(np.int32)
    fraction = delay - whole  # apart from the index: float32 cannot hold both
    index = np.arange(signal.size, dtype=np.int32) - whole
    np.clip(index, 1, signal.size - 1, out=index)
    late = signal[index]
    index -= 1
    early = signal[index]
    early -= late
    early *= fraction
    late += early
    return np.asarray(late, np.float32)


def _low_pass(cutoff_hz: float) -> Signal:
    return np.asarray(dsp.butter(2, cutoff_hz, "low", fs=RATE_HZ, output="sos"), np.float32)


def _high_pass(cutoff_hz: float) -> Signal:
    return np.asarray(dsp.butter(2, cutoff_hz, "high", fs=RATE_HZ, output="sos"), np.float32)


def _filtered(signal: Signal, sections: Signal) -> Signal:
    return np.asarray(dsp.sosfilt(sections, signal, axis=1), np.float32)


# in the order in which they are applied, whatever the order of the score's dictionary
EFFECTS: Final[dict[str, Effect]] = {
    "highpass_hz": high_pass_at,
    "bitcrush": bitcrush,
    "saturation": saturate,
    "lowpass_hz": low_pass_at,
    "filter_sweep": sweep,
    "phaser": phaser,
    "chorus": chorus,
    "tremolo": tremolo,
    "gate": gate,
    "sidechain": sidechain,
}


def apply_effects(signal: Signal, effects: dict[str, float], scene: Scene) -> Signal:
    """All effects of a part; automation without a `filter_sweep` gets a full one.

    Raises:
        ValueError: an effect that is not in EFFECTS.
    """
    unknown = set(effects) - set(EFFECTS)
    if unknown:
        msg = f"unknown effects: {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    amounts = {"filter_sweep": 1.0 if scene.cutoff else 0.0, **effects}
    for name, effect in EFFECTS.items():
        if amounts.get(name, 0.0) > 0:
            signal = effect(signal, amounts[name], scene)
    return signal
