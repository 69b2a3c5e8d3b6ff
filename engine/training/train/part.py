"""A checkpoint as a part of a bundle: the EMA's weights, and what the manifest says of them."""

from pathlib import Path
from typing import Final

import msgspec

from engine.bundle.manifest import StagePresets
from engine.training.checkpoints import CHECKPOINTS, found
from engine.training.export.grain import measured_grain
from engine.training.export.presets import EMPHASIS, FRAME_PRESETS, STARTER_PRESETS
from engine.training.export.spec import stage_spec
from engine.training.export.write import StagePart
from engine.training.networks.unet import UNet
from engine.training.train.checkpoint import Checkpoint, load
from engine.training.train.examples import route
from engine.training.train.warm import start_from

_LONGEST_S: Final = 30.72  # 3072 mel frames: 30 s, padded to a multiple of every stage


def checkpoint_at(path: Path) -> Checkpoint:
    """The checkpoint in a file, or the newest of a run's folder. Raises UserError."""
    inside = found(path / CHECKPOINTS) if path.is_dir() else []
    return load(inside[-1] if inside else path)


def stage_part(
    checkpoint: Checkpoint,
    *,
    presets: StagePresets | None = None,
    grain: Path | None = None,
    emphasis: float | None = None,
) -> StagePart:
    """The part that `engine.training.export.write.write_bundle` takes.

    Args:
        checkpoint: of the stage.
        presets: step counts and samplers; the starter's by default.
        grain: prepared data to measure the grain of a generator's stereo image on.
        emphasis: how often a generator is told who plays; the starter's by default.

    Raises:
        UserError: the data are of no use.
    """
    settings, config = checkpoint.settings, checkpoint.config
    rate_hz = route(settings.stage, config).rate_hz
    if presets is None and config.outputs:
        presets = FRAME_PRESETS[settings.stage]
    if presets is None:
        waveform = settings.stage == "cascader" or rate_hz == 3_200
        presets = STARTER_PRESETS["waveform" if waveform else "spectrogram"][settings.stage]
    network = UNet(config)
    start_from(network, checkpoint.ema, Path(f"step {checkpoint.step}"))
    longest = round(_LONGEST_S * rate_hz) // config.multiple * config.multiple
    spec = stage_spec(
        config,
        rate_hz=rate_hz,
        max_length=longest,
        prediction=settings.prediction,
        noise_schedule=settings.noise_schedule,
        presets=presets,
    )
    scale = 1.0 if config.outputs else settings.x_scale
    network.eval()
    shares = () if grain is None else measured_grain(network, settings, grain)
    told = EMPHASIS if emphasis is None else emphasis
    spec = msgspec.structs.replace(
        spec, x_scale=scale, grain=shares, emphasis=told if config.players else 1.0
    )
    return StagePart(module=network, spec=spec)
