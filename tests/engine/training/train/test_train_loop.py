"""Optimisation, resume, data-parallel equivalence, learning, warm start, export."""

import csv
import os
import socket
import subprocess
import sys
import time
import types
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from engine.errors import UserError
from engine.training.checkpoints import found, path_of
from engine.training.networks.config import UNetConfig
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from engine.training.train import checkpoint as checkpoints
from engine.training.train.examples import MEL_SCALE
from engine.training.train.loop import Outcome, train
from engine.training.train.optimise import ema_decay, learning_rate, update_ema
from engine.training.train.parallel import precision
from engine.training.train.part import checkpoint_at, stage_part
from engine.training.train.plain import stand_in
from engine.training.train.report import CURVE_NAME, cut_curve, duration
from engine.training.train.sample import png_bytes
from engine.training.train.settings import Settings, Stage, differences, settings_for
from engine.training.train.warm import start_from, warm_weights, weights_of

ROOT = Path(__file__).parents[4]
TINY: dict[str, Any] = {
    "batch": 4, "crop_s": 0.32, "text_tokens": 6, "workers": 1, "warmup": 0, "precision": "fp32",
}  # fmt: skip


def tiny(stage: Stage = "generator", **given: Any) -> Settings:
    preset = f"tiny-{stage.replace('_', '-')}"
    return settings_for(stage, preset, **(TINY | given))


def test_learning_rate_is_a_warm_cosine() -> None:
    rates = [learning_rate(s, peak=1e-4, warmup=10, end=110) for s in range(120)]
    assert rates[0] == pytest.approx(1e-5)
    assert rates[9] == rates[10] == pytest.approx(1e-4)
    assert rates[60] == pytest.approx(0.5e-4)
    assert rates[35] == pytest.approx(1e-4 * (0.5 + 2**-1.5))
    assert rates[110:] == [0.0] * 10
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_ema_follows_its_recurrence() -> None:
    average, weights = [torch.zeros(3)], [torch.ones(3)]
    expected = 0.0
    for step in range(1, 40):
        decay = ema_decay(step, 0.7)
        assert decay == min(0.7, (1 + step) / (10 + step))
        update_ema(average, weights, decay)
        expected = decay * expected + 1 - decay
        assert average[0].tolist() == pytest.approx([expected] * 3, rel=1e-5)
    assert ema_decay(10**6, 0.9999) == 0.9999


def final(outcome: Outcome) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = load_file(outcome.path)
    return tensors


class KilledError(RuntimeError):
    """What a test kills a run with."""


@pytest.mark.usefixtures("short_fit")
@pytest.mark.parametrize(
    ("stage", "preset", "optimiser"),
    [
        ("generator", "tiny-generator", "adam"),
        ("generator", "tiny-generator", "muon"),
        ("vocoder", "tiny-frame-vocoder", "adamw"),
    ],
)
def test_a_killed_run_goes_on_bit_for_bit(
    stage: Stage, preset: str, optimiser: str, data: Path, tmp_path: Path
) -> None:
    given = TINY | {"steps": 7, "save_every": 3, "samples": 0, "spectral": 0.0}
    given["optimiser"] = optimiser
    run = settings_for(stage, preset, **given)
    whole = train(run, data=data, out=tmp_path / "whole")
    count = 0

    def kill() -> bool:
        nonlocal count
        count += 1
        if count == 5:
            raise KilledError
        return False

    with pytest.raises(KilledError):
        train(run, data=data, out=tmp_path / "cut", stop=kill)
    resumed = train(run, data=data, out=tmp_path / "cut", resume=True)
    ours, theirs = final(whole), final(resumed)
    assert set(ours) == set(theirs)
    assert {name.split(".")[0] for name in ours} == {"weights", "ema", "first", "second"}
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name
    curves = []
    for name in ("whole", "cut"):
        with (tmp_path / name / CURVE_NAME).open(encoding="utf-8") as file:
            curves.append([row[:5] for row in csv.reader(file)])
    assert curves[0] == curves[1]
    assert [row[0] for row in curves[0]] == ["step", "1", "2", "3", "4", "5", "6", "7"]
    assert curves[0][3][2]  # validation at step 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU compiles")
