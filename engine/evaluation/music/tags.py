"""Whether a clip has what its prompt said, by taggers that were trained on real music.

A tagger is asked for as many tags as the clip behind the prompt has; what the prompt said has to be
among them. For a genre that is plain accuracy; for instruments and moods it needs no threshold, and
a generator is not held to instruments that it was never told of. The real clip is asked the same.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def said_share(
    probabilities: FloatArray,
    classes: Sequence[str],
    *,
    said: Sequence[str],
    labels: Sequence[str],
) -> float:
    """Which share of what was said is among the clip's likeliest tags; nan where nothing was.

    Args:
        probabilities: (C,) of one clip and kind.
        classes: their C names.
        said: labels that the prompt mentions.
        labels: all of the clip's; as many tags are looked at.
    """
    known = [name for name in said if name in classes]
    if not known:
        return math.nan
    count = sum(name in classes for name in labels)
    top = {classes[place] for place in np.argsort(-probabilities, kind="stable")[:count]}
    return sum(name in top for name in known) / len(known)


def likeliest(
    tags: Mapping[str, FloatArray], classes: Mapping[str, tuple[str, ...]], row: int
) -> dict[str, str]:
    """Kind → the likeliest class of one clip."""
    return {
        kind: classes[kind][int(np.argmax(probabilities[row]))]
        for kind, probabilities in tags.items()
    }
