"""A student's checkpoints: weights and Adam's two moments in one safetensors file.

    weights.<name>   first.<name>   second.<name>       header: format, step

The newest two are kept, and a file appears under its name only when it is whole. Rejected: the
U-Nets' checkpoint (its header is a U-Net's), and torch.save (pickle).
"""

import contextlib
import os
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.errors import UserError

FORMAT: Final = "noisefall-text-1"
_KEPT: Final = 2
_MOMENTS: Final = (("first", "exp_avg"), ("second", "exp_avg_sq"))


def found(folder: Path) -> list[Path]:
    """The whole checkpoints of a folder, oldest first."""
    return sorted(folder.glob("step-" + "[0-9]" * 8 + ".safetensors"))


def save(folder: Path, module: nn.Module, optimiser: torch.optim.Optimizer, *, step: int) -> Path:
    """Write a checkpoint whole or not at all, then remove all but the newest.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    path = folder / f"step-{step:08d}.safetensors"
    scratch = path.with_name(f".{path.name}.part")
    tensors: dict[str, Tensor] = {}
    for name, parameter in module.named_parameters():
        tensors[f"weights.{name}"] = parameter.detach().contiguous()
        for group, key in _MOMENTS:
            moment = optimiser.state[parameter].get(key)
            tensors[f"{group}.{name}"] = (
                torch.zeros_like(parameter) if moment is None else moment
            ).contiguous()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, scratch, {"format": FORMAT, "step": str(step)})
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(path)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise UserError(
            "The checkpoint was not written", f"{path}: {error}", "Free some space, then --resume"
        ) from None
    for old in found(folder)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def restore(path: Path, module: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Bring a module and its optimiser to where they were saved. Returns the step.

    Raises:
        UserError: it is no checkpoint, or one of another shape.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != FORMAT:
                raise _damaged(path, f"its format is {header.get('format')!r}, not {FORMAT!r}")
            step = int(header["step"])
            for name, parameter in module.named_parameters():
                weights = file.get_tensor(f"weights.{name}")
                moments = {key: file.get_tensor(f"{group}.{name}") for group, key in _MOMENTS}
                if any(t.shape != parameter.shape for t in (weights, *moments.values())):
                    raise _damaged(path, f"{name} has another shape: begun with other options?")
                with torch.no_grad():
                    parameter.copy_(weights)
                optimiser.state[parameter] = {"step": torch.tensor(float(step)), **moments}
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise _damaged(path, str(error)) from None
    return step


def _damaged(path: Path, why: str) -> UserError:
    return UserError(
        "The checkpoint was not read", f"{path}: {why}", "Start it anew without --resume"
    )
