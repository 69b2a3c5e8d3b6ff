"""`noisefall train tower …`: the joint space of text and sound, and taggers, from prepared data.

It needs the extra `train` and data with embedded texts; labels where there are to be taggers. One
processor core is enough, and Ctrl-C loses nothing.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from engine.cli.interrupt import interruptible

EXIT_INTERRUPTED: Final = 130
SUMMARY: Final = "train the tower that hears, for evaluation and labelling"
# option → (type, what it is); each is a field of TowerSettings
_OPTIONS: Final[dict[str, tuple[type, str]]] = {
    "steps": (int, "optimiser steps altogether"),
    "batch": (int, "clips per step, each with the others' captions as negatives"),
    "frames": (int, "of each clip's window in training, 100 a second"),
    "rate": (float, "peak learning rate"),
    "warmup": (int, "steps to the peak"),
    "decay": (float, "AdamW's weight decay"),
    "average": (float, "decay of the weights' moving average"),
    "softness": (float, "share of likeness by labels in the contrastive targets"),
    "contrast": (float, "weight of the contrastive loss beside the taggers'"),
    "save-every": (int, "steps between checkpoints"),
    "seed": (int, "of weights, order and augmentation"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--resume", action="store_true", help="go on where it ended")
    for name, (kind, summary) in _OPTIONS.items():
        parser.add_argument(f"--{name}", type=kind, help=summary)


def run(options: argparse.Namespace) -> int:
    """Train it. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    import torch  # noqa: PLC0415 - heavy

    from engine.training.tower.make import make_tower  # noqa: PLC0415
    from engine.training.tower.settings import TowerSettings  # noqa: PLC0415

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    fields = {name.replace("-", "_") for name in _OPTIONS}
    given = {name: getattr(options, name) for name in fields if getattr(options, name) is not None}
    with interruptible() as interrupt:
        outcome = make_tower(
            options.data, out=options.out, settings=TowerSettings(**given),
            resume=options.resume, say=_tell, stop=lambda: interrupt.pressed,
        )  # fmt: skip
    if not outcome.finished:
        print("Interrupted. The same command with --resume goes on.")
        return EXIT_INTERRUPTED
    print("\n".join(outcome.report))
    print(f"{options.out}: {outcome.parameters / 1e6:.2f}M parameters, step {outcome.step}")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
