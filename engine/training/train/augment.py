"""Conditioning augmentation: what a stage is given in training is as imperfect as its givers.

Noise at a random level, told to the network, and blur, not told (section 4.1). Each function takes
the random values, so that what is random is drawn elsewhere.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from engine.diffusion.noise_schedule import NoiseSchedule, noise_schedule
from engine.training.networks.config import UNetConfig
from engine.training.train.diffuse import LOG_SNR_CLEAN, diffused, levels, noise, seeded, spread
from engine.training.train.settings import Settings

SAMPLES_TAPS: Final = 10  # the cascader's 1-D blur; σ in samples
SAMPLES_SIGMA: Final = (0.1, 5.0)
IMAGE_TAPS: Final = 5  # the vocoder's 2-D blur; σ in bands and frames
IMAGE_SIGMA: Final = (0.2, 1.0)
BLUR_SIGMA: Final = {"none": (0.0, 0.0), "samples": SAMPLES_SIGMA, "image": IMAGE_SIGMA}


def gaussian(taps: int, sigma: Tensor) -> Tensor:
    """Kernels (B, taps) of sum 1 for (B,) standard deviations, centred."""
    places = torch.arange(taps, device=sigma.device, dtype=sigma.dtype) - (taps - 1) / 2
    kernel = torch.exp(-0.5 * (places / sigma[:, None]) ** 2)
    return kernel / kernel.sum(dim=1, keepdim=True)


def _filtered(x: Tensor, kernel: Tensor) -> Tensor:
    """Each (B, C, L) item filtered along L by its own (B, taps) kernel, ends repeated."""
    batch, channels, length = x.shape
    taps = kernel.shape[1]
    padded = pad(x, (taps // 2, taps - 1 - taps // 2), mode="replicate")
    weight = kernel.repeat_interleave(channels, dim=0)[:, None]
    flat = padded.reshape(1, batch * channels, -1)
    return conv1d(flat, weight, groups=batch * channels).reshape(batch, channels, length)


def blur_samples(x: Tensor, sigma: Tensor) -> Tensor:
    """1-D Gaussian blur of 10 taps along time. x (B, C, L), sigma (B,) in samples.

    An even kernel has no centre sample: it delays by half a sample, here to the left.
    """
    return _filtered(x, gaussian(SAMPLES_TAPS, sigma))


def blur_image(mel: Tensor, sigma: Tensor) -> Tensor:
    """2-D Gaussian blur of 5 × 5 over bands and frames. mel (B, 80 or 160, T), sigma (B,).

    The level image and the difference image do not run into each other.
    """
    kernel = gaussian(IMAGE_TAPS, sigma)
    images = 2 if mel.shape[1] % 160 == 0 else 1
    bands = mel.shape[1] // images
    frames = _filtered(mel, kernel)
    turned = frames.reshape(-1, bands, mel.shape[2]).transpose(1, 2)  # (B·images, T, bands)
    across = _filtered(turned, kernel.repeat_interleave(images, dim=0))
    return across.transpose(1, 2).reshape(mel.shape)


BLURS: Final = {"none": lambda x, sigma: x, "samples": blur_samples, "image": blur_image}


def augmented(
    condition: Tensor,
    *,
    schedule: NoiseSchedule,
    t: Tensor,
    epsilon: Tensor,
    clean: Tensor,
    blur: str,
    blur_sigma: Tensor,
) -> tuple[Tensor, Tensor]:
    """The spoilt condition (B, C, L) and the log-SNR that the network is told, (B,).

    Args:
        condition: (B, C, L).
        schedule: of the noise.
        t: (B,) levels of the noise.
        epsilon: (B, C, L) standard normal.
        clean: (B,) bool; these items are left alone and told LOG_SNR_CLEAN.
        blur: a key of BLURS.
        blur_sigma: (B,).
    """
    alpha, sigma, log_snr = levels(schedule, t, condition)
    spoilt = diffused(BLURS[blur](condition, blur_sigma), epsilon, alpha, sigma)
    kept = torch.where(spread(clean, condition), condition, spoilt)
    told = torch.where(clean, torch.full_like(log_snr, LOG_SNR_CLEAN), log_snr)
    return kept, told


def drawn_augmentation(
    rngs: list[np.random.Generator], *, t_max: float, clean: float, blur: str
) -> tuple[Tensor, Tensor, Tensor]:
    """T uniform in [0, t_max], whether clean, and blur's σ uniform in its range, (B,) each."""
    rows = np.array([rng.random(3) for rng in rngs])
    low, high = BLUR_SIGMA[blur]
    return (
        torch.from_numpy(rows[:, 0] * t_max),
        torch.from_numpy(rows[:, 1] < clean),
        torch.from_numpy(low + rows[:, 2] * (high - low)),
    )


def spoilt_condition(
    settings: Settings,
    config: UNetConfig,
    inputs: dict[str, Tensor],
    step: int,
    first: int,
    *,
    augment: bool,
) -> dict[str, Tensor]:
    """A step's inputs with their condition spoilt, and `augmentation_log_snr` told.

    Args:
        settings: of the run; its seed, `step` and each item's number decide what is drawn.
        config: of the network; without `augmentation` nothing changes.
        inputs: clean, (B, …) each.
        step: its number.
        first: number of the first item.
        augment: False leaves every condition clean.
    """
    if not config.augmentation:
        return dict(inputs)
    s = settings
    name = "x" if config.outputs else "low" if config.low else "aligned"
    clean = inputs[name]
    rngs = [seeded(s.seed, "condition", step, first + i) for i in range(len(clean))]
    share = s.clean if augment and s.noise_t_max > 0 else 1.0
    t, kept, blur_sigma = drawn_augmentation(rngs, t_max=s.noise_t_max, clean=share, blur=s.blur)
    epsilon = noise(
        s.seed, "condition", step, first=first, shape=tuple(clean.shape), device=clean.device
    )
    spoilt, told = augmented(
        clean, schedule=noise_schedule(s.noise_schedule), t=t, epsilon=epsilon,
        clean=kept.to(clean.device), blur=s.blur,
        blur_sigma=blur_sigma.to(clean.device, clean.dtype),
    )  # fmt: skip
    return {**inputs, name: spoilt, "augmentation_log_snr": told}
