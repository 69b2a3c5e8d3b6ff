"""The prompt as token embeddings: a bundle's tokenizer and its T5 encoder, run once per render.

An empty text gives an all-zero mask: the generator's cross-attention then adds exactly nothing,
as when the prompt is hidden in training (paper, section 4.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.bundle.manifest import TextSpec
from engine.errors import UserError

PAD_ID: Final = 0


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


def load_tokenizer(data: bytes) -> Tokenizer:
    """A tokenizer from tokenizer.json's bytes.

    Raises:
        UserError: the file is no tokenizer.
    """
    try:
        return Tokenizer.from_buffer(data)
    except Exception as error:  # the library raises bare Exception on malformed files
        raise UserError(
            "The bundle was not opened", f"its tokenizer is unreadable ({error})", "Reinstall it"
        ) from None


def token_ids(tokenizer: Tokenizer, text: str, max_tokens: int) -> list[int]:
    """The ids of a text, cut to `max_tokens`; an empty list for an empty text."""
    if not text.strip():
        return []
    ids: list[int] = tokenizer.encode(text).ids
    return ids[:max_tokens]


def encode_texts(
    texts: Sequence[str], *, tokenizer: Tokenizer, spec: TextSpec, run: EncoderRun
) -> EncodedText:
    """Encode texts together, padded to the longest; empty texts have an all-zero mask."""
    rows = [token_ids(tokenizer, text, spec.max_tokens) for text in texts]
    length = max(1, *(len(row) for row in rows))
    ids = np.full((len(rows), length), PAD_ID, np.int64)
    mask = np.zeros((len(rows), length), np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    # An all-zero row would be a softmax over nothing inside the encoder: let it see one padding
    # token, and hide the result from the generator instead.
    visible = mask.copy()
    visible[:, 0] = 1
    return EncodedText(run(ids, visible), mask.astype(np.float32))
