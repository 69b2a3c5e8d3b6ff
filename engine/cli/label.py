"""`noisefall label`: a folder of anyone's audio becomes data that `noisefall train` opens.

Captions come from a trained tower (`noisefall train tower`), tempo and key are measured.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.cli.interrupt import EXIT_INTERRUPTED, interruptible
from engine.cli.shared import tell, with_training_extra
from engine.errors import UserError

if TYPE_CHECKING:
    from engine.corpus.label.part import Hears
    from engine.corpus.label.vocabulary import Place, Vocabulary
    from engine.training.train.embed import Encode

_SHOWN_SKIPPED = 10
_AT_ONCE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="audio, in any folders below")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--ear", type=Path, required=True, metavar="PATH", help="a trained tower")
    parser.add_argument(
        "--text", type=Path, required=True, metavar="PATH", help="a T5's folder, or a bundle's"
    )
    parser.add_argument("--arrays", default="mel,audio16,audio24", metavar="NAME,…")
    parser.add_argument(
        "--compositions", type=int, default=4000, metavar="N",
        help="that the long captions speak of; default %(default)s",
    )  # fmt: skip
    parser.add_argument("--seconds-per-part", type=float, default=900.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=0, help="of the captions that are drawn")
    parser.add_argument("--ray", type=int, metavar="N", help="hear with N processes of Ray")


def run(options: argparse.Namespace) -> int:
    """Label. Returns the exit code.

    Raises:
        UserError: anything that the user can change.
    """
    with with_training_extra("The collection was not labelled"):
        return _label(options)


def _label(options: argparse.Namespace) -> int:
    from engine.corpus.label.run import hear_here, label, plan_parts  # noqa: PLC0415 - torch
    from engine.training.tower.hearing import load_ear  # noqa: PLC0415
    from engine.training.train.embed import embed_texts, encoder_from  # noqa: PLC0415

    arrays = _checked(options)
    ear = load_ear(options.ear)
    encode = encoder_from(options.text)
    jobs = plan_parts(
        options.folder.absolute(), options.out.absolute(),
        seconds_per_part=options.seconds_per_part, arrays=arrays,
    )  # fmt: skip
    tell(f"{sum(len(job.files) for job in jobs)} files in {len(jobs)} parts")
    vocabularies = _vocabularies(options.compositions, place_with(encode, ear))
    with interruptible() as interrupt:
        if options.ray is None:
            spread = hear_here(ear, stop=lambda: interrupt.pressed)
        else:
            from engine.corpus.label.ray_run import hear_with_ray  # noqa: PLC0415

            spread = hear_with_ray(load_ear, options.ear.absolute(), processes=options.ray)
        done = label(jobs, vocabularies, spread, seed=options.seed, say=tell)
    for line in done.skipped[:_SHOWN_SKIPPED]:
        print(f"skipped: {line}")
    if len(done.skipped) > _SHOWN_SKIPPED:
        print(f"skipped: {len(done.skipped) - _SHOWN_SKIPPED} more files")
    if not done.finished:
        print("Interrupted. The same command continues.")
        return EXIT_INTERRUPTED
    print(f"{embed_texts(options.out, encode, tell)} texts embedded")
    print(f"{options.out}: {done.clips} clips, {done.seconds / 3600:.2f} h")
    return 0


def _checked(options: argparse.Namespace) -> tuple[str, ...]:
    """The names of the arrays. Raises UserError for an option out of its range."""
    from engine.training.train.data import ARRAYS  # noqa: PLC0415 - numpy

    names: tuple[str, ...] = tuple(options.arrays.split(","))
    unknown = [name for name in names if name not in ARRAYS]
    faults = (
        (bool(unknown), f"there is no array {unknown[:1]}", f"Choose from {','.join(ARRAYS)}"),
        (not options.seconds_per_part > 0, "a part must have some length", "Give more seconds"),
        (options.compositions < 1, "there would be no captions", "Give --compositions"),
        (options.ray is not None and options.ray < 1, "nobody would hear", "Give --ray 1 or more"),
    )
    for wrong, why, remedy in faults:
        if wrong:
            raise UserError("The collection was not labelled", why, remedy)
    return names


def _vocabularies(compositions: int, place: "Place") -> "list[Vocabulary]":
    from engine.corpus.label.vocabulary import long_captions, placed, tags  # noqa: PLC0415

    tell("composing captions")
    return [placed(long_captions(compositions), place), placed(tags(), place)]


def place_with(encode: "Encode", ear: "Hears") -> "Place":
    """Texts to joint vectors: the mean of their tokens' embeddings, as the tower learnt them."""

    def place(texts: Sequence[str]) -> NDArray[np.float32]:
        means = [
            rows.mean(axis=0)
            for start in range(0, len(texts), _AT_ONCE)
            for rows in encode(texts[start : start + _AT_ONCE])
        ]
        return ear.embed_text_means(np.stack(means))

    return place
