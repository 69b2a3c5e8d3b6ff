"""A student's checkpoints: weights and Adam's two moments in one safetensors file.

    weights.<name>   first.<name>   second.<name>       header: format, step

The newest two are kept. Rejected: the U-Nets' checkpoint (its header is a U-Net's).
"""

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from engine.errors import UserError
from engine.training.checkpoints import opened, write_step

FORMAT: Final = "noisefall-text-1"
_KEPT: Final = 2
_MOMENTS: Final = (("first", "exp_avg"), ("second", "exp_avg_sq"))


def save(folder: Path, module: nn.Module, optimiser: torch.optim.Optimizer, *, step: int) -> Path:
    """Write a checkpoint whole or not at all, then remove all but the newest.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    named = dict(module.named_parameters())
    groups: dict[str, dict[str, Tensor]] = {
        "weights": {name: parameter.detach() for name, parameter in named.items()}
    }
    for group, key in _MOMENTS:
        groups[group] = {
            name: optimiser.state[parameter].get(key, torch.zeros_like(parameter))
            for name, parameter in named.items()
        }
    return write_step(folder, step, groups, {"format": FORMAT}, keep=_KEPT)


def restore(path: Path, module: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Bring a module and its optimiser to where they were saved. Returns the step.

    Raises:
        UserError: it is no checkpoint, or one of another shape.
    """
    with opened(path, FORMAT, _damaged) as (header, file):
        step = int(header["step"])
        for name, parameter in module.named_parameters():
            weights = file.get_tensor(f"weights.{name}")
            moments = {key: file.get_tensor(f"{group}.{name}") for group, key in _MOMENTS}
            if any(t.shape != parameter.shape for t in (weights, *moments.values())):
                raise _damaged(path, f"{name} has another shape: begun with other options?")
            with torch.no_grad():
                parameter.copy_(weights)
            optimiser.state[parameter] = {"step": torch.tensor(float(step)), **moments}
    return step


def _damaged(path: Path, why: str | Exception) -> UserError:
    return UserError(
        "The checkpoint was not read", f"{path}: {why}", "Start it anew without --resume"
    )
