import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import engine
from engine.audio.read import read_audio
from engine.audio.wav import parse_wav
from engine.cli.ask import read_prompt
from engine.recipe import from_json, sample_count
from engine.worker.handoff import HandOff, handed_off

Noisefall = Callable[..., Any]


def opts(text: str) -> list[str]:
    """Options as they are typed."""
    return text.split()


def clips(tmp_path: Path) -> list[Path]:
    """Everything in the output folder: clips, and nothing half-written beside them."""
    found = sorted((tmp_path / "out").iterdir())
    assert all(path.suffix == ".wav" for path in found), found
    return found


def events(told: Any, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in told.out.splitlines()]
    return [line for line in lines if line["event"] == kind]


def test_without_arguments_there_is_help_and_an_example(noisefall: Noisefall) -> None:
    told = noisefall()
    assert told.code == 0
    assert 'noisefall render "' in told.out
    for command in ("render", "bundle", "devices", "info", "bench"):
        assert f"noisefall {command}" in told.out
    assert noisefall("--version").out == f"noisefall {engine.__version__}\n"
    assert "CLIP.wav" in noisefall("render", "--help").out


def test_a_render_writes_clips_that_say_what_they_are(render: Noisefall, tmp_path: Path) -> None:
    told = render(
        "slow lo-fi guitar",
        *opts("--bpm 72.5 --key Am --bars 2 --loop --takes 2 --seed 5"),
    )
    assert told.code == 0
    first, second = clips(tmp_path)
    assert first.name == "slow-lofi-guitar_72.5bpm_Am_loop_take1.wav"
    assert second.name == "slow-lofi-guitar_72.5bpm_Am_loop_take2.wav"
    assert told.out.splitlines()[0] == "seed 5"
    assert str(first) in told.out
    for fact in (
        "6.62 s at 24 kHz",
        "tempo asked 72.5 BPM, measured 72.5 BPM",
        "key asked Am, measured Am",
        "-16.0 LUFS",
        "-1.2 dBTP",
        "seam 0.80",
        "× real time",
    ):
        assert fact in told.out
    assert told.out.splitlines()[-1].startswith("2 clips, 13.2 s of audio in ")
    assert "generator 4/4" in told.err
    assert "super-resolution 2/2" in told.err
    assert "a remark" in told.err
    wav = parse_wav(second.read_bytes())
    recipe = from_json(wav.recipe or b"")
    assert (recipe.seed, recipe.takes, recipe.first_take) == (5, 1, 2)
    assert wav.frames == sample_count(recipe, 24_000)


def test_the_same_command_twice_overwrites_nothing(render: Noisefall, tmp_path: Path) -> None:
    for _ in range(2):
        assert render("tone", "--seconds", "0.5", "--seed", "1").code == 0
    assert [path.name for path in clips(tmp_path)] == ["tone_take1-2.wav", "tone_take1.wav"]


def test_json_lines_tell_all(render: Noisefall, tmp_path: Path) -> None:
    told = render("tone at 90 bpm in A minor", *opts("--bars 1 --takes 3 --keep 1,3 --json"))
    assert told.code == 0
    assert told.err == ""
    [asked] = events(told, "recipe")
    assert asked["recipe"]["bpm"] == 90.0
    assert asked["recipe"]["key"] == "Am"
    assert asked["notes"] == ["from the prompt: 90 BPM", "from the prompt: key Am"]
    progress = events(told, "progress")
    assert [p["eta_s"] for p in progress if p["stage"] == "generator"] == [3.0, 2.0, 1.0, 0.0]
    written = events(told, "clip")
    assert [clip["take"] for clip in written] == [1, 3]
    assert written[0]["asked"] == {"bpm": 90.0, "key": "Am"}
    assert written[0]["measured"]["bpm"] == 72.5
    assert written[0]["realtime_factor"] == pytest.approx(
        written[0]["audio_s"] / written[0]["seconds"]
    )
    [done] = events(told, "done")
    assert sorted(done["files"]) == [str(path) for path in clips(tmp_path)]


def test_options_override_the_words_and_the_conflict_is_told(render: Noisefall) -> None:
    told = render("tone at 90 bpm", *opts("--bpm 100 --bars 1 --json"))
    [asked] = events(told, "recipe")
    assert asked["recipe"]["bpm"] == 100.0
    assert asked["notes"] == ["the prompt says 90 BPM, the tempo knob 100 BPM"]
    assert read_prompt("at 999 bpm in A minor").bpm is None


