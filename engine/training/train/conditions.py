"""What the network is told of a crop: the conditions of the whole clip, cut out, some hidden.

The signals are those of `engine.music.signals` on the clip's own timeline, so training and
rendering cannot disagree about where a beat lies. A hidden group is all zeros, its flag with it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.music.grid import loop_timeline, timeline
from engine.music.meter import seconds_per_bar
from engine.music.roll import roll
from engine.music.signals import GLOBALS, SIGNALS, Conditions, global_values, signal_rows
from engine.training.train.data import ClipEntry

Array = NDArray[np.float32]

# group → beginnings of the names of its signals and globals
_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "grid": ("beat", "bar_", "phrase_", "grid_"),
    "bpm": ("log_bpm", "bpm_"),
    "key": ("key_",),
    "chroma": ("chroma_",),
    "length": ("position", "duration"),
    "notes": ("notes_", "drum_", "fx_", "bass_", "chords_", "lead_"),
    "players": ("players_", "plays_", "pan_", "width_", "reverb_"),
}


def group_rows(names: tuple[str, ...], group: str) -> NDArray[np.intp]:
    """Indices of a group's names."""
    return np.array([i for i, name in enumerate(names) if name.startswith(_GROUPS[group])], np.intp)


_SIGNAL_NAMES: Final = tuple(SIGNALS)
_GLOBAL_NAMES: Final = tuple(GLOBALS)
SIGNAL_GROUPS: Final = {group: group_rows(_SIGNAL_NAMES, group) for group in _GROUPS}
GLOBAL_GROUPS: Final = {group: group_rows(_GLOBAL_NAMES, group) for group in _GROUPS}


def clip_conditions(
    clip: ClipEntry, rate_hz: int, *, notes: NDArray[np.float32] | None = None
) -> Conditions:
    """Everything that is known of a clip, on its whole timeline at `rate_hz`.

    Args:
        clip: the clip.
        rate_hz: of the signals.
        notes: (N, 5) what is played in it (engine.music.roll.Played), if that is known.
    """
    elements = clip.frames * rate_hz // 100
    bpm = None if clip.free else clip.bpm
    if clip.loop:
        line = loop_timeline(elements, rate_hz, bars=clip.bars, meter=clip.meter)
    else:
        line = timeline(elements, rate_hz, bpm=bpm, meter=clip.meter)
    chroma = None
    if clip.key_name is not None and clip.chords:
        times_s = line.bar_position() * seconds_per_bar(clip.bpm, clip.meter)
        chroma = np.zeros((12, elements), np.float32)
        for start_s, end_s, tones in clip.chords:
            first, last = np.searchsorted(times_s, (start_s - 1e-9, end_s - 1e-9))
            chroma[list(tones), first:last] = 1.0
    track = None if notes is None else roll(notes, line, loop=clip.loop)
    return Conditions(line, bpm, clip.key_name, clip.loop, chroma, track, clip.players)


def signals_and_globals(
    clip: ClipEntry,
    places: NDArray[np.intp],
    rate_hz: int,
    *,
    notes: NDArray[np.float32] | None = None,
) -> tuple[Array, Array]:
    """Signals (S, len(places)) at elements `places` of the clip, 0 where −1; globals (G,).

    S and G are all of `engine.music.signals`; the rest as in `clip_conditions`.
    """
    given = clip_conditions(clip, rate_hz, notes=notes)
    signals = signal_rows(_SIGNAL_NAMES, given)[:, places]
    signals[:, places < 0] = 0
    return signals, global_values(_GLOBAL_NAMES, given)


def hide_groups(
    signals: Array, globals_: Array, *, shares: dict[str, float], rng: np.random.Generator
) -> tuple[str, ...]:
    """Hide each group in place with its share of chance; names of the hidden. S (S, L), G (G,)."""
    chances = rng.random(len(_GROUPS))
    hidden = tuple(
        group for group, u in zip(_GROUPS, chances, strict=True) if u < shares.get(group, 0.0)
    )
    for group in hidden:
        signals[SIGNAL_GROUPS[group]] = 0
        globals_[GLOBAL_GROUPS[group]] = 0
    return hidden
