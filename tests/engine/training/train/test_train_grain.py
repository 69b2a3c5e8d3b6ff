"""How much grain estimates lack, measured on clips whose stereo image is known."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.errors import UserError
from engine.training.export import grain
from engine.training.export.grain import measured_grain
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from engine.training.train.data import open_data
from engine.training.train.examples import MEL_SCALE
from engine.training.train.settings import settings_for

IMAGE, FLICKER = 0.2, 0.05


class Flat(nn.Module):
    """Knows the image of the first side channel, and none of its flicker."""

    config = PRESETS["tiny-generator"]

    def forward(self, x: Tensor, log_snr: Tensor, **inputs: Tensor) -> Tensor:
        estimate = torch.zeros_like(x)
        estimate[:, 80] = IMAGE * MEL_SCALE
        return estimate


def test_shares_are_the_flicker_that_estimates_lack(make_data: Any, tmp_path: Path) -> None:
    folder = make_data(tmp_path / "data", split="validation", clips=16, frames=200)
    part = open_data(folder, "validation").parts[0]
    rng = np.random.default_rng(0)
    mel = np.load(part.folder / "mel.npy")
    mel[:, 80] = IMAGE + FLICKER * rng.standard_normal(len(mel))
    np.save(part.folder / "mel.npy", mel)
    settings = settings_for(
        "generator", "tiny-generator", batch=8, crop_s=3.2, text_tokens=6, x_scale=MEL_SCALE
    )
    shares = measured_grain(cast("UNet", Flat()), settings, folder)
    assert len(shares) == 160
    assert not any(shares[:80])
    assert shares[80] == pytest.approx(FLICKER * np.sqrt(8 / 9) / IMAGE / grain._KEPT, rel=0.05)
    assert not any(shares[81:])  # silent, and said to be


def test_data_without_a_validation_split_are_told(make_data: Any, tmp_path: Path) -> None:
    folder = make_data(tmp_path / "data")
    settings = settings_for("generator", "tiny-generator", x_scale=MEL_SCALE)
    with pytest.raises(UserError, match="validation"):
        measured_grain(cast("UNet", Flat()), settings, folder)
