"""Where the first bar of a stretch of unknown music begins, so that it can be cut there.

Training's grid begins with a clip's first sample. The onsets are folded at the measured beat for
the beat's phase, and the bar begins on the one of four beats with the most of them: the beat is
usually right, the bar often.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.tempo import onset_strength

_BEATS: Final = 4
_PHASES: Final = 64  # per beat


def bar_start_s(audio: NDArray[np.float32], rate_hz: int, *, bpm: float) -> float:
    """Seconds to the first bar line of audio (samples, channels), less than a bar at `bpm`."""
    if len(audio) / rate_hz < _BEATS * 60.0 / bpm:
        return 0.0
    onsets, frames_per_s = onset_strength(audio, rate_hz)
    beat = 60.0 / bpm * frames_per_s  # frames
    beats = max(_BEATS, int((len(onsets) - 1) / beat))
    rises = np.maximum(onsets, 0.0)
    phases = np.arange(_PHASES) * beat / _PHASES
    times = phases[:, None] + np.arange(beats) * beat  # (phases, beats) in frames
    strength = np.interp(times, np.arange(len(rises)), rises)
    best = int(strength.sum(axis=1).argmax())
    each = [float(strength[best, first::_BEATS].mean()) for first in range(_BEATS)]
    return float((phases[best] + int(np.argmax(each)) * beat) / frames_per_s)
