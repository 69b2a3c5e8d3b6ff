"""The student's beginning: the best bag of pieces, said by a T5."""

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.training.text.encoder import EncoderShape
from engine.training.text.student import (
    Student,
    first_student,
    piece_texts,
    solve_pieces,
    understand,
)
from engine.training.text.tokenizer import TINY_TEXTS, tiny_tokenizer

SHAPE = EncoderShape(width=16, layers=2, heads=2, hidden=24, dropout=0.0)
RNG = np.random.default_rng(5)
PIECES = (RNG.standard_normal((256, 12)) * RNG.uniform(0.3, 1.0, (256, 1))).astype(np.float32)


def bag(tokenizer: Tokenizer, texts: tuple[str, ...]) -> NDArray[np.float32]:
    rows = np.stack([PIECES[tokenizer.encode(text).ids].mean(axis=0) for text in texts])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def test_it_begins_as_the_mean_of_its_pieces() -> None:
    tokenizer = tiny_tokenizer()
    student = first_student(PIECES, SHAPE, seed=0).eval()
    found = understand(student, tokenizer, TINY_TEXTS)
    # the longest hundredth of the pieces is shortened, hence not exactly
    assert np.sum(found * bag(tokenizer, TINY_TEXTS), axis=1).min() > 0.995


def test_it_can_learn_away_from_there() -> None:
    student = first_student(PIECES, SHAPE, seed=0)
    ids = torch.tensor([[5, 9, 40, 1]])
    student(ids, torch.ones_like(ids)).projected[0, 0].backward()
    exits = [
        p for name, p in student.named_parameters() if name.endswith((".o.weight", "wo.weight"))
    ]
    assert len(exits) == 4
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in exits)


@torch.no_grad()
def test_padding_does_not_change_what_is_understood() -> None:
    student = first_student(PIECES, SHAPE, seed=0).eval()
    alone = torch.tensor([[5, 9, 40, 1]])
    padded = torch.tensor([[5, 9, 40, 1, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 0, 0]])
    torch.testing.assert_close(
        student(padded, mask).projected, student(alone, mask[:, :4]).projected, atol=1e-6, rtol=0
    )


def test_solving_finds_the_vectors_that_made_the_means() -> None:
    truth = RNG.standard_normal((30, 8)).astype(np.float32)
    rows = [RNG.integers(0, 30, RNG.integers(1, 6)) for _ in range(6000)]
    targets = np.stack([truth[ids].mean(axis=0) for ids in rows]).astype(np.float32)
    found = solve_pieces(rows, targets, np.zeros_like(truth))
    assert np.abs(found - truth).max() < 0.06


def test_a_piece_that_is_never_seen_keeps_its_own_vector() -> None:
    prior = RNG.standard_normal((10, 4)).astype(np.float32)
    rows = [np.array([1, 2]), np.array([2])]
    found = solve_pieces(rows, np.ones((2, 4), np.float32), prior)
    np.testing.assert_allclose(found[5], prior[5], atol=1e-6)
    assert np.abs(found[2] - prior[2]).max() > 0.01


def test_pieces_are_read_without_their_marks() -> None:
    texts = piece_texts(tiny_tokenizer())
    assert texts[:3] == ["", "", ""]
    assert "piano" in texts
    assert not any("▁" in text for text in texts)


def test_the_head_is_no_part_of_the_encoder() -> None:
    student = first_student(PIECES, SHAPE, seed=0)
    assert isinstance(student, Student)
    assert student.head.weight.shape == (12, 16)
    assert not any("head" in name for name, _ in student.encoder.named_parameters())
