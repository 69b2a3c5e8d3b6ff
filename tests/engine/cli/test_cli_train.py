"""`noisefall train …` as a person types it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.bundle.verify import verify_folder
from engine.cli import train as command
from engine.training.export.presets import FRAME_PRESETS
from engine.training.train.data import ClipEntry, write_clips
from engine.training.train.part import checkpoint_at, stage_part
from engine.training.train.settings import STAGES, settings_for

Noisefall = Callable[..., Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    part = tmp_path / "data" / "train-0000"
    part.mkdir(parents=True)
    rng = np.random.default_rng(0)
    np.save(part / "mel.npy", rng.uniform(-1, 1, (40, 160)).astype(np.float16))
    np.save(part / "audio16.npy", rng.integers(-9000, 9000, (6400, 2)).astype(np.int16))
    clip = ClipEntry(
        key="a", first=0, frames=40, bpm=100.0, meter="4/4", bars=1, key_name=None, loop=True,
        chords=(), texts=("noise",),
    )  # fmt: skip
    write_clips(part, [clip], mean_square=0.02)
    return part.parent


def options(data: Path, out: Path) -> tuple[str, ...]:
    return (
        "--preset", "tiny-vocoder", "--data", str(data), "--out", str(out), "--batch", "2",
        "--crop-seconds", "0.2", "--samples", "0", "--workers", "1",
    )  # fmt: skip


def test_a_stage_is_trained_and_goes_on(noisefall: Noisefall, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    told = noisefall("train", "vocoder", *options(data, out), "--steps", "1", "--decay-end", "9")
    assert told.code == 0, told.err
    assert "step 1, loss" in told.out
    assert "step 1/1  loss" in told.err
    again = noisefall("train", "vocoder", *options(data, out), "--steps", "1")
    assert again.code == 2
    assert "--resume" in again.err
    told = noisefall(
        "train", "vocoder", *options(data, out), "--steps", "2", "--decay-end", "9", "--resume"
    )
    assert told.code == 0, told.err
    assert "step 2, loss" in told.out


def test_a_frame_vocoder_is_trained(noisefall: Noisefall, data: Path, tmp_path: Path) -> None:
    given = (*options(data, tmp_path / "run"), "--preset", "tiny-frame-vocoder", "--steps", "1")
    told = noisefall("train", "vocoder", *given, "--above-hz", "500")
    assert told.code == 0, told.err
    assert "step 1, loss" in told.out
    checkpoint = checkpoint_at(tmp_path / "run")
    assert checkpoint.settings.above_hz == 500
    spec = stage_part(checkpoint).spec
    assert (spec.form, spec.channels, spec.rate_hz, spec.x_scale) == ("frames", 160, 100, 1)
    assert spec.max_length == 3072
    assert spec.presets == FRAME_PRESETS["vocoder"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--preset", "huge"), "no preset 'huge'"),
        (("--preset", "tiny-generator"), "texts of width 16"),
        (("--preset", "tiny-cascader"), "texts of width 16"),
        (("--preset", "tiny-super-resolution"), "no network for the stage 'vocoder'"),
        (("--lr", "7"), "learning_rate is 7"),
        (("--data", "/nowhere"), "no prepared clips"),
    ],
)
def test_what_cannot_be_trained_is_told(
    noisefall: Noisefall, data: Path, tmp_path: Path, given: tuple[str, ...], said: str
) -> None:
    told = noisefall("train", "vocoder", *options(data, tmp_path / "run"), *given)
    assert told.code == 2
    assert said in told.err


def test_every_option_is_a_setting() -> None:
    names = {command._FIELDS.get(n, n.replace("-", "_")) for n in command._OPTIONS}
    assert names <= set(settings_for("vocoder", "x").__dataclass_fields__)
    assert command._STAGES == STAGES


def test_an_unknown_array_and_a_missing_corpus_are_told(
    noisefall: Noisefall, tmp_path: Path
) -> None:
    told = noisefall(
        "train", "prepare", str(tmp_path), "--out", str(tmp_path / "d"), "--arrays", "x"
    )
    assert told.code == 2
    assert "no array 'x'" in told.err
    told = noisefall("train", "prepare", str(tmp_path), "--out", str(tmp_path / "d"))
    assert told.code == 2
    assert "holds no corpus" in told.err


def test_a_bundle_needs_every_stage(noisefall: Noisefall, tmp_path: Path) -> None:
    told = noisefall(
        "train", "export", "--text", str(tmp_path), "--out", str(tmp_path / "b"), "--name", "b"
    )
    assert told.code == 2
    assert "needs a generator" in told.err
    assert "--base" in told.err


def test_a_bundle_can_stand_on_another(
    noisefall: Noisefall, tiny_bundle: Path, tmp_path: Path
) -> None:
    told = noisefall(
        "train", "export", "--base", str(tiny_bundle), "--out", str(tmp_path / "b"), "--name", "b"
    )
    assert told.code == 0, told.err
    made, base = (verify_folder(path).manifest for path in (tmp_path / "b", tiny_bundle))
    assert (made.name, made.stages, made.text) == ("b", base.stages, base.text)
