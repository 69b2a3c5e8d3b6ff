"""Every bad input: exit code 2 (or 70 for a bug), one line, nothing left behind."""

import contextlib
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine.cli.info
from engine.audio.riff import pack_riff
from engine.cli import main
from engine.cli.ask import stage_settings
from engine.cli.entry import log_path
from engine.errors import UserError
from engine.recipe import StageSettings

# a busy machine is no failure
CALM = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

Noisefall = Callable[..., Any]


def is_one_line(told: Any, *, code: int = 2) -> None:
    assert told.code == code, told
    lines = told.err.splitlines()
    assert len(lines) == 1, told.err
    assert lines[0].startswith("noisefall: ")
    assert lines[0].endswith(".")
    assert len(lines[0]) <= 520
    assert "Traceback" not in told.err


RENDER = [
    (["x", "--seed", "-5"], r"seed is -5\. Give seed between 0 and 4294967295\."),
    (["x", "--seed", str(2**32)], "seed is 4294967296"),
    (["x", "--seed", "9" * 5000], "--seed: invalid int value"),
    (["x", "--seed", "1e3"], "--seed: invalid int value: '1e3'"),
    (["x", "--takes", "9"], "takes is 9. Give takes between 1 and 4"),
    (["x", "--takes", "0"], "takes is 0"),
    (["x", "--bpm", "nan"], "bpm is nan. Give bpm between 30 and 300"),
    (["x", "--bpm", "inf"], "bpm is inf"),
    (["x", "--bpm", "1e400"], "bpm is inf"),
    (["x", "--bpm", "fast"], "--bpm: invalid float value: 'fast'"),
    (["x", "--bpm"], "--bpm: expected one argument"),
    (["x", "--key", "H"], "key is 'H'. Give key as one of the 24 keys"),
    (["x", "--meter", "13/16"], "meter is '13/16'"),
    (["x", "--meter", "4"], "meter is '4'"),
    (["x", "--bars", "0"], "bars is 0"),
    (["x", "--bars", "64", "--bpm", "60"], "64 bars at 60 BPM last 256.00 s"),
    (["x", "--bars", "2", "--seconds", "3"], "it has both bars and seconds"),
    (["x", "--loop"], "a loop needs a whole number of bars"),
    (["x", "--seconds", "31"], "seconds is 31.0"),
    (["x", "--seconds", "nan"], "seconds is nan"),
    (["x", "--preset", "best"], "preset is 'best'. Give one of draft, standard, paper"),
    (["x", "--loudness", "loud"], "--loudness: 'loud' is neither a number nor off"),
    (["x", "--loudness", "-99"], "loudness is -99.0"),
    (["x", "--ceiling", "3"], "ceiling is 3.0"),
    (["x" * 10_000], "prompt is 10000 characters. Give prompt at most 2000 characters"),
    ([""], "prompt is ''"),
    ([" \n\t "], "Give prompt a few words"),
    (["\udcff"], "prompt is no UTF-8 text"),
    (["x", "--negative", "\udcff"], "negative is no UTF-8 text"),
    (["x", "--negative", "y" * 3000], "negative prompt is 3000 characters"),
    ([], "there is no prompt"),
    (["x", "y"], "unrecognized arguments: y"),
    (["x", "--colour", "red"], "unrecognized arguments: --colour red"),
    (["x", "--generator", "steps"], "--generator was not understood: 'steps'"),
    (["x", "--generator", "steps=many"], "steps is 'many'. Give a whole number"),
    (["x", "--generator", "steps=1.5"], "steps is '1.5'"),
    (["x", "--generator", "steps=0"], "generator steps is 0"),
    (["x", "--generator", "speed=3"], "'speed=3' is no new NAME=VALUE"),
    (["x", "--generator", "steps=3,steps=4"], "'steps=4' is no new NAME=VALUE"),
    (["x", "--vocoder", "sampler=magic"], "sampler is 'magic'. Give one of ancestral"),
    (["x", "--super-resolution", "gamma=nan"], "super_resolution gamma is nan"),
    (["x", "--bits", "32"], "--bits: invalid choice: '32'"),
    (["x", "--rate", "22050"], "--rate: invalid choice: 22050"),
    (["x", "--device", "abacus"], "--device: invalid choice: 'abacus'"),
    (["x", "--keep", "one"], "'one' is no list of take numbers"),
    (["x", "--keep", "2"], "--keep names take 2, and the takes are 1 to 1"),
    (["x", "--keep", "1", "--no-finish"], "not allowed with argument"),
    (["--from", "/no/such.wav"], "/no/such.wav: No such file or directory"),
    (["--from", "/"], "/: Is a directory"),
    (["--from", __file__], "The file|The audio|WAV"),
]


@pytest.mark.parametrize(("arguments", "said"), RENDER, ids=range(len(RENDER)))
def test_a_bad_render_is_refused_in_one_line_before_anything_starts(
    noisefall: Noisefall, tmp_path: Path, arguments: list[str], said: str
) -> None:
    told = noisefall("render", *arguments, "--out", tmp_path / "out", "--engine", "/no/such/engine")
    is_one_line(told)
    assert re.search(said, told.err), told.err
    assert told.out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("engine_option", "said"),
    [
        ("", "--engine was not understood: it is empty"),
        ("'unclosed", "No closing quotation"),
        ("/no/such/engine", "'/no/such/engine': No such file or directory"),
        (f"{sys.executable} -c 'import sys; sys.exit(3)'", "exit code 3"),
        (f"{sys.executable} -c \"print('Welcome! ' * 9)\"", "output was not understood"),
    ],
)
def test_an_engine_that_does_not_work_is_told_in_one_line(
    noisefall: Noisefall, tmp_path: Path, engine_option: str, said: str
) -> None:
    out = tmp_path / "new" / "out"
    told = noisefall("render", "x", "--out", out, "--engine", engine_option)
    is_one_line(told)
    assert said in told.err
    assert not out.parent.exists()
    told = noisefall("devices", "--engine", engine_option)
    is_one_line(told)
    assert said in told.err


