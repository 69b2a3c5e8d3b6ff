"""Training: that it learns, goes on exactly, and says so when it does not learn."""

import argparse
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.cli import train_tower
from engine.errors import UserError
from engine.training.checkpoints import CHECKPOINTS, found
from engine.training.tower import state as states
from engine.training.tower.examples import Examples
from engine.training.tower.hearing import EAR_NAME, load_ear
from engine.training.tower.make import REPORT_NAME, make_tower
from engine.training.tower.network import HearingNet, TowerShape
from engine.training.tower.run import TowerRun, go_on
from engine.training.tower.settings import TowerSettings, checked, from_json, to_json
from engine.training.train.data import open_data


@pytest.fixture(scope="session")
def examples(heard_data: Path) -> Examples:
    return Examples(open_data(heard_data, "train"))


def stopping_at(count: int) -> Callable[[], bool]:
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] == count

    return stop


def test_a_step_is_drawn_from_its_number_alone(examples: Examples) -> None:
    first, again, other = (examples.batch(n, batch=6, frames=304, seed=1) for n in (3, 3, 4))
    assert np.array_equal(first.mels, again.mels)
    assert np.array_equal(first.means, again.means)
    assert first.mels.shape == (6, 160, 304)
    assert not np.array_equal(first.mels, other.mels)


def test_an_epoch_visits_every_clip_once(examples: Examples) -> None:
    epoch = np.concatenate([examples.places(n, batch=5, seed=2) for n in range(12)])
    for start in range(0, 60, 12):
        assert sorted(epoch[start : start + 12]) == [*range(12)]
    assert (epoch[:12] != epoch[12:24]).any()


def test_a_batch_belongs_together(examples: Examples) -> None:
    places = examples.places(0, batch=6, seed=0)
    batch = examples.batch(0, batch=6, frames=900, seed=0)
    genres = np.array([int(np.argmax(examples.targets.hot["genre"][p])) for p in places])
    assert (np.argmax(batch.targets.hot["genre"], axis=1) == genres).all()
    stripes = np.stack(
        [batch.mels[:, 6 + 10 * g : 12 + 10 * g].mean(axis=(1, 2)) for g in range(3)]
    )
    assert (stripes.argmax(axis=0) == genres).all()
    for row, place in zip(batch.means, places, strict=True):
        assert any(np.array_equal(row, mean) for mean in examples.means[place])


def test_texts_are_the_mean_of_their_tokens(heard_data: Path, examples: Examples) -> None:
    rows = np.load(heard_data / "train-0000" / "text.npy").astype(np.float32)
    assert np.allclose(examples.means[1][0], rows[5:8].mean(axis=0))
    assert np.allclose(examples.means[1][1], rows[8:10].mean(axis=0))


def test_it_learns_what_is_there_to_hear(examples: Examples, settings: TowerSettings) -> None:
    run = TowerRun(examples, replace(settings, steps=40, batch=12, frames=104, rate=2e-2))
    run.net.train()
    seen = [run.update() for _ in range(40)]
    first, last = seen[0], {k: np.mean([row[k] for row in seen[-8:]]) for k in seen[0]}
    assert last["genre"] < 0.6 * first["genre"]
    assert last["contrast"] - last["floor"] < 0.6 * (first["contrast"] - first["floor"])


@pytest.mark.parametrize("stop_at", [1, 3])
def test_a_run_goes_on_exactly(
    examples: Examples, settings: TowerSettings, tmp_path: Path, stop_at: int
) -> None:
    whole = TowerRun(examples, settings)
    assert go_on(whole, tmp_path / "whole")
    begun = TowerRun(examples, settings)
    assert not go_on(begun, tmp_path / "cut", stop=stopping_at(stop_at))
    taken_up = TowerRun(examples, settings)
    taken_up.restore(states.load(found(tmp_path / "cut")[-1]))
    assert taken_up.step == stop_at
    assert go_on(taken_up, tmp_path / "cut")
    for group, tensors in whole.state().tensors.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, taken_up.state().tensors[group][name]), (group, name)


