"""The tokenizer: T5's ids, determinism, and what people really type."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UserError
from engine.text.tokens import EOS_ID, PAD_ID, UNK_ID, encode_batch
from engine.training.text.tokenizer import (
    TINY_TEXTS,
    load_tokenizer,
    save_tokenizer,
    tiny_tokenizer,
    train_tokenizer,
)

TOKENIZER = tiny_tokenizer()


def test_the_special_ids_are_t5s() -> None:
    assert [TOKENIZER.token_to_id(token) for token in ("<pad>", "</s>", "<unk>")] == [0, 1, 2]


def test_training_twice_gives_the_same_file() -> None:
    texts = [f"{text} {number}" for number in range(20) for text in TINY_TEXTS]
    hashes = {
        hashlib.sha256(train_tokenizer(texts, vocabulary=500).to_str().encode()).hexdigest()
        for _ in range(5)
    }
    assert len(hashes) == 1


def test_the_vocabulary_is_as_large_as_asked() -> None:
    assert TOKENIZER.get_vocab_size() == 256


def test_case_width_and_spacing_do_not_matter() -> None:
    plain = TOKENIZER.encode("jazz piano 90 bpm").ids
    assert TOKENIZER.encode("  JAZZ \t Piano\n ９０ bpm ").ids == plain
    assert plain[-1] == EOS_ID
    assert len(plain) < 16


def test_a_known_word_is_one_piece_and_digits_stand_alone() -> None:
    assert TOKENIZER.encode("bass").tokens == ["▁bass", "</s>"]
    assert [token for token in TOKENIZER.encode("120").tokens if token.isdigit()] == ["1", "2", "0"]


def test_a_keyboard_never_types_unknowns_and_an_emoji_does() -> None:
    typed = "abcdefghijklmnopqrstuvwxyz 0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ F♯ B♭ é"
    assert UNK_ID not in TOKENIZER.encode(typed).ids
    assert TOKENIZER.encode("🎸🎸").ids.count(UNK_ID) == 1  # fused


def test_a_typed_end_of_sequence_is_text() -> None:
    ids, mask = encode_batch(TOKENIZER, ["bass</s>drums<pad>"], max_tokens=64)
    assert list(ids[0]).count(EOS_ID) == 1
    assert PAD_ID not in ids[0]
    assert mask.all()


def test_a_batch_is_padded_cut_and_still_ends_in_eos() -> None:
    ids, mask = encode_batch(TOKENIZER, ["bass", "z" * 50, ""], max_tokens=8)
    assert ids.shape == mask.shape == (3, 8)
    assert ids.dtype == mask.dtype == np.int64
    assert mask.sum(axis=1).tolist() == [2, 8, 1]
    assert ids[1, 7] == EOS_ID
    assert ids[2].tolist() == [EOS_ID] + [PAD_ID] * 7


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=4), st.integers(1, 30))
def test_any_text_becomes_ids_in_range(texts: list[str], max_tokens: int) -> None:
    ids, mask = encode_batch(TOKENIZER, texts, max_tokens=max_tokens)
    assert ids.shape[1] <= max_tokens
    assert ids.min() >= 0
    assert ids.max() < 256
    ends = mask.sum(axis=1) - 1
    assert (ids[np.arange(len(texts)), ends] == EOS_ID).all()
    assert ((ids == PAD_ID) == (mask == 0)).all()


def test_saving_and_loading_keeps_every_id(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    save_tokenizer(TOKENIZER, path)
    loaded = load_tokenizer(path)
    for text in (*TINY_TEXTS, "unknown wörds, №1"):
        assert loaded.encode(text).ids == TOKENIZER.encode(text).ids


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"version": "1.0"}'])
def test_a_broken_file_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match="tokenizer"):
        load_tokenizer(path)


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_load_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "tokenizer.json"
    path.write_bytes(data)
    with pytest.raises(UserError):
        load_tokenizer(path)


def test_other_special_ids_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(TOKENIZER.to_str().replace("</s>", "[SEP]"))
    with pytest.raises(UserError, match="ids"):
        load_tokenizer(path)
