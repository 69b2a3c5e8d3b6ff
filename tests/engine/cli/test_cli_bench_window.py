"""`bench --window` starts the window's own measurement and tells a person what came of it."""

import json
import subprocess
from typing import Any

import pytest

from engine.cli import bench_window
from engine.cli.entry import main
from engine.errors import UserError

FIGURES = {name: 1.0 + place for place, (_, name) in enumerate(bench_window._ROWS)}


class Window:
    """Stands for `python -m app.view.bench`."""

    def __init__(self, said: str = "", error: Exception | None = None) -> None:
        self.said, self.error = said, error
        self.surroundings: list[dict[str, str]] = []

    def __call__(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert command[1:] == ["-m", "app.view.bench"]
        self.surroundings.append(options["env"])
        if self.error is not None:
            raise self.error
        return subprocess.CompletedProcess(command, 0, self.said, "")


def test_both_scales_are_measured_and_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    window = Window(json.dumps(FIGURES | {"more": 3}))
    monkeypatch.setattr(subprocess, "run", window)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main(["bench", "--window"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].split()[-2:] == ["1x", "2x"]
    assert told[4].startswith("longest turn after a preview, 99 %")
    assert told[4].split()[-2:] == ["4.0", "4.0"]
    assert [s["QT_SCALE_FACTOR"] for s in window.surroundings] == ["1", "2"]
    assert {s["QT_QPA_PLATFORM"] for s in window.surroundings} == {"offscreen"}
    assert main(["bench", "--window", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["2"] == FIGURES


@pytest.mark.parametrize(
    ("window", "why"),
    [
        (Window("no figures"), "Expecting value"),
        (Window(json.dumps({"slot_ms_p50": 1})), "slot_ms_p99"),
        (Window(json.dumps(FIGURES | {"slot_ms_p50": None})), "NoneType"),
        (Window(error=subprocess.TimeoutExpired("x", 300)), "300 s"),
        (Window(error=FileNotFoundError("no python")), "no python"),
        (
            Window(error=subprocess.CalledProcessError(1, "x", stderr="a\nImportError: no Qt\n")),
            "ImportError: no Qt",
        ),
        (Window(error=subprocess.CalledProcessError(-6, "x", stderr="")), "ended with -6"),
    ],
)
def test_a_window_that_cannot_be_measured_says_why(
    monkeypatch: pytest.MonkeyPatch, window: Window, why: str
) -> None:
    monkeypatch.setattr(subprocess, "run", window)
    with pytest.raises(UserError, match="The window was not measured") as caught:
        bench_window.measure_window(1)
    assert why in str(caught.value)
