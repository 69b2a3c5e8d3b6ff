"""Labels per frame: exact beat, bar, section, chord and activity tracks, with no estimator.

Frame i covers [i, i+1)/rate and is looked up at its centre, on the same timeline as the generator's
signals (engine.music.grid): what the network is told and what it hears agree to the sample.
Rejected: resampling finer tracks (a label is exact where it is computed).
"""

from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from engine.corpus.annotate.annotations import Annotations, ChordSpan
from engine.music.chords import tones
from engine.music.grid import Timeline, loop_timeline, timeline
from engine.music.meter import seconds_per_bar
from engine.music.score import Role
from engine.music.signals import SIGNALS, Conditions

ROLES: Final[tuple[Role, ...]] = get_args(Role)  # rows of "active"
_PHASES: Final = ("beat_sin", "beat_cos", "bar_sin", "bar_cos")
TRACKS: Final = (
    *_PHASES, "bar_position", "downbeats", "beats", "section", "energy", "chroma", "active",
)  # fmt: skip

Track = NDArray[np.float32]


def _hits(line: Timeline, per_bar: int, *, bars: int) -> Track:
    """(frames,) 1 where one of the clip's beats starts inside the frame."""
    edges = np.arange(line.frames + 1) * ((line.bars or 0.0) / max(line.frames, 1) * per_bar)
    edges = np.round(edges, 6)  # a beat on a frame's edge belongs to the frame that it starts
    numbers = np.ceil(edges[:-1])
    return np.asarray((numbers < edges[1:]) & (numbers < bars * per_bar), np.float32)


def _within(times_s: NDArray[np.float64], start_s: float, end_s: float) -> slice:
    """The frames whose centres lie in [start, end)."""
    first, last = np.searchsorted(times_s, (start_s - 1e-9, end_s - 1e-9))
    return slice(int(first), int(last))


def _chroma(chords: tuple[ChordSpan, ...], times_s: NDArray[np.float64]) -> Track:
    """(12, frames) 1 for the tones of the chord that sounds, its bass among them."""
    result = np.zeros((12, len(times_s)), np.float32)
    for chord in chords:
        frames = _within(times_s, chord.start_s, chord.end_s)
        for pitch_class in {*tones(chord.root, chord.quality), chord.bass}:
            result[pitch_class, frames] = 1.0
    return result


def frame_tracks(
    annotations: Annotations, frames: int, rate_hz: float = 100.0
) -> dict[str, NDArray[np.float32]]:
    """Every label per frame.

    Args:
        annotations: of the whole clip.
        frames: how many; a loop fills them exactly, a one-shot may be cut or padded by them.
        rate_hz: frames per second.

    Returns:
        The TRACKS by name, float32. (frames,): beat_sin, beat_cos, bar_sin, bar_cos as
        engine.music.signals has them; bar_position (bars since the start, at the centre); beats
        and downbeats (1 in the frame in which a beat or bar starts; 6/8 has two beats); section
        (index, −1 after the end); energy (its section's, 0 after the end). (12, frames): chroma
        (tones of the sounding chord; zeros for drums alone and after the end).
        (len(ROLES), frames): active.
    """
    a = annotations
    if a.loop:
        line = loop_timeline(frames, rate_hz, bars=a.bars, meter=a.meter)
    else:
        line = timeline(frames, rate_hz, bpm=a.bpm, meter=a.meter)
    conditions = Conditions(line, a.bpm, a.key, a.loop)
    position = line.bar_position()
    times_s = position * seconds_per_bar(a.bpm, a.meter)
    section = np.full(frames, -1, np.float32)
    energy = np.zeros(frames, np.float32)
    for index, span in enumerate(a.sections):
        inside = _within(times_s, span.start_s, span.end_s)
        section[inside], energy[inside] = index, span.energy
    active = np.zeros((len(ROLES), frames), np.float32)
    for part in a.parts:
        for start_s, end_s in part.active:
            active[ROLES.index(part.role), _within(times_s, start_s, end_s)] = 1.0
    return {
        **{name: SIGNALS[name](conditions) for name in _PHASES},
        "bar_position": position.astype(np.float32),
        "downbeats": _hits(line, 1, bars=a.bars),
        "beats": _hits(line, line.pulses_per_bar, bars=a.bars),
        "section": section,
        "energy": energy,
        "chroma": _chroma(a.chords if a.key is not None else (), times_s),
        "active": active,
    }
