"""A whole run around stages that need no bundle, and the report of it."""

import json
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.evaluation.clips import held_out
from engine.evaluation.evaluate import Facts, evaluate, report_markdown, write_report
from engine.evaluation.pictures import LIMIT_BYTES
from engine.evaluation.stages import SPEED, TASKS, StageChoice
from engine.recipe import StageSettings
from tests.engine.evaluation.made_data import FakeStages, FloatArray, made_data


def facts(stage: StageChoice) -> Facts:
    return Facts(
        stage=stage, bundle="tiny 1.0", preset="draft", settings=StageSettings(steps=2),
        split="test", command="noisefall evaluate …", machine="a machine",
    )  # fmt: skip


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_data(tmp_path_factory.mktemp("data"), clips=3)


def test_a_vocoder_is_measured_beside_griffin_and_lim(data: Path, tmp_path: Path) -> None:
    stages = FakeStages()
    seen: list[tuple[int, int]] = []
    clips = held_out([data], "test", 64, arrays=TASKS["vocoder"].arrays)
    outcome = evaluate(
        facts("vocoder"),
        clips,
        stages,
        pictures=True,
        say=lambda done, of: seen.append((done, of)),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert stages.asked == [("draft", StageSettings(steps=2))] * 4  # the first opens the network
    for clip in outcome.clips:
        ours, other = clip.figures["vocoder"], clip.figures["Griffin-Lim 60"]
        assert ours["log_mel_error_db"] > other["log_mel_error_db"] > 0  # 2 iterations, and 60
        assert other["chroma_cosine"] > 0.9
        fast = clip.figures["fast Griffin-Lim 60"]
        assert fast["log_mel_error_db"] != other["log_mel_error_db"]
        assert ours["real_time_factor"] == pytest.approx(30 / ours["seconds_for_30"])
    write_report(outcome, tmp_path / "report")
    report = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert report["settings"] == {"steps": 2}
    assert [clip["genre"] for clip in report["clips"]] == [clip.genre for clip in clips]
    assert report["means"]["vocoder"]["onset_f1"]["clips"] == 3
    assert len(report["measures"]) == len(TASKS["vocoder"].measures) + len(SPEED)
    pictures = sorted((tmp_path / "report").glob("*.png"))
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.read_bytes()[:4] == b"\x89PNG"
        assert picture.stat().st_size < LIMIT_BYTES


def test_super_resolution_is_measured_beside_a_resampler(data: Path) -> None:
    clips = held_out([data], "test", 2, arrays=TASKS["super-resolution"].arrays)
    outcome = evaluate(facts("super-resolution"), clips, FakeStages())
    for clip in outcome.clips:
        for figures in clip.figures.values():
            assert figures["lsd_8_12_db"] > 10
            assert figures["lsd_below_7500_db"] < 2
            assert figures["null_below_7500_db"] < -60
    assert not outcome.pictures
    text = report_markdown(outcome)
    assert "| log-spectral distance 8–12 kHz, dB ↓ |" in text
    assert "noisefall evaluate …" in text
    assert "a machine" in text


def test_a_stage_that_makes_another_length_is_a_bug(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(self: FakeStages, audio: FloatArray, **_: object) -> FloatArray:
        return audio

    monkeypatch.setattr(FakeStages, "super_resolve", short)
    clips = held_out([data], "test", 1, arrays=TASKS["super-resolution"].arrays)
    with pytest.raises(ValueError, match="super-resolution made"):
        evaluate(facts("super-resolution"), clips, FakeStages())


def test_a_run_stops_between_clips_and_an_unwritable_folder_is_told(
    data: Path, tmp_path: Path
) -> None:
    clips = held_out([data], "test", 3, arrays=TASKS["super-resolution"].arrays)
    seen: list[int] = []
    outcome = evaluate(
        facts("super-resolution"), clips, FakeStages(), say=lambda done, _: seen.append(done),
        stop=lambda: bool(seen),
    )  # fmt: skip
    assert len(outcome.clips) == 1
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="The report was not written"):
        write_report(outcome, tmp_path / "file")
