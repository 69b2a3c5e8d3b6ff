"""A tower's checkpoints: one safetensors file holds what a run needs to go on exactly.

    weights.<name>   average.<name>   first.<name>   second.<name>       buffer.<name>

The header carries step, settings and classes as JSON. There is no state of any random generator:
every number is drawn from (seed, step, item). The newest two are kept. Rejected: the text student's
checkpoint (it has no average, and nothing that says what it was trained for).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import Tensor

from engine.errors import UserError
from engine.training.checkpoints import grouped, opened, write_step
from engine.training.tower.settings import TowerSettings, from_json, to_json

FORMAT: Final = "noisefall-tower-1"
GROUPS: Final = ("weights", "average", "first", "second", "buffer")
UNWRITTEN: Final = "The tower was not written"
_KEPT: Final = 2


@dataclass(frozen=True, kw_only=True)
class TowerState:
    """A run after `step` updates; group → tensors by name."""

    step: int
    settings: TowerSettings
    classes: Mapping[str, tuple[str, ...]]
    tensors: Mapping[str, Mapping[str, Tensor]]


def save(folder: Path, state: TowerState) -> Path:
    """Write a checkpoint, then remove all but the newest. Raises UserError where it cannot."""
    header = {
        "format": FORMAT,
        "settings": json.dumps(to_json(state.settings)),
        "classes": json.dumps(state.classes),
    }
    return write_step(folder, state.step, state.tensors, header, keep=_KEPT, what=UNWRITTEN)


def load(path: Path) -> TowerState:
    """Read a checkpoint. Raises UserError where it is none."""
    with opened(path, FORMAT, _damaged) as (header, file):
        return TowerState(
            step=int(header["step"]),
            settings=from_json(json.loads(header["settings"])),
            classes={kind: tuple(row) for kind, row in json.loads(header["classes"]).items()},
            tensors=grouped(file, GROUPS),
        )


def _damaged(path: Path, why: str | Exception) -> UserError:
    reason = why if isinstance(why, str) else f"{type(why).__name__}: {why}"
    return UserError(
        "The checkpoint was not read", f"{path}: {reason}", "Start anew in another --out"
    )
