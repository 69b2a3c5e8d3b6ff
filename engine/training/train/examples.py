"""A batch of arrays becomes tensors on the device: x₀ and the network's inputs, stage by stage."""

import math
from dataclasses import dataclass
from typing import Any, Final

import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.audio.high_band import SEEN_BINS
from engine.errors import UserError
from engine.training.networks.config import UNetConfig
from engine.training.train.bands import MARGIN_FRAMES, band_limited, moved
from engine.training.train.batches import Needs
from engine.training.train.data import FULL_SCALE
from engine.training.train.settings import Stage

_MARGIN_S: Final = MARGIN_FRAMES / 100
LOW_RATE_HZ: Final = 3_200
# A mel's 160 channels have a standard deviation of 0.25 in the corpus. At unit variance the noise
# schedule spends as much on the grain of a mel as on its outline; unscaled, nine tenths of its
# levels hide everything but the outline.
MEL_SCALE: Final = 4.0
_FRAME_INPUTS: Final = {("vocoder", 160), ("super_resolution", 2 * SEEN_BINS)}
_MEL_CHANNELS: Final = 160


@dataclass(frozen=True)
class Route:
    """Where a stage's tensors come from.

    Attributes:
        arrays: what is read.
        rate_hz: of x.
        audio_rate_hz: of the sound that x stands for, 0 where it is a mel.
    """

    arrays: tuple[str, ...]
    rate_hz: int
    audio_rate_hz: int


_MEL_GENERATOR: Final = Route(("mel",), 100, 0)
_WAVE_GENERATOR: Final = Route(("audio16",), LOW_RATE_HZ, LOW_RATE_HZ)
_ON_FRAMES: Final[dict[str, Route]] = {
    "vocoder": Route(("mel", "audio16"), 100, 16_000),
    "super_resolution": Route(("audio16", "audio24"), 100, 24_000),
}
_ROUTES: Final[dict[Stage, Route]] = {
    "vocoder": Route(("mel", "audio16"), 16_000, 16_000),
    "cascader": Route(("audio16",), 16_000, 16_000),
    "super_resolution": Route(("audio16", "audio24"), 24_000, 24_000),
}


@dataclass(frozen=True)
class Example:
    """A batch on the device.

    Attributes:
        x0: (B, C, L) data; the audio (B, 2, n) where the stage works on frames.
        inputs: the network's inputs but x, log_snr and augmentation_log_snr, clean.
        valid: (B, 1, L) of 0 and 1.
    """

    x0: Tensor
    inputs: dict[str, Tensor]
    valid: Tensor


def route(stage: Stage, config: UNetConfig) -> Route:
    """A generator of one or two channels makes 3.2 kHz audio, any other one mels."""
    if config.outputs:
        return _ON_FRAMES[stage]
    if stage == "generator":
        return _WAVE_GENERATOR if config.channels <= 2 else _MEL_GENERATOR
    return _ROUTES[stage]


def needs(stage: Stage, config: UNetConfig, crop_s: float) -> Needs:
    """What is read for items of about `crop_s`, rounded up to what the network's strides divide.

    Raises:
        UserError: the network is no network of this stage.
    """
    _check_kind(stage, config)
    path = route(stage, config)
    per_frame = path.rate_hz // 100
    unit = config.multiple // math.gcd(config.multiple, per_frame)  # frames
    frames = unit * math.ceil(crop_s * 100 / unit - 1e-9)
    return Needs(
        arrays=path.arrays,
        frames=frames,
        rate_hz=path.rate_hz,
        signals=bool(config.signals or config.globals),
        text=bool(config.text_width),
    )


def _check_kind(stage: Stage, config: UNetConfig) -> None:
    aligned, low = stage == "vocoder", stage in ("cascader", "super_resolution")
    fits = (bool(config.aligned_channels), config.low) == (aligned, low)
    if config.outputs:
        fits = (stage, config.channels) in _FRAME_INPUTS
    if not fits:
        raise UserError(
            "Training did not start",
            f"{config.name} is no network for the stage {stage!r}",
            "Choose another --preset",
        )


def example(
    stage: Stage,
    config: UNetConfig,
    arrays: dict[str, NDArray[Any]],
    *,
    x_scale: float,
    device: torch.device,
) -> Example:
    """Tensors of a batch. `arrays` are `Batches.batch`'s; x = data · x_scale."""
    tensors = {name: _on(device, array) for name, array in arrays.items()}
    x0, inputs = _x_and_condition(stage, config, tensors, x_scale)
    per_frame = x0.shape[-1] // tensors["valid"].shape[-1]
    valid = tensors["valid"].float().repeat_interleave(per_frame, dim=1)[:, None]
    if config.signals:
        inputs["signals"] = tensors["signals"][:, : config.signals]
    if config.globals:
        inputs["globals"] = tensors["globals"][:, : config.globals]
    if config.text_width:
        inputs["text"], inputs["text_mask"] = tensors["text"].float(), tensors["text_mask"]
    return Example(x0.contiguous(), inputs, valid)


def _on(device: torch.device, array: NDArray[Any]) -> Tensor:
    tensor = torch.from_numpy(array)
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor


def _audio(samples: Tensor, channels: int, x_scale: float) -> Tensor:
    """(B, n, 2) int16 → (B, 2 or 1, n) float32; one channel is the mean of both."""
    audio = samples.transpose(1, 2).float() * (x_scale / FULL_SCALE)
    return audio if channels == 2 else audio.mean(dim=1, keepdim=True)


def _mel(mel: Tensor, channels: int) -> Tensor:
    """(B, T, 160) float16 → (B, channels, T) float32; 80 channels are the level alone."""
    return mel.transpose(1, 2)[:, :channels].float()


def _x_and_condition(
    stage: Stage, config: UNetConfig, tensors: dict[str, Tensor], x_scale: float
) -> tuple[Tensor, dict[str, Tensor]]:
    if "audio16" not in tensors:
        return _mel(tensors["mel"], config.channels) * x_scale, {}
    sides = 2 if config.outputs else config.channels
    wide = _audio(tensors["audio16"], sides, x_scale)
    margin = MARGIN_FRAMES * 160
    if stage == "generator":
        return moved(wide, rate_in=16_000, rate_out=LOW_RATE_HZ, margin_s=_MARGIN_S), {}
    if stage == "vocoder":
        name, channels = (
            ("x", config.channels) if config.outputs else ("aligned", config.aligned_channels)
        )
        return wide[..., margin:-margin], {name: _mel(tensors["mel"], channels).contiguous()}
    if stage == "cascader":
        low = band_limited(wide, rate_hz=16_000, low_hz=LOW_RATE_HZ, margin_s=_MARGIN_S)
        return wide[..., margin:-margin], {"low": low}
    low = moved(wide, rate_in=16_000, rate_out=24_000, margin_s=_MARGIN_S)
    return _audio(tensors["audio24"], sides, x_scale), {"low": low}
