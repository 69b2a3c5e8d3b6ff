"""The teacher: which weights it takes, what it says of texts, and that it is asked once."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from engine.errors import UserError
from engine.training.text.teacher import Teacher, embeddings

WORDS = ("[PAD]", "[UNK]", "slow", "fast", "piano", "drums", "and", "sad")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(path)
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_padding(length=32)  # as the real one's file does
    tokenizer.save(str(path / "tokenizer.json"))
    return path


def sha256(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_a_texts_vector_does_not_depend_on_its_company(folder: Path) -> None:
    teacher = Teacher(folder, sha256=sha256(folder))
    texts = ["sad piano", "fast drums and slow piano and fast drums", "slow"]
    together = teacher.embed(texts)
    alone = np.concatenate([teacher.embed([text]) for text in texts])
    assert together.shape == (3, 16)
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert together[0] @ together[1] < 0.999


def test_its_vector_is_the_mean_of_its_tokens(folder: Path) -> None:
    teacher = Teacher(folder, sha256=sha256(folder))
    with torch.no_grad():
        model: Any = BertModel.from_pretrained(folder, add_pooling_layer=False)
        mean = (
            model.eval()(input_ids=torch.tensor([[7, 4]])).last_hidden_state.mean(dim=1)[0].numpy()
        )
    np.testing.assert_allclose(
        teacher.embed(["sad piano"])[0], mean / np.linalg.norm(mean), atol=1e-6
    )


def test_other_weights_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="53aa5117"):
        Teacher(folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not loaded"):
        Teacher(tmp_path / "none")


class CountingTeacher:
    """Texts by their length."""

    name = "counting"

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        angles = np.array([len(text) for text in texts], np.float32)
        return np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)


def test_it_is_asked_once(tmp_path: Path) -> None:
    teacher, texts = CountingTeacher(), [f"text {number}" for number in range(2500)]
    first = embeddings(teacher, texts, cache=tmp_path)
    again = embeddings(teacher, texts, cache=tmp_path)
    assert first is not None
    assert again is not None
    assert teacher.asked == 2500
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, teacher.embed(texts), atol=5e-4)  # kept as float16


def test_a_part_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    teacher = CountingTeacher()
    embeddings(teacher, ["a", "b"], cache=tmp_path)
    (part,) = tmp_path.glob("*.npy")
    part.write_bytes(part.read_bytes()[:-2])
    assert embeddings(teacher, ["a", "b"], cache=tmp_path) is not None
    assert teacher.asked == 4


def test_other_texts_and_another_teacher_have_other_parts(tmp_path: Path) -> None:
    teacher, other = CountingTeacher(), CountingTeacher()
    other.name = "other"
    for who, texts in ((teacher, ["a", "b"]), (teacher, ["ab"]), (other, ["ab"])):
        embeddings(who, texts, cache=tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 3


def test_being_told_to_stop_leaves_what_is_done(tmp_path: Path) -> None:
    teacher, texts = CountingTeacher(), [f"text {number}" for number in range(5000)]
    told = iter((False, True))
    assert embeddings(teacher, texts, cache=tmp_path, stop=lambda: next(told)) is None
    assert len(list(tmp_path.glob("*.npy"))) == 1


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="not kept"):
        embeddings(CountingTeacher(), ["a"], cache=tmp_path / "file")
