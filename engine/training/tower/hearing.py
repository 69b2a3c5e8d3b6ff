"""A trained tower as a pair of ears: mels in, features, joint vectors and tags out, in numpy.

One safetensors file holds the averaged weights and, in its header, everything that they mean:
sizes, class names and thresholds. Rejected: to read a training checkpoint (it has no thresholds,
and four times the size).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import UserError
from engine.training.checkpoints import opened, write_whole
from engine.training.tower.classes import SINGLE
from engine.training.tower.network import HearingNet
from engine.training.tower.settings import shape_from_json
from engine.training.tower.state import UNWRITTEN
from engine.training.tower.windows import checked_mel, clip_means, windows

FORMAT: Final = "noisefall-ear-1"
EAR_NAME: Final = "ear.safetensors"
_AT_ONCE: Final = 32  # windows

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """What one pass over N clips gives.

    Attributes:
        features: (N, F) penultimate, the mean over each clip's windows.
        vectors: (N, D) in the joint space, the mean over the windows' and of length 1 again
            (section 3.5).
        tags: kind → (N, C) probabilities.
    """

    features: FloatArray
    vectors: FloatArray
    tags: dict[str, FloatArray]


@dataclass(frozen=True, kw_only=True)
class Ear:
    """The tower in evaluation mode.

    Attributes:
        net: the network.
        classes: kind ("genre", "era", "instrument", "mood") → class names, in the order of `tags`.
        thresholds: kind → (C,) probability from which a class counts as heard, the best F1 on
            validation; for the kinds of which a clip can have several.
    """

    net: HearingNet
    classes: dict[str, tuple[str, ...]]
    thresholds: dict[str, FloatArray]

    @torch.no_grad()
    def hear(self, mels: Iterable[FloatArray]) -> Heard:
        """Everything about N mels (160, frames) of any length, heard in windows of 10 s.

        Shorter ones repeat until a window is full. Mels are taken one by one, so that an iterator
        over a large collection needs no memory.

        Raises:
            UserError: something is no such mel.
        """
        rows = [np.zeros((0, self.net.shape.features), np.float32)]
        counts: list[int] = []
        waiting: list[FloatArray] = []
        for mel in mels:
            parts = windows(checked_mel(mel))
            counts.append(len(parts))
            waiting += [*parts]
            while len(waiting) >= _AT_ONCE:
                rows.append(self._features(waiting[:_AT_ONCE]))
                waiting = waiting[_AT_ONCE:]
        if waiting:
            rows.append(self._features(waiting))
        each = np.concatenate(rows)
        vectors = clip_means(self.net.embed(torch.from_numpy(each)).numpy(), counts)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        features = clip_means(each, counts)
        return Heard(features, vectors / np.maximum(lengths, 1e-9), self.tags_of(features))

    def _features(self, parts: Sequence[FloatArray]) -> FloatArray:
        found: FloatArray = self.net.tower(torch.from_numpy(np.stack(parts))).numpy()
        return found

    def features(self, mels: Iterable[FloatArray]) -> FloatArray:
        """Penultimate features of clips: N mels (160, frames) → (N, F)."""
        return self.hear(mels).features

    def embed(self, mels: Iterable[FloatArray]) -> FloatArray:
        """Joint vectors of clips: N mels (160, frames) → (N, D) of length 1."""
        return self.hear(mels).vectors

    def tags(self, mels: Iterable[FloatArray]) -> dict[str, FloatArray]:
        """Kind → (N, C) probabilities of clips; of genre and era they sum to 1."""
        return self.hear(mels).tags

    @torch.no_grad()
    def tags_of(self, features: FloatArray) -> dict[str, FloatArray]:
        """As `tags`, from clips' features (N, F)."""
        logits = self.net.logits(torch.from_numpy(features))
        return {
            kind: (raw.softmax(dim=1) if kind in SINGLE else raw.sigmoid()).numpy()
            for kind, raw in logits.items()
        }

    @torch.no_grad()
    def embed_text_means(self, means: FloatArray) -> FloatArray:
        """Mean token embeddings (N, width) of the frozen text encoder → (N, D) of length 1.

        Raises:
            UserError: they are of another encoder's width.
        """
        width = self.net.text_width
        if means.ndim != 2 or means.shape[1] != width:
            raise UserError(
                "The texts were not placed",
                f"their embeddings have the shape {means.shape}, not (N, {width})",
                "Use the text encoder that the tower was trained with",
            )
        rows = torch.from_numpy(np.ascontiguousarray(means, np.float32))
        found: FloatArray = self.net.embed_text(rows).numpy()
        return found

    def names(self, kind: str, probabilities: FloatArray) -> list[tuple[str, ...]]:
        """The classes that (N, C) probabilities stand for, likeliest first.

        Those at or above their thresholds; of genre and era the likeliest one alone.
        """
        order = np.argsort(-probabilities, axis=1, kind="stable")
        if kind not in self.thresholds:
            return [(self.classes[kind][row[0]],) for row in order]
        kept = probabilities >= self.thresholds[kind]
        return [
            tuple(self.classes[kind][c] for c in row if is_kept[c])
            for row, is_kept in zip(order, kept, strict=True)
        ]


def save_ear(path: Path, ear: Ear) -> None:
    """Write an ear whole or not at all. Raises UserError where it cannot."""
    meaning = {
        "shape": asdict(ear.net.shape),
        "text_width": ear.net.text_width,
        "classes": ear.classes,
        "thresholds": {kind: values.tolist() for kind, values in ear.thresholds.items()},
    }
    header = {"format": FORMAT, "meaning": json.dumps(meaning)}
    write_whole(path, ear.net.state_dict(), header, what=UNWRITTEN)


def load_ear(path: Path) -> Ear:
    """Open a trained tower: its file, or the folder of its run.

    Raises:
        UserError: there is none, or it is damaged.
    """
    file_path = path / EAR_NAME if path.is_dir() else path
    try:
        with opened(file_path, FORMAT, _damaged) as (header, file):
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return _ear(json.loads(header["meaning"]), tensors)
    except RuntimeError as error:  # load_state_dict's
        raise _damaged(file_path, str(error).splitlines()[0]) from None


def _ear(meaning: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Ear:
    classes = {kind: tuple(names) for kind, names in meaning["classes"].items()}
    net = HearingNet(
        shape_from_json(meaning["shape"]), text_width=meaning["text_width"],
        classes={kind: len(names) for kind, names in classes.items()},
    )  # fmt: skip
    net.load_state_dict(tensors)
    thresholds = {
        kind: np.array(values, np.float32) for kind, values in meaning["thresholds"].items()
    }
    for kind, values in thresholds.items():
        if values.shape != (len(classes[kind]),):
            raise ValueError(
                f"{kind} has {len(values)} thresholds for {len(classes[kind])} classes"
            )
    return Ear(net=net.eval(), classes=classes, thresholds=thresholds)


def _damaged(path: Path, why: str | Exception) -> UserError:
    reason = why if isinstance(why, str) else f"{type(why).__name__}: {why}"
    return UserError(
        "The tower was not read", f"{path}: {reason}", "Train one with: noisefall train tower"
    )