def test_a_cpu_does_not_compile(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="compile is for GPUs"):
        train(tiny(compile=True), data=data, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("short_fit")
def test_a_stopped_run_saves_and_old_checkpoints_go(data: Path, tmp_path: Path) -> None:
    run = tiny(steps=50, save_every=1, keep=2, samples=0)
    steps = iter(range(100))
    outcome = train(run, data=data, out=tmp_path, stop=lambda: next(steps) == 4)
    assert (outcome.step, outcome.finished) == (5, False)
    kept = [path.name for path in found(tmp_path / "checkpoints")]
    assert kept == ["step-00000004.safetensors", "step-00000005.safetensors"]
    assert not list((tmp_path / "checkpoints").glob(".*"))
    with pytest.raises(UserError, match="holds a run already"):
        train(run, data=data, out=tmp_path)
    with pytest.raises(UserError, match="another learning_rate"):
        train(replace(run, learning_rate=1e-5), data=data, out=tmp_path, resume=True)


# A machine that has torch, numpy and safetensors alone.
_PLAIN = """
import sys
BLOCKED = {"msgspec", "scipy", "soundfile", "soxr", "transformers", "tokenizers", "onnx", "mido",
           "onnxscript", "onnxruntime", "tensorboard", "tqdm", "platformdirs", "psutil", "librosa",
           "pyloudnorm", "webdataset"}
class Wall:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        blocked = name.partition(".")[0] in BLOCKED
        return None if blocked else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Wall(finder) for finder in sys.meta_path]
import torch; torch.set_num_threads(1)
from engine.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_second_process_on_a_plain_machine_makes_the_update_of_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny(steps=2, save_every=2, samples=0)
    alone = final(train(run, data=data, out=tmp_path / "one"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-c", _PLAIN, "train", "generator", "--preset", "tiny-generator",
        "--data", str(data), "--out", str(tmp_path / "two"), "--steps", "2", "--batch", "4",
        "--crop-seconds", "0.32", "--text-tokens", "6", "--workers", "1", "--warmup", "0",
        "--precision", "fp32", "--save-every", "2", "--samples", "0",
    ]  # fmt: skip
    both = {
        "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    second = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | both | {"RANK": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for name, value in (both | {"RANK": "0"}).items():
        monkeypatch.setenv(name, value)
    save, other_left = checkpoints.save, []

    def slow_save(*given: Any, **named: Any) -> Path:
        time.sleep(6)
        other_left.append(second.poll() is not None)
        return save(*given, **named)

    monkeypatch.setattr(checkpoints, "save", slow_save)
    train(run, data=data, out=tmp_path / "two")
    assert other_left == [False]  # torchrun would have ended us, who had not yet saved
    monkeypatch.undo()
    said = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert said[0] == ""  # the first speaks
    together = load_file(path_of(tmp_path / "two" / "checkpoints", 2))
    start = final(train(replace(run, steps=1, decay_end=2), data=data, out=tmp_path / "start"))
    names = [name for name in alone if name.startswith("weights")]
    moved = max(float((alone[n] - start[n]).abs().max()) for n in names)
    apart = max(float((alone[n] - together[n]).abs().max()) for n in names)
    assert apart < 1e-2 * moved
    for name in (n for n in alone if n.startswith("first")):
        torch.testing.assert_close(alone[name], together[name], rtol=1e-3, atol=1e-6)


# stage → a network small enough to learn one clip in seconds, and its steps
LEARNERS: dict[Stage, tuple[UNetConfig, dict[str, Any]]] = {
    "generator": (
        UNetConfig(
            name="learner", channels=160, base=32, kernel=3, patch=4, strides=(1, 2),
            multipliers=(1, 1), blocks=(1, 1), heads=2, self_attention=(False, True),
            cross_attention=(False, True), text_width=16, signals=28, globals=30,
        ),
        {"steps": 70, "learning_rate": 5e-3},
    ),
    "vocoder": (
        UNetConfig(
            name="learner", channels=2, base=32, kernel=3, patch=20, strides=(2, 4),
            multipliers=(1, 1), blocks=(1, 1), aligned_channels=160, aligned_hop=160,
            augmentation=True,
        ),
        {"steps": 120, "learning_rate": 5e-3, "batch": 4, "spectral": 0.0, "log_mel": 0.0},
    ),
    "super_resolution": (
        UNetConfig(
            name="learner", channels=2, base=32, kernel=3, patch=24, strides=(1, 2),
            multipliers=(1, 1), blocks=(1, 1), low=True, augmentation=True,
        ),
        {"steps": 80, "learning_rate": 5e-3, "spectral": 0.0, "above_hz": 0.0},
    ),
}  # fmt: skip


SHORT: dict[str, Any] = {"save_every": 999, "samples": 0, "clean": 1.0, "crop_s": 0.16, "batch": 2}


@pytest.mark.parametrize("stage", LEARNERS)
def test_a_small_network_learns_one_clip(stage: Stage, make_data: Any, tmp_path: Path) -> None:
    make_data(tmp_path / "data", clips=1, frames=16)
    config, given = LEARNERS[stage]
    outcome = train(
        tiny(stage, **(SHORT | given)),
        data=tmp_path / "data", out=tmp_path / "run", config=config,
    )  # fmt: skip
    with (tmp_path / "run" / CURVE_NAME).open(encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert np.mean(losses[-10:]) < np.mean(losses[:2]) / 10
    assert outcome.finished


@pytest.mark.usefixtures("short_fit")
def test_audio_terms_and_samples_come_with_a_checkpoint(data: Path, tmp_path: Path) -> None:
    run = tiny("vocoder", steps=2, save_every=2, samples=1, spectral=0.5, log_mel=0.5, clean=0.5)
    said: list[str] = []
    train(run, data=data, out=tmp_path / "v", say=said.append)
    made = tmp_path / "v" / "samples" / "step-00000002"
    assert sorted(path.name for path in made.iterdir()) == ["0-made.wav", "0-real.wav"]
    assert (made / "0-made.wav").stat().st_size == 44 + 5120 * 4
    assert said[-1].startswith("step 2/2  loss ")
    train(tiny(steps=1, save_every=1, samples=1), data=data, out=tmp_path / "g")
    made = tmp_path / "g" / "samples" / "step-00000001"
    assert np.load(made / "0-made.npy").shape == (160, 32)
    assert (made / "0-real.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("short_fit")
def test_warm_start_takes_the_average(data: Path, tmp_path: Path) -> None:
    first = train(tiny(steps=3, samples=0), data=data, out=tmp_path / "a")
    second = train(
        tiny(steps=1, samples=0, learning_rate=1e-12, ema=0.0),
        data=data, out=tmp_path / "b", init=first.path,
    )  # fmt: skip
    before, after = final(first), final(second)
    for name in (n for n in before if n.startswith("ema.")):
        weight = name.replace("ema.", "weights.")
        torch.testing.assert_close(before[name], after[weight], atol=1e-9, rtol=0)
    with pytest.raises(UserError, match="holds another network"):
        train(tiny("vocoder"), data=data, out=tmp_path / "c", init=first.path)


def test_weights_come_back_from_a_graph() -> None:
    from onnx import helper, numpy_helper  # noqa: PLC0415

    config = UNetConfig(
        name="small", channels=2, base=4, kernel=3, strides=(1,), multipliers=(1,), blocks=(1,)
    )
    network = UNet(config)
    halves = {
        name: parameter.detach().numpy().astype(np.float16)
        for name, parameter in network.named_parameters()
        if not name.endswith(".bias")
    }
    graph = helper.make_graph(
        [], "g", [], [], initializer=[
            *(numpy_helper.from_array(half, f"{name}.half") for name, half in halves.items()),
            numpy_helper.from_array(np.array([1], np.int64), "val_1"),
        ],
    )  # fmt: skip
    weights = weights_of(helper.make_model(graph))
    assert set(weights) == set(halves)
    bias = network.get_parameter("entry.bias")
    torch.nn.init.ones_(bias)
    assert not start_from(network, weights, Path("x"))  # it hears no notes
    for name, half in halves.items():
        found = network.get_parameter(name)
        assert torch.equal(found, torch.from_numpy(half.astype(np.float32))), name
    assert bias.tolist() == [0] * 4  # the exporter drops zeros
    with pytest.raises(UserError, match="weight is missing"):
        start_from(network, {}, Path("x"))


def test_no_bundle_and_no_checkpoint_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has this stage"):
        warm_weights(tmp_path, "generator")
    with pytest.raises(UserError, match="checkpoint was not read"):
        warm_weights(tmp_path / "none.safetensors", "generator")


def test_a_checkpoint_becomes_a_part_of_a_bundle(data: Path, tmp_path: Path) -> None:
    outcome = train(tiny("vocoder", steps=2, samples=0, spectral=0.0, log_mel=0.0), data=data,
                    out=tmp_path)  # fmt: skip
    part = stage_part(checkpoint_at(tmp_path))
    assert part.spec.x_scale == 5.8  # 1/√0.03
    assert (part.spec.rate_hz, part.spec.aligned_hop, part.spec.prediction) == (16_000, 160, "x0")
    assert part.spec.max_length % part.spec.multiple == 0
    assert not part.module.training
    ema = final(outcome)["ema.entry.weight"]
    assert torch.equal(part.module.get_parameter("entry.weight"), ema)


def test_configurations_and_settings_survive_json() -> None:
    for config in PRESETS.values():
        again = checkpoints.config_from_json(
            {n: list(v) if isinstance(v, tuple) else v
             for n, v in checkpoints.config_to_json(config).items()}
        )  # fmt: skip
        assert again == config
    another = checkpoints.config_to_json(PRESETS["tiny-vocoder"]) | {"skip": False}
    with pytest.raises(TypeError, match="skip"):
        checkpoints.config_from_json(another)
    assert differences(tiny(), tiny(steps=99, keep=1)) == []
    assert differences(tiny(), tiny(seed=1)) == ["seed"]
    paper = settings_for("generator", "paper-spectrogram-generator")
    assert (paper.loss, paper.prediction, paper.learning_rate) == ("sigma", "epsilon", 1e-4)
    assert (paper.warmup, paper.end, paper.hide_prompt) == (10_000, 2_500_000, 0.1)
    with pytest.raises(UserError, match="steps is 0"):
        tiny(steps=0)


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_file_is_a_checkpoint_or_is_told(tmp_path_factory: Any, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.safetensors"
    path.write_bytes(data)
    with pytest.raises(UserError, match="checkpoint was not read"):
        checkpoints.load(path)


def test_small_things(tmp_path: Path) -> None:
    assert [duration(s) for s in (7, 247, 7509)] == ["0:07", "4:07", "2:05:09"]
    cut_curve(tmp_path / "none.csv", 3)
    picture = png_bytes(np.zeros((2, 3), np.uint8))
    assert picture[16:24] == bytes([0, 0, 0, 3, 0, 0, 0, 2])
    assert precision("bf16", torch.device("cpu")) == "bf16"
    assert precision("auto", torch.device("cpu")) in ("bf16", "fp32")


def test_the_stand_in_is_a_frozen_dataclass() -> None:
    module: Any = stand_in()

    def body(space: dict[str, Any]) -> None:
        space["__annotations__"] = {"number": int, "name": str}
        space["name"] = "a"

    options = {"frozen": True, "kw_only": True, "forbid_unknown_fields": True}
    Row: Any = types.new_class("Row", (module.Struct,), options, body)
    row: Any = Row(number=3)
    assert (row.number, row.name) == (3, "a")
    assert module.structs.replace(row, name="b").name == "b"
    with pytest.raises(TypeError):
        Row(number=3, other=4)
    with pytest.raises(AttributeError):
        row.number = 4


@pytest.mark.usefixtures("short_fit")
def test_a_mel_is_scaled_and_its_samples_are_mels(data: Path, tmp_path: Path) -> None:
    train(tiny(steps=1, samples=1), data=data, out=tmp_path)
    assert stage_part(checkpoint_at(tmp_path)).spec.x_scale == MEL_SCALE
    real = np.load(tmp_path / "samples" / "step-00000001" / "0-real.npy")
    assert 0.5 < np.abs(real).max() <= 1


@pytest.mark.usefixtures("short_fit")
def test_a_runs_folder_stands_for_its_newest_checkpoint(data: Path, tmp_path: Path) -> None:
    outcome = train(tiny(steps=2, samples=0, save_every=1), data=data, out=tmp_path)
    newest = checkpoints.load(outcome.path).ema
    found = warm_weights(tmp_path, "generator")
    assert found.keys() == newest.keys()
    assert all(torch.equal(found[name], newest[name]) for name in found)
