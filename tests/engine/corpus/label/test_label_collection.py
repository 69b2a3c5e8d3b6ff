"""A folder of audio becomes data that the trainer opens, captioned as section 3.5 says."""

import contextlib
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.corpus.label.beat import bar_start_s
from engine.corpus.label.files import audio_files, split_of_file, stretches
from engine.corpus.label.nearest import drawn, frequencies, nearest
from engine.corpus.label.part import DRAFT_NAME, VECTORS_NAME, PartJob, hear_part
from engine.corpus.label.run import PLAN_NAME, hear_here, label, plan_parts
from engine.corpus.label.vocabulary import Vocabulary, long_captions, placed, tags
from engine.errors import UserError
from engine.music.signals import GLOBALS
from engine.training.train.conditions import clip_conditions, signals_and_globals
from engine.training.train.data import CLIPS_NAME, Dataset, open_data
from engine.training.train.embed import embed_texts
from tests.engine.corpus.label.label_world import LevelEar, clicks, open_level_ear, write_collection


def vocabulary(prefix: str, count: int = 12) -> Vocabulary:
    levels = np.linspace(-1, 1, count, dtype=np.float32)
    return placed(
        [f"{prefix} {number}" for number in range(count)],
        lambda _: LevelEar().embed_text_means(levels[:, None]),
    )


def every_clip(out: Path) -> list[Dataset]:
    splits = {path.parent.name.rpartition("-")[0] for path in out.glob(f"*/{CLIPS_NAME}")}
    return [open_data(out, split) for split in sorted(splits)]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("collection")
    write_collection(folder)
    return folder


@pytest.fixture(scope="module")
def labelled(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("labelled")
    jobs = plan_parts(collection, out, seconds_per_part=20.0)
    done = label(jobs, [vocabulary("long"), vocabulary("tag")], hear_here(LevelEar()))
    assert done.finished
    assert done.clips == 5  # the long file is two
    assert len(done.skipped) == 1
    assert "broken.flac" in done.skipped[0]
    return out


def test_the_trainer_opens_it(labelled: Path) -> None:
    datasets = every_clip(labelled)
    entries = [data.clip(i)[1] for data in datasets for i in range(len(data))]
    assert len(entries) == 5
    assert len({entry.key for entry in entries}) == 5
    for data in datasets:
        for part in data.parts:
            frames = sum(clip.frames for clip in part.clips)
            assert part.arrays["mel"].shape == (frames, 160)
            assert part.arrays["audio24"].shape == (240 * frames, 2)
            assert part.mean_square > 1e-5
    for entry in entries:
        assert 180 <= entry.frames <= 3000
        long, tagged = entry.texts[:3], entry.texts[3]
        assert len(entry.texts) == 4
        assert len(set(long)) == 3
        assert all(text.startswith("long ") for text in long)
        assert tagged.count(", ") == 2
        assert entry.key_name == "Am"


def test_tempo_is_measured_and_the_clip_begins_with_a_bar(labelled: Path) -> None:
    found = [d.clip(i)[1] for d in every_clip(labelled) for i in range(len(d))]
    bpms = sorted(round(entry.bpm) for entry in found if not entry.free)
    assert bpms.count(120) >= 1
    assert bpms.count(96) >= 2
    whole = clicks(12.0, bpm=120.0, late_s=0.8)
    start_s = bar_start_s(whole, 24_000, bpm=120.0)
    assert min(abs(start_s - 0.8), abs(start_s - 2.8)) < 0.05
    assert bar_start_s(whole[:12_000], 24_000, bpm=120.0) == 0.0


def test_a_clip_without_a_tempo_tells_no_grid(tmp_path: Path) -> None:
    time_s = np.arange(24_000 * 5) / 24_000
    tone = 0.2 * np.sin(2 * np.pi * 220 * time_s)
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "tone.wav", np.stack([tone, tone], axis=1), 24_000)
    done = label(
        plan_parts(tmp_path / "in", tmp_path / "out"), [vocabulary("a"), vocabulary("b")],
        hear_here(LevelEar()),
    )  # fmt: skip
    assert done.clips == 1
    entry = every_clip(tmp_path / "out")[0].clip(0)[1]
    assert entry.free
    assert clip_conditions(entry, 100).bpm is None
    _, globals_ = signals_and_globals(entry, np.arange(10), 100)
    assert globals_[[*GLOBALS].index("bpm_present")] == 0