def test_a_folder_that_cannot_be_used_is_told_before_the_engine_starts(
    noisefall: Noisefall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for out, said in (
        (file, "is a file"),
        (file / "sub", "cannot be written to"),
        (Path("/proc/nowhere/sub"), "cannot be written to"),
        (tmp_path / ("n" * 300), "File name too long"),
    ):
        told = noisefall("render", "x", "--out", out, "--engine", "/no/such/engine")
        is_one_line(told)
        assert said in told.err
        assert "--out" in told.err
    usage = type("Usage", (), {"free": 5_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    told = noisefall(
        "render", "x", "--seconds", "30", "--out", tmp_path / "full", "--engine", "/no/such/engine"
    )
    is_one_line(told)
    assert "has 5.0 MB free, and the clips need 8.6 MB" in told.err
    assert not (tmp_path / "full").exists()


@pytest.mark.parametrize(
    ("prompt", "options", "said"),
    [
        ("boom=1", [], "internal error: RuntimeError: the fake cascade broke"),
        ("refuse=1", [], "The clip is too long: it was asked. Ask for less."),
        ("x", ["--bundle", "missing"], "The bundle was not found"),
        ("finish_boom=1", [], "internal error: RuntimeError: the fake finish broke"),
    ],
)
def test_what_fails_in_the_engine_is_told_in_one_line(
    render: Noisefall, tmp_path: Path, prompt: str, options: list[str], said: str
) -> None:
    told = render(prompt, "--seconds", "1", "--json", *options)
    is_one_line(told)
    assert said in told.err
    assert not (tmp_path / "out").exists()


def test_info_refuses_what_is_no_clip(noisefall: Noisefall, tmp_path: Path) -> None:
    text, silent = tmp_path / "a.wav", tmp_path / "b.wav"
    text.write_text("no WAV at all, only words")
    fmt = struct.pack("<HHIIHH", 1, 2, 24_000, 96_000, 4, 16)
    silent.write_bytes(pack_riff([(b"fmt ", fmt), (b"data", bytes(4000))]))
    wrong = tmp_path / "c.wav"
    wrong.write_bytes(pack_riff([(b"fmt ", fmt), (b"nfrc", b"{"), (b"data", bytes(40))]))
    for path, said in (
        (text, "WAV"),
        (silent, "holds no recipe"),
        (wrong, "The recipe was not read"),
        (tmp_path / "none.wav", "No such file"),
        (tmp_path, "Is a directory"),
    ):
        told = noisefall("info", path)
        is_one_line(told)
        assert said in told.err
        assert told.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sing"], "invalid choice: 'sing'"),
        (["--colour"], "required: COMMAND|unrecognized|the following arguments"),
        (["render", "--bar", "3", "x"], "unrecognized arguments: --bar"),
        (["info"], "required: CLIP.wav"),
        (["bundle"], "required: ACTION"),
        (["bundle", "eat"], "invalid choice: 'eat'"),
        (["bundle", "verify"], "required: NAME"),
        (["bundle", "verify", "nothing"], "not found"),
        (["bundle", "inspect", "nothing"], "not found"),
        (["bundle", "install", "/no/such.zip"], "does not exist"),
        (["bundle", "install", __file__], "refused|not read"),
        (["bundle", "remove", "nothing"], "nothing"),
        (["devices", "more"], "unrecognized arguments: more"),
    ],
)
def test_a_bad_command_is_refused_in_one_line(
    noisefall: Noisefall, arguments: list[str], said: str
) -> None:
    told = noisefall(*arguments)
    is_one_line(told)
    assert re.search(said, told.err), told.err


def test_a_bug_is_one_line_and_a_log(
    noisefall: Noisefall, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> bytes:
        msg = "what nobody\nforesaw"
        raise LookupError(msg)

    monkeypatch.setattr(engine.cli.info, "read_wav_bytes", broken)
    told = noisefall("info", tmp_path / "x.wav")
    is_one_line(told, code=70)
    assert f"LookupError: what nobody foresaw. Report it with {log_path()}" in told.err
    log = (home / "logs" / "noisefall.log").read_text()
    assert "Traceback" in log
    assert "read_wav_bytes(path)" in log
    home.joinpath("logs", "noisefall.log").unlink()
    home.joinpath("logs").rmdir()
    home.joinpath("logs").write_text("in the way")
    is_one_line(noisefall("info", tmp_path / "x.wav"), code=70)


@settings(CALM, max_examples=60)
@given(
    arguments=st.lists(
        st.sampled_from(
            ["render", "info", "bundle", "--bpm", "--keep", "x", "-1", "1,2", "=", "--"]
        )
        | st.text(max_size=8).filter(lambda text: not text.startswith("-h")),
        max_size=5,
    )
)
def test_no_arguments_make_a_traceback(
    arguments: list[str], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = main(["render", *arguments, "--out", str(tmp_path), "--engine", "/no/such/engine"])
    out, err = capfd.readouterr()
    assert code == 2 or (code == 0 and "usage" in out)
    assert err.count("\n") == (1 if code else 0)
    assert "Traceback" not in err


@CALM
@given(st.text(max_size=40))
def test_any_stage_settings_are_read_or_refused(text: str) -> None:
    with contextlib.suppress(UserError):
        assert stage_settings("generator", text) != StageSettings()


def test_output_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.cli", "render", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        error = process.stderr.read()
        assert process.wait(20) in (0, 141)
    assert error == b""
