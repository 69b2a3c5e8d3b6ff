"""How much grain a generator's estimates lack (engine.audio.grain), measured on held-out clips."""

from pathlib import Path
from typing import Final

import numpy as np
import torch

from engine.audio.grain import GRAIN_LOG_SNR, flicker, image_rms
from engine.training.networks.unet import UNet
from engine.training.train.batches import Batches
from engine.training.train.data import open_data
from engine.training.train.diffuse import diffused, noise
from engine.training.train.examples import example, needs
from engine.training.train.settings import Settings

_BATCHES: Final = 6
_ITEMS: Final = 8
_DIGITS: Final = 3
_MOST: Final = 2.0
# How much of a flicker's deviation is taken to outlive a frame vocoder. A choice for the starter's:
# it keeps more of it in the treble than in the bass.
_KEPT: Final = 0.56


@torch.no_grad()
def measured_grain(network: UNet, settings: Settings, data: Path) -> tuple[float, ...]:
    """Shares for the manifest: of each channel of a stereo mel, 0 for those that hold levels.

    As much more is drawn as a vocoder will smooth away.

    What takes should have is the flicker of real clips, so it is the variance that estimates of
    real clips lack. Rejected: the variance of their errors (a good estimate and its error add up to
    the data's variance, but in the bass errors are more than what is lacking).

    Args:
        network: a generator of mels that predicts x₀, in eval mode.
        settings: of its run.
        data: prepared, with a validation split.

    Raises:
        UserError: there is no validation split, or it is damaged.
    """
    config = network.config
    split = open_data(data, "validation")
    batches = Batches(
        split, needs(settings.stage, config, settings.crop_s), settings, augment=False
    )
    log_snr = torch.full((_ITEMS,), GRAIN_LOG_SNR)
    alpha, sigma = (torch.sigmoid(sign * log_snr).sqrt() for sign in (1, -1))
    first = config.channels // 2
    missing, image = np.zeros(first), np.zeros(first)
    for step in range(_BATCHES):
        batch = example(
            settings.stage, config, batches.batch(step, first=0, count=_ITEMS),
            x_scale=settings.x_scale, device=torch.device("cpu"),
        )  # fmt: skip
        epsilon = noise(
            settings.seed, "noise", step, first=0, shape=tuple(batch.x0.shape),
            device=batch.x0.device,
        )  # fmt: skip
        x = diffused(batch.x0, epsilon, alpha, sigma)
        said = network(x, log_snr, **batch.inputs)
        for estimate, real, valid in zip(said, batch.x0, batch.valid, strict=True):
            inside = valid[0] > 0
            seen, wanted = (tensor[first:, inside].numpy() for tensor in (estimate, real))
            missing += np.square(flicker(wanted, loop=False)).sum(axis=1)
            missing -= np.square(flicker(seen, loop=False)).sum(axis=1)
            image += np.square(image_rms(seen, loop=False)).sum(axis=1)
    shares = np.minimum(np.sqrt(np.maximum(missing, 0) / np.maximum(image, 1e-9)) / _KEPT, _MOST)
    return (0.0,) * first + tuple(round(float(share), _DIGITS) for share in shares)