def test_texts_are_embedded_as_any_data(labelled: Path) -> None:
    def encode(texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [np.ones((len(text.split()), 6), np.float32) for text in texts]

    assert embed_texts(labelled, encode) == 20
    assert {data.text_width for data in every_clip(labelled)} == {6}


def test_an_interrupted_run_goes_on(collection: Path, labelled: Path, tmp_path: Path) -> None:
    jobs = plan_parts(collection, tmp_path, seconds_per_part=20.0)
    assert len(jobs) > 1
    asked = iter((False, True))
    words = [vocabulary("long"), vocabulary("tag")]
    first = label(jobs, words, hear_here(LevelEar(), stop=lambda: next(asked)))
    assert not first.finished
    assert not list(tmp_path.glob(f"*/{CLIPS_NAME}"))
    kept = next(tmp_path.glob(f"*/{DRAFT_NAME}")).stat().st_mtime_ns
    again = plan_parts(collection, tmp_path, seconds_per_part=999.0)
    assert again == jobs  # planned once
    assert label(again, words, hear_here(LevelEar())).finished
    assert kept in {path.stat().st_mtime_ns for path in tmp_path.glob(f"*/{DRAFT_NAME}")}
    texts = [
        sorted(clip.texts for data in every_clip(out) for part in data.parts for clip in part.clips)
        for out in (labelled, tmp_path)
    ]
    assert texts[0] == texts[1]  # the same dice


def test_new_files_become_new_parts(collection: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    soundfile.write(folder / "a.wav", clicks(3.0, bpm=120.0), 24_000)
    before = plan_parts(folder, tmp_path / "out")
    soundfile.write(folder / "b.wav", clicks(3.0, bpm=120.0), 24_000)
    after = plan_parts(folder, tmp_path / "out")
    assert after[: len(before)] == before
    assert sorted(name for job in after for name in job.files) == ["a.wav", "b.wav"]
    assert len({job.folder for job in after}) == len(after)


def test_what_cannot_be_used_is_said(collection: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        plan_parts(tmp_path / "none", tmp_path / "out")
    (tmp_path / PLAN_NAME).write_text('{"format": 9}')
    with pytest.raises(UserError, match="format is 9"):
        plan_parts(collection, tmp_path)
    job = PartJob(str(collection), ("short.wav", "silent.wav"), str(tmp_path / "train-0000"))
    with pytest.raises(UserError, match="two seconds of sound"):
        label([job], [vocabulary("a"), vocabulary("b")], hear_here(LevelEar()))
    (tmp_path / "train-0000" / DRAFT_NAME).write_text("[]")
    with pytest.raises(UserError, match=r"draft\.json"):
        hear_part(job, LevelEar())


def test_another_towers_vectors_are_refused(labelled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "train-0000"
    folder.mkdir()
    source = next(labelled.glob(f"*/{DRAFT_NAME}"))
    (folder / DRAFT_NAME).write_bytes(source.read_bytes())
    clips = len(json.loads(source.read_bytes())["clips"])
    np.save(folder / VECTORS_NAME, np.zeros((max(clips, 1), 9), np.float32))
    job = PartJob("", (), str(folder))
    with pytest.raises(UserError, match="another tower"):
        label([job], [vocabulary("a"), vocabulary("b")], hear_here(LevelEar()))


def test_files_are_found_and_cut(collection: Path) -> None:
    names = audio_files(collection)
    assert names == sorted(names)
    assert "cover.jpg" not in names
    assert len(names) == 7
    cut = [len(audio) for audio in stretches(collection / "long.wav")]
    assert cut == [720_000, 72_000]
    [stereo] = stretches(collection / "albums" / "ä" / "two.ogg")
    assert stereo.shape == (144_000, 2)
    assert np.array_equal(stereo[:, 0], stereo[:, 1])
    [resampled] = stretches(collection / "three.mp3")
    assert abs(len(resampled) - 144_000) < 3000


@given(data=st.binary(max_size=400), ending=st.sampled_from([".wav", ".flac", ".ogg", ".mp3"]))
def test_any_bytes_are_skipped(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, ending: str
) -> None:
    magic = {".wav": b"RIFF\x00\x01\x00\x00WAVEfmt ", ".flac": b"fLaC", ".ogg": b"OggS"}
    path = tmp_path_factory.getbasetemp() / f"any{ending}"
    path.write_bytes(magic.get(ending, b"\xff\xfb") + data)
    with contextlib.suppress(UserError):  # and nothing else
        assert all(audio.shape[1] == 2 for audio in stretches(path))


def test_the_nearest_are_the_nearest() -> None:
    rng = np.random.default_rng(3)
    clips, captions = rng.normal(size=(20, 8)), rng.normal(size=(50, 8))
    clips /= np.linalg.norm(clips, axis=1, keepdims=True)
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    found = nearest(clips.astype(np.float32), captions.astype(np.float32))
    assert np.array_equal(found, np.argsort(-clips @ captions.T, axis=1)[:, :10])
    assert frequencies(found, 50).sum() == 200
    assert nearest(clips[:0].astype(np.float32), captions.astype(np.float32)).shape == (0, 10)


def test_captions_are_drawn_against_their_frequency() -> None:
    found = np.array([3, 7], np.int64)
    frequency = np.array([0, 0, 0, 1, 0, 0, 0, 9], np.int64)
    rng = np.random.default_rng(0)
    firsts = [int(drawn(found, frequency, count=1, rng=rng)[0]) for _ in range(4000)]
    assert firsts.count(3) / 4000 == pytest.approx(0.9, abs=0.02)
    assert sorted(drawn(found, frequency, rng=rng).tolist()) == [3, 7]


def test_vocabularies_say_nothing_that_is_measured() -> None:
    captions = long_captions(30)
    assert 30 < len(captions) <= 90
    assert len(set(captions)) == len(captions)
    assert not any("bpm" in caption.lower() or "minor" in caption for caption in captions)
    assert len(tags()) > 900
    assert {"piano", "house", "sad"} <= set(tags())
    with pytest.raises(ValueError, match="no direction"):
        placed(["a"], lambda _: np.full((1, 4), np.nan, np.float32))


def test_splits_follow_the_name_alone() -> None:
    splits = [split_of_file(f"{number}.wav") for number in range(2000)]
    assert splits.count("train") / 2000 == pytest.approx(0.94, abs=0.02)
    assert split_of_file("a.wav") == split_of_file("a.wav")


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra 'ray'")
@pytest.mark.timeout(900)  # its processes take minutes to start where the cores are busy
@pytest.mark.filterwarnings("ignore")  # Ray's own, about itself
def test_ray_hears_the_same(
    collection: Path, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray: Any = importlib.import_module("ray")  # an extra
    from engine.corpus.label.ray_run import hear_with_ray  # noqa: PLC0415

    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[4])]
    environment = {"env_vars": {"PYTHONPATH": ":".join([*paths, *sys.path])}}
    ray.init(num_cpus=2, include_dashboard=False, runtime_env=environment)
    try:
        jobs = plan_parts(collection, tmp_path, seconds_per_part=20.0)
        spread = hear_with_ray(open_level_ear, tmp_path / "ear", processes=1)
        done = label(jobs, [vocabulary("long"), vocabulary("tag")], spread)
    finally:
        ray.shutdown()
    assert done.finished
    assert done.clips == 5
    for part in labelled.glob("*-*"):
        ours, theirs = (folder / VECTORS_NAME for folder in (part, tmp_path / part.name))
        assert np.array_equal(np.load(ours), np.load(theirs))
