"""What the audio callback does next, as one immutable value.

Everything that costs memory or thought is done here, before: the callback only copies and
multiplies. A new plan replaces the old one by a single assignment, which Python makes atomic, so
the two threads share no lock.

Loops. A periodic sound looped whole wraps raw: its last sample is followed by its first. Any other
wrap is a cut, so the last 5 ms before it are replaced by a crossfade into the sound *before* the
loop's start. The length stays exact and the cut does not click.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

FADE_S: Final = 0.005  # switching, seeking, stopping, cutting
ATTACK_S: Final = 0.001  # starting inside a sound: short, so that a drum keeps its attack
QUIET: Final = 1e-3  # −60 dBFS: below, a cut needs no fade
NO_AUDIO: Final = np.zeros((0, 2), np.float32)
NO_WRAP: Final = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """One state of the transport, in frames of the device.

    Attributes:
        serial: counts plans; told back with what is heard.
        playing: the transport runs.
        take: index of the sound, told back.
        audio: (frames, 2) at the device's rate.
        gain: of this take (the level match).
        end: frame where the sound wraps or ends.
        wrap_to: frame that follows `end`, NO_WRAP to end there.
        tail: (≤ fade, 2) played in place of audio[end − len(tail) : end].
        seek_serial, seek_frame: a seek not seen before moves the playhead.
        volume: linear, of everything.
    """

    serial: int = 0
    playing: bool = False
    take: int = 0
    audio: NDArray[np.float32] = field(default_factory=lambda: NO_AUDIO)
    gain: float = 1.0
    end: int = 0
    wrap_to: int = NO_WRAP
    tail: NDArray[np.float32] = field(default_factory=lambda: NO_AUDIO)
    seek_serial: int = 0
    seek_frame: int = 0
    volume: float = 1.0

    @property
    def tail_start(self) -> int:
        """First frame that comes from the tail."""
        return self.end - int(self.tail.shape[0])


@dataclass(frozen=True, eq=False)
class Stretch:
    """The part of a sound that is played, and how it ends: fields of a Plan."""

    start: int
    end: int
    wrap_to: int
    tail: NDArray[np.float32]


def fade_in(frames: int) -> NDArray[np.float32]:
    """(frames, 1) raised cosine; with its mirror it sums to 1, so no crossfade is ever louder."""
    phase = (np.arange(frames, dtype=np.float64) + 0.5) / max(frames, 1)
    return (np.sin(phase * np.pi / 2) ** 2).astype(np.float32)[:, None]


def stretch(
    audio: NDArray[np.float32],
    *,
    periodic: bool,
    loop: bool,
    region: tuple[int, int] | None,
    fade_frames: int,
) -> Stretch:
    """Which part of (frames, 2) is played and how it ends.

    Args:
        audio: the whole sound at the device's rate.
        periodic: its end continues in its start.
        loop: wrap instead of ending.
        region: (first, past the last) frame, None for all; clipped to the sound.
        fade_frames: length of fades.
    """
    frames = audio.shape[0]
    start, end = (0, frames) if region is None else (max(region[0], 0), min(region[1], frames))
    if end <= start:
        start, end = 0, frames
    whole = start == 0 and end == frames
    wrap_to = start if loop else NO_WRAP
    if frames == 0 or (loop and whole and periodic):
        return Stretch(start, end, wrap_to, NO_AUDIO)
    after = audio[start] if loop else np.zeros(2, np.float32)
    if np.max(np.abs(audio[end - 1] - after)) < QUIET:
        return Stretch(start, end, wrap_to, NO_AUDIO)
    length = min(fade_frames, (end - start) // 2)
    rise = fade_in(length)
    tail = audio[end - length : end] * (1 - rise)
    if loop:
        tail += _before(audio, start, length, periodic=periodic) * rise
    return Stretch(start, end, wrap_to, np.ascontiguousarray(tail, np.float32))


def _before(
    audio: NDArray[np.float32], start: int, length: int, *, periodic: bool
) -> NDArray[np.float32]:
    """(length, 2) that lead up to `start`: from the other end of a loop, silence before a clip."""
    if periodic:
        return np.take(audio, np.arange(start - length, start), axis=0, mode="wrap")
    known = audio[max(start - length, 0) : start]
    return np.pad(known, ((length - known.shape[0], 0), (0, 0)))
