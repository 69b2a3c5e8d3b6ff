"""The bundle that ships: small enough, whole, and a first render from it keeps to its grid."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from engine.bundle.store import find

ROOT = Path(__file__).resolve().parents[1]
STARTER = ROOT / "resources" / "starter"
LIMIT_BYTES = 64_000_000


def test_it_is_whole_and_small_and_found_without_being_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOISEFALL_HOME", str(tmp_path))
    monkeypatch.setenv("NOISEFALL_RESOURCES", str(STARTER.parent))
    bundle = find("")  # every hash is checked
    assert (bundle.root, bundle.manifest.name) == (STARTER, "starter")
    assert sum(path.stat().st_size for path in STARTER.iterdir()) <= LIMIT_BYTES


def test_a_stranger_gets_a_loop_of_the_right_length(tmp_path: Path) -> None:
    environment = os.environ | {
        "NOISEFALL_HOME": str(tmp_path / "home"),
        "NOISEFALL_RESOURCES": str(STARTER.parent),
        "NOISEFALL_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    asked = ("driving techno, 120 bpm", "--bars", "2", "--loop", "--preset", "draft")
    subprocess.run(
        [sys.executable, "-m", "engine.cli", "render", *asked, "--out", "clips"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (path,) = (tmp_path / "clips").glob("*.wav")
    audio, rate_hz = soundfile.read(path)
    assert (rate_hz, audio.shape) == (24_000, (4 * 24_000, 2))
    assert 0.01 < audio.std() < 0.5
