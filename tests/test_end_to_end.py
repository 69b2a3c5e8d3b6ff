"""The commands of the README, as a person types them, through a real engine process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio.wav import parse_wav
from engine.recipe import from_json
from engine.training.export.bundle import zip_bundle

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def noisefall(home: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "NOISEFALL_HOME": str(home),
        "NOISEFALL_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(
    home: Path, tiny_frames_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home in which a tiny bundle was installed from its zip, by command."""
    folder = tmp_path_factory.mktemp("zip")
    zip_bundle(tiny_frames_bundle, folder / "tiny.zip")
    result = noisefall(home, "bundle", "install", "tiny.zip", cwd=folder)
    assert result.returncode == 0, result.stderr
    return home


def test_without_a_bundle_it_says_so(tmp_path: Path) -> None:
    result = noisefall(tmp_path / "empty", "render", "hello", cwd=tmp_path)
    assert result.returncode == 2
    assert "No bundle is installed" in result.stderr
    assert "noisefall bundle install" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.glob("*.wav")) == []


def test_a_loop_in_two_takes(installed: Path, tmp_path: Path) -> None:
    result = noisefall(
        installed,
        *("render", "slow lo-fi guitar ballad for a rainy afternoon"),
        *("--bpm", "72", "--bars", "2", "--loop", "--takes", "2", "--seed", "1"),
        *("--preset", "draft", "--out", "clips/"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    names = sorted(path.name for path in (tmp_path / "clips").iterdir())
    assert names == [f"slow-lofi-guitar_72bpm_loop_take{take}.wav" for take in (1, 2)]
    sounds = []
    for take, name in enumerate(names, start=1):
        data = (tmp_path / "clips" / name).read_bytes()
        audio, rate_hz = soundfile.read(tmp_path / "clips" / name)
        parsed = parse_wav(data)
        assert (rate_hz, audio.shape) == (24_000, (160_000, 2))  # 2 · 4 · 60/72 s
        assert parsed.acid is not None
        assert parsed.acid.bpm == pytest.approx(72)
        assert parsed.recipe is not None
        recipe = from_json(parsed.recipe)
        assert (recipe.first_take, recipe.seed, recipe.loop) == (take, 1, True)
        sounds.append(audio)
    assert not np.allclose(sounds[0], sounds[1], atol=1e-3)

    again = noisefall(
        installed, "render", "--from", f"clips/{names[1]}", "--out", "again", cwd=tmp_path
    )
    assert again.returncode == 0, again.stderr
    (repeated,) = (tmp_path / "again").iterdir()
    difference = soundfile.read(repeated)[0] - sounds[1]
    assert np.abs(difference).max() < 1e-3  # −60 dB

    told = noisefall(installed, "info", f"clips/{names[0]}", cwd=tmp_path)
    assert told.returncode == 0
    assert "slow lo-fi guitar ballad" in told.stdout


def test_the_words_of_the_prompt_fill_the_knobs(installed: Path, tmp_path: Path) -> None:
    result = noisefall(
        installed,
        *("render", "90 bpm house in F# minor", "--bars", "1", "--preset", "draft"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    (clip,) = tmp_path.glob("*.wav")
    recipe = from_json(parse_wav(clip.read_bytes()).recipe or b"")
    assert (recipe.bpm, recipe.key, recipe.bars) == (90, "F#m", 1)
    assert "90bpm_F#m" in clip.name


def test_a_tampered_bundle_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    for path in tiny_bundle.iterdir():
        (bad / path.name).write_bytes(path.read_bytes())
    weights = bad / "generator.weights"
    data = bytearray(weights.read_bytes())
    data[100] ^= 1
    weights.write_bytes(bytes(data))
    result = noisefall(tmp_path / "home", "render", "hello", "--bundle", "bad", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.count("noisefall:") == 1
    assert "generator.weights" in result.stderr
    assert list(tmp_path.glob("*.wav")) == []


def test_bench_measures_what_it_prints(installed: Path, tmp_path: Path) -> None:
    result = noisefall(installed, "bench", "--seconds", "1", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert [render["preset"] for render in report["renders"]] == ["draft", "standard"]
    for render in report["renders"]:
        stages = {stage["stage"]: stage for stage in render["stages"]}
        assert set(stages) >= {"text", "generator", "vocoder", "super_resolution"}
        assert sum(stage["seconds"] for stage in render["stages"]) == pytest.approx(
            render["total_s"]
        )
        assert 0 < render["first_preview_s"] < render["total_s"]
    assert report["peak_memory_bytes"] > 2**20
