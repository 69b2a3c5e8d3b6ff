"""Text to token ids, the same way in training and at run time.

Rejected: the library's own padding and truncation (they live in tokenizer.json, and a bundle whose
file sets them otherwise would be read otherwise).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.errors import UserError

PAD_ID: Final = 0  # T5's ids
EOS_ID: Final = 1
UNK_ID: Final = 2


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


def encode_batch(
    tokenizer: Tokenizer, texts: Sequence[str], *, max_tokens: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids and attention mask, (B, N) int64 each, N the longest text but at most `max_tokens`.

    A text that is too long is cut and still ends in eos, as does an empty one.
    """
    tokenizer.encode_special_tokens = True  # "</s>" typed in a prompt is text, not a control code
    rows = []
    for encoding in tokenizer.encode_batch(list(texts)):
        row = encoding.ids or [EOS_ID]
        rows.append(row if len(row) <= max_tokens else [*row[: max_tokens - 1], EOS_ID])
    ids = np.full((len(rows), max(map(len, rows))), PAD_ID, np.int64)
    mask = np.zeros_like(ids)
    for index, tokens in enumerate(rows):
        ids[index, : len(tokens)] = tokens
        mask[index, : len(tokens)] = 1
    return ids, mask
