"""A large library: what is drawn while it scrolls, and whether a clip far below is brought up.

What it costs is measured by `python -m tests.app.proofs.many_clips`.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from app.library.clip import Clip
from app.view.panels.clip_delegate import ROW_PX, ROWS_PER_FRAME, ClipDelegate
from tests.app.proofs.many_clips import fill
from tests.app.view.staged import Stage, stage
from tests.fixtures.qt import wait_until

COUNT = 2_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("library")
    fill(folder, COUNT)
    made = stage(folder)
    made.window.show()
    bar = made.window.library.list.verticalScrollBar()
    wait_until(lambda: bar.maximum() > 60 * (COUNT - 20), "for the list to be laid out")
    yield made
    made.close()


def test_scrolling_draws_only_what_is_new(large: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    paint = ClipDelegate._paint_clip

    def counted(self: ClipDelegate, painter: QPainter, row: QRectF, clip: Clip) -> None:
        drawn.append(clip.name)
        paint(self, painter, row, clip)

    monkeypatch.setattr(ClipDelegate, "_paint_clip", counted)
    bar = large.window.library.list.verticalScrollBar()
    bar.setValue(30_000)
    QApplication.processEvents()
    delegate = large.window.library.list.delegate
    wait_until(lambda: not delegate.unfinished, "for the whole page")
    drawn.clear()
    for _ in range(100):
        bar.setValue(bar.value() + 12)
        QApplication.processEvents()
    assert len(drawn) == len(set(drawn))  # 1,200 px: no row twice
    assert 18 <= len(drawn) <= 22


def test_a_page_of_new_rows_is_drawn_in_several_frames(
    large: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[list[str]] = []
    begin, paint = ClipDelegate.begin_frame, ClipDelegate._paint_clip

    def began(self: ClipDelegate) -> None:
        frames.append([])
        begin(self)

    def counted(self: ClipDelegate, painter: QPainter, row: QRectF, clip: Clip) -> None:
        frames[-1].append(clip.name)
        paint(self, painter, row, clip)

    monkeypatch.setattr(ClipDelegate, "begin_frame", began)
    monkeypatch.setattr(ClipDelegate, "_paint_clip", counted)
    view = large.window.library.list
    view.verticalScrollBar().setValue(60_000)
    wait_until(lambda: frames and not view.delegate.unfinished, "for the rows")
    seen = -(-view.viewport().height() // ROW_PX)
    assert seen > ROWS_PER_FRAME
    assert max(len(drawn) for drawn in frames) == ROWS_PER_FRAME
    names = [name for drawn in frames for name in drawn]
    assert seen <= len(names) == len(set(names)) <= seen + 1


def test_a_clip_far_below_is_shown(large: Stage) -> None:
    clips, view = large.session.models.clips, large.window.library.list
    for text in ("", "slow"):
        large.window.library.search.setText(text)
        last = clips.clip_at(clips.shown - 1)
        view.show_clip(last.id)
        QApplication.processEvents()
        assert view.viewport().rect().intersects(view.visualRect(view.currentIndex()))


def test_a_search_finds_at_once(large: Stage) -> None:
    search, library = large.window.library.search, large.window.library
    search.setText("choir-0")
    assert large.session.models.clips.shown == 250
    assert library.count.text() == "250 / 2,000"
    search.setText("no such thing")
    assert "Nothing matches" in library.empty.text()
    search.clear()
    assert library.count.text() == "2,000"


def test_files_are_looked_for_in_a_thread(large: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    is_file = Path.is_file

    def counted(path: Path) -> bool:
        threads.append(threading.current_thread().name)
        return is_file(path)

    clips = large.session.models.clips
    wait_until(lambda: not clips._looking, "for a look that the window began")
    monkeypatch.setattr(Path, "is_file", counted)
    looked: list[list[object]] = []
    large.session.library.looked.connect(looked.append)
    folder = clips.clip_at(0).path.parent
    away = folder.rename(folder.with_name("away"))
    clips.look()
    for _ in range(3):
        clips.look()  # while the first is under way: one more in all
    wait_until(lambda: len(looked) == 2, "for both")
    assert [len(moved) for moved in looked] == [COUNT, 0]
    assert all(clips.clip_at(row).missing for row in range(clips.shown))
    away.rename(folder)
    clips.look()
    wait_until(lambda: len(looked) == 3, "for the files that came back")
    assert not any(clips.clip_at(row).missing for row in range(clips.shown))
    assert threads == ["looks"] * (3 * COUNT)
    assert clips.shown == COUNT
