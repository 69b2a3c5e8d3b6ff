"""Conditioning signals by name: the table that the manifest, the cascade and the training share.

Every condition is optional: each comes with a `…_present` flag, and an absent one is all zeros, as
when it is dropped in training. Rejected: an embedding index per condition inside the network (a
bundle could then not say, as data, what it needs).

A caller's network reads `signals` as (S, frames) stacked rows and `globals` as a (G,) vector, in
the order in which the manifest lists the names.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.music.grid import Timeline
from engine.music.keys import key_index
from engine.music.roll import PLAYER_NAMES, PLAYS, ROW_NAMES, Player, player_values

FloatArray = NDArray[np.float32]

REFERENCE_BPM: Final = 120.0  # log_bpm is 0 here, ±1 an octave away
REFERENCE_S: Final = 30.0  # duration is 1 here


@dataclass(frozen=True)
class Conditions:
    """What the signals are computed from.

    Attributes:
        timeline: frames and bars of the whole clip.
        bpm: quarter notes per minute, or None.
        key: canonical key, or None.
        loop: whether the end joins the start.
        chroma: (12, frames) chord pitch classes C…B in [0, 1], or None.
        notes: (len(ROW_NAMES), frames) the notes of every voice (engine.music.roll), or None.
        players: who plays them; empty where nobody knows.
    """

    timeline: Timeline
    bpm: float | None = None
    key: str | None = None
    loop: bool = False
    chroma: FloatArray | None = None
    notes: FloatArray | None = None
    players: tuple[Player, ...] = ()


def _phase(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    per_pulse: float = 0,
    per_bar: float = 0,
) -> Callable[[Conditions], FloatArray]:
    def signal(conditions: Conditions) -> FloatArray:
        timeline = conditions.timeline
        if timeline.bars is None:
            return np.zeros(timeline.frames, np.float32)
        turns = per_pulse * timeline.pulses_per_bar + per_bar  # in a bar
        if conditions.loop and not math.isclose((timeline.bars * turns + 0.5) % 1, 0.5):
            return np.zeros(timeline.frames, np.float32)  # a loop has nothing that jumps
        cycles = timeline.bar_position() * turns
        return np.asarray(function(2 * np.pi * cycles), np.float32)

    return signal


def _flag(present: Callable[[Conditions], bool]) -> Callable[[Conditions], FloatArray]:
    return lambda conditions: np.full(conditions.timeline.frames, present(conditions), np.float32)


def _position(conditions: Conditions) -> FloatArray:
    """Time in clip ÷ duration; a loop has no beginning, so no position."""
    frames = conditions.timeline.frames
    if conditions.loop:
        return np.zeros(frames, np.float32)
    return ((np.arange(frames) + 0.5) / frames).astype(np.float32)


def _chroma(pitch_class: int) -> Callable[[Conditions], FloatArray]:
    def signal(conditions: Conditions) -> FloatArray:
        if conditions.chroma is None:
            return np.zeros(conditions.timeline.frames, np.float32)
        return np.asarray(conditions.chroma[pitch_class], np.float32)

    return signal


def _note_row(row: int) -> Callable[[Conditions], FloatArray]:
    def signal(conditions: Conditions) -> FloatArray:
        if conditions.notes is None:
            return np.zeros(conditions.timeline.frames, np.float32)
        return np.asarray(conditions.notes[row], np.float32)

    return signal


def _player(place: int) -> Callable[[Conditions], float]:
    return lambda conditions: float(player_values(conditions.players)[place])


def _key_flag(index: int) -> Callable[[Conditions], float]:
    return lambda conditions: float(
        conditions.key is not None and key_index(conditions.key) == index
    )


SIGNALS: Final[dict[str, Callable[[Conditions], FloatArray]]] = {
    "beat_sin": _phase(np.sin, per_pulse=1),
    "beat_cos": _phase(np.cos, per_pulse=1),
    "bar_sin": _phase(np.sin, per_bar=1),
    "bar_cos": _phase(np.cos, per_bar=1),
    # A network would have to square and multiply the beat's phase to find the quavers in it.
    "beat2_sin": _phase(np.sin, per_pulse=2),
    "beat2_cos": _phase(np.cos, per_pulse=2),
    "beat3_sin": _phase(np.sin, per_pulse=3),
    "beat3_cos": _phase(np.cos, per_pulse=3),
    "beat4_sin": _phase(np.sin, per_pulse=4),
    "beat4_cos": _phase(np.cos, per_pulse=4),
    "phrase_sin": _phase(np.sin, per_bar=1 / 4),
    "phrase_cos": _phase(np.cos, per_bar=1 / 4),
    "grid_present": _flag(lambda conditions: conditions.timeline.bars is not None),
    "position": _position,
    "position_present": _flag(lambda conditions: not conditions.loop),
    **{f"chroma_{pitch_class}": _chroma(pitch_class) for pitch_class in range(12)},
    "chroma_present": _flag(lambda conditions: conditions.chroma is not None),
    "notes_present": _flag(lambda conditions: conditions.notes is not None),
    **{name: _note_row(row) for row, name in enumerate(ROW_NAMES)},
}

GLOBALS: Final[dict[str, Callable[[Conditions], float]]] = {
    "log_bpm": lambda c: 0.0 if c.bpm is None else math.log2(c.bpm / REFERENCE_BPM),
    "bpm_present": lambda c: float(c.bpm is not None),
    **{f"key_{index}": _key_flag(index) for index in range(24)},
    "key_present": lambda c: float(c.key is not None),
    "duration": lambda c: c.timeline.seconds / REFERENCE_S,
    "duration_present": lambda _: 1.0,
    "loop": lambda c: float(c.loop),
    "players_present": lambda c: float(bool(c.players)),
    **{name: _player(place) for place, name in enumerate(PLAYER_NAMES)},
}


def unknown_inputs(signals: Sequence[str], globals_: Sequence[str]) -> list[str]:
    """Names that this version cannot compute; a bundle that has any is refused."""
    return [name for name in signals if name not in SIGNALS] + [
        name for name in globals_ if name not in GLOBALS
    ]


def signal_rows(names: Sequence[str], conditions: Conditions) -> FloatArray:
    """(len(names), frames) stacked signals. Raises KeyError on an unknown name."""
    rows = [SIGNALS[name](conditions) for name in names]
    return np.stack(rows) if rows else np.zeros((0, conditions.timeline.frames), np.float32)


def global_values(
    names: Sequence[str], conditions: Conditions, *, emphasis: float = 1.0
) -> FloatArray:
    """(len(names),) whole-clip conditions.

    Args:
        names: keys of GLOBALS.
        conditions: of the clip.
        emphasis: times that it is said which instruments play.

    Raises:
        KeyError: a name is unknown.
    """
    return np.array(
        [GLOBALS[name](conditions) * (emphasis if name.startswith(PLAYS) else 1) for name in names],
        np.float32,
    )
