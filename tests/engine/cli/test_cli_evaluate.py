"""`noisefall evaluate`: what it prints and writes, and what it refuses."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.evaluation.made_data import FakeStages, FloatArray, made_data

Noisefall = Callable[..., Any]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_data(tmp_path_factory.mktemp("data"), clips=2, seconds=0.5)


@pytest.fixture(autouse=True)
def without_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.cascade.single.StageRunner", FakeStages)


def test_a_stage_is_measured_and_told(
    noisefall: Noisefall, data: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    told = noisefall(
        "evaluate", "super-resolution", tiny_bundle, "--data", data, "--threads", "1",
        "--device", "cpu", "--overrides", "steps=2", "--out", out,
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "soxr alone" in told.out
    assert "null test below 7.5 kHz, dB ↓" in told.out
    assert 'standard with {"steps":2}: 2 clips of' in told.out
    assert "only 2 clips are there, not 64" in told.err
    assert "2 of 2 clips" in told.err
    report = json.loads((out / "report.json").read_bytes())
    assert report["command"].startswith("noisefall evaluate super-resolution")
    assert "--overrides steps=2" in (out / "report.md").read_text(encoding="utf-8")
    assert len(list(out.glob("*.png"))) == 2


def test_without_out_nothing_is_written(
    noisefall: Noisefall, data: Path, tiny_bundle: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    told = noisefall(
        "evaluate", "super-resolution", tiny_bundle, "--data", data, data, "--clips", "1",
        "--threads", "1", "--device", "cpu",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "1 clips of 1 genres (test)" in told.out
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_ctrl_c_ends_it(
    noisefall: Noisefall, data: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = FakeStages.super_resolve

    def pressed(self: FakeStages, audio: FloatArray, **settings: Any) -> FloatArray:
        os.kill(os.getpid(), signal.SIGINT)
        monkeypatch.setattr(FakeStages, "super_resolve", really)
        return really(self, audio, **settings)

    monkeypatch.setattr(FakeStages, "super_resolve", pressed)
    told = noisefall(
        "evaluate", "super-resolution", tiny_bundle, "--data", data, "--threads", "1",
        "--device", "cpu",
    )  # fmt: skip
    assert told.code == 130
    assert told.out == ""


@pytest.fixture
def places(data: Path, tiny_bundle: Path, tiny_waveform_bundle: Path) -> dict[str, Path]:
    return {"BUNDLE": tiny_bundle, "WAVEFORM": tiny_waveform_bundle, "DATA": data}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("vocoder", "BUNDLE", "--data", "nowhere"), "holds no prepared clips"),
        (("vocoder", "BUNDLE", "--data", "DATA", "--split", "validation"), "'validation'"),
        (("vocoder", "BUNDLE", "--data", "DATA", "--clips", "0"), "--clips 0"),
        (("vocoder", "BUNDLE", "--data", "DATA", "--overrides", "speed=9"), "--overrides"),
        (("vocoder", "WAVEFORM", "--data", "DATA"), "has no vocoder"),
        (("vocoder", "nobodys-bundle", "--data", "DATA"), "nobodys-bundle"),
        (("generator", "BUNDLE", "--data", "DATA"), "generator"),
        (("vocoder", "BUNDLE"), "--data"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    noisefall: Noisefall, arguments: tuple[str, ...], said: str, places: dict[str, Path]
) -> None:
    told = noisefall("evaluate", *(places.get(word, word) for word in arguments))
    assert told.code == 2
    assert said in told.err
    assert told.err.count("\n") == 1
