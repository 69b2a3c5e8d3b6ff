"""`noisefall evaluate`, `… music` and `… sweep` on a tiny bundle: noise, and a report of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli import main
from tests.engine.evaluation.made_music import FakeEar, FloatArray, made_music

Told = tuple[int, str, str]


class ListeningEar(FakeEar):
    """Takes token means of any width."""

    def embed_text_means(self, means: FloatArray) -> FloatArray:
        return super().embed_text_means(means[:, :4])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_music(tmp_path_factory.mktemp("data"), clips=4)


@pytest.fixture
def noisefall(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Told]:
    monkeypatch.setenv("NOISEFALL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("engine.training.tower.hearing.load_ear", ListeningEar)

    def run(*arguments: str | Path) -> Told:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run


COMMON = ("--device", "cpu", "--threads", "1", "--preset", "draft", "--longest", "2", "--clips")


@pytest.mark.parametrize("words", [(), ("music",)])
def test_a_bundle_is_measured_and_told(
    noisefall: Callable[..., Told], data: Path, tiny_frames_bundle: Path, tmp_path: Path,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    code, told, notes = noisefall(
        "evaluate", *words, tiny_frames_bundle, "--data", data, *COMMON, "2", "--captions", "0",
        "--ear", tmp_path / "ear.safetensors", "--out", out, "--overrides", "steps=1",
    )  # fmt: skip
    assert code == 0, notes
    assert "tempo within 2 %, octaves alike, with drums (2)" in told
    assert "draft with steps=1: 2 prompts about 2 clips" in told
    assert "6 of 6 sounds, 0 s left" in notes
    results = json.loads((out / "results.json").read_bytes())
    assert results["facts"]["command"].startswith("noisefall evaluate music")
    assert "--captions 0" in results["facts"]["command"]
    assert (out / "report.html").stat().st_size > 5_000


def test_settings_are_compared(
    noisefall: Callable[..., Told], data: Path, tiny_frames_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, told, notes = noisefall(
        "evaluate", "sweep", tiny_frames_bundle, "--data", data, *COMMON, "2", "--out", out,
        "--ear", tmp_path / "ear", "--grid", "steps=1,2", "guidance=1",
    )  # fmt: skip
    assert code == 0, notes
    lines = told.splitlines()
    assert [line.split("  ")[0] for line in lines[1:6]] == [
        "real clips", "the preset", "steps 1", "steps 2", "guidance 1.0",
    ]  # fmt: skip
    assert "4 of 4 settings, 0 s left" in notes
    assert "--grid steps=1,2 guidance=1" in (out / "sweep.md").read_text(encoding="utf-8")


@pytest.fixture
def places(tiny_bundle: Path, tiny_waveform_bundle: Path, tmp_path: Path) -> dict[str, Path]:
    return {
        "BUNDLE": tiny_bundle, "WAVEFORM": tiny_waveform_bundle, "OUT": tmp_path / "out",
        "EAR": tmp_path / "ear",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("BUNDLE", "--out", "OUT"), "--ear is missing"),
        (("music", "BUNDLE", "--ear", "EAR"), "--out is missing"),
        (("sweep", "BUNDLE", "--ear", "EAR", "--out", "OUT", "--grid", "speed=1"), "'speed=1'"),
        (("music", "BUNDLE", "--ear", "EAR", "--out", "OUT", "--clips", "0"), "--clips 0"),
        (("music", "WAVEFORM", "--ear", "EAR", "--out", "OUT"), "makes no mels"),
        (("music", "BUNDLE", "--ear", "EAR", "--out", "OUT", "--longest", "1"), "a bar of 1 s"),
        (("music",), "is no bundle after one of music, sweep"),
        (("BUNDLE", "BUNDLE"), "is no bundle after one of"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    noisefall: Callable[..., Told], words: tuple[str, ...], said: str, data: Path,
    places: dict[str, Path],
) -> None:  # fmt: skip
    code, _, notes = noisefall(
        "evaluate", *(places.get(word, word) for word in words), "--data", data
    )
    assert code == 2
    assert said in notes
    assert notes.count("\n") == 1


def test_an_option_may_come_first(
    noisefall: Callable[..., Told], data: Path, tiny_bundle: Path
) -> None:
    code, _, notes = noisefall(
        "evaluate", "--preset", "draft", "vocoder", tiny_bundle, "--data", data, "--clips", "0"
    )
    assert code == 2
    assert "--clips 0" in notes
