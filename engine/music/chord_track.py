"""Chords laid on a timeline, as the generator hears them: twelve pitch classes per frame."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.music.grid import Timeline
from engine.music.progression import pitch_classes, read_bars

FREE_BAR_S: Final = 3.0  # a "bar" where the tempo is free


def chord_track(chords: str, line: Timeline, *, key: str | None) -> NDArray[np.float32]:
    """(12, frames) in {0, 1}, C…B: a progression from the start, again and again to the end.

    Chords that share a bar share it equally.

    Raises:
        ValueError: it is no progression, or has numerals and there is no key.
    """
    bars = read_bars(chords)
    free = (np.arange(line.frames, dtype=np.float64) + 0.5) / line.rate_hz / FREE_BAR_S
    position = free if line.bars is None else line.bar_position()
    place = position % len(bars)
    in_bar = place.astype(np.intp)
    track = np.zeros((12, line.frames), np.float32)
    for number, bar in enumerate(bars):
        part = ((place - number) * len(bar)).astype(np.intp)  # meant where in_bar == number
        for index, chord in enumerate(bar):
            frames = (in_bar == number) & (part == index)
            for pitch_class in pitch_classes(chord, key):
                track[pitch_class, frames] = 1.0
    return track
