"""Whole runs around an ear and a band without networks: figures, resuming, and the report."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import UserError
from engine.evaluation.music.heard import Asked
from engine.evaluation.music.making import jobs, made_name, run_jobs
from engine.evaluation.music.report import shown_asks, write_music_report
from engine.evaluation.music.run import Facts, Outcome, Questions, evaluate_music, questions
from engine.evaluation.music.shelf import Shelf, sound_name
from engine.recipe import Recipe
from tests.engine.evaluation.made_music import (
    FakeEar,
    FakeRenderer,
    FloatArray,
    band_of,
    fake_means,
    made_music,
    noise,
    obedient,
    song,
)

FACTS = Facts(
    bundle="tiny 1.0", sampling="draft", split="test", command="noisefall evaluate …",
    machine="a machine", ear="an ear",
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made_music(tmp_path_factory.mktemp("data"), clips=12)
    return made_music(folder, clips=12, split="validation", first=50)


@pytest.fixture(scope="module")
def asked(data: Path) -> Questions:
    return questions([data], split="test", count=10, groups=1, longest_s=4, seed=1)


def evaluated(
    asked: Questions, folder: Path, play: Any, *, bundle: str = "b" * 64, **options: Any
) -> Outcome | None:
    band = band_of(play, bundle=bundle)
    return evaluate_music(
        FACTS, asked, band=band, ear=FakeEar(), means=fake_means, folder=folder, **options
    )


@pytest.fixture(scope="module")
def good(
    asked: Questions, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, Path]:  # fmt: skip
    folder = tmp_path_factory.mktemp("good")
    outcome = evaluated(asked, folder, obedient)
    assert outcome is not None
    return outcome, folder


def test_a_band_that_plays_what_is_asked_meets_its_targets(good: tuple[Outcome, Path]) -> None:
    table = {row.name: row for row in good[0].table}
    assert table["tempo"].made.value == 1
    assert table["tempo"].met is True
    assert table["beat_phase"].made.value < 6
    assert table["genre"].real == 1
    assert table["genre"].made.value > 0.8
    assert table["seam"].made.clips == 10
    assert table["seam"].made.value >= 0.9
    assert table["similarity"].real == pytest.approx(1)
    assert table["similarity"].met is True
    assert table["key"].made.clips == sum(
        ask.clip.entry.key_name is not None for ask in good[0].judged.asks
    )
    assert table["diversity"].made.value > 0
    # the vocoder is silent, so its ceiling is the floor
    assert table["tempo"].vocoded == 0
    assert table["key"].vocoded == 0
    assert table["beat_phase"].vocoded == 250


def test_noise_meets_none_of_them(
    asked: Questions, good: tuple[Outcome, Path], tmp_path: Path
) -> None:
    shutil.copytree(good[1] / "sounds", tmp_path / "sounds")  # the real ones are there
    outcome = evaluated(asked, tmp_path, noise, bundle="c" * 64)
    assert outcome is not None
    table = {row.name: row for row in outcome.table}
    for name in ("tempo", "beat_phase", "key", "genre", "similarity", "two_sample"):
        assert table[name].met is False, (name, table[name])
    assert table["two_sample"].made.value > 0.95
    assert table["tempo"].real == 1
    assert table["frechet"].made.value > 10 * abs(table["frechet"].real)
    assert math.isnan(table["instrument"].made.value)  # the ear knows no instruments
    assert table["instrument"].met is None


def test_a_run_that_was_stopped_goes_on_where_it_stopped(
    asked: Questions, data: Path, tmp_path: Path
) -> None:
    band = band_of(noise)
    assert isinstance(band.renderer, FakeRenderer)
    needed, shelf = jobs(asked.asks[:4], (), band), Shelf(tmp_path)
    seen: list[tuple[int, int, float | None]] = []
    assert not run_jobs(
        needed, shelf, say=lambda *line: seen.append(line), stop=lambda: len(seen) > 4
    )
    before = len(band.renderer.asked)
    assert 0 < before < 4
    assert [done for done, _, _ in seen] == [0, 1, 2, 3, 4]
    assert seen[0][2] is None
    assert all(left is not None and left >= 0 for _, _, left in seen[1:])
    assert run_jobs(needed, shelf, say=lambda *_: None)
    recipes = band.renderer.asked
    assert len(recipes) == len(set(recipes)) == 4
    assert run_jobs(needed, shelf, say=lambda *_: None)
    assert len(band.renderer.asked) == 4
    other = band_of(noise, bundle="c" * 64)
    assert not shelf.has(made_name(asked.asks[0], other))  # another bundle's sounds are others


def test_another_composers_sounds_are_others(
    asked: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    band = band_of(noise)
    before = {name for job in jobs(asked.asks[:1], asked.groups, band) for name in job.names}
    monkeypatch.setattr("engine.evaluation.music.making.COMPOSER_VERSION", 0)
    now = {name for job in jobs(asked.asks[:1], asked.groups, band) for name in job.names}
    assert {name.split("-")[0] for name in before - now} == {"made"}
    assert not any(name.startswith("made") for name in before & now)


def test_a_stop_inside_a_render_keeps_nothing_of_it(asked: Questions, tmp_path: Path) -> None:
    pressed: list[bool] = []

    def press(recipe: Recipe, take: int) -> FloatArray:
        pressed.append(True)
        return noise(recipe, take)

    outcome = evaluated(asked, tmp_path, press, stop=lambda: bool(pressed))
    assert outcome is None
    assert len(pressed) == 1
    assert list((tmp_path / "sounds").iterdir()) == []


def test_a_sound_is_kept_whole_with_what_was_heard(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new" / "shelf")
    name = sound_name("made", "0001-R&B / soul", "recipe", 3)
    assert name.startswith("made-0001-R-B-soul-")
    assert name != sound_name("made", "0001-R&B / soul", "recipe", 4)
    loud = 3 * song("house", 2)[: 2 * 16_000]
    assert not shelf.has(name)
    shelf.put(name, loud, Asked(bpm=120))
    assert shelf.has(name)
    assert shelf.mel(name).shape == (160, 200)
    assert shelf.mel(name)[:80].max() < 1  # made quieter, not cut off
    path = shelf.folder / f"{name}.json"
    path.write_bytes(path.read_bytes().replace(b'"version":2', b'"version":0'))
    assert not shelf.has(name)  # heard again
    path.write_bytes(b"{")
    assert not shelf.has(name)
    (shelf.folder / f"{name}.npy").write_bytes(b"no array")
    with pytest.raises(UserError, match="was not read"):
        shelf.mel(name)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="were not kept"):
        Shelf(tmp_path / "file")


def test_the_report_is_one_page_a_table_and_every_figure(good: tuple[Outcome, Path]) -> None:
    outcome, folder = good
    write_music_report(outcome, band_of(obedient), folder)
    results = json.loads((folder / "results.json").read_bytes())
    assert len(results["prompts"]) == 10
    assert {row["name"] for row in results["rows"]} >= {"tempo", "frechet", "two_sample", "seam"}
    assert results["prompts"][0]["figures"]["tempo"] == {"made": 1, "real": 1, "vocoded": 0}
    assert results["captions"][0]["clips"] == len(outcome.questions.groups[0].clips)
    assert next(row for row in results["rows"] if row["name"] == "instrument")["met"] is None
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(shown_asks(outcome.judged.asks)) == 10
    assert "https:" not in page
    assert "<script" not in page
    assert '<td class="yes">yes</td>' in page
    for link in page.split('href="')[1:]:
        assert (folder / link.partition('"')[0]).is_file()
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "| ≥ 95 % |" in text
    assert "| ≤ 15.0 ms |" in text
    assert "≥ 80 % of the ceiling" in text
    assert "noisefall evaluate …" in text
    assert "not comparable" in text
    assert len(list((folder / "mels").glob("*.png"))) == 10


def test_an_unwritable_report_is_told(good: tuple[Outcome, Path]) -> None:
    outcome, folder = good
    (folder / "results.json").unlink(missing_ok=True)
    (folder / "results.json").mkdir()
    with pytest.raises(UserError, match="The report was not written"):
        write_music_report(outcome, band_of(obedient), folder)
    (folder / "results.json").rmdir()


def test_prompts_are_escaped(asked: Questions, tmp_path: Path) -> None:
    from dataclasses import replace  # noqa: PLC0415

    strange = replace(asked.asks[0], prompt='<script>"&')
    few = Questions(asks=(strange, *asked.asks[1:3]))
    outcome = evaluated(few, tmp_path, noise)
    assert outcome is not None
    write_music_report(outcome, band_of(noise), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;&quot;&amp;" in page
    assert "<script" not in page
    table = {row.name: row for row in outcome.table}
    assert math.isnan(table["frechet"].made.value)  # too few clips for any of them
    assert math.isnan(table["two_sample"].real)
    assert math.isnan(table["diversity"].made.value)


def test_questions_need_clips_that_are_short_enough(data: Path) -> None:
    with pytest.raises(UserError, match="has a bar of 1 s or less"):
        questions([data], split="test", count=3, groups=0, longest_s=1, seed=0)
    alone = questions([data], split="validation", count=3, groups=0, longest_s=4, seed=0)
    assert alone.others == ()  # there is no split beside it but the test's
    assert len(questions([data], split="test", count=3, groups=0, longest_s=4, seed=0).others) == 3


def test_one_clip_of_each_genre_is_shown_before_a_second(asked: Questions) -> None:
    few = shown_asks([ask for ask in asked.asks if ask.number < 3] * 20)
    assert len(few) == 30
    assert [ask.genre for ask in few] == sorted(ask.genre for ask in few)
    assert np.unique([ask.genre for ask in few]).size == len({a.genre for a in asked.asks[:3]})
