"""The master: glue, media, level. −16 LUFS, true peak under −1 dBTP, whatever came in.

Where the crest factor forbids both, a look-ahead limiter takes the peaks first, as gently as it
can: it is asked for a little more until the loudness is met. Peaks more than 5 dB over the ceiling
are rounded by a soft clipper before it. Single clicks in silence stay under the target: a louder
click would be a longer one. The same gain curve serves the stems.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.resample import fft_resample, soxr_resample
from engine.corpus.render.canvas import LOW_RATE_HZ, RATE_HZ, Canvas, Signal
from engine.corpus.render.effects import Scene, saturate
from engine.corpus.render.lofi import centred, dulled, narrow, sway, swayed, tape_hiss, vinyl, warm
from engine.corpus.render.loudness import (
    glue_curve,
    integrated_lufs,
    limiter_curve,
    peaks,
    true_peak,
)

TARGET_LUFS: Final = -16.0
CEILING_DBTP: Final = -1.0
_SPIKY: Final = 1.8  # peaks this far over the ceiling are rounded before they are limited
_KNEE: Final = 1.5
_SAFE: Final = 0.9  # of the ceiling: where the limiter's coarse interpolation misses nothing
_TOLERANCE_LU: Final = 0.1
_LEAST_GLUE: Final = 0.15
_ROUNDS: Final = 10
_PUSH: Final = 1.3  # a limited mix answers with less than it is given
_FADE_S: Final = 0.04
_FLOOR_DB: Final = -86.0  # no digital silence

TREATMENTS: Final = ("glue", "warmth", "tape", "vinyl", "lofi_hz", "reverb_room")


@dataclass(frozen=True)
class Mastered:
    """A finished clip.

    Attributes:
        audio: (2, frames) at 24 kHz.
        gain: (frames,) what was multiplied with the treated mix.
    """

    audio: Signal
    gain: Signal


@dataclass(frozen=True)
class Treated:
    """A mix after its treatments.

    Attributes:
        mix: (2, total).
        linear: what was done to it that a stem can follow: gain, tape speed, filters.
    """

    mix: Signal
    linear: tuple[Callable[[Signal], Signal], ...]

    def follow(self, stem: Signal) -> Signal:
        """(2, total) stem as it is in the treated mix, but for saturation and noise."""
        for step in self.linear:
            stem = step(stem)
        return stem


def treat(mix: Signal, treatments: dict[str, float], scene: Scene) -> Treated:
    """Glue and media over the whole mix.

    Args:
        mix: (2, total).
        treatments: amounts by the names in TREATMENTS.
        scene: the canvas and what belongs to it.

    Raises:
        ValueError: a treatment that is not in TREATMENTS.
    """
    unknown = set(treatments) - set(TREATMENTS)
    if unknown:
        msg = f"unknown master treatments: {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    amount = {name: treatments.get(name, 0.0) for name in TREATMENTS}
    rng = np.random.default_rng([scene.variant, 1])
    glue = glue_curve(mix, max(amount["glue"], _LEAST_GLUE))
    linear: list[Callable[[Signal], Signal]] = [lambda sound: sound * glue, centred]
    if amount["warmth"] > 0:
        linear.append(partial(warm, amount=amount["warmth"]))
    if amount["tape"] > 0:
        position = sway(scene.canvas, amount["tape"], rng)
        linear += [partial(swayed, position=position), partial(dulled, amount=amount["tape"])]
    if amount["lofi_hz"] > 0:
        linear.append(partial(narrow, cutoff_hz=amount["lofi_hz"]))
    drive = 0.3 * amount["warmth"] + 0.4 * amount["tape"]
    if drive > 0:
        mix = saturate(mix, drive, scene)
    for step in linear:
        mix = step(mix)
    level = float(np.sqrt(np.mean(mix**2)))
    if amount["tape"] > 0:
        mix = mix + tape_hiss(scene.canvas, amount["tape"], level, rng)
    if amount["vinyl"] > 0:
        mix = mix + vinyl(scene.canvas, amount["vinyl"], level, rng)
    return Treated(mix, tuple(linear))


def finish(mix: Signal, canvas: Canvas, rng: np.random.Generator) -> Mastered:
    """(2, total) treated mix → the clip at its level.

    Silence comes back as a floor of noise.
    """
    clip = mix[:, canvas.lead :].copy()
    fade = np.ones(canvas.frames, np.float32)
    if not canvas.loop:
        length = min(round(_FADE_S * RATE_HZ), canvas.frames)
        fade[-length:] = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, length, dtype=np.float32))
        clip *= fade
    measured = integrated_lufs(clip)
    if not np.isfinite(measured):
        return Mastered(_with_floor(clip, rng), fade)
    gain = np.float32(10 ** ((TARGET_LUFS - measured) / 20))
    ceiling = limit = float(10 ** (CEILING_DBTP / 20))
    loud = peaks(clip)
    if float(loud.max()) * gain > _SPIKY * ceiling:
        knee = np.float32(_KNEE * ceiling / gain)
        clip = knee * np.tanh(clip / knee)
        loud = peaks(clip)
    for _ in range(_ROUNDS):
        if float(loud.max()) * gain <= _SAFE * ceiling:
            curve = np.full(canvas.frames, gain, np.float32)
        else:
            curve = gain * limiter_curve(loud * gain, ceiling, canvas.frames, periodic=canvas.loop)
        audio = clip * curve
        missing = TARGET_LUFS - integrated_lufs(audio)
        excess = true_peak(audio) / limit
        if abs(missing) < _TOLERANCE_LU and excess < 1:
            break
        gain *= np.float32(10 ** (_PUSH * missing / 20))
        ceiling /= max(1.0, 1.01 * excess)
    audio = _with_floor(audio, rng)
    correction = np.float32(min(1.0, 0.998 * limit / true_peak(audio)))
    return Mastered(audio * correction, fade * curve * correction)


def _with_floor(audio: Signal, rng: np.random.Generator) -> Signal:
    """A breath of noise under everything: recordings have one, and logarithms like it."""
    table = rng.standard_normal((2, 1 << 15), dtype=np.float32) * np.float32(10 ** (_FLOOR_DB / 20))
    whole = audio.shape[1] // table.shape[1]
    out = audio.copy()
    body = out[:, : whole * table.shape[1]].reshape(2, whole, -1)
    body += table[:, None]
    rest = audio.shape[1] - whole * table.shape[1]
    out[:, audio.shape[1] - rest :] += table[:, :rest]
    return out


def low_rate(audio: NDArray[np.float32], canvas: Canvas) -> NDArray[np.float32]:
    """(frames, 2) at 24 kHz → (frames_low, 2) at 16 kHz."""
    if canvas.loop:
        return fft_resample(audio, canvas.frames_low, periodic=True)
    low = soxr_resample(audio, RATE_HZ, LOW_RATE_HZ)
    return (
        np.ascontiguousarray(np.resize(low, (canvas.frames_low, 2)))
        if (low.shape[0] != canvas.frames_low)
        else low
    )
