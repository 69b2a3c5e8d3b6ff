"""From teacher and WordNet to a folder that the rest of training takes."""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.cli import train_text
from engine.errors import UserError
from engine.training.checkpoints import CHECKPOINTS, found
from engine.training.made import Outcome
from engine.training.text.distil import Distillation
from engine.training.text.encoder import EncoderShape, TextEncoder
from engine.training.text.make import Plan, make_encoder
from engine.training.text.texts import Amounts
from engine.training.text.tokenizer import load_tokenizer
from engine.training.text.wordnet import FILES
from engine.training.train.embed import encoder_from

PLAN = Plan(
    amounts=Amounts(captions=40, framed=2500, prompts=40, synonyms=4, glosses=4),
    vocabulary=400,
    shape=EncoderShape(width=16, layers=1, heads=2, hidden=24, dropout=0.0),
    distillation=Distillation(steps=4, batch_tokens=512, warmup=1, save_every=2),
    tested=3,
)


class WordTeacher:
    """A text is the sum of its words, each somewhere at random."""

    name = "words"

    def __init__(self) -> None:
        self._known: dict[str, NDArray[np.float64]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([sum(map(self._word, ["", *text.lower().split()])) for text in texts])
        found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found.astype(np.float32)

    def _word(self, word: str) -> NDArray[np.float64]:
        if word not in self._known:
            seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=6).digest())
            self._known[word] = np.random.default_rng(seed).standard_normal(20)
        return self._known[word]


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wordnet")
    for name, kind in zip(FILES, "nvar", strict=True):
        lines = [
            f"{number:08d} 03 {kind} 02 thing{number} 0 object{number} 0 000 | the {kind} {number}"
            for number in range(400)
        ]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def make(wordnet: Path, out: Path, *, resume: bool = False, stop_at: int | None = None) -> Outcome:
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] == stop_at

    return make_encoder(
        WordTeacher(), wordnet, out=out, cache=out / "cache", plan=PLAN, resume=resume, stop=stop
    )


@pytest.fixture(scope="module")
def made(wordnet: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    out = tmp_path_factory.mktemp("made") / "text"
    stopped = make(wordnet, out, stop_at=5)  # after the teacher's texts and some steps
    assert not stopped.finished
    return out, make(wordnet, out, resume=True)


def test_the_folder_is_a_text_encoder(made: tuple[Path, Outcome]) -> None:
    out, outcome = made
    assert outcome.finished
    assert outcome.step == 4
    encoder = TextEncoder.from_folder(out)
    assert encoder.width == 16
    assert encoder.vocabulary == load_tokenizer(out / "tokenizer.json").get_vocab_size() == 400
    first, second = encoder_from(out)(["gleeful piano", "dark techno, 130 bpm"])
    assert first.shape[1] == second.shape[1] == 16
    assert np.isfinite(second).all()
    first_kept, last_kept = found(out / CHECKPOINTS)
    assert first_kept.name < last_kept.name == "step-00000004.safetensors"


def test_it_reports_what_it_measured(made: tuple[Path, Outcome]) -> None:
    out, outcome = made
    assert (out / "report.txt").read_text(encoding="utf-8").split("\n")[:-1] == [*outcome.report]
    assert any(line.startswith("glosses") for line in outcome.report)


def test_a_run_is_not_run_over(made: tuple[Path, Outcome], wordnet: Path) -> None:
    with pytest.raises(UserError, match="--resume"):
        make(wordnet, made[0])


def test_other_settings_do_not_go_on(made: tuple[Path, Outcome], wordnet: Path) -> None:
    with pytest.raises(UserError, match="other settings"):
        make_encoder(
            WordTeacher(), wordnet, out=made[0], cache=made[0] / "cache", plan=Plan(), resume=True
        )


def test_the_command_refuses_another_teacher(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    train_text.add_arguments(parser)
    (tmp_path / "model.safetensors").write_bytes(b"another")
    options = parser.parse_args(
        ["--teacher", str(tmp_path), "--out", str(tmp_path / "out"), "--steps", "3"]
    )
    with pytest.raises(UserError, match="SHA-256"):
        train_text.run(options)
    assert not (tmp_path / "out").exists()
