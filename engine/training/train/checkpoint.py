"""Checkpoints: one safetensors file holds everything that a run needs to go on exactly.

    weights.<name>   fp32 master weights        ema.<name>         their moving average
    first.<name>     Adam's first moment        second.<name>      its second moment

The header carries step, settings and network as JSON. There is no state of any random generator:
every number is drawn from (seed, step, item) (`engine.training.train.diffuse`). Files appear under
their final name only when they are whole. Rejected: torch.save (pickle).
"""

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import UserError
from engine.training.networks.config import UNetConfig
from engine.training.train.settings import Settings, from_json, to_json

FORMAT: Final = "noisefall-train-1"
CHECKPOINTS: Final = "checkpoints"  # in the folder of a run
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
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    return UNetConfig(**fields)


def path_of(folder: Path, step: int) -> Path:
    """A step's file."""
    return folder / f"step-{step:08d}.safetensors"


def found(folder: Path) -> list[Path]:
    """The whole checkpoints of a folder, oldest first."""
    return sorted(folder.glob("step-" + "[0-9]" * 8 + ".safetensors"))


def save(folder: Path, checkpoint: Checkpoint, *, keep: int) -> Path:
    """Write a checkpoint whole or not at all, then remove all but the newest `keep`.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    path = path_of(folder, checkpoint.step)
    part = path.with_name(f".{path.name}.part")
    header = {
        "format": FORMAT,
        "step": str(checkpoint.step),
        "settings": json.dumps(to_json(checkpoint.settings)),
        "network": json.dumps(config_to_json(checkpoint.config)),
    }
    tensors = {
        f"{group}.{name}": tensor.contiguous()
        for group in _GROUPS
        for name, tensor in getattr(checkpoint, group).items()
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, part, header)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise UserError(
            "The checkpoint was not written", f"{path}: {error}", "Free some space, then --resume"
        ) from None
    for old in found(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def load(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises UserError where it is none."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != FORMAT:
                raise _damaged(path, f"its format is {header.get('format')!r}, not {FORMAT!r}")
            groups: dict[str, dict[str, Tensor]] = {group: {} for group in _GROUPS}
            for key in file.keys():  # noqa: SIM118 - safe_open is no mapping
                group, _, name = key.partition(".")
                groups[group][name] = file.get_tensor(key)
        return Checkpoint(
            step=int(header["step"]),
            settings=from_json(json.loads(header["settings"])),
            config=config_from_json(json.loads(header["network"])),
            **groups,
        )
    except (OSError, SafetensorError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path, str(error)) from None


def newest(folder: Path) -> Checkpoint:
    """The newest checkpoint of a folder. Raises UserError where there is none."""
    paths = found(folder)
    if not paths:
        raise UserError(
            "Training did not go on", f"{folder} holds no checkpoint", "Start it without --resume"
        )
    return load(paths[-1])


def _damaged(path: Path, why: str) -> UserError:
    return UserError(
        "The checkpoint was not read", f"{path}: {why}", "Choose another checkpoint of noisefall"
    )
