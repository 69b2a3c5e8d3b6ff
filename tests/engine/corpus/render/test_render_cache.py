"""A full cache costs time and nothing else: kit strokes that push others out still all sound."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from engine.corpus.render.canvas import Played
from engine.corpus.render.fluid import FluidSynth, Strike
from engine.corpus.render.sampled import sampled_parts
from engine.corpus.render.tables import Cache
from engine.music.instruments import INSTRUMENTS

KIT = INSTRUMENTS["standard kit"]
STROKE_SAMPLES = 100


class FakeFluid:
    """Every key is a constant of its own; remembers what it was asked to play."""

    def __init__(self) -> None:
        self.played: list[int] = []

    def play(self, path: str, strikes: Sequence[Strike]) -> list[np.ndarray]:
        self.played += [strike.pitch for strike in strikes]
        return [np.full((2, STROKE_SAMPLES), strike.pitch, np.float32) for strike in strikes]


def rendered(fluid: FakeFluid, cache: Cache, keys: list[int]) -> np.ndarray:
    notes = [
        Played(index * 1000, 50, key, 100)  # far enough apart to be told from each other
        for index, key in enumerate(keys)
    ]
    parts = {0: (KIT, notes, len(keys) * 1000)}
    ((_, sound),) = sampled_parts(cast(FluidSynth, fluid), "bank", parts, cache)
    return sound


def test_strokes_that_are_pushed_out_while_a_part_is_made_still_sound() -> None:
    one_stroke = STROKE_SAMPLES * 2 * 4
    full, roomy = Cache(one_stroke), Cache(1 << 20)
    for keys in ([36], [38, 36], [42, 38, 36, 42]):
        small = rendered(FakeFluid(), full, keys)
        assert np.array_equal(small, rendered(FakeFluid(), roomy, keys))
        assert all(small[:, 1000 * index : 1000 * index + 50].any() for index in range(len(keys)))


def test_kept_strokes_are_not_played_again() -> None:
    fluid, cache = FakeFluid(), Cache(1 << 20)
    rendered(fluid, cache, [36, 38])
    rendered(fluid, cache, [38, 36, 42])
    assert fluid.played == [36, 38, 42]
