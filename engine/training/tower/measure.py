"""What a trained tower is worth on clips that it never learnt from, as lines of a report."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.training.tower.augment import augment
from engine.training.tower.classes import SINGLE, Targets
from engine.training.tower.examples import Examples
from engine.training.tower.hearing import Ear, Heard
from engine.training.tower.scores import (
    clip_f1,
    mean_average_precision,
    recall_at,
    retrieval_ranks,
    thresholds,
    top_k,
)

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Listened:
    """A split as an ear hears it."""

    heard: Heard
    targets: Targets
    texts: FloatArray  # (M, D)
    own: NDArray[np.int64]  # (M,) the clip of each text
    is_tags: NDArray[np.bool_]  # (M,) whether it is its clip's last text, the line of tags


def listen(ear: Ear, examples: Examples, *, spoilt: bool = False) -> Listened:
    """Hear every clip of a split; `spoilt` as augmentation spoils a training window."""
    rng = np.random.default_rng(0)

    def mel(index: int) -> FloatArray:
        whole = examples.mel(index)
        return augment(torch.from_numpy(whole)[None], rng)[0].numpy() if spoilt else whole

    counts = [len(means) for means in examples.means]
    own = np.repeat(np.arange(len(counts)), counts)
    last = np.cumsum(counts) - 1
    return Listened(
        heard=ear.hear(mel(index) for index in range(len(examples))),
        targets=examples.targets,
        texts=ear.embed_text_means(np.concatenate(examples.means)),
        own=own,
        is_tags=np.isin(np.arange(len(own)), last),
    )


def with_thresholds(ear: Ear, validation: Listened) -> Ear:
    """The ear with thresholds of the best F1 on validation."""
    found = {}
    for kind in ear.classes:
        if kind not in SINGLE:
            known = validation.targets.known[kind]
            truth = validation.targets.hot[kind][known]
            found[kind] = thresholds(validation.heard.tags[kind][known], truth)
    return replace(ear, thresholds=found)


def report(ear: Ear, split: str, listened: Listened) -> list[str]:
    """Lines about one split: retrieval, then each kind of tag."""
    clips = len(listened.heard.vectors)
    ranks = retrieval_ranks(listened.texts, listened.heard.vectors, listened.own)
    lines = []
    for name, chosen in (("captions", ~listened.is_tags), ("tags", listened.is_tags)):
        if chosen.any():
            lines.append(
                f"{split}: {name} → sound among {clips} clips  R@1 "
                f"{recall_at(ranks[chosen], 1):.3f}  R@10 {recall_at(ranks[chosen], 10):.3f}  "
                f"median rank {np.median(ranks[chosen]) + 1:.0f}"
            )
    return lines + [f"{split}: {line}" for line in tag_lines(ear, listened)]


def tag_lines(ear: Ear, listened: Listened) -> list[str]:
    """A line for each kind."""
    lines = []
    for kind, names in ear.classes.items():
        known = listened.targets.known[kind]
        truth, scores = listened.targets.hot[kind][known], listened.heard.tags[kind][known]
        head = f"{kind} ({len(names)} classes, {len(truth)} clips)"
        if not len(truth):
            continue
        if kind in SINGLE:
            lines.append(f"{head}  top-1 {top_k(scores, truth, 1):.3f}  "
                         f"top-3 {top_k(scores, truth, 3):.3f}")  # fmt: skip
        else:
            found = scores >= ear.thresholds[kind]
            lines.append(f"{head}  mean AP {mean_average_precision(scores, truth):.3f}  "
                         f"F1 of a clip {clip_f1(found, truth):.3f}")  # fmt: skip
    return lines
