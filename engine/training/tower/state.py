"""A tower's checkpoints: one safetensors file holds what a run needs to go on exactly.

    weights.<name>   average.<name>   first.<name>   second.<name>       buffer.<name>

The header carries step, settings and classes as JSON. There is no state of any random generator:
every number is drawn from (seed, step, item). The newest two are kept, and a file appears under its
name only when it is whole. Rejected: torch.save (pickle), and the text student's checkpoint (it has
no average, and nothing that says what it was trained for).
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import UserError
from engine.training.tower.settings import TowerSettings, from_json, to_json

FORMAT: Final = "noisefall-tower-1"
GROUPS: Final = ("weights", "average", "first", "second", "buffer")
_KEPT: Final = 2


@dataclass(frozen=True, kw_only=True)
class TowerState:
    """A run after `step` updates; group → tensors by name."""

    step: int
    settings: TowerSettings
    classes: Mapping[str, tuple[str, ...]]
    tensors: Mapping[str, Mapping[str, Tensor]]


def found(folder: Path) -> list[Path]:
    """The whole checkpoints of a folder, oldest first."""
    return sorted(folder.glob("step-" + "[0-9]" * 8 + ".safetensors"))


def write_whole(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write a safetensors file whole or not at all.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    scratch = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: t.contiguous() for name, t in tensors.items()}, scratch, dict(header))
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(path)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise UserError(
            "The tower was not written", f"{path}: {error}", "Free some space, then --resume"
        ) from None


def save(folder: Path, state: TowerState) -> Path:
    """Write a checkpoint, then remove all but the newest. Raises UserError where it cannot."""
    path = folder / f"step-{state.step:08d}.safetensors"
    header = {
        "format": FORMAT,
        "step": str(state.step),
        "settings": json.dumps(to_json(state.settings)),
        "classes": json.dumps(state.classes),
    }
    tensors = {
        f"{group}.{name}": tensor
        for group in GROUPS
        for name, tensor in state.tensors[group].items()
    }
    write_whole(path, tensors, header)
    for old in found(folder)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def load(path: Path) -> TowerState:
    """Read a checkpoint. Raises UserError where it is none."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != FORMAT:
                raise _damaged(path, f"its format is {header.get('format')!r}, not {FORMAT!r}")
            groups: dict[str, dict[str, Tensor]] = {group: {} for group in GROUPS}
            for key in file.keys():  # noqa: SIM118 - safe_open is no mapping
                group, _, name = key.partition(".")
                groups[group][name] = file.get_tensor(key)
        return TowerState(
            step=int(header["step"]),
            settings=from_json(json.loads(header["settings"])),
            classes={kind: tuple(row) for kind, row in json.loads(header["classes"]).items()},
            tensors=groups,
        )
    except (OSError, SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from None


def _damaged(path: Path, why: str) -> UserError:
    return UserError("The checkpoint was not read", f"{path}: {why}", "Start anew in another --out")
