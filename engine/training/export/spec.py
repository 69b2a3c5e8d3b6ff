"""What the manifest says of a U-Net, read off its configuration so that they cannot disagree."""

from typing import Literal

import msgspec

from engine.bundle.manifest import StagePresets, StageSpec
from engine.music.signals import GLOBALS, SIGNALS
from engine.training.networks.config import UNetConfig, receptive_field


def stage_spec(
    config: UNetConfig,
    *,
    rate_hz: int,
    max_length: int,
    prediction: Literal["epsilon", "v", "x0"],
    noise_schedule: Literal["linear", "cosine"],
    presets: StagePresets,
) -> StageSpec:
    """The spec of a network; file names and activation_bytes are the exporter's to fill in.

    Args:
        config: the network.
        rate_hz: rate of x's last axis.
        max_length: longest x in one pass, in elements, a multiple of `config.multiple`.
        prediction: what the network was trained to predict.
        noise_schedule: what it was trained under.
        presets: step counts, samplers and guidance.

    Raises:
        ValueError: the configuration counts more signals or globals than `engine.music.signals`.
    """
    for kind, count, names in (
        ("signals", config.signals, SIGNALS),
        ("globals", config.globals, GLOBALS),
    ):
        if count > len(names):
            msg = f"{config.name} takes {count} {kind}, and there are only {len(names)}"
            raise ValueError(msg)
    return StageSpec(
        model=f"{config.name}.onnx",
        prediction=prediction,
        form="frames" if config.outputs else "diffusion",
        noise_schedule=noise_schedule,
        channels=config.channels,
        rate_hz=rate_hz,
        multiple=config.multiple,
        max_length=max_length,
        context=receptive_field(config),
        signals=tuple(SIGNALS)[: config.signals],
        globals=tuple(GLOBALS)[: config.globals],
        text=bool(config.text_width),
        aligned_channels=config.aligned_channels,
        aligned_hop=config.aligned_hop,
        low=config.low,
        augmentation=config.augmentation,
        autoguidance=config.axes > 0,
        presets=presets,
        network=msgspec.to_builtins(config),
    )