def test_two_checkpoints_are_kept(
    examples: Examples, settings: TowerSettings, tmp_path: Path
) -> None:
    go_on(TowerRun(examples, settings), tmp_path)
    assert [p.name for p in sorted(tmp_path.iterdir())] == [
        "step-00000004.safetensors",
        "step-00000006.safetensors",
    ]


def test_other_settings_do_not_go_on(
    examples: Examples, settings: TowerSettings, tmp_path: Path
) -> None:
    run = TowerRun(examples, settings)
    other = TowerRun(examples, replace(settings, rate=1e-4, save_every=1))
    with pytest.raises(UserError, match="another rate"):
        other.restore(run.state())
    with pytest.raises(UserError, match="another classes"):
        run.restore(replace(run.state(), classes={"genre": ("a",)}))


def test_a_collapse_is_said(
    examples: Examples,
    settings: TowerSettings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def one_point(self: HearingNet, features: torch.Tensor) -> torch.Tensor:
        return torch.ones(len(features), 8) / 8**0.5 + 0 * features.sum()

    monkeypatch.setattr(HearingNet, "embed", one_point)
    said: list[str] = []
    with caplog.at_level(logging.WARNING):
        go_on(TowerRun(examples, replace(settings, softness=0.0)), tmp_path, say=said.append)
    assert "contrast stays at ln(batch)" in caplog.text
    assert said[-1].startswith("step 6/6")


@hypothesis_settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(1, 9), st.floats(0.001, 0.5))
def test_settings_survive_json(blocks: int, steps: int, rate: float) -> None:
    given_ = TowerSettings(steps=steps, rate=rate, shape=TowerShape(blocks=blocks))
    assert from_json(json.loads(json.dumps(to_json(given_)))) == given_
    assert checked(given_) is given_


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UserError, match="batch is 1"):
        checked(TowerSettings(batch=1))


@hypothesis_settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_checkpoint_or_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "step-00000001.safetensors"
    path.write_bytes(content)
    for read in (states.load, load_ear):
        with pytest.raises(UserError):
            read(path)


def test_from_data_to_an_ear(heard_data: Path, settings: TowerSettings, tmp_path: Path) -> None:
    out = tmp_path / "tower"
    with pytest.raises(UserError, match="without --resume"):
        make_tower(heard_data, out=out, settings=settings, resume=True)
    cut = make_tower(heard_data, out=out, settings=settings, stop=stopping_at(3))
    assert (cut.finished, cut.step, cut.report) == (False, 3, ())
    assert not (out / EAR_NAME).exists()
    with pytest.raises(UserError, match="--resume"):
        make_tower(heard_data, out=out, settings=settings)
    done = make_tower(heard_data, out=out, settings=settings, resume=True)
    assert (done.finished, done.step) == (True, 6)
    assert (out / REPORT_NAME).read_text(encoding="utf-8").splitlines() == [*done.report]
    starts = [line.split("(")[0].split(" →")[0] for line in done.report]
    assert starts[:6] == [
        "validation: captions", "validation: tags", "validation: genre ", "validation: era ",
        "validation: instrument ", "validation: mood ",
    ]  # fmt: skip
    assert sum(line.startswith("test, spoilt") for line in done.report) == 4
    ear = load_ear(out)
    assert ear.classes["genre"] == ("dub", "funk", "trance")
    assert set(ear.thresholds) == {"instrument", "mood"}
    assert len(found(out / CHECKPOINTS)) == 2


def test_data_without_texts_are_refused(heard_data: Path, tmp_path: Path) -> None:
    part = tmp_path / "train-0000"
    part.mkdir()
    for name in ("mel.npy", "clips.json"):
        (part / name).write_bytes((heard_data / "train-0000" / name).read_bytes())
    with pytest.raises(UserError, match="no text embeddings"):
        Examples(open_data(tmp_path, "train"))


def test_the_command(heard_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    train_tower.add_arguments(parser)
    line = ["--data", str(heard_data), "--out", str(tmp_path), "--steps", "1", "--batch", "2"]
    assert train_tower.run(parser.parse_args(line)) == 0
    said = capsys.readouterr()
    assert "step 1/1" in said.err
    assert "test: genre (3 classes, 6 clips)  top-1" in said.out
    assert said.out.splitlines()[-1].endswith("M parameters, step 1")
