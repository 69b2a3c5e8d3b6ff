"""Finishing against discriminators: what they learn, what the chain is, and going on exactly."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.diffusion.noise_schedule import noise_schedule
from engine.diffusion.samplers import ancestral
from engine.diffusion.step_schedule import times
from engine.errors import UserError
from engine.training.export.presets import STARTER_PRESETS
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from engine.training.train.adversary import DISCRIMINATORS, AdversarialObjective
from engine.training.train.batches import Batches
from engine.training.train.data import open_data
from engine.training.train.discriminators import (
    Discriminators,
    feature_distance,
    hinge,
    right_share,
    unconvincing,
)
from engine.training.train.examples import example, needs
from engine.training.train.loop import train
from engine.training.train.objective import Objective
from engine.training.train.parallel import World
from engine.training.train.settings import Settings, Stage, settings_for
from engine.training.train.unrolled import AUTOGUIDANCE, Unrolled, began_at, chain, stepped
from engine.training.train.warm import blended

NOISE = noise_schedule("linear")
CONFIG = PRESETS["tiny-generator"]
HERE = World(0, 1, torch.device("cpu"))


def finishing(**given: Any) -> Settings:
    options: dict[str, Any] = {
        "adversarial": 0.05, "batch": 4, "crop_s": 0.32, "text_tokens": 6, "workers": 1,
        "warmup": 0, "precision": "fp32", "samples": 0, "validation_batches": 1,
    }  # fmt: skip
    return settings_for("generator", "tiny-generator", **(options | given))


class Shrinking(nn.Module):
    """Predicts x₀ as nine tenths of x, whatever else it is told."""

    def forward(self, x: Tensor, log_snr: Tensor, **_: Tensor) -> Tensor:
        return 0.9 * x + 0.01 * log_snr[:, None, None]


@pytest.mark.parametrize("steps", [2, 4, 5])
def test_the_chain_is_the_ancestral_sampler(steps: int) -> None:
    path = chain(steps, unrolled=steps, noise=NOISE)
    grid = times("log-snr-truncated", steps, model="", noise=NOISE)
    rng = np.random.default_rng(steps)
    noises = [rng.standard_normal((2, 160, 16), np.float32) for _ in range(steps)]
    drawn = iter(noises[1:])
    network = Shrinking()

    def denoise(x: np.ndarray, t: float) -> np.ndarray:
        level = torch.full((2,), float(NOISE.log_snr(t)))
        said: np.ndarray = network(torch.from_numpy(x), level).numpy()
        return said

    wanted = ancestral(denoise, noises[0], grid, noise=NOISE, draw=lambda shape: next(drawn))
    tensors = [torch.from_numpy(n) for n in noises]
    got, other = Unrolled(network, CONFIG)(tensors[0], {}, path.log_snrs, tensors[1:])
    assert other is None
    assert np.allclose(got.numpy(), wanted, atol=1e-4)


def test_a_chain_ends_with_what_is_unrolled() -> None:
    assert chain(5, unrolled=3, noise=NOISE).first == 2
    assert chain(2, unrolled=3, noise=NOISE).first == 0
    levels = chain(5, unrolled=3, noise=NOISE).log_snrs
    assert all(a < b for a, b in pairwise(levels))


def test_a_begun_chain_has_the_level_s_noise() -> None:
    rng = torch.Generator().manual_seed(0)
    x0, epsilon = (torch.randn(4, 160, 64, generator=rng) for _ in range(2))
    x = began_at(x0, epsilon, 0.7)
    alpha = float((x * x0).mean() / x0.square().mean())
    assert alpha == pytest.approx(1 / math.sqrt(1 + math.exp(-0.7)), abs=0.03)
    assert float(x.square().mean()) == pytest.approx(1, abs=0.03)


def test_a_step_to_clean_mels_is_the_estimate() -> None:
    x, x0 = torch.ones(1, 2, 3), torch.full((1, 2, 3), 5.0)
    assert torch.allclose(stepped(x, x0, torch.ones(1, 2, 3), 0.0, 40.0), x0, atol=1e-3)


def test_chains_are_unrolled_as_takes_are_made() -> None:
    preset = STARTER_PRESETS["spectrogram"]["generator"].standard
    assert preset.autoguidance == AUTOGUIDANCE
    assert (preset.sampler, preset.step_schedule) == ("ancestral", "log-snr-truncated")


def test_hinge_wants_a_margin_and_no_more() -> None:
    sure, wrong = torch.full((2, 5), 3.0), torch.full((2, 5), -3.0)
    assert hinge([sure], [wrong]).item() == 0
    assert hinge([wrong, sure], [sure, wrong]).item() == 8
    assert right_share([sure, sure], [wrong, sure]) == 0.75
    assert unconvincing([sure, wrong]).tolist() == [0, 0]
    assert unconvincing([wrong]).tolist() == [3, 3]


def test_feature_distance_counts_each_layer_alike() -> None:
    loud, quiet = torch.full((2, 3), 100.0), torch.full((2, 9), 0.1)
    assert feature_distance([[loud, quiet]], [[loud, quiet]]).item() == 0
    assert feature_distance([[loud, quiet]], [[loud, 2 * quiet]]).item() == pytest.approx(0.5)


def test_discriminators_learn_to_tell() -> None:
    torch.manual_seed(0)
    judges = Discriminators(CONFIG)
    moves = torch.optim.Adam(judges.parameters(), lr=1e-3)
    rng = torch.Generator().manual_seed(1)
    signals, who = torch.zeros(8, CONFIG.signals, 32), torch.zeros(8, CONFIG.globals)

    def judged() -> tuple[list[Tensor], list[Tensor]]:
        real = torch.randn(4, 160, 32, generator=rng)
        smooth = torch.nn.functional.avg_pool1d(real, 5, 1, 2) * 5**0.5
        logits = [word for word, _ in judges(torch.cat([real, smooth]), signals, who)]
        return [word[:4] for word in logits], [word[4:] for word in logits]

    before = right_share(*judged())
    for _ in range(60):
        moves.zero_grad()
        hinge(*judged()).backward()  # type: ignore[no-untyped-call]  # torch's
        moves.step()
    assert before < 0.65
    assert right_share(*judged()) > 0.8


def test_the_players_matter_to_them() -> None:
    torch.manual_seed(0)
    judges = Discriminators(CONFIG)
    mel, signals = torch.randn(1, 160, 32), torch.randn(1, CONFIG.signals, 32)
    who = torch.zeros(1, CONFIG.globals)
    one = judges(mel, signals, who)
    other = judges(mel, signals, who + 1)
    assert torch.equal(one[0][0], other[0][0])
    assert all(not torch.equal(a[0], b[0]) for a, b in zip(one[1:], other[1:], strict=True))


@pytest.mark.usefixtures("short_fit")
def test_a_finished_run_goes_on_bit_for_bit(data: Path, tmp_path: Path) -> None:
    run = finishing(steps=24, save_every=22, keep=1)  # past the steps of the discriminators alone
    lines: list[str] = []
    whole = train(run, data=data, out=tmp_path / "whole", say=lines.append)
    assert any("told" in line for line in lines)
    asked = iter(range(99))
    cut = train(run, data=data, out=tmp_path / "cut", stop=lambda: next(asked) == 21)
    assert (cut.step, cut.finished) == (22, False)
    resumed = train(run, data=data, out=tmp_path / "cut", resume=True)
    for folder, name in ((DISCRIMINATORS, resumed.path.name), ("checkpoints", resumed.path.name)):
        ours, theirs = (load_file(tmp_path / side / folder / name) for side in ("whole", "cut"))
        assert set(ours) == set(theirs)
        for tensor in ours:
            assert torch.equal(ours[tensor], theirs[tensor]), tensor
    assert whole.loss == resumed.loss
    assert [p.name for p in (tmp_path / "cut" / DISCRIMINATORS).iterdir()] == [resumed.path.name]


@pytest.mark.usefixtures("short_fit")
def test_a_run_without_its_discriminators_does_not_go_on(data: Path, tmp_path: Path) -> None:
    run = finishing(steps=2, save_every=1)
    train(run, data=data, out=tmp_path, stop=lambda: True)
    for path in (tmp_path / DISCRIMINATORS).iterdir():
        path.unlink()
    with pytest.raises(UserError, match="Training did not go on"):
        train(run, data=data, out=tmp_path, resume=True)


def test_the_generator_hears_them(data: Path) -> None:
    """After the first steps the loss pulls at the weights as the diffusion loss alone does not."""
    run = finishing(x_scale=4.0, adversarial=5.0)
    batches = Batches(open_data(data, "train"), needs("generator", CONFIG, 0.32), run)
    torch.manual_seed(0)
    network = UNet(CONFIG)
    objective = AdversarialObjective(run, CONFIG, "fp32", HERE)
    batch = example(
        "generator", CONFIG, batches.batch(0, first=0, count=4), x_scale=4.0,
        device=torch.device("cpu"),
    )  # fmt: skip

    def pulls(step: int) -> Tensor:
        network.zero_grad()
        loss = objective(objective.around(network), batch, step, first=0)
        assert loss.shape == (4,)
        loss.mean().backward()  # type: ignore[no-untyped-call]  # torch's
        assert network.exit.weight.grad is not None
        return network.exit.weight.grad.clone()

    def alone(step: int) -> Tensor:
        network.zero_grad()
        some = type(batch)(
            batch.x0[:2], {k: v[:2] for k, v in batch.inputs.items()}, batch.valid[:2]
        )
        loss = Objective(run, CONFIG, "fp32")(network, some, step, first=0).mean()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's
        assert network.exit.weight.grad is not None
        return network.exit.weight.grad.clone()

    assert torch.allclose(pulls(3), alone(3), atol=1e-6)
    quiet = alone(40)
    assert (pulls(40) - quiet).norm() > 0.1 * quiet.norm()
    assert all(p.requires_grad for p in objective._discriminators.parameters())


@pytest.mark.parametrize("preset", ["tiny-frame-vocoder", "tiny-generator"])
def test_what_cannot_be_finished_is_refused(preset: str, data: Path, tmp_path: Path) -> None:
    stage: Stage = "vocoder" if "vocoder" in preset else "generator"
    prediction = "x0" if "vocoder" in preset else "epsilon"
    run = settings_for(
        stage, preset, adversarial=0.1, prediction=prediction, batch=4, crop_s=0.32, workers=1
    )
    with pytest.raises(UserError, match="no generator of mels"):
        train(run, data=data, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_settings_of_a_finish() -> None:
    plain, finish = (
        settings_for("generator", "starter-generator", adversarial=a) for a in (0, 0.1)
    )
    assert (plain.crop_s, plain.beta_1) == (30.72, 0.9)
    assert (finish.crop_s, finish.beta_1) == (5.12, 0.5)
    assert settings_for("generator", "starter-generator", adversarial=0.1, batch=16).batch == 16
    with pytest.raises(UserError, match="adversarial"):
        finishing(adversarial=-1.0)


def test_a_blend_is_some_way_between() -> None:
    after = {"a.weight": torch.ones(3), "a.bias": torch.full((2,), 4.0)}
    made = blended(after, {"a.weight": torch.full((3,), 3.0)}, 0.25)
    assert made["a.weight"].tolist() == [2.5] * 3
    assert made["a.bias"].tolist() == [1.0] * 2  # a bundle drops biases of zeros
    assert blended(after, after, 1.0)["a.bias"].tolist() == [4.0] * 2
    for other in ({}, {"a.weight": torch.ones(4)}):
        with pytest.raises(UserError, match=r"a\.weight is not what it was"):
            blended(after, other, 0.5)
