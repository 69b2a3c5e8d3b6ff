"""Means of texts' tokens as the network takes them, to start `MeanText` from."""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from engine.training.networks.layers import rms_norm
from engine.training.train.data import Dataset

_TEXTS: Final = 1024


def text_means(data: Dataset, *, tokens: int, texts: int = _TEXTS) -> Tensor:
    """(N, D) of at most `texts` texts, spread evenly over the clips.

    Args:
        data: with embedded texts.
        tokens: that longer texts are cut to.
        texts: how many.
    """
    means = []
    for place in np.linspace(0, len(data) - 1, min(texts, len(data))).astype(int):
        part, clip = data.clip(int(place))
        first, count = clip.rows[int(place) % len(clip.rows)]
        rows = np.asarray(part.arrays["text"][first : first + min(count, tokens)], np.float32)
        means.append(rms_norm(torch.from_numpy(rows)).mean(dim=0))
    return torch.stack(means)
