"""`noisefall understand`, and the line about the prompt in `noisefall render`."""

import json
import sys
from pathlib import Path

import pytest

from engine.cli import main

ENGINE = f"{sys.executable} {Path(__file__).parents[1] / 'worker' / 'fake_engine.py'} serve"


def test_a_prompt_is_shown_as_understood(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["understand", "deep zyzzy, 90 bpm", "--bpm", "100", "--engine", ENGINE]
    assert main([*asked, "--bundle", "fake"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "from the prompt: 90 BPM",
        "the prompt says 90 BPM, the tempo knob 100 BPM",
        "understood: house (0.75); never met: 'zyzzy,', '90', 'bpm'",
    ]
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["genre"] == [{"name": "house", "confidence": 0.75, "words": "deep"}]
    assert said["conflicts"] == ["the prompt says 90 BPM, the tempo knob 100 BPM"]


def test_it_says_how_many_will_play(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["understand", "deep stuff, only drums", "--engine", ENGINE]) == 0
    assert "house (0.75); players: drums only; never met:" in capsys.readouterr().out


def test_a_bundle_that_cannot_say_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["understand", "mute", "--engine", ENGINE]) == 0
    assert capsys.readouterr().out == "this bundle does not say what it understands\n"


def test_trouble_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["understand", "deny", "--engine", ENGINE]) == 2
    assert capsys.readouterr().err.startswith("noisefall: The prompt was not read: the encoder")
    assert main(["understand", "x", "--bundle", "missing", "--engine", ENGINE]) == 2
    assert "was not found" in capsys.readouterr().err
    assert main(["understand", "x", "--engine", f"{sys.executable} -c 0"]) == 2


def test_a_render_says_what_was_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["render", "deep zyzzy", "--seconds", "0.5", "--engine", ENGINE]
    assert main([*asked, "--out", str(tmp_path), "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [understood] = [line for line in said if line["event"] == "understood"]
    assert understood["unknown_words"] == ["zyzzy"]
    assert main([*asked, "--out", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "understood: house (0.75); never met: 'zyzzy'" in told.out + told.err
