"""The judge listens: every sound of the shelf once, every prompt once."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.music.asks import Ask
from engine.evaluation.music.diverse import Group
from engine.evaluation.music.ear import Ear, Heard, TextMeans
from engine.evaluation.music.figures import Judged
from engine.evaluation.music.likeness import spread
from engine.evaluation.music.making import (
    SYSTEMS,
    Band,
    System,
    group_name,
    made_name,
    real_name,
    vocoded_name,
)
from engine.evaluation.music.shelf import Shelf

FloatArray = NDArray[np.float32]

_AT_ONCE: Final = 64  # texts


def judge(
    asks: Sequence[Ask],
    groups: Sequence[Group],
    others: Sequence[Ask],
    *,
    band: Band,
    shelf: Shelf,
    ear: Ear,
    means: TextMeans,
) -> Judged:
    """Listen to everything.

    Args:
        asks: whose sounds are on the shelf.
        groups: likewise.
        others: asks about clips of another split, of which the real sounds alone are there.
        band: what played.
        shelf: holds the sounds.
        ear: the judge.
        means: mean token embeddings of prompts, by the encoder that the ear knows.

    Raises:
        UserError: a sound is damaged, or the ear cannot hear it.
    """
    names = {s: [_name(ask, s, band) for ask in asks] for s in SYSTEMS}
    ears = {s: ear.hear(map(shelf.mel, names[s])) for s in SYSTEMS}
    other = ear.hear(shelf.mel(real_name(ask)) for ask in others)
    return Judged(
        asks=asks,
        classes=ear.classes,
        heard={s: [shelf.heard(name) for name in names[s]] for s in SYSTEMS},
        features={s: ears[s].features for s in SYSTEMS},
        vectors={s: ears[s].vectors for s in SYSTEMS},
        tags={s: ears[s].tags for s in SYSTEMS},
        texts=_placed([ask.prompt for ask in asks], ear, means),
        other_features=other.features,
        other_vectors=other.vectors,
        other_keys=[ask.clip.entry.key for ask in others],
        spreads={s: [_spread(group, s, band, shelf, ear) for group in groups] for s in SYSTEMS},
    )


def _name(ask: Ask, system: System, band: Band) -> str:
    if system == "made":
        return made_name(ask, band)
    return real_name(ask) if system == "real" else vocoded_name(ask, band)


def _placed(texts: Sequence[str], ear: Ear, means: TextMeans) -> FloatArray:
    parts = [texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE)]
    return np.concatenate([ear.embed_text_means(means(part)) for part in parts])


def _spread(group: Group, system: System, band: Band, shelf: Shelf, ear: Ear) -> float:
    def mels() -> Iterator[FloatArray]:
        for place in range(len(group.clips)):
            yield shelf.mel(group_name(group, place, system, band))

    heard: Heard = ear.hear(mels())
    return spread(heard.vectors)
