"""Prompts to token ids and masks: padding, truncation, hidden prompts, hostile tokenizers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bundle.manifest import TextSpec
from engine.errors import UserError
from engine.text.encoder import encode_texts
from engine.text.tokens import EOS_ID, PAD_ID, load_tokenizer
from engine.training.text.tokenizer import tiny_tokenizer

TOKENIZER = tiny_tokenizer()
SPEC = TextSpec(model="t.onnx", tokenizer="t.json", width=4, max_tokens=12)


def embed(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
    assert (ids[mask == 0] == PAD_ID).all()
    return np.repeat(ids[..., None], 4, axis=-1).astype(np.float32)


def test_an_empty_text_is_hidden_and_the_other_is_not() -> None:
    encoded = encode_texts(["slow guitar", "  "], tokenizer=TOKENIZER, spec=SPEC, run=embed)
    assert encoded.mask[0].sum() >= 3
    assert not encoded.mask[1].any()
    assert encoded.embeddings.shape == (*encoded.mask.shape, 4)


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_texts_keep_to_the_limit(prompt: str, negative: str) -> None:
    encoded = encode_texts([prompt, negative], tokenizer=TOKENIZER, spec=SPEC, run=embed)
    assert 1 <= encoded.mask.shape[1] <= 12
    for text, mask, ids in zip(
        (prompt, negative), encoded.mask, encoded.embeddings[..., 0], strict=True
    ):
        assert mask.any() == bool(text.strip())
        if mask.any():
            assert ids[int(mask.sum()) - 1] == EOS_ID
            assert EOS_ID not in ids[: int(mask.sum()) - 1]


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00" * 100, b'{"model": {"type": "BPE"}}'])
def test_a_broken_tokenizer_is_refused(data: bytes) -> None:
    with pytest.raises(UserError, match="tokenizer is unreadable"):
        load_tokenizer(data)
