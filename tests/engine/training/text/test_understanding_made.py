"""The bundle's file of what words mean: made from an encoder, true to held-out words."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from engine.bundle.understanding import read_understanding
from engine.errors import UserError
from engine.text.understanding import Understander, share_of
from engine.training.text.encoder import SHAPES, TextEncoder
from engine.training.text.labelled import (
    fitted_words,
    known_words,
    labelled_captions,
    labelled_prompts,
    spared_words,
    word_table,
)
from engine.training.text.tokenizer import tiny_tokenizer
from engine.training.text.understanding import (
    FileAmounts,
    fit_map,
    fit_shares,
    learnt_words,
    teachers_basis,
    understanding_file,
    understanding_of,
)
from engine.training.text.understood import calibration_error, report, score

SMALL = FileAmounts(clips=2, prompts=20, nothings=50, updates=5)


def letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """An encoder of a kind: how often each letter comes."""
    return np.array([[t.lower().count(c) for c in "abcdefghijklmnop"] for t in texts], np.float32)


@pytest.fixture(scope="module")
def made() -> bytes:
    return msgspec.msgpack.encode(understanding_file(letters, {"sad", "piano"}, amounts=SMALL))


def test_a_made_file_reads_back_and_understands(made: bytes) -> None:
    file = read_understanding(made)
    assert (file.width, file.guessed) == (16, 187)
    read = Understander(file, letters)
    found = read("sad piano, drum & bass in the 80s")
    assert found.genre[0].name == "drum and bass"
    assert found.instruments[0].name == "piano"  # several pianos: their family
    assert found.moods[0].name == "sad"
    assert found.era[0].name == "1980s"
    assert found.genre[0].confidence > 0.9
    assert read("zyzzy").unknown_words == ("zyzzy",)


def test_no_spared_word_is_looked_up(made: bytes) -> None:
    file = read_understanding(made)
    spared = set(word_table(spared_words)) - set(word_table(known_words, fitted_words))
    assert spared
    assert not spared & set(file.phrases)


def test_what_is_understood_is_scored(made: bytes) -> None:
    read = Understander(read_understanding(made), letters)
    found = score(read, labelled_prompts(known_words, number=40))
    assert found.recall["genre"] > 0.95
    assert found.precision["genre"] > 0.8
    assert found.reported > 40
    assert calibration_error([(0.8, True)] * 4 + [(0.8, False)]) == pytest.approx(0.0)
    assert calibration_error([(0.9, False), (0.3, True)]) == pytest.approx(0.8)
    assert len(report(read, prompts=3, clips=1)) == 6


def test_confidences_are_fitted() -> None:
    rng = np.random.default_rng(0)
    said = rng.uniform(0.05, 0.95, 4000)
    right = rng.random(4000) < np.array([share_of(s, 0.5, -0.7) for s in said])
    slope, offset = fit_shares(list(zip(said.tolist(), right.tolist(), strict=True)))
    assert slope == pytest.approx(0.5, abs=0.1)
    assert offset == pytest.approx(-0.7, abs=0.1)
    assert fit_shares([(0.5, True)]) == (1.0, 0.0)


def test_the_map_tells_apart_what_can_be_told() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    weights, biases = fit_map(vectors, np.array([0, 1, 2, 0, 1, 2]), 3, 50)
    assert (vectors @ weights.T + biases).argmax(axis=1).tolist() == [0, 1, 2, 0, 1, 2]


def test_labelled_texts_know_their_parts() -> None:
    prompts = labelled_prompts(known_words, number=30)
    assert all(prompt.parts for prompt in prompts if "," in prompt.text) or prompts
    assert any(prompt.allows(("genre", "house")) for prompt in labelled_prompts(
        known_words, number=300))  # fmt: skip
    caption = labelled_captions("train", clips=1)[0]
    genres = [name for part in caption.parts for kind, name in part if kind == "genre"]
    assert len(genres) == 1
    assert caption.allows(("genre", genres[0]))


def test_the_basis_keeps_the_teachers_angles(tmp_path: Path) -> None:
    head = np.random.default_rng(1).normal(size=(12, 5)).astype(np.float32)
    save_file({"weight": head}, tmp_path / "head.safetensors")
    basis = teachers_basis(tmp_path)
    assert basis is not None
    ratio = (head.T @ head) / (basis.T @ basis)
    assert np.allclose(ratio, ratio[0, 0], rtol=1e-3)
    (tmp_path / "head.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="head"):
        teachers_basis(tmp_path)


def test_a_folder_without_texts_has_no_file(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    with torch.random.fork_rng(devices=[]):
        encoder = TextEncoder.from_shape(
            SHAPES["tiny"], vocabulary=tokenizer.get_vocab_size()
        ).eval()
    assert understanding_of(tmp_path, encoder, tokenizer) is None
    (tmp_path / "texts.json").write_text(json.dumps(["Sad piano, r&b", "a lo-fi song"]))
    assert learnt_words(tmp_path) == {"Sad", "piano", "r&b", "a", "lo", "fi", "song"}
    (tmp_path / "texts.json").write_text("[1]")
    with pytest.raises(UserError, match=r"texts\.json"):
        learnt_words(tmp_path)
