"""A frame vocoder's loss: nothing for the truth, little after learning, finite in silence."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.audio.bands import MelParameters, frame_bins
from engine.audio.mel import stereo_mel
from engine.training.networks.presets import PRESETS
from engine.training.train.data import FULL_SCALE
from engine.training.train.examples import Example, needs
from engine.training.train.loop import train
from engine.training.train.magnitudes import MagnitudeObjective, frame_space, log_magnitudes
from engine.training.train.report import CURVE_NAME
from engine.training.train.settings import settings_for

CONFIG = PRESETS["tiny-frame-vocoder"]
SETTINGS = settings_for("vocoder", CONFIG.name, x_scale=5.0, precision="fp32")
MEL = MelParameters()
BINS = frame_bins(MEL)
FRAMES = 32


def example_of(audio: np.ndarray) -> Example:
    """One item of audio (samples, 2)."""
    mel = torch.from_numpy(stereo_mel(audio, MEL))[None]
    x0 = torch.from_numpy(audio.T.copy())[None] * SETTINGS.x_scale
    return Example(x0, {"x": mel}, torch.ones(1, 1, mel.shape[-1]))


class Says(nn.Module):
    """A network that says these gains (B, 3·bins, T)."""

    def __init__(self, gains: Tensor) -> None:
        super().__init__()
        self.gains = nn.Parameter(gains)

    def forward(self, x: Tensor, log_snr: Tensor, augmentation_log_snr: Tensor) -> Tensor:
        assert log_snr.shape == augmentation_log_snr.shape == (len(x),)
        return self.gains


def truth(example: Example) -> Tensor:
    """Left and right above the envelope and the side above them, (B, 3·bins, T)."""
    space = frame_space(torch.device("cpu"))
    real = space.log_magnitudes(example.x0 / SETTINGS.x_scale)
    sides, difference = real[:, :2], real[:, 2:]
    mean = (2 * sides).exp().mean(dim=1, keepdim=True).log() / 2
    above = sides - space.log_envelope(space.powers(example.inputs["x"]))
    return torch.cat([above, difference - mean], dim=1).flatten(1, 2)


def loss_of(example: Example, gains: Tensor) -> float:
    objective = MagnitudeObjective(SETTINGS, CONFIG)
    loss = objective(Says(gains), example, 0, first=0, augment=False)
    assert loss.shape == (len(gains),)
    return float(loss.detach()[0])


def mono() -> np.ndarray:
    noise = 0.1 * np.random.default_rng(0).standard_normal((FRAMES * 160, 1))
    return np.repeat(noise, 2, axis=1).astype(np.float32)


def test_the_truth_costs_nothing() -> None:
    example = example_of(mono())
    gains = truth(example)
    assert loss_of(example, gains) < 2e-3
    assert loss_of(example, torch.zeros_like(gains)) > 0.5


def test_what_a_whole_band_is_off_costs_nothing() -> None:
    example = example_of(mono())
    gains = truth(example)
    gains[:, : 2 * BINS] += 0.7
    assert loss_of(example, gains) < 0.02  # the mel's powers put it back


def test_the_truth_of_a_wide_sound_costs_nothing() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal((FRAMES * 160, 2))
    example = example_of(noise.astype(np.float32))
    gains = truth(example)
    assert loss_of(example, gains) < 0.02
    gains[:, 2 * BINS :] -= 3  # as if both sides were one
    assert loss_of(example, gains) > 0.1


def test_wrong_details_cost_their_nepers() -> None:
    example = example_of(mono())
    gains = truth(example)
    loss = loss_of(example, gains + 0.3 * torch.randn(gains.shape, generator=seeded()))
    assert 0.15 < loss < 0.6  # E|0.3 n| = 0.24, plus half of the convergence


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_silence_has_a_finite_loss_and_gradient() -> None:
    example = example_of(np.zeros((FRAMES * 160, 2), np.float32))
    network = Says(torch.zeros(1, 3 * BINS, FRAMES))
    loss = MagnitudeObjective(SETTINGS, CONFIG)(network, example, 0, first=0)
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert bool(torch.isfinite(loss).all())
    assert network.gains.grad is not None
    assert bool(torch.isfinite(network.gains.grad).all())


def test_magnitudes_have_three_rows_and_the_gains_of_the_network() -> None:
    example = example_of(mono())
    space = frame_space(torch.device("cpu"))
    told = torch.zeros(1)
    inputs = example.inputs | {"augmentation_log_snr": told}
    made = log_magnitudes(Says(truth(example)), inputs, space).detach()
    assert made.shape == (1, 3, BINS, FRAMES)
    real = space.log_magnitudes(example.x0 / SETTINGS.x_scale)
    assert float((made - real).abs().max()) < 0.02


def test_a_frame_vocoder_reads_mels_and_audio() -> None:
    need = needs("vocoder", CONFIG, SETTINGS.crop_s)
    assert (need.arrays, need.frames, need.rate_hz) == (("mel", "audio16"), 128, 100)


def test_a_tiny_frame_vocoder_learns_one_clip(make_data: Any, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", clips=1, frames=16)
    time_s = np.arange(16 * 160) / 16_000
    hz = np.array([250, 900, 4100])
    chord = np.sin(2 * np.pi * hz * time_s[:, None]).sum(axis=1)
    audio = 0.1 * chord[:, None] * (1, 0.6)
    part = data / "train-0000"
    np.save(part / "audio16.npy", np.round(audio * FULL_SCALE).astype(np.int16))
    mel = stereo_mel(audio.astype(np.float32), MEL)
    np.save(part / "mel.npy", mel.T.astype(np.float16))
    run = settings_for(
        "vocoder", CONFIG.name, steps=100, batch=2, crop_s=0.16, workers=1, warmup=0,
        precision="fp32", learning_rate=1e-2, save_every=999, samples=0, noise_t_max=0.0,
    )  # fmt: skip
    outcome = train(run, data=data, out=tmp_path / "run")
    with (tmp_path / "run" / CURVE_NAME).open(encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert outcome.finished
    assert np.mean(losses[-10:]) < np.mean(losses[:2]) / 2.5
