"""From a teacher and WordNet to a folder with a text encoder, in one call that can be interrupted.

    out/  settings.json  texts.json  checkpoints/        what going on needs
          tokenizer.json  config.json  model.safetensors  the encoder, as `from_folder` reads it
          head.safetensors  report.txt                    its projection, what was measured

Each stage is kept when it is done (the teacher's answers in a cache of their own), so that the
same command with `resume` begins where it ended.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Tokenizer

from engine.errors import UserError
from engine.training.checkpoints import CHECKPOINTS, found, run_there
from engine.training.made import Outcome, Say, Stop
from engine.training.text import state as states
from engine.training.text.distil import Distillation, Run, go_on
from engine.training.text.encoder import SHAPES, EncoderShape
from engine.training.text.measure import report
from engine.training.text.student import (
    Student,
    first_student,
    piece_texts,
    solve_pieces,
    understand,
)
from engine.training.text.teacher import Teaches, embeddings
from engine.training.text.texts import Amounts, learnt_texts, measured_texts
from engine.training.text.tokenizer import (
    STARTER_VOCABULARY,
    load_tokenizer,
    save_tokenizer,
    train_tokenizer,
)
from engine.training.text.wordnet import Synset, read_wordnet

_TOKENIZER: Final = "tokenizer.json"
_TEXTS: Final = "texts.json"
_SETTINGS: Final = "settings.json"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is made.

    Attributes:
        amounts: of texts to learn from.
        vocabulary: ids of the tokenizer.
        shape: of the encoder.
        distillation: how it is trained.
        tested: texts of each sort to measure on.
    """

    amounts: Amounts = field(default_factory=Amounts)
    vocabulary: int = STARTER_VOCABULARY
    shape: EncoderShape = SHAPES["starter"]
    distillation: Distillation = field(default_factory=Distillation)
    tested: int = 500


def make_encoder(
    teacher: Teaches,
    wordnet: Path,
    *,
    out: Path,
    cache: Path,
    plan: Plan,
    resume: bool = False,
    say: Say = lambda line: None,
    stop: Stop = lambda: False,
) -> Outcome:
    """Train a text encoder.

    Args:
        teacher: whose sentence vectors it learns.
        wordnet: folder of WordNet's data files.
        out: folder of the run and of the encoder.
        cache: folder for the teacher's answers.
        plan: what is made.
        resume: go on with what `out` holds.
        say: takes lines of progress.
        stop: asked often; true saves and ends the run.

    Raises:
        UserError: anything that the user can change.
    """
    _begin(out, plan, resume=resume)
    synsets = list(read_wordnet(wordnet))
    texts = _texts(out, synsets, plan, say)
    tokenizer = _tokenizer(out, texts, plan, say)
    vectors = embeddings(teacher, texts, cache=cache, say=say, stop=stop)
    pieces = None
    if vectors is not None:
        pieces = embeddings(teacher, piece_texts(tokenizer), cache=cache, say=say, stop=stop)
    if vectors is None or pieces is None:
        return Outcome(finished=False, step=0, parameters=0, report=())
    run = _run(tokenizer, texts, vectors, pieces, plan=plan, say=say)
    before = found(out / CHECKPOINTS)
    if before:
        run.step = states.restore(before[-1], run.student, run.optimiser)
    finished = go_on(run, out / CHECKPOINTS, say=say, stop=stop)
    lines: tuple[str, ...] = ()
    if finished:
        _write(run.student, out)
        ours = partial(understand, run.student, tokenizer)
        lines = tuple(report(ours, teacher.embed, measured_texts(synsets, number=plan.tested)))
        (out / "report.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parameters = sum(parameter.numel() for parameter in run.student.encoder.parameters())
    return Outcome(finished=finished, step=run.step, parameters=parameters, report=lines)


def _begin(out: Path, plan: Plan, *, resume: bool) -> None:
    """Refuse to run over another run; keep the settings."""
    path, settings = out / _SETTINGS, json.dumps(asdict(plan), indent=1)
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if before is not None and not resume:
            raise run_there(out)
        if before is not None and json.loads(before) != json.loads(settings):
            raise UserError(
                "Training did not go on",
                f"{path} has other settings",
                "Give the options that it was begun with",
            )
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(settings, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError(
            "Training did not start", f"{path}: {error}", "Choose another folder with --out"
        ) from None


def _texts(out: Path, synsets: Sequence[Synset], plan: Plan, say: Say) -> list[str]:
    path = out / _TEXTS
    kept: Any = None
    if path.is_file():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            kept = None  # cut off while it was written
    if isinstance(kept, list) and all(isinstance(text, str) for text in kept):
        return kept
    say("composing texts")
    texts = learnt_texts(synsets, plan.amounts)
    path.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    return texts


def _tokenizer(out: Path, texts: Sequence[str], plan: Plan, say: Say) -> Tokenizer:
    path = out / _TOKENIZER
    if path.is_file():
        return load_tokenizer(path)
    say("training the tokenizer")
    tokenizer = train_tokenizer(texts, vocabulary=plan.vocabulary)
    save_tokenizer(tokenizer, path)
    return tokenizer


def _run(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    pieces: NDArray[np.float32],
    *,
    plan: Plan,
    say: Say,
) -> Run:
    say("solving for the pieces")
    rows = [np.array(encoding.ids, np.int64) for encoding in tokenizer.encode_batch(list(texts))]
    table = solve_pieces(rows, vectors, pieces)
    student = first_student(table, plan.shape, seed=plan.distillation.seed)
    return Run(student, tokenizer, texts, vectors, plan.distillation)


def _write(student: Student, out: Path) -> None:
    student.encoder.encoder.save_pretrained(out)
    save_file({"weight": student.head.weight.detach().contiguous()}, out / "head.safetensors")
