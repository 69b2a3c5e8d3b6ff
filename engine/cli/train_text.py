"""`noisefall train text …`: the text encoder, learnt from a teacher on words about music.

It needs the extra `train`, a folder with all-MiniLM-L6-v2 and WordNet's data files; neither is
shipped. One thread of one processor core is enough, and Ctrl-C loses nothing.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from engine.cli.interrupt import interruptible

EXIT_INTERRUPTED: Final = 130
SUMMARY: Final = "train the text encoder"
# option → (type, what it is); each is a field of Distillation
_OPTIONS: Final[dict[str, tuple[type, str]]] = {
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
    for name, (kind, summary) in _OPTIONS.items():
        parser.add_argument(f"--{name}", type=kind, help=summary)


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
    fields = {name.replace("-", "_") for name in _OPTIONS}
    given = {name: getattr(options, name) for name in fields if getattr(options, name) is not None}
    with interruptible() as interrupt:
        outcome = make_encoder(
            Teacher(options.teacher), options.wordnet, out=options.out,
            cache=options.cache or options.out / "teacher",
            plan=Plan(distillation=Distillation(**given)),
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
