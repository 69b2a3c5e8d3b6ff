"""Checkpoints: one safetensors file holds everything that a run needs to go on exactly.

    weights.<name>   fp32 master weights        ema.<name>         their moving average
    first.<name>     first moment               second.<name>      Adam's second moment

The header carries step, settings and network as JSON. There is no state of any random generator:
every number is drawn from (seed, step, item) (`engine.training.train.diffuse`).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from engine.errors import UserError
from engine.training.checkpoints import found, grouped, nothing_there, opened, write_step
from engine.training.networks.config import UNetConfig
from engine.training.settings import with_tuples
from engine.training.train.settings import Settings, from_json, to_json

FORMAT: Final = "noisefall-train-1"
_GROUPS: Final = ("weights", "ema", "first", "second")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A run after `step` updates; tensors by parameter name, on the CPU."""

    step: int
    settings: Settings
    config: UNetConfig
    weights: dict[str, Tensor]
    ema: dict[str, Tensor]
    first: dict[str, Tensor]
    second: dict[str, Tensor]


def config_to_json(config: UNetConfig) -> dict[str, Any]:
    """A network's configuration as a JSON object."""
    return {name: getattr(config, name) for name in UNetConfig.__annotations__}


def config_from_json(data: dict[str, Any]) -> UNetConfig:
    """Inverse of `config_to_json`. Raises TypeError or ValueError where it is none."""
    return UNetConfig(**with_tuples(data))


def save(folder: Path, checkpoint: Checkpoint, *, keep: int) -> Path:
    """Write a checkpoint whole or not at all, then remove all but the newest `keep`.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    header = {
        "format": FORMAT,
        "settings": json.dumps(to_json(checkpoint.settings)),
        "network": json.dumps(config_to_json(checkpoint.config)),
    }
    groups = {group: getattr(checkpoint, group) for group in _GROUPS}
    return write_step(folder, checkpoint.step, groups, header, keep=keep)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises UserError where it is none."""
    with opened(path, FORMAT, _damaged) as (header, file):
        return Checkpoint(
            step=int(header["step"]),
            settings=from_json(json.loads(header["settings"])),
            config=config_from_json(json.loads(header["network"])),
            **grouped(file, _GROUPS),
        )


def newest(folder: Path) -> Checkpoint:
    """The newest checkpoint of a folder. Raises UserError where there is none."""
    paths = found(folder)
    if not paths:
        raise nothing_there(folder)
    return load(paths[-1])


def _damaged(path: Path, why: str | Exception) -> UserError:
    return UserError(
        "The checkpoint was not read", f"{path}: {why}", "Choose another checkpoint of noisefall"
    )
