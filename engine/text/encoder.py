"""The prompt as token embeddings: a bundle's T5 encoder, run once per render.

An empty text gives an all-zero mask: the generator's cross-attention then adds exactly nothing,
as when the prompt is hidden in training (paper, section 4.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.bundle.manifest import TextSpec
from engine.text.tokens import encode_batch


@dataclass(frozen=True)
class EncodedText:
    """embeddings (B, N, D) and mask (B, N), float32; mask is 1 for tokens and 0 for padding."""

    embeddings: NDArray[np.float32]
    mask: NDArray[np.float32]


class EncoderRun(Protocol):
    """One call of the encoder's session: (B, N) int64 ids and mask → (B, N, D)."""

    def __call__(
        self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.int64], /
    ) -> NDArray[np.float32]:
        """Token embeddings of one padded batch."""


def encode_texts(
    texts: Sequence[str], *, tokenizer: Tokenizer, spec: TextSpec, run: EncoderRun
) -> EncodedText:
    """Encode texts together, padded to the longest; empty texts have an all-zero mask."""
    ids, attention_mask = encode_batch(tokenizer, texts, max_tokens=spec.max_tokens)
    said = np.array([bool(text.strip()) for text in texts])
    mask = (attention_mask * said[:, None]).astype(np.float32)
    return EncodedText(run(ids, attention_mask), mask)