def test_takes_without_finishing_are_16_khz_files(render: Noisefall, tmp_path: Path) -> None:
    told = render("tone", *opts("--seconds 1 --takes 2 --no-finish --bits 16 --json"))
    assert told.code == 0
    assert events(told, "clip") == []
    assert [take["rate_hz"] for take in events(told, "take")] == [16_000, 16_000]
    first, _ = clips(tmp_path)
    assert first.name == "tone_take1_draft.wav"
    wav = parse_wav(first.read_bytes())
    assert (wav.format.rate_hz, wav.format.bits, wav.frames) == (16_000, 16, 16_000)
    assert wav.recipe


@pytest.mark.parametrize(
    ("rate_hz", "bits", "stored_bits"), [(44_100, "16", 16), (48_000, "float", 32)]
)
def test_a_loop_is_handed_off_with_its_exact_length_and_no_click(
    render: Noisefall, tmp_path: Path, rate_hz: int, bits: str, stored_bits: int
) -> None:
    # 110 Hz in one bar of 60 BPM: 440 whole periods, so the loop has no seam to begin with
    told = render("tone", *opts(f"--bpm 60 --bars 1 --loop --rate {rate_hz} --bits {bits} --json"))
    assert told.code == 0
    assert events(told, "clip")[0]["rate_hz"] == rate_hz
    [clip] = clips(tmp_path)
    data = clip.read_bytes()
    wav = parse_wav(data)
    assert (wav.format.rate_hz, wav.format.bits) == (rate_hz, stored_bits)
    assert wav.frames == 4 * rate_hz
    assert wav.smpl_loops == ((0, 4 * rate_hz - 1),)
    audio, _ = read_audio(data)
    exact = 0.25 * np.sin(2 * np.pi * 110 * np.arange(4 * rate_hz) / rate_hz)
    assert np.abs(audio[:, 0] - exact).max() < (8e-5 if bits == "16" else 1e-6)


def test_the_master_is_handed_off_byte_for_byte(render: Noisefall, tmp_path: Path) -> None:
    render("tone", "--seconds", "0.5")
    data = clips(tmp_path)[0].read_bytes()
    recipe = from_json(parse_wav(data).recipe or b"")
    assert handed_off(memoryview(data), recipe, HandOff()) == data
    sixteen = HandOff(bit_depth="16")
    assert handed_off(data, recipe, sixteen) == handed_off(data, recipe, sixteen)


def test_a_clip_is_repeated_and_options_override(render: Noisefall, tmp_path: Path) -> None:
    settings = ["--generator", "steps=7,guidance=4", "--loudness", "off"]
    render("tone", *opts("--bpm 90 --bars 1 --loop --takes 2 --seed 9"), *settings)
    second = clips(tmp_path)[1]
    again = render("--from", second, "--json")
    assert again.code == 0
    [repeated] = events(again, "recipe")
    assert repeated["recipe"] == json.loads(parse_wav(second.read_bytes()).recipe or b"")
    assert clips(tmp_path)[2].read_bytes() == clips(tmp_path)[1].read_bytes()
    changed = render(
        "--from",
        second,
        *[
            "--generator",
            "steps=3",
            "--seconds",
            "1",
            "--no-loop",
            "--seed",
            "10",
            "--loudness",
            "-14",
            "--bundle",
            "b",
        ],
        "--json",
    )
    [recipe] = events(changed, "recipe")
    assert recipe["recipe"]["generator"] == {"steps": 3, "guidance": 4.0}
    assert recipe["recipe"]["seed"] == 10
    assert recipe["recipe"]["loudness_lufs"] == -14.0
    for default in ("bars", "loop", "first_take", "bundle"):
        assert default not in recipe["recipe"]


def test_info_prints_the_recipe(render: Noisefall, noisefall: Noisefall, tmp_path: Path) -> None:
    render("tone", *opts("--bpm 90 --key F#m --bars 1 --loop --seed 9"))
    [clip] = clips(tmp_path)
    told = noisefall("info", clip)
    assert told.code == 0
    for fact in ("24000 Hz, 24 bit", "90 BPM, 4 beats of 4/4, root F#", "loop from 0 to 63999"):
        assert fact in told.out
    assert "  seed: 9\n" in told.out
    facts = json.loads(noisefall("info", clip, "--json").out)
    assert facts["recipe"]["key"] == "F#m"
    assert facts["acid"]["beats"] == 4


