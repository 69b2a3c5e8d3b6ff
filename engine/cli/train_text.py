"""`noisefall train text …`: the text encoder, learnt from a teacher on words about music.

It needs the extra `train`, a folder with all-MiniLM-L6-v2 and WordNet's data files; neither is
shipped. One thread of one processor core is enough, and Ctrl-C loses nothing.
"""

import argparse
import os
from pathlib import Path
from typing import Final

from engine.cli.interrupt import interruptible
from engine.cli.shared import Table, add_options, given, tell, told

SUMMARY: Final = "train the text encoder"
# each is a field of Distillation
_OPTIONS: Final[Table] = {
    "steps": (int, "optimiser steps altogether"),
    "batch-tokens": (int, "tokens per step, padding included"),
    "rate": (float, "peak learning rate"),
    "relation": (float, "weight of the likeness of neighbourhoods"),
    "save-every": (int, "steps between checkpoints"),
    "seed": (int, "of order and slips"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--teacher", type=Path, required=True, metavar="DIR", help="all-MiniLM-L6-v2"
    )
    parser.add_argument(
        "--wordnet", type=Path, default=Path("/usr/share/wordnet"), metavar="DIR",
        help="WordNet's data files; default %(default)s",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="the teacher's answers; default OUT/teacher"
    )
    parser.add_argument("--resume", action="store_true", help="go on where it ended")
    add_options(parser, _OPTIONS)


def run(options: argparse.Namespace) -> int:
    """Train it. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    import torch  # noqa: PLC0415 - heavy

    from engine.training.text.distil import Distillation  # noqa: PLC0415
    from engine.training.text.make import Plan, make_encoder  # noqa: PLC0415
    from engine.training.text.teacher import Teacher  # noqa: PLC0415

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    with interruptible() as interrupt:
        outcome = make_encoder(
            Teacher(options.teacher), options.wordnet, out=options.out,
            cache=options.cache or options.out / "teacher",
            plan=Plan(distillation=Distillation(**given(options, _OPTIONS))),
            resume=options.resume, say=tell, stop=lambda: interrupt.pressed,
        )  # fmt: skip
    return told(outcome, options.out)
