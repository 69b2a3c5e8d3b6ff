"""Files dragged with a real mouse into windows of other toolkits, and back out of them.

Runs on a display of its own (Xvfb), so it is seen by nobody and disturbs nobody. Skipped where
Xvfb, xdotool or a toolkit is not installed; NOISEFALL_PROOFS=1 adds the second toolkit.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.library.wav import read_wav
from tests.app.proofs.display import (
    OTHER,
    Display,
    Program,
    missing,
    python,
    system_python,
    toolkit_missing,
)
from tests.app.proofs.real_window import BPM, PROMPT

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a display")
AWAY = (1340, 600)  # where nothing lies
TARGET = (1340, 220)  # the middle of the other program's window, about


@dataclass
class Bench:
    """The window with a take that is kept, and where everything is."""

    display: Display
    window: Program
    take: dict[str, Any]
    clip: dict[str, Any]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    display = Display()
    home = tmp_path_factory.mktemp("home")
    window = Program(python("tests.app.proofs.real_window", str(home)), display.environment)
    try:
        display.click(window.told("engine")["generate"])
        take = window.told("take")
        display.click(take["keep"])
        yield Bench(display, window, take, window.told("clip"))
    finally:
        window.close()
        display.close()


@pytest.fixture(params=["tk", "gtk"])
def other(request: pytest.FixtureRequest, bench: Bench) -> Iterator[Program]:
    if request.param != "tk" and not os.environ.get("NOISEFALL_PROOFS"):
        pytest.skip("NOISEFALL_PROOFS=1 drags into every toolkit")
    if reason := toolkit_missing(request.param):
        pytest.skip(reason)
    command = [system_python(), str(OTHER), request.param, "1230", "110", bench.clip["path"]]
    program = Program(command, bench.display.environment)
    program.wait_for(lambda value: value == "ready")
    yield program
    program.close()


def dropped(program: Program) -> dict[str, str]:
    """What the other program read."""
    value: dict[str, str] = program.wait_for(lambda value: isinstance(value, dict))
    return value


def sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_clip_from_the_list(bench: Bench, other: Program) -> None:
    bench.display.drag(bench.clip["row"], TARGET)
    assert dropped(other) == {"path": bench.clip["path"], "sha256": sha256(bench.clip["path"])}


def test_a_take(bench: Bench, other: Program) -> None:
    bench.display.drag(bench.take["card"], TARGET)
    assert dropped(other) == {"path": bench.clip["path"], "sha256": sha256(bench.clip["path"])}


def test_a_selection(bench: Bench, other: Program, request: pytest.FixtureRequest) -> None:
    x, y, width, height = bench.take["plot"]
    shares = {"tk": (0.26, 0.5), "gtk": (0.62, 0.87)}[request.node.callspec.params["other"]]
    start, end = ((round(x + share * width), y + height // 2) for share in shares)
    bench.display.drag(start, end)
    region = bench.window.told("region")["region"]
    while abs(region[1] - 4 * shares[1]) > 0.26:  # it grows with the mouse
        region = bench.window.told("region")["region"]
    middle = ((start[0] + end[0]) // 2, start[1])
    bench.display.hand("mousemove", *middle, "sleep", 0.1, "mousemove", middle[0] + 3, middle[1])
    part = bench.window.told("part")["path"]
    bench.display.drag(middle, TARGET)
    assert dropped(other) == {"path": part, "sha256": sha256(part)}
    master, rate_hz = read_wav(Path(bench.clip["path"]).read_bytes())
    audio, part_rate_hz = read_wav(Path(part).read_bytes())
    first, last = (round(edge_s * rate_hz) for edge_s in region)
    assert part_rate_hz == rate_hz
    assert audio.shape == (last - first, 2)
    assert (last - first) * BPM / 60 % rate_hz == 0  # whole beats
    assert np.abs(audio - master[first:last]).max() < 2**-21  # dithered to 24 bits again


def test_a_wav_dropped_on_the_window_restores_its_recipe(bench: Bench, other: Program) -> None:
    x, y, width, height = bench.take["plot"]
    bench.display.drag(TARGET, (x + width // 2, y + height // 2))
    assert bench.window.told("recipe")["prompt"] == PROMPT
