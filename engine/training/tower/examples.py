"""What a step learns from: one window, one text and the labels of each of its clips.

Windows of a step are shorter than the 10 s that are heard at once later: for the same work twice as
many clips are seen, and statistics over time mean the same at any length.

Everything is drawn from (seed, step, item), so that a run that was killed goes on as if it had not
been. Every epoch visits every clip once. Texts are in memory as the means of their token
embeddings; mels stay mapped. Rejected: `engine.training.train.batches` (its items
carry grids, chords and token sequences, and longer clips more than once).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import UserError
from engine.training.tower.classes import Classes, Targets, classes_of, targets_of
from engine.training.tower.windows import CHANNELS, crop
from engine.training.train.data import ClipEntry, Dataset, Part
from engine.training.train.diffuse import seeded

_MEANT: Final = {"mel": "mels", "text": "text embeddings"}


@dataclass(frozen=True)
class Batch:
    """One step's.

    Attributes:
        mels: (B, 160, frames) float32.
        means: (B, width) mean token embedding of a text of each.
        targets: of the clips.
    """

    mels: NDArray[np.float32]
    means: NDArray[np.float32]
    targets: Targets


def clip_rows(part: Part, clip: ClipEntry) -> NDArray[np.float16]:
    """A clip's mel by frames (T, 160), mapped."""
    rows: NDArray[np.float16] = part.arrays["mel"][clip.first : clip.first + clip.frames]
    return rows


def text_means(part: Part, clip: ClipEntry) -> NDArray[np.float32]:
    """(texts, width): the mean token embedding of each text of a clip."""
    text = part.arrays["text"]
    return np.stack([text[a : a + n].astype(np.float32).mean(axis=0) for a, n in clip.rows])


class Examples:
    """A split, ready to draw from."""

    def __init__(self, data: Dataset, classes: Classes | None = None) -> None:
        """Look at all of it.

        Args:
            data: with mels and embedded texts.
            classes: that the targets are in; the data's own where None.

        Raises:
            UserError: mels or texts are missing.
        """
        self._data = data
        pairs = [data.clip(index) for index in range(len(data))]
        for part, clip in pairs:
            missing = [name for name in ("mel", "text") if name not in part.arrays]
            if missing or not clip.rows:
                raise UserError(
                    "The tower was not trained",
                    f"{part.folder} has no {_MEANT[missing[0] if missing else 'text']}",
                    "Prepare the data with: noisefall train prepare CORPUS --text FOLDER",
                )
        self.clips = [clip for _, clip in pairs]
        self.classes: Classes = classes_of(self.clips) if classes is None else classes
        self.targets = targets_of(self.clips, self.classes)
        self.means = [text_means(part, clip) for part, clip in pairs]

    def __len__(self) -> int:
        return len(self.clips)

    def mel(self, index: int) -> NDArray[np.float32]:
        """A whole clip's mel, (160, T)."""
        return clip_rows(*self._data.clip(index)).T.astype(np.float32)

    def places(self, step: int, *, batch: int, seed: int) -> NDArray[np.int64]:
        """The clips of step 0, 1, …: (batch,) places."""
        wanted = np.arange(step * batch, (step + 1) * batch)
        epochs = wanted // len(self)
        orders = {
            e: seeded(seed, "order", int(e)).permutation(len(self)) for e in np.unique(epochs)
        }
        return np.array(
            [orders[e][at % len(self)] for e, at in zip(epochs, wanted, strict=True)], np.int64
        )

    def batch(self, step: int, *, batch: int, frames: int, seed: int) -> Batch:
        """The examples of step 0, 1, …."""
        places = self.places(step, batch=batch, seed=seed)
        mels = np.empty((batch, CHANNELS, frames), np.float32)
        means = []
        for item, place in enumerate(places):
            rng = seeded(seed, "item", step, item)
            rows = clip_rows(*self._data.clip(int(place)))
            spare = max(len(rows) - frames, 0)
            # A shorter clip repeats; where it begins is drawn as well.
            start = int(rng.integers(spare + 1 if spare else len(rows)))
            mels[item] = crop(rows, start, frames).T
            texts = self.means[place]
            means.append(texts[rng.integers(len(texts))])
        return Batch(mels, np.stack(means), self.targets.rows(places))
