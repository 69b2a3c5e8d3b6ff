"""Distillation: the loss, the order of batches, exact going on, and that something is learnt."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from engine.errors import UserError
from engine.training.checkpoints import found
from engine.training.text import state as states
from engine.training.text.distil import (
    Distillation,
    Run,
    epoch_batches,
    go_on,
    losses,
    relation_loss,
)
from engine.training.text.encoder import EncoderShape
from engine.training.text.student import Understanding, first_student
from engine.training.text.tokenizer import TINY_TEXTS, tiny_tokenizer

SHAPE = EncoderShape(width=16, layers=1, heads=2, hidden=24, dropout=0.0)
TEXTS = [f"{text} {number}" for number in range(4) for text in TINY_TEXTS]
SETTINGS = Distillation(
    steps=12, batch_tokens=256, rate=3e-3, warmup=2, save_every=4, slips=0.3, max_tokens=32
)


def unit(rows: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(rows, dim=1)


def test_the_same_neighbourhoods_cost_nothing() -> None:
    rows = unit(torch.randn(9, 6, generator=torch.Generator().manual_seed(1)))
    turned = rows @ torch.linalg.qr(torch.randn(6, 6)).Q  # a rotation keeps who is near whom
    assert relation_loss(turned, rows, temperature=0.05).item() == pytest.approx(0, abs=1e-4)
    assert relation_loss(rows[torch.randperm(9)], rows, temperature=0.05).item() > 0.5


def test_the_relations_number() -> None:
    ours = unit(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    theirs = unit(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    p = torch.softmax(torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), dim=1)
    q = torch.softmax(torch.tensor([[0.0, -1.0], [0.0, 0.0], [-1.0, 0.0]]), dim=1)
    by_hand = (p * (p.log() - q.log())).sum() / 3
    found = relation_loss(ours, theirs, temperature=1.0)
    torch.testing.assert_close(found, by_hand)


def test_the_cosines_number_and_a_text_alone() -> None:
    understood = Understanding(pooled=torch.zeros(1, 4), projected=torch.tensor([[0.6, 0.8]]))
    cosine, relation = losses(understood, torch.tensor([[1.0, 0.0]]), SETTINGS)
    assert cosine.item() == pytest.approx(0.4)
    assert relation.item() == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=300), st.integers(0, 3))
def test_an_epoch_has_every_text_once(lengths: list[int], epoch: int) -> None:
    counted = np.array(lengths)
    batches = epoch_batches(counted, batch_tokens=64, seed=1, epoch=epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * counted[batch].max() <= 64 for batch in batches)


def test_epochs_differ_and_repeat() -> None:
    counted = np.arange(1, 60)
    first, again, second = (
        [b.tolist() for b in epoch_batches(counted, batch_tokens=64, seed=1, epoch=epoch)]
        for epoch in (0, 0, 1)
    )
    assert first == again != second


def new_run(settings_: Distillation = SETTINGS) -> Run:
    rng = np.random.default_rng(2)
    tokenizer = tiny_tokenizer()
    pieces = rng.standard_normal((tokenizer.get_vocab_size(), 12)).astype(np.float32)
    targets = rng.standard_normal((len(TINY_TEXTS), 12)).astype(np.float32)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    return Run(
        first_student(pieces, SHAPE, seed=0), tokenizer, TEXTS, np.tile(targets, (4, 1)), settings_
    )


def test_it_learns(tmp_path: Path) -> None:
    run = new_run(Distillation(steps=60, batch_tokens=512, rate=1e-2, warmup=5, save_every=1000))
    first = run.update()
    assert go_on(run, tmp_path)
    last = run.update()
    assert last[0] < 0.5 * first[0]
    assert last[1] < 0.7 * first[1]


def test_going_on_is_as_if_never_stopped(tmp_path: Path) -> None:
    whole = new_run()
    assert go_on(whole, tmp_path / "whole")
    part = new_run()
    told = iter([False] * 5 + [True])
    assert not go_on(part, tmp_path / "part", stop=lambda: next(told))
    rest = new_run()
    rest.step = states.restore(found(tmp_path / "part")[-1], rest.student, rest.optimiser)
    assert rest.step == 6
    lines: list[str] = []
    assert go_on(rest, tmp_path / "part", say=lines.append)
    for ours, theirs in zip(rest.student.parameters(), whole.student.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    assert lines[-1].startswith("step 12/12  cosine ")
    assert [path.name for path in found(tmp_path / "whole")] == [
        "step-00000008.safetensors", "step-00000012.safetensors",
    ]  # fmt: skip


def test_another_shapes_checkpoint_is_refused(tmp_path: Path) -> None:
    run = new_run()
    run.update()
    path = states.save(tmp_path, run.student, run.optimiser, step=1)
    rng = np.random.default_rng(2)
    other = first_student(rng.standard_normal((100, 12)).astype(np.float32), SHAPE, seed=0)
    optimiser = torch.optim.AdamW(other.parameters())
    with pytest.raises(UserError, match="another shape"):
        states.restore(path, other, optimiser)


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "step-00000001.safetensors"
    path.write_bytes(data)
    run = torch.nn.Linear(2, 2)
    with pytest.raises(UserError, match="not read"):
        states.restore(path, run, torch.optim.AdamW(run.parameters()))


def test_a_strangers_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "step-00000001.safetensors"
    save_file({"weights.weight": torch.zeros(2, 2)}, path, {"format": "pt"})
    module = torch.nn.Linear(2, 2)
    with pytest.raises(UserError, match="format"):
        states.restore(path, module, torch.optim.AdamW(module.parameters()))
