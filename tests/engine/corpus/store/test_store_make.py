"""Making a corpus: whole, repeatable, resumable, and never twice."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.audio.mel import stereo_mel
from engine.composer import compose
from engine.corpus.annotate import annotate
from engine.corpus.captions import describe
from engine.corpus.store import clips
from engine.corpus.store.layout import MEL, Plan, load
from engine.corpus.store.make import Progress, Settings, make_corpus
from engine.corpus.store.seeds import clip_seed
from engine.errors import UserError
from engine.music.midi import midi_bytes, score_to_midi
from tests.engine.corpus.store.plain_renderer import HERE, Plain

Asked = Callable[..., Settings]
ROOT = Path(__file__).parents[4]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def shards_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.tar"))


def test_a_corpus_holds_what_was_composed_and_rendered(asked: Asked) -> None:
    steps: list[Progress] = []
    summary = make_corpus(asked(), on_progress=steps.append)
    assert summary.finished
    assert summary.plan is not None
    assert 180 <= summary.plan.seconds < 211  # 0.05 h and less than a clip more
    assert summary.made == len(summary.plan.shards) == len(shards_of(asked().folder)) >= 3
    stored = list(clips(asked().folder))
    rendered_s = sum(len(clip.audio()) for clip in stored) / 24_000
    assert rendered_s == pytest.approx(summary.audio_s, abs=1e-6)
    for clip in stored:
        score = compose(clip_seed(3, clip.info.number))
        rendering = Plain().render(score)
        assert clip.annotations == annotate(score)
        assert clip.captions == describe(annotate(score), score.seed)
        assert clip.file("mid") == midi_bytes(score_to_midi(score))
        np.testing.assert_allclose(clip.audio(), rendering.audio_24k, atol=0.501 / 32768)
        mel = stereo_mel(rendering.audio_16k, MEL, circular=score.loop)
        assert clip.mel().shape == mel.shape == (160, clip.info.frames)
        assert clip.mel().dtype == np.float16
        np.testing.assert_allclose(clip.mel(), mel, atol=2**-11)
    assert {step.phase for step in steps} == {"planning", "checking", "rendering"}
    assert steps[-1].done == pytest.approx(Plain.share * steps[-1].total, rel=1e-3)
    assert steps[-1].cpu_s > 0


def test_the_same_seed_gives_the_same_bytes_however_many_work(
    asked: Asked, finished: Path, tmp_path: Path
) -> None:
    summary = make_corpus(asked(folder=tmp_path / "other", workers=2))
    assert contents(finished) == contents(tmp_path / "other")
    assert summary.cpu_s > 0.3  # counted in the processes, their start included
    assert summary.audio_s > 18


def test_what_is_finished_is_not_made_again(asked: Asked, finished: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.iterdir()}
    summary = make_corpus(asked())
    assert (summary.made, summary.kept, summary.faults) == (0, len(shards_of(asked().folder)), ())
    assert Plain.played == []
    assert before == {path: path.stat().st_mtime_ns for path in asked().folder.iterdir()}


def _truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x10
    path.write_bytes(data)


def _sidecar_cut(path: Path) -> None:
    sidecar = path.with_suffix(".json")
    sidecar.write_bytes(sidecar.read_bytes()[:-9])


def _sidecar_gone(path: Path) -> None:
    path.with_suffix(".json").unlink()


def _swapped(path: Path) -> None:
    """The next shard's files under this one's name."""
    following = path.with_name("train-00002.tar")
    for suffix in (".tar", ".json"):
        path.with_suffix(suffix).write_bytes(following.with_suffix(suffix).read_bytes())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_truncated, "bytes, not"),
        (_flipped, "SHA-256"),
        (_sidecar_cut, "train-00001.json"),
        (_sidecar_gone, "train-00001.json is missing"),
        (_swapped, "another plan"),
    ],
)
def test_only_a_damaged_shard_is_made_again(
    asked: Asked, finished: Path, damage: Callable[[Path], None], said: str
) -> None:
    whole = contents(finished)
    path = asked().folder / "train-00001.tar"
    damage(path)
    summary = make_corpus(asked())
    assert (summary.made, summary.kept) == (1, len(shards_of(asked().folder)) - 1)
    assert said in summary.faults[0]
    plan = load(asked().folder / "corpus.json", Plan)
    clips_of_it = next(shard for shard in plan.shards if shard.name == "train-00001").clips
    assert Plain.played == [clip_seed(3, number) for number in clips_of_it]
    assert contents(asked().folder) == whole


def test_a_missing_tar_is_made_again(asked: Asked, finished: Path) -> None:
    whole = contents(asked().folder)
    (finished / "train-00000.tar").unlink()
    assert make_corpus(asked()).made == 1
    assert contents(asked().folder) == whole


def test_a_stopped_run_leaves_whole_shards_and_continues(asked: Asked) -> None:
    summary = make_corpus(asked(), stop=lambda: len(Plain.played) >= 4)
    assert not summary.finished
    left = sorted(path.name for path in asked().folder.iterdir())
    assert all(name.startswith(("train", "validation", "test", "corpus")) for name in left)
    assert 1 <= summary.made == len(shards_of(asked().folder))
    assert len(Plain.played) == 4
    with pytest.raises(UserError, match="noisefall corpus make"):
        list(clips(asked().folder))
    rest = make_corpus(asked())
    assert rest.finished
    assert rest.kept == summary.made
    assert len(set(Plain.played)) == len(list(clips(asked().folder)))


def test_a_killed_run_is_finished_by_the_same_command(asked: Asked, finished: Path) -> None:
    undisturbed = contents(finished)
    shutil.rmtree(finished)
    script = f"""
