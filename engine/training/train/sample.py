"""What the network makes of a few validation items: mels as pictures, audio as WAV.

Written with the standard library, so that a machine with torch alone can do it.
"""

import struct
import wave
import zlib
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.diffusion.noise_schedule import noise_schedule
from engine.diffusion.prediction import denoised
from engine.diffusion.samplers import SAMPLERS
from engine.diffusion.signatures import Array
from engine.diffusion.step_schedule import times
from engine.training.networks.config import UNetConfig
from engine.training.train.data import FULL_SCALE
from engine.training.train.diffuse import LOG_SNR_CLEAN, seeded
from engine.training.train.examples import Example, route
from engine.training.train.settings import Settings

STEPS: Final = {"generator": 25, "vocoder": 4, "cascader": 8, "super_resolution": 4}


@torch.no_grad()
def sampled(network: nn.Module, config: UNetConfig, settings: Settings, batch: Example) -> Array:
    """X̂₀ (B, C, L) by deterministic sampling without guidance, from the run's own seed."""
    schedule = noise_schedule(settings.noise_schedule)
    device, count = batch.x0.device, len(batch.x0)
    fixed = dict(batch.inputs)
    if config.augmentation:
        fixed["augmentation_log_snr"] = torch.full((count,), LOG_SNR_CLEAN, device=device)

    def denoise(x: Array, t: float) -> Array:
        log_snr = torch.full((count,), float(schedule.log_snr(t)), device=device)
        said = network(x=torch.from_numpy(x).to(device), log_snr=log_snr, **fixed)
        return denoised(
            x, said.float().cpu().numpy(), kind=settings.prediction,
            alpha=float(schedule.alpha(t)), sigma=float(schedule.sigma(t)),
        )  # fmt: skip

    rng = seeded(settings.seed, "noise")
    start = rng.standard_normal(tuple(batch.x0.shape), np.float32)
    grid = times("log-snr", STEPS[settings.stage], model="", noise=schedule)
    return SAMPLERS["ddim"](
        denoise, start, grid, noise=schedule, draw=lambda shape: np.zeros(shape, np.float32)
    )


def write_samples(
    folder: Path, made: Array, batch: Example, *, settings: Settings, config: UNetConfig
) -> None:
    """Write what was made and what was real, item by item: .png and .npy, or .wav."""
    folder.mkdir(parents=True, exist_ok=True)
    rate_hz = route(settings.stage, config).audio_rate_hz
    for name, values in (("made", made), ("real", batch.x0.cpu().numpy())):
        for index, item in enumerate(values):
            path = folder / f"{index}-{name}"
            if not rate_hz:
                mel = item / np.float32(settings.x_scale)
                np.save(path.with_suffix(".npy"), mel.astype(np.float16), allow_pickle=False)
                path.with_suffix(".png").write_bytes(png_bytes(mel_picture(mel)))
            else:
                write_wav(path.with_suffix(".wav"), item / settings.x_scale, rate_hz)


def write_pictures(folder: Path, made: Tensor, real: Tensor) -> None:
    """Write magnitudes (B, bins, T) in [−1, 1], item by item: what was made above what is real."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, pair in enumerate(zip(made.cpu().numpy(), real.cpu().numpy(), strict=True)):
        grey = np.concatenate([mel_picture(image) for image in pair])
        (folder / f"{index}.png").write_bytes(png_bytes(grey))


def mel_picture(mel: Array) -> NDArray[np.uint8]:
    """(C, T) in [−1, 1] → (C, T) grey values, each image of 80 bands with low bands below."""
    grey = np.round((np.clip(mel, -1, 1) + 1) * 127.5).astype(np.uint8)
    images = max(1, len(grey) // 80) if len(grey) % 80 == 0 else 1
    return np.concatenate([image[::-1] for image in np.split(grey, images)])


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    """A PNG of (height, width) grey values, top row first (PNG specification, third edition)."""
    height, width = image.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each begins with its filter: none
    rows[:, 1:] = image
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def write_wav(path: Path, audio: Array, rate_hz: int) -> None:
    """(C, samples) as 16-bit WAV."""
    whole = np.clip(np.round(audio.T * FULL_SCALE), -FULL_SCALE, FULL_SCALE).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(audio.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(whole.tobytes())
