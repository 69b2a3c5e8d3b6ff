"""Muon moves matrices by orthogonal matrices, in place, and everything else is Adam's; cores."""

import copy
import os
from typing import Any

import pytest
import torch
from torch import nn

from engine.training.networks.layers import Conv, Linear
from engine.training.train import parallel
from engine.training.train.settings import settings_for
from engine.training.train.update import Update, trained_parameters

RATE = 1e-3


class Small(nn.Module):
    """A convolution and a layer that are matrices, a layer too narrow to be one, a table."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = Conv(40, 48, kernel=3)
        self.linear = Linear(48, 64)
        self.narrow = Linear(64, 8)
        self.table = nn.Parameter(torch.randn(40, 40), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        said: torch.Tensor = self.narrow(self.linear(self.conv(x).mean(dim=(2, 3))))
        return said.square().mean()


def moved(optimiser: str, **given: Any) -> tuple[Small, Small]:
    """A network before and after one update."""
    network = Small().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    before = copy.deepcopy(network)
    settings = settings_for("generator", "tiny-generator", optimiser=optimiser, **given)
    update = Update(network, settings)
    network(torch.randn(2, 40, 1, 16)).backward()
    update.step(RATE)
    return before, network


def test_matrices_move_by_nearly_orthogonal_ones() -> None:
    before, after = moved("muon")
    for name in ("conv.weight", "linear.weight"):
        change = after.get_parameter(name).detach() - before.get_parameter(name).detach()
        rows = change.permute(0, 2, 3, 1).flatten(1) if change.dim() == 4 else change
        long = max(rows.shape)
        values = torch.linalg.svdvals(rows) / (RATE * 0.2 * long**0.5)
        # five steps of Newton and Schulz bring singular values near 1, those of a full gradient
        used = values[values > 0.3]
        assert len(used)
        assert float(used.max()) < 1.3


def test_all_else_is_adams_and_a_table_stays() -> None:
    _, muon = moved("muon")
    before, adam = moved("adam")
    for name in ("narrow.weight", "narrow.bias", "conv.bias", "linear.bias"):
        assert torch.equal(muon.get_parameter(name), adam.get_parameter(name)), name
        assert not torch.equal(adam.get_parameter(name), before.get_parameter(name)), name
    assert not torch.equal(muon.conv.weight, adam.conv.weight)
    assert torch.equal(muon.table, before.table)


def test_weight_decay_reaches_matrices() -> None:
    plain, decayed = (moved("muon", weight_decay=w)[1].linear.weight for w in (0.0, 0.5))
    before = Small().linear.weight
    assert torch.allclose(plain - decayed, before * RATE * 0.5, atol=1e-7)


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "muon"])
def test_moments_that_are_restored_go_on_alike(optimiser: str) -> None:
    settings = settings_for("generator", "tiny-generator", optimiser=optimiser)
    one = Small().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.randn(2, 40, 1, 16)
    first = Update(one, settings)
    one(x).backward()
    first.step(RATE)
    other = copy.deepcopy(one)
    second = Update(other, settings)
    second.restore(1, *first.moments())
    for network, update in ((one, first), (other, second)):
        network.zero_grad()
        network(x).backward()
        update.step(RATE)
    for (name, ours), (_, theirs) in zip(
        trained_parameters(one), trained_parameters(other), strict=True
    ):
        assert torch.equal(ours, theirs), name


def test_missing_moments_are_said() -> None:
    network = Small().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    update = Update(network, settings_for("generator", "tiny-generator", optimiser="muon"))
    with pytest.raises(KeyError):
        update.restore(1, {}, {})


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone has it")
@pytest.mark.parametrize(
    ("cores", "place", "places", "held"),
    [
        ({0, 1}, 1, 2, [1]),
        ({2, 3, 5, 7, 8}, 0, 2, [2, 5, 8]),
        ({4}, 1, 2, None),  # too few: left where they are
    ],
)
def test_processes_hold_cores_of_their_own(
    cores: set[int],
    place: int,
    places: int,
    held: list[int] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[list[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, given: said.append(given))
    parallel._hold_cores(place, places)
    assert said == ([] if held is None else [held])
