"""The verdict over a corpus: passed when it sounds as labelled, failed when it does not."""

from pathlib import Path

import pytest

from engine.corpus.check import Report, check_corpus
from engine.corpus.check.coverage import Coverage
from engine.corpus.check.measure import Heard
from engine.corpus.store.layout import FORMAT, Versions
from engine.corpus.store.make import Settings, make_corpus
from engine.errors import UserError
from tests.engine.corpus.store.plain_renderer import HERE


def made(folder: Path, renderer: str, *, hours: float = 0.01) -> Path:
    make_corpus(
        Settings(
            hours=hours, folder=folder, seed=2, workers=0, renderer=f"{HERE}:{renderer}",
            versions=Versions(format=FORMAT, code="test", soundfonts={}),
        )
    )  # fmt: skip
    return folder


def clip(**changes: object) -> Heard:
    facts: dict[str, object] = {
        "name": "0-1", "genre": "funk", "drums": True, "bpm": 100.0, "measured_bpm": 100.0,
        "factor": "1", "key": 0, "measured_key": 0, "shown_key": 0,
        "lufs": -16.0, "peak_dbtp": -1.0,
    }  # fmt: skip
    return Heard(**(facts | changes))  # type: ignore[arg-type]  # the fields' own values


def test_an_honest_corpus_passes(tmp_path: Path) -> None:
    report = check_corpus(made(tmp_path, "Honest", hours=0.03), clips=9, workers=0)
    assert report is not None
    assert report.passed, "\n".join(report.lines())
    assert len(report.heard) == 4
    for heard in report.heard:
        assert abs(heard.lufs + 16) < 0.05
    told = "\n".join(report.lines())
    assert "duplicates: 0" in told
    assert told.count("ok    ") == 5


def test_a_corpus_that_is_too_loud_fails(tmp_path: Path) -> None:
    report = check_corpus(made(tmp_path, "Shouting"), clips=2, workers=0)
    assert report is not None
    assert not report.passed
    assert any(line.startswith("FAILED loudness") for line in report.lines())
    assert any("-13.0" in line for line in report.lines())


@pytest.mark.parametrize(
    ("bad", "count", "passed"),
    [
        ({"factor": None}, 10, True), ({"factor": None}, 11, False),
        ({"measured_key": 7}, 15, True), ({"measured_key": 7}, 16, False),
        ({"measured_key": 21}, 100, True),  # relative: C and Am
        ({"drums": False, "factor": None}, 100, True), ({"key": None}, 100, True),
        ({"lufs": -15.4}, 1, False), ({"lufs": -16.5}, 100, True),
        ({"lufs": float("-inf")}, 1, False),
        ({"peak_dbtp": -0.89}, 1, False), ({"peak_dbtp": -0.91}, 100, True),
    ],
)  # fmt: skip
def test_bounds(bad: dict[str, object], count: int, passed: bool) -> None:
    heard = (clip(**bad),) * count + (clip(),) * (100 - count)
    report = Report(heard, (), Coverage())
    assert report.passed is passed
    assert any("FAILED" in line for line in report.lines()) is not passed


def test_the_key_of_takes_is_measured_too() -> None:
    heard = (clip(), clip(shown_key=21), clip(measured_key=7, shown_key=None), clip(key=None))
    told = Report(heard, (), Coverage()).lines()
    assert "key: exact on 2, exact or relative on 2 of 3" in told
    assert "key as Noisefall measures it in a take: exact on 1, exact or relative on 2 of 3" in told


def test_copies_fail() -> None:
    report = Report((clip(),), ("0-2",), Coverage())
    assert not report.passed
    assert "FAILED duplicates: 1" in report.lines()


def test_a_check_can_be_stopped_and_refuses_nonsense(finished_plain: Path) -> None:
    assert check_corpus(finished_plain, workers=0, stop=lambda: True) is None
    with pytest.raises(UserError, match="--clips 0"):
        check_corpus(finished_plain, clips=0)
    with pytest.raises(UserError, match="holds no corpus"):
        check_corpus(finished_plain / "nothing")
    tar = finished_plain / "train-00000.tar"
    data = bytearray(tar.read_bytes())
    data[700] ^= 1
    tar.write_bytes(data)
    with pytest.raises(UserError, match="SHA-256"):
        check_corpus(finished_plain)


@pytest.fixture
def finished_plain(tmp_path: Path) -> Path:
    return made(tmp_path / "plain", "Plain")
