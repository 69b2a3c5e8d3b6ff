"""`noisefall train tower …`: the joint space of text and sound, and taggers, from prepared data.

It needs the extra `train` and data with embedded texts; labels where there are to be taggers. One
processor core is enough, and Ctrl-C loses nothing.
"""

import argparse
import os
from pathlib import Path
from typing import Final

from engine.cli.interrupt import interruptible
from engine.cli.shared import Table, add_options, given, tell, told

SUMMARY: Final = "train the tower that hears, for evaluation and labelling"
# each is a field of TowerSettings
_OPTIONS: Final[Table] = {
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
    add_options(parser, _OPTIONS)


def run(options: argparse.Namespace) -> int:
    """Train it. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    import torch  # noqa: PLC0415 - heavy

    from engine.training.tower.make import make_tower  # noqa: PLC0415
    from engine.training.tower.settings import TowerSettings  # noqa: PLC0415

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    with interruptible() as interrupt:
        outcome = make_tower(
            options.data, out=options.out, settings=TowerSettings(**given(options, _OPTIONS)),
            resume=options.resume, say=tell, stop=lambda: interrupt.pressed,
        )  # fmt: skip
    return told(outcome, options.out)
