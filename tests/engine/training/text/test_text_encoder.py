"""The encoder: shapes, padding, and what a folder must hold."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import UserError
from engine.training.text.encoder import SHAPES, TextEncoder, example_tokens
from engine.training.text.tokenizer import save_tokenizer, tiny_tokenizer


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    torch.manual_seed(0)
    return TextEncoder.from_shape(SHAPES["tiny"], vocabulary=256).eval()


@pytest.fixture
def folder(tmp_path: Path, encoder: TextEncoder) -> Path:
    encoder.encoder.save_pretrained(tmp_path)
    save_tokenizer(tiny_tokenizer(), tmp_path / "tokenizer.json")
    return tmp_path


def test_every_token_keeps_its_own_embedding(encoder: TextEncoder) -> None:
    inputs = example_tokens(encoder, batch=3, tokens=9)
    embeddings = encoder(**inputs)
    assert embeddings.shape == (3, 9, 16)
    assert embeddings[0].std(dim=0).min() > 1e-4  # unpooled: tokens differ


@torch.no_grad()
def test_padding_changes_no_tokens_embedding(encoder: TextEncoder) -> None:
    ids = torch.tensor([[5, 17, 99, 1]])
    alone = encoder(ids, torch.ones_like(ids))
    padded_ids = torch.cat((ids, torch.tensor([[0, 42, 7, 200, 0]])), dim=1)
    mask = (torch.arange(9) < 4).long()[None]
    torch.testing.assert_close(encoder(padded_ids, mask)[:, :4], alone, rtol=0, atol=2e-6)
    unmasked = encoder(padded_ids, torch.ones_like(padded_ids))[:, :4]
    assert (unmasked - alone).abs().max() > 1e-3  # the mask is what protects them


@torch.no_grad()
def test_order_and_context_matter(encoder: TextEncoder) -> None:
    ids = torch.tensor([[5, 17, 99, 1], [17, 5, 99, 1]])
    embeddings = encoder(ids, torch.ones_like(ids))
    assert (embeddings[0, 2] - embeddings[1, 2]).abs().max() > 1e-4


def test_the_starter_has_its_published_size() -> None:
    with torch.device("meta"):
        encoder = TextEncoder.from_shape(SHAPES["starter"], vocabulary=6144)
    assert encoder.width == 256
    parameters = sum({p: p.numel() for p in encoder.parameters()}.values())
    assert parameters == 6144 * 256 + 3 * (4 * 256**2 + 3 * 256 * 512 + 2 * 256) + 32 * 4 + 256


@torch.no_grad()
def test_a_saved_folder_loads_as_it_was(folder: Path, encoder: TextEncoder) -> None:
    loaded = TextEncoder.from_folder(folder).eval()
    inputs = example_tokens(encoder)
    torch.testing.assert_close(loaded(**inputs), encoder(**inputs), rtol=0, atol=0)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_lacks_something_is_refused(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(UserError, match=missing.removeprefix("model")):
        TextEncoder.from_folder(folder)


def test_pickled_weights_do_not_count(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="safetensors"):
        TextEncoder.from_folder(folder)


def test_another_model_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UserError, match="'bert'"):
        TextEncoder.from_folder(folder)


def test_weights_that_lack_a_tensor_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    lost = next(name for name in tensors if name.endswith("wo.weight"))
    save_file({name: t for name, t in tensors.items() if name != lost}, path, {"format": "pt"})
    with pytest.raises(UserError, match=lost):
        TextEncoder.from_folder(folder)


def test_damaged_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{broken")
    with pytest.raises(UserError, match="not loaded"):
        TextEncoder.from_folder(folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        TextEncoder.from_folder(tmp_path / "none")