from pathlib import Path
from engine.corpus.store.layout import Versions
from engine.corpus.store.make import Settings, make_corpus
if __name__ == "__main__":
    make_corpus(Settings(hours=0.05, folder=Path({str(asked().folder)!r}), seed=3, workers=0,
        seconds_per_shard=40.0, renderer="{HERE}:Slow",
        versions=Versions(format=1, code="test", soundfonts={{}})))
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    deadline = time.monotonic() + 120
    while not (asked().folder / "train-00000.json").exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    assert (asked().folder / ".making").exists()
    summary = make_corpus(asked())
    assert summary.finished
    assert summary.kept >= 1
    assert summary.made >= 1
    assert contents(asked().folder) == undisturbed


def test_more_hours_go_on_where_it_ended(asked: Asked, finished: Path) -> None:
    first = load(finished / "corpus.json", Plan)
    second = make_corpus(asked(hours=0.08, seconds_per_shard=None))
    assert second.plan is not None
    assert second.plan.seconds >= 0.08 * 3600
    splits = {shard.split for shard in first.shards}
    assert second.kept >= len(first.shards) - len(splits)  # their last ones grew
    assert len(list(clips(asked().folder))) == sum(len(s.clips) for s in second.plan.shards)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 4}, "another seed (seed 3, not 4)"),
        ({"stems": True}, "another stems"),
        ({"hours": 0.01}, "0.05 hours"),
        ({"seconds_per_shard": 50.0}, "another seconds per shard"),
        ({"versions": None}, "another version"),
    ],
)
def test_another_corpus_is_not_overwritten(
    asked: Asked,
    finished: Path,
    changes: dict[str, Any],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fonts = finished.parent
    (fonts / "FluidR3_GM.sf2").write_bytes(b"RIFF")
    monkeypatch.setenv("NOISEFALL_SOUNDFONTS", str(fonts))
    whole = contents(finished)
    with pytest.raises(UserError) as told:
        make_corpus(asked(**changes))
    assert said in str(told.value)
    assert contents(finished) == whole


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": 0.0}, {"hours": -1.0}, {"hours": float("nan")}, {"hours": 1e9}, {"seed": -1},
        {"workers": -1}, {"seconds_per_shard": 0.0},
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_refused(asked: Asked, changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="is not in"):
        make_corpus(asked(**changes))
    assert not asked().folder.exists()


def test_foreign_folders_are_refused(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(UserError, match="not empty and holds no corpus"):
        make_corpus(asked(folder=tmp_path))
    with pytest.raises(UserError, match="is a file"):
        make_corpus(asked(folder=tmp_path / "photo.jpg"))
    with pytest.raises(UserError, match="cannot be written"):
        make_corpus(asked(folder=tmp_path / "photo.jpg" / "corpus"))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "corpus.json").write_text("{")
    with pytest.raises(UserError, match=r"corpus\.json"):
        make_corpus(asked(folder=tmp_path / "torn"))


def test_too_little_disk_is_told_before_anything_is_made(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 10_000_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"has 10\.0 GB free, and 100 hours need 35\.2 GB"):
        make_corpus(asked(hours=100))
    with pytest.raises(UserError, match=r"100 hours with stems need 83\.6 GB"):
        make_corpus(asked(hours=100, stems=True))
    assert not asked().folder.exists()


def test_a_disk_that_fills_up_leaves_whole_shards(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def full(handle: int) -> None:
        if len(Plain.played) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="No space left"):
        make_corpus(asked())
    monkeypatch.undo()
    assert not list(asked().folder.glob(".*"))
    assert make_corpus(asked()).kept >= 1


def test_one_process_at_a_time(asked: Asked) -> None:
    asked().folder.mkdir()
    lock = asked().folder / ".making"
    lock.write_text(str(os.getppid()))
    with pytest.raises(UserError, match="is making the corpus"):
        make_corpus(asked())
    lock.write_text("999999999")
    assert make_corpus(asked()).finished
    assert not lock.exists()


def test_a_bug_in_a_clip_names_the_clip(asked: Asked) -> None:
    with pytest.raises(ValueError, match="no such instrument") as told:
        make_corpus(asked(renderer=f"{HERE}:Failing"))
    assert f"composition seed {Plain.played[-1]}" in told.value.__notes__[0]
    assert not list(asked().folder.glob(".*"))


def test_the_plan_is_plain_json(finished: Path) -> None:
    plan = json.loads((finished / "corpus.json").read_text())
    assert plan["seed"] == 3
    assert msgspec.convert(plan, Plan) == load(finished / "corpus.json", Plan)
