"""`noisefall corpus`: what it says, and what it refuses."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.corpus.store import make
from engine.corpus.store.make import Progress, Settings, Summary
from tests.engine.corpus.store.plain_renderer import HERE, Plain

Noisefall = Callable[..., Any]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Corpora are made in this process, without SoundFonts."""
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "FluidR3_GM.sf2").write_bytes(b"RIFF")
    monkeypatch.setenv("NOISEFALL_SOUNDFONTS", str(tmp_path / "fonts"))
    Plain.played.clear()
    really = make.make_corpus

    def quick(settings: Settings, **others: Any) -> Summary:
        return really(
            replace(settings, renderer=f"{HERE}:Plain", workers=settings.workers or 0), **others
        )

    monkeypatch.setattr(make, "make_corpus", quick)


@pytest.mark.usefixtures("plain")
def test_a_corpus_is_made_finished_checked_and_shown(noisefall: Noisefall, tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    made = noisefall("corpus", "make", "--hours", "0.02", "--out", out, "--seed", "4")
    assert made.code == 0, made.err
    assert "× real time per core" in made.out
    assert "CPU seconds and" in made.out
    assert "train" in made.out
    assert "rendering 100%" in made.err or "rendering" in made.err
    again = noisefall("corpus", "make", "--hours", "0.02", "--out", out, "--seed", "4")
    assert again.code == 0
    assert "0 shards made" in again.out
    told = noisefall("corpus", "check", out, "--clips", "1", "--workers", "0")
    assert told.code == 1  # a plain tone has neither the loudness nor the tempo
    assert "FAILED loudness" in told.out
    shown = noisefall("corpus", "sheet", out, "--out", tmp_path / "sheet.html")
    assert shown.code == 0
    assert (tmp_path / "sheet.html").stat().st_size > 10_000


@pytest.mark.usefixtures("plain")
def test_ctrl_c_stops_between_clips_and_can_be_continued(
    noisefall: Noisefall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = make.make_corpus

    def pressed(settings: Settings, **others: Any) -> Summary:
        show = others.pop("on_progress")

        def then_press(progress: Progress) -> None:
            show(progress)
            if progress.phase == "rendering" and progress.done > 0:
                os.kill(os.getpid(), signal.SIGINT)

        return quick(settings, on_progress=then_press, **others)

    arguments = ("corpus", "make", "--hours", "0.05", "--out", tmp_path / "corpus")
    with monkeypatch.context() as patched:
        patched.setattr(make, "make_corpus", pressed)
        stopped = noisefall(*arguments)
    assert stopped.code == 130
    assert "The same command continues" in stopped.out
    assert "Traceback" not in stopped.err
    assert not list((tmp_path / "corpus").glob(".*"))
    assert noisefall(*arguments).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("make", "--hours", "0", "--out", "x"), "--hours 0 is not in"),
        (("make", "--hours", "nan", "--out", "x"), "--hours nan is not in"),
        (("make", "--hours", "many", "--out", "x"), "many"),
        (("make", "--out", "x"), "--hours"),
        (("make", "--hours", "9999", "--out", "x"), "GB"),
        (("make", "--hours", "1", "--out", "x", "--workers", "-3"), "--workers -3"),
        (("check", "x"), "holds no corpus"),
        (("sheet", "x"), "holds no corpus"),
        (("sing",), "sing"),
    ],
)
@pytest.mark.usefixtures("plain")
def test_what_cannot_be_done_is_one_line(
    noisefall: Noisefall,
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    usage = type("Usage", (), {"free": 10**12})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    told = noisefall("corpus", *arguments)
    assert told.code == 2
    assert said in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_nothing_to_render_with_is_told(
    noisefall: Noisefall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOISEFALL_SOUNDFONTS", raising=False)
    monkeypatch.setattr("engine.corpus.render.soundfonts._USUAL_FOLDERS", ())
    told = noisefall("corpus", "make", "--hours", "1", "--out", tmp_path / "corpus")
    assert told.code == 2
    assert "SoundFont" in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "corpus").exists()