def test_devices_are_listed_through_the_engine(noisefall: Noisefall, fake_engine: str) -> None:
    told = noisefall("devices", "--engine", fake_engine, "--device", "cpu")
    assert told.code == 0
    assert told.out.splitlines() == [
        "* Fake cpu (FakeExecutionProvider, 1.0 GiB) usable",
        "2 CPU threads",
    ]
    assert json.loads(noisefall("devices", "--engine", fake_engine, "--json").out)["threads"] == 2


def test_no_bundles_are_an_empty_list(noisefall: Noisefall) -> None:
    told = noisefall("bundle", "list")
    assert told.code == 0
    assert "No bundle is installed" in told.out


# ── death and interruption ────────────────────────────────────────────────────────────────


def test_an_engine_killed_in_mid_render_leaves_the_earlier_clips(
    render: Noisefall, tmp_path: Path
) -> None:
    told = render("die_on_finish=2", *opts("--seconds 1 --takes 3"))
    assert told.code == 2
    last = told.err.splitlines()[-1]
    assert last.startswith("noisefall: The engine ended during the render: the engine ended")
    assert "killed by SIGKILL" in last
    assert last.endswith("Files written before and complete: 1. Run the command again.")
    assert sum(line.startswith("noisefall: ") for line in told.err.splitlines()) == 1
    [clip] = clips(tmp_path)
    audio, rate_hz = read_audio(clip.read_bytes())
    assert (audio.shape, rate_hz) == ((24_000, 2), 24_000)


def interrupted(
    tmp_path: Path, fake_engine: str, prompt: str, after: str
) -> tuple[int, str, float]:
    """Run a render in a process of its own, press Ctrl-C after a line that holds `after`."""
    command = [sys.executable, "-m", "engine.cli", "render", prompt]
    command += ["--seconds", "1", "--takes", "2", "--json", "--out", str(tmp_path / "out")]
    command += ["--engine", fake_engine]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            if after in line.decode():
                break
        children = psutil.Process(process.pid).children()
        assert len(children) == 1
        process.send_signal(signal.SIGINT)
        started_s = time.monotonic()
        code = process.wait(20)
        waited_s = time.monotonic() - started_s
        error = process.stderr.read().decode()
    assert not any(child.is_running() for child in children)
    return code, error, waited_s


def test_ctrl_c_while_rendering_cancels_and_leaves_nothing(
    tmp_path: Path, fake_engine: str
) -> None:
    code, error, waited_s = interrupted(
        tmp_path, fake_engine, "steps=2 step_ms=30000", '"stage":"text"'
    )
    assert code == 130
    assert "Traceback" not in error
    assert waited_s < 10
    assert not (tmp_path / "out").exists()


def test_ctrl_c_while_finishing_keeps_the_complete_clips(tmp_path: Path, fake_engine: str) -> None:
    code, error, _ = interrupted(tmp_path, fake_engine, "finish_ms=700", '"event":"clip"')
    assert code == 130
    assert "Traceback" not in error
    [clip] = clips(tmp_path)
    assert read_audio(clip.read_bytes())[0].shape == (24_000, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_one_bar_per_stage(tmp_path: Path, fake_engine: str) -> None:
    import termios  # noqa: PLC0415 - not on Windows

    main_end, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    command = [sys.executable, "-m", "engine.cli", "render", "tone", "--seconds", "1"]
    command += ["--out", str(tmp_path / "out"), "--engine", fake_engine]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        try:
            while data := os.read(main_end, 65536):
                shown += data
        except OSError:  # the terminal is gone with its process
            pass
        assert process.wait(20) == 0
    os.close(main_end)
    text = shown.decode()
    for stage, count in (("text", "1/1"), ("generator", "4/4"), ("super-resolution", "2/2")):
        assert stage in text
        assert count in text
    assert "█" in text


def test_the_fake_engine_is_called_as_a_user_would(fake_engine: str) -> None:
    assert shlex.split(fake_engine)[-1] == "serve"
