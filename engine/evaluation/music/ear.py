"""What judges the music: a trained tower that hears mels, and words placed in its space.

A protocol, so that a test needs no network and another judge can take the tower's place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.audio.bands import MelParameters
from engine.audio.mel import stereo_mel
from engine.audio.resample import fft_resample

FloatArray = NDArray[np.float32]
# N texts → (N, width), the mean of each text's token embeddings
TextMeans = Callable[[Sequence[str]], FloatArray]

MEL: Final = MelParameters()
_HOP: Final = MEL.hop_samples


class Heard(Protocol):
    """What one pass over N clips gives."""

    @property
    def features(self) -> FloatArray:
        """(N, F) penultimate features."""

    @property
    def vectors(self) -> FloatArray:
        """(N, D) in the space of texts and sounds, of length 1."""

    @property
    def tags(self) -> Mapping[str, FloatArray]:
        """Kind → (N, C) probabilities."""


class Ear(Protocol):
    """What is needed of `engine.training.tower.hearing.Ear`."""

    @property
    def classes(self) -> Mapping[str, tuple[str, ...]]:
        """Kind → names, in the order of tags."""

    def hear(self, mels: Iterable[FloatArray]) -> Heard:
        """N mels (160, frames) of any length."""

    def embed_text_means(self, means: FloatArray) -> FloatArray:
        """Mean token embeddings (N, width) → (N, D) of length 1."""


def judged_mel(audio: FloatArray, *, loop: bool) -> FloatArray:
    """The mel (160, frames) of 16 kHz audio (samples, 2) as the judge gets it.

    A loop is brought onto whole frames first, as in prepared data: it must wrap between two.
    """
    if loop:
        samples = max(1, round(len(audio) / _HOP)) * _HOP
        audio = fft_resample(audio, samples, periodic=True) if samples != len(audio) else audio
    return stereo_mel(np.ascontiguousarray(audio, np.float32), MEL, circular=loop)


def text_means(encode: Callable[[Sequence[str]], Sequence[FloatArray]]) -> TextMeans:
    """The means of an encoder's token embeddings."""

    def means(texts: Sequence[str]) -> FloatArray:
        found = [rows.mean(axis=0) for text in texts for rows in encode([text])]
        return np.asarray(np.stack(found), np.float32)

    return means
