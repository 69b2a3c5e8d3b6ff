"""What clips are tagged with: class lists and targets, from the labels of prepared data.

The lists are the training split's own: a network cannot learn a class that it never sees, and a
collection of one's own brings its own words. Rejected: the caption lexicon's lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.training.train.data import ClipEntry

SINGLE: Final = ("genre", "era")  # a clip has one: softmax
SEVERAL: Final = ("instrument", "mood")  # a clip has any number: a sigmoid each
KINDS: Final = SINGLE + SEVERAL

Classes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Targets:
    """What clips are, in a network's classes.

    Attributes:
        hot: kind → (N, C) float32 of 0 and 1.
        known: kind → (N,) bool, whether anything is said of this kind. A class that the network
            does not have makes a single-class clip unknown, and is left out of several.
    """

    hot: Mapping[str, NDArray[np.float32]]
    known: Mapping[str, NDArray[np.bool_]]

    def rows(self, places: NDArray[np.int64]) -> "Targets":
        """Those of some clips."""
        return Targets(
            {kind: hot[places] for kind, hot in self.hot.items()},
            {kind: known[places] for kind, known in self.known.items()},
        )


def classes_of(clips: Sequence[ClipEntry]) -> dict[str, tuple[str, ...]]:
    """Kind → its class names, sorted; empty ones say nothing, kinds without any are left out."""
    found = {
        kind: tuple(sorted({name for clip in clips for name in clip.labels.get(kind, ()) if name}))
        for kind in KINDS
    }
    return {kind: names for kind, names in found.items() if names}


def targets_of(clips: Sequence[ClipEntry], classes: Classes) -> Targets:
    """The targets of N clips."""
    hot, known = {}, {}
    for kind, names in classes.items():
        place = {name: index for index, name in enumerate(names)}
        table = np.zeros((len(clips), len(names)), np.float32)
        said = np.zeros(len(clips), np.bool_)
        for row, clip in enumerate(clips):
            labels = clip.labels.get(kind, ())
            table[row, [place[name] for name in labels if name in place]] = 1.0
            said[row] = bool(table[row].any()) if kind in SINGLE else kind in clip.labels
        hot[kind], known[kind] = table, said
    return Targets(hot, known)
