"""Files that a run goes on from: safetensors, whole or not there, the newest few of a folder.

    folder/step-00001200.safetensors      tensors "<group>.<name>"; header: "format" and strings

What the groups and the header mean is each trainer's own matter, and so are its messages. Only
torch and safetensors are imported: a machine that trains may have no more. Rejected: torch.save
(pickle).
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import UserError

CHECKPOINTS: Final = "checkpoints"  # in the folder of a run
# What reading a file that is none, or another one's, can raise.
_UNREADABLE: Final = (
    OSError, SafetensorError, ValueError, TypeError, KeyError, AttributeError,
)  # fmt: skip

# (file, what is wrong with it: a sentence or an exception) → the error that is raised
Damaged = Callable[[Path, str | Exception], UserError]


def path_of(folder: Path, step: int) -> Path:
    """A step's file."""
    return folder / f"step-{step:08d}.safetensors"


def found(folder: Path) -> list[Path]:
    """The whole checkpoints of a folder, oldest first."""
    return sorted(folder.glob("step-" + "[0-9]" * 8 + ".safetensors"))


def write_whole(
    path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str], *, what: str
) -> None:
    """Write a safetensors file whole or not at all.

    Args:
        path: its final name; the folder is made.
        tensors: by name.
        header: says "format".
        what: did not happen, for the error.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: t.contiguous() for name, t in tensors.items()}, part, dict(header))
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise UserError(what, f"{path}: {error}", "Free some space, then --resume") from None


def write_step(
    folder: Path,
    step: int,
    groups: Mapping[str, Mapping[str, Tensor]],
    header: Mapping[str, str],
    *,
    keep: int,
    what: str = "The checkpoint was not written",
) -> Path:
    """Write a step's file, then remove all but the newest `keep`. Arguments as `write_whole`."""
    path = path_of(folder, step)
    tensors = {f"{group}.{name}": t for group, named in groups.items() for name, t in named.items()}
    write_whole(path, tensors, {**header, "step": str(step)}, what=what)
    for old in found(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


@contextlib.contextmanager
def opened(path: Path, form: str, damaged: Damaged) -> Iterator[tuple[dict[str, str], Any]]:
    """A file's header and safetensors' own handle, where its "format" is `form`.

    What is raised inside, because the file lacks something, becomes `damaged`'s error as well.

    Raises:
        UserError: of `damaged`.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != form:
                raise damaged(path, f"its format is {header.get('format')!r}, not {form!r}")
            yield header, file
    except _UNREADABLE as error:
        raise damaged(path, error) from None


def grouped(file: Any, groups: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """Every tensor of an opened file by group and name. Raises KeyError for another group."""
    read: dict[str, dict[str, Tensor]] = {group: {} for group in groups}
    for key in file.keys():  # noqa: SIM118 - safe_open is no mapping
        group, _, name = key.partition(".")
        read[group][name] = file.get_tensor(key)
    return read


def run_there(out: Path, *, what: str = "Training did not start") -> UserError:
    """The error of beginning where a run is."""
    return UserError(
        what,
        f"{out} holds a run already",
        "Go on with it with --resume, or choose another folder with --out",
    )


def nothing_there(folder: Path) -> UserError:
    """The error of going on where no run is."""
    return UserError(
        "Training did not go on", f"{folder} holds no checkpoint", "Start it without --resume"
    )
