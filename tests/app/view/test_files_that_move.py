"""Files that are removed, moved and put back while the window is open."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.library.clip import Clip, changed
from tests.app.view.staged import Stage, new_clip, recipe
from tests.fixtures.qt import run_for, wait_until


def in_library(stage: Stage) -> list[Clip]:
    """Two clips, the older one first."""
    clips = stage.session.models.clips
    audio = np.random.default_rng(5).uniform(-0.5, 0.5, (12_000, 2)).astype(np.float32)
    for name in ("first", "second"):
        asked = recipe(takes=1, bpm=None, bars=None, seconds=0.5)
        clips.add(new_clip(f"{name}.wav", asked, audio))
    wait_until(lambda: clips.total == 2, "for the clips")
    return [clips.clip_at(1), clips.clip_at(0)]


def away_and_back(stage: Stage) -> None:
    """The focus goes to another program and comes back."""
    other = QWidget()
    other.show()
    other.activateWindow()
    wait_until(lambda: not stage.window.isActiveWindow(), "for the other window")
    stage.window.activateWindow()
    wait_until(stage.window.isActiveWindow, "for the window")
    other.close()


def missing(stage: Stage) -> list[str]:
    """Names of the clips that are shown as missing."""
    clips = stage.session.models.clips
    shown = [clips.clip_at(row) for row in range(clips.shown)]
    return sorted(clip.name for clip in shown if clip.missing)


def test_a_file_that_is_moved_is_noticed_and_comes_back(
    staged: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []

    def said(text: str) -> str:
        painted.append(text)
        return text

    monkeypatch.setattr("app.view.panels.clip_delegate.tr", said)
    first, second = in_library(staged)
    listed = staged.window.library.list
    listed.show_clip(second.id)
    moved = first.path.rename(tmp_path / "elsewhere.wav")
    assert missing(staged) == []
    away_and_back(staged)
    wait_until(lambda: missing(staged) == ["first"], "for the missing file")
    wait_until(lambda: "⚠ file is missing" in painted, "for the row")
    actions = staged.session.models.actions
    assert actions.drag_data([first.id]) is None
    assert "its file is not there any more" in staged.window.trouble.text
    assert actions.drag_data([second.id]) is not None
    assert listed.currentIndex().row() == 0  # nothing moved in the list
    moved.rename(first.path)
    away_and_back(staged)
    wait_until(lambda: missing(staged) == [], "for the file that is back")
    data = actions.drag_data([first.id])
    assert data is not None
    assert [Path(url.toLocalFile()) for url in data.urls()] == [first.path]


def test_what_is_done_to_a_missing_clip_leaves_it_missing(staged: Stage) -> None:
    first, _ = in_library(staged)
    clips = staged.session.models.clips
    first.path.unlink()
    away_and_back(staged)
    wait_until(lambda: missing(staged) == ["first"], "for the missing file")
    clips.set_stars([first.id], 4)
    wait_until(lambda: clips.clip_at(1).stars == 4, "for the stars")
    assert missing(staged) == ["first"]
    staged.window.library.search.setText("lo-fi")
    assert missing(staged) == ["first"]


def test_a_clip_whose_file_is_gone_is_shown_so_when_it_is_played(staged: Stage) -> None:
    first, _ = in_library(staged)
    first.path.unlink()
    listed = staged.window.library.list
    listed.setFocus()
    listed.show_clip(first.id)
    QTest.keyClick(listed, Qt.Key.Key_Return)
    wait_until(lambda: missing(staged) == ["first"], "for the missing file")
    assert "The file was not read" in staged.window.trouble.text


def test_a_clip_that_was_renamed_meanwhile_keeps_its_name(staged: Stage) -> None:
    first, second = in_library(staged)
    clips, library = staged.session.models.clips, staged.session.library
    clips.rename(first.id, "Night")
    wait_until(lambda: clips.clip_at(1).name == "Night", "for the name")
    library.looked.emit([(first, changed(first, missing=True))])  # looked at under its old name
    assert missing(staged) == ["Night"]
    library.looked.emit([(second, changed(second, id=99, missing=True))])  # purged meanwhile
    assert missing(staged) == ["Night"]


def test_a_window_without_clips_looks_for_nothing(staged: Stage) -> None:
    looked: list[object] = []
    staged.session.library.looked.connect(looked.append)
    away_and_back(staged)
    run_for(0.1)
    assert looked == []


def test_a_clip_that_is_shown_is_chosen_alone_whatever_keys_are_held(staged: Stage) -> None:
    first, second = in_library(staged)
    listed = staged.window.library.list
    listed.show_clip(second.id)
    QTest.keyPress(staged.window, Qt.Key.Key_Control, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier
    listed.show_clip(first.id)
    chosen = [clip.id for clip in listed.chosen()]
    QTest.keyRelease(staged.window, Qt.Key.Key_Control)
    assert chosen == [first.id]
