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
from engine.training.export.random_bundle import random_bundle
from engine.training.networks.unet import UNet
from engine.training.train.checkpoint import Checkpoint, config_from_json, save
from engine.training.train.data import ClipEntry, write_clips
from engine.training.train.part import checkpoint_at, stage_part
from engine.training.train.settings import STAGES, settings_for
from engine.training.train.warm import warm_weights

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


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of untrained tiny networks."""
    folder = tmp_path_factory.mktemp("bundles") / "networks"
    random_bundle(folder, size="tiny")
    return folder


@pytest.fixture
def generator_run(networks: Path, tmp_path: Path) -> Path:
    """A run whose generator is that bundle's, a little off."""
    weights = warm_weights(networks, "generator")
    network = verify_folder(networks).manifest.stages["generator"].network
    config = config_from_json(network)
    named = {
        name: weights.get(name, torch.zeros_like(p)) + 1.0
        for name, p in UNet(config).named_parameters()
    }
    settings = settings_for("generator", "tiny-generator", x_scale=4.0)
    save(
        tmp_path / "run" / "checkpoints",
        Checkpoint(
            step=1, settings=settings, config=config, weights={}, ema=named, first={}, second={}
        ),
        keep=1,
    )
    return tmp_path / "run"


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_a_generator_goes_a_share_of_the_way(
    noisefall: Noisefall, networks: Path, tmp_path: Path, generator_run: Path, share: float
) -> None:
    told = noisefall(
        "train", "export", "--base", str(networks), "--generator", str(generator_run),
        "--blend", str(share), "--out", str(tmp_path / "b"), "--name", "b",
    )  # fmt: skip
    assert told.code == 0, told.err
    made, base = (warm_weights(folder, "generator") for folder in (tmp_path / "b", networks))
    name = "levels.0.down_blocks.0.conv.conv_in.weight"
    assert torch.allclose(made[name], base[name] + share, atol=2e-3)


def test_a_blend_that_cannot_be_is_told(
    noisefall: Noisefall, networks: Path, tmp_path: Path, generator_run: Path
) -> None:
    for options, why in (
        ((), "a generator to come from"),
        (("--base", str(networks)), "--blend is 1.5"),
    ):
        told = noisefall(
            "train", "export", "--generator", str(generator_run), "--blend", "1.5", "--name", "b",
            "--out", str(tmp_path / "b"), *options,
        )  # fmt: skip
        assert told.code == 2
        assert why in told.err
    assert not (tmp_path / "b").exists()
