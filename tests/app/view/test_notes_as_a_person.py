"""Notes switched off and on, dragged and saved from a take, found beside a clip."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QRectF, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu

from app.model.takes import TakeState
from app.view import notes_out
from app.view.panels.notes_handle import NotesHandle
from engine.protocol.messages import Measured, Take
from tests.app.view.staged import Stage, new_clip, recipe
from tests.fixtures.qt import wait_until

LEFT = Qt.MouseButton.LeftButton
MIDI = b"MThd" + bytes(20)


def taken(stage: Stage, *notes: bytes) -> None:
    """Takes that an engine gave these notes."""
    takes = stage.session.models.takes
    asked = recipe(takes=len(notes))
    takes.begin(1, asked)
    for number, midi in enumerate(notes, 1):
        message = Take(
            job=1, take=number, rate_hz=16_000, samples=1_600, recipe=asked, measured=Measured(),
            midi_bytes=len(midi), name=f"lofi_take{number}.wav",
        )  # fmt: skip
        takes.take_audio(message, memoryview(bytes(12_800) + midi))


def handle(stage: Stage, index: int = 0) -> NotesHandle:
    return stage.window.cards.cards[index].notes


def action(menu: QMenu, text: str) -> QAction:
    return next(each for each in menu.actions() if each.text().startswith(text))


def test_the_button_says_what_the_form_has_and_sets_it(staged: Stage) -> None:
    form, button = staged.session.models.form, staged.window.knobs.chords.notes
    assert button.isChecked()
    assert form.notes == "composed"
    assert button.accessibleName() == "Composed notes"
    assert "A band plays: bass, chords, drums and tune" in button.toolTip()
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    QTest.mouseClick(button, LEFT)
    assert (form.notes, form.asked().notes) == ("none", "none")
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert form.notes == "composed"
    assert button.isChecked()
    form.notes = "none"
    assert not button.isChecked()
    form.reset_all()
    assert button.isChecked()


def test_a_clips_recipe_brings_its_notes_and_undo_takes_them_back(staged: Stage) -> None:
    models, listed = staged.session.models, staged.window.library.list
    models.clips.add(new_clip("a.wav", recipe(notes="none"), np.zeros((2_400, 2), np.float32)))
    wait_until(lambda: models.clips.total == 1)
    listed.show_clip(models.clips.clip_at(0).id)
    listed.use_recipe()
    button = staged.window.knobs.chords.notes
    assert models.form.recipe().notes == "none"
    assert not button.isChecked()
    models.undo.undo()
    assert models.form.notes == "composed"
    assert button.isChecked()


def test_only_takes_with_notes_have_a_handle_and_a_menus_entry(staged: Stage) -> None:
    taken(staged, MIDI, b"")
    assert handle(staged, 0).isVisible()
    assert not handle(staged, 1).isVisible()
    card = staged.window.cards.cards[0]
    assert card.rect().contains(handle(staged).geometry())
    assert handle(staged).accessibleName() == "Notes of take 1"
    save = [action(staged.window.cards.menu(index), "Save notes") for index in (0, 1)]
    assert [each.isEnabled() for each in save] == [True, False]
    staged.session.models.takes.begin(2, recipe(takes=1))
    assert not handle(staged).isVisible()


def pull(widget: NotesHandle) -> None:
    """Press and move away, as a hand does."""
    centre = widget.rect().center()
    QTest.mousePress(widget, LEFT, pos=centre)
    QTest.mouseMove(widget, centre + QPoint(3, 0))
    QTest.mouseMove(widget, centre + QPoint(40, 0))
    QTest.mouseRelease(widget, LEFT, pos=centre + QPoint(40, 0))


def test_notes_are_dragged_as_a_finished_file(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged: list[QMimeData] = []
    monkeypatch.setattr(notes_out, "drag_out", lambda _, data, *__: dragged.append(data))
    taken(staged, b"", MIDI)
    models, held = staged.session.models, handle(staged, 1)
    held.near.emit()  # offscreen, no mouse enters
    wait_until(lambda: models.notes.file_of_take(1) is not None)
    pull(held)
    (data,) = dragged
    (url,) = data.urls()
    path = Path(url.toLocalFile())
    assert path == models.settings.folder / "Notes" / "lofi_take2.mid"
    assert path.read_bytes() == MIDI
    assert models.takes.selected == 0  # the handle is no card


def test_a_click_is_no_drag_and_asks_where(staged: Stage, tmp_path: Path) -> None:
    taken(staged, MIDI)
    models = staged.session.models
    dragged: list[int] = []
    staged.window.cards.notes_drag_asked.connect(dragged.append)
    QTest.mouseClick(handle(staged), LEFT)
    (dialog,) = staged.window.findChildren(QFileDialog)
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    assert dialog.defaultSuffix() == "mid"
    assert dialog.selectedFiles()[0].endswith("lofi_take1.mid")
    assert dragged == []
    saved: list[object] = []
    models.notes.saved.connect(saved.append)
    dialog.fileSelected.emit(str(tmp_path / "mine.mid"))
    dialog.close()
    wait_until(lambda: saved)
    assert (tmp_path / "mine.mid").read_bytes() == MIDI
    assert staged.window.trouble.text == "Saved mine.mid"


def test_a_clip_with_notes_offers_them(working: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Path] = []
    monkeypatch.setattr("app.model.notes.reveal", shown.append)
    models, listed = working.session.models, working.window.library.list
    for number, notes in enumerate(("composed", "none")):
        models.form.prompt = f"steps=1 {notes}"
        models.form.turn("seconds", 0.5)
        models.form.turn("notes", notes)
        models.form.takes = 1
        models.jobs.generate()
        wait_until(lambda: not models.jobs.busy and models.takes.takes)
        models.takes.keep(0)
        wait_until(lambda: models.takes.takes[0].state is TakeState.KEPT)
        clip = models.takes.takes[0].clip
        assert clip is not None
        listed.show_clip(clip.id)
        entries = [action(listed.menu(), text) for text in ("Show the notes", "Copy the notes")]
        assert [each.isEnabled() for each in entries] == [number == 0] * 2
        data = listed.notes_data()
        assert (data is None) == bool(number)
        listed.reveal_notes()
    first = next(clip for clip in map(models.clips.clip_at, range(2)) if "composed" in clip.prompt)
    assert shown == [first.path.with_suffix(".mid")]
    check_rows_hand_out_what_is_held(working, first.id, first.path, monkeypatch)


def check_rows_hand_out_what_is_held(
    stage: Stage, clip_id: int, wav: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row dragged by its notes' handle gives notes, and anywhere else sound."""
    listed, dragged = stage.window.library.list, list[Path]()

    def drop(_: object, data: QMimeData, *__: object) -> None:
        dragged.extend(Path(url.toLocalFile()) for url in data.urls())

    monkeypatch.setattr("app.view.panels.clip_list.drag_out", drop)
    listed.show_clip(clip_id)
    row = QRectF(listed.visualRect(listed.currentIndex()))
    for place in (listed.delegate.notes_rect(row).center(), row.center()):
        QTest.mousePress(listed.viewport(), LEFT, pos=place.toPoint())
        listed.startDrag(Qt.DropAction.CopyAction)
        QTest.mouseRelease(listed.viewport(), LEFT, pos=place.toPoint())
    assert dragged == [wav.with_suffix(".mid"), wav]
