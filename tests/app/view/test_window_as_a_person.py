"""The window driven with mouse and keys, a real engine process around a fake cascade behind it."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget

from app.library.clip import Clip
from app.library.wav import read_wav
from app.model.takes import TakeState
from app.model.trouble import Trouble
from app.view.bench import bench_window
from app.view.shortcuts import SHORTCUTS
from app.view.theme.tokens import PALETTES
from tests.app.view.staged import Stage, new_clip, noise_mel, recipe, send_preview
from tests.fixtures.qt import run_for, wait_until

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


def press(
    stage: Stage, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A key, wherever the focus is."""
    target = QApplication.focusWidget() or stage.window
    QTest.keyClick(target, key, modifier)


def type_prompt(stage: Stage, text: str) -> None:
    prompt = stage.window.prompt.prompt
    prompt.setFocus()
    prompt.selectAll()
    QTest.keyClicks(prompt, text)


def generate(stage: Stage, prompt: str = "steps=4") -> None:
    form = stage.session.models.form
    form.turn("seconds", 0.5)
    type_prompt(stage, prompt)
    press(stage, Qt.Key.Key_Return, CONTROL)


def ready(stage: Stage) -> bool:
    takes = stage.session.models.takes.takes
    return bool(takes) and all(take.state is TakeState.READY for take in takes)


def away_from_text(stage: Stage) -> None:
    stage.window.hero.spectrogram.setFocus()


def clip_of(stage: Stage, clip_id: int) -> Clip:
    clip = stage.session.models.clips.clip(clip_id)
    assert clip is not None
    return clip


def kept(stage: Stage) -> int:
    """Generate and keep one take; the clip's number."""
    models = stage.session.models
    before = models.clips.total
    generate(stage)
    wait_until(lambda: ready(stage), "for the takes")
    away_from_text(stage)
    press(stage, Qt.Key.Key_K)
    wait_until(lambda: models.clips.total == before + 1, "for the clip")
    return models.clips.clip_at(0).id


def test_type_generate_listen(working: Stage) -> None:
    window, models = working.window, working.session.models
    assert not window.prompt.generate.isEnabled()
    generate(working)
    assert models.form.prompt == "steps=4"
    wait_until(lambda: ready(working), "for the takes")
    assert working.player.takes == (0, 1)
    assert window.hero.title.text() == "Take 1"
    away_from_text(working)
    press(working, Qt.Key.Key_2)
    assert models.takes.selected == 1
    assert window.hero.title.text() == "Take 2"
    assert window.cards.cards[1].isChecked()
    press(working, Qt.Key.Key_Space)
    assert working.player.playing
    press(working, Qt.Key.Key_Space)
    assert not working.player.playing


def test_letters_typed_into_the_prompt_are_letters(working: Stage) -> None:
    type_prompt(working, "rkt 1234/? bfl")
    assert working.session.models.form.prompt == "rkt 1234/? bfl"
    assert working.session.models.takes.takes == ()


def test_cancel_and_reroll(working: Stage) -> None:
    models = working.session.models
    generate(working, "steps=400")
    wait_until(lambda: models.jobs.busy, "for the render")
    seed = models.form.seed
    assert working.window.prompt.reroll.isVisible()
    away_from_text(working)
    press(working, Qt.Key.Key_R)
    wait_until(lambda: models.form.seed != seed, "for another seed")
    assert models.jobs.busy
    press(working, Qt.Key.Key_Escape)
    wait_until(lambda: not models.jobs.busy, "for the cancel")
    assert working.window.prompt.generate.isVisible()


def test_keep_search_rename_delete_undo(working: Stage) -> None:
    window, models = working.window, working.session.models
    clip_id = kept(working)
    assert models.takes.takes[0].state is TakeState.KEPT
    assert window.hero.keep.isEnabled() is False

    press(working, Qt.Key.Key_Slash)
    assert window.library.search.hasFocus()
    QTest.keyClicks(window.library.search, "zzz")
    assert models.clips.shown == 0
    assert "Nothing matches" in window.library.empty.text()
    press(working, Qt.Key.Key_Escape)
    assert models.clips.shown == 1
    assert window.library.list.hasFocus()

    press(working, Qt.Key.Key_F2)
    editor = window.library.list.findChild(QLineEdit)
    assert editor is not None
    editor.setText("first light")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    wait_until(lambda: clip_of(working, clip_id).name == "first light", "for the name")
    run_for(0.2)
    assert window.listening.clip == -1  # that Enter ended the editing and played nothing

    window.library.list.setFocus()
    press(working, Qt.Key.Key_Delete)
    wait_until(lambda: models.clips.total == 0, "for the delete")
    assert window.library.undone_text.text() == "Deleted"
    QTest.mouseClick(window.library.undo_button, LEFT)
    wait_until(lambda: models.clips.total == 1, "for the undo")
    assert [clip.id for clip in window.library.list.chosen()] == [clip_id]


def test_dragging_hands_over_complete_files(working: Stage) -> None:
    window, models = working.window, working.session.models
    assert window.library.list.drag_data() is None or not window.library.list.chosen()
    clip_id = kept(working)
    window.library.list.show_clip(clip_id)
    data = window.library.list.drag_data()
    assert data is not None
    assert data.formats() == ["text/uri-list"]
    paths = [Path(url.toLocalFile()) for url in data.urls()]
    assert paths == [clip_of(working, clip_id).path]
    audio, rate_hz = read_wav(paths[0].read_bytes())
    assert (rate_hz, audio.shape) == (24_000, (12_000, 2))
    assert models.actions.drag_take(0) is not None  # kept already: at once
    assert models.actions.drag_take(1) is None  # not before it is complete


def test_dragging_a_take_that_is_not_kept_says_so(working: Stage) -> None:
    generate(working)
    wait_until(lambda: ready(working), "for the takes")
    card = working.window.cards.cards[1]
    QTest.mousePress(card, LEFT, pos=QPoint(60, 20))
    QTest.mouseMove(card, QPoint(110, 20))
    assert "24 kHz" in working.window.trouble.text
    wait_until(lambda: working.session.models.clips.total == 1, "for the clip")


def test_a_clip_is_heard_and_takes_come_back(working: Stage) -> None:
    window = working.window
    clip_id = kept(working)
    window.library.list.show_clip(clip_id)
    window.library.list.setFocus()
    press(working, Qt.Key.Key_Return)
    wait_until(lambda: working.player.playing, "for the clip's sound")
    assert window.listening.clip == clip_id
    assert window.library.list.delegate.playing_id == clip_id
    press(working, Qt.Key.Key_2)
    assert window.listening.clip == -1
    assert window.hero.title.text() == "Take 2"


def test_stars_by_mouse(staged: Stage) -> None:
    models, view = staged.session.models, staged.window.library.list
    models.clips.add(new_clip("a.wav", recipe(), np.zeros((2_400, 2), np.float32)))
    wait_until(lambda: models.clips.total == 1, "for the clip")
    run_for(0.05)
    row = view.visualRect(models.clips.index(0, 1))
    stars = view.delegate.star_rect(QRectF(row))
    third = QPoint(round(stars.left() + 2.5 * stars.width() / 5), round(stars.center().y()))
    QTest.mouseClick(view.viewport(), LEFT, pos=third)
    wait_until(lambda: models.clips.clip_at(0).stars == 3, "for three stars")
    QTest.mouseClick(view.viewport(), LEFT, pos=third)
    wait_until(lambda: models.clips.clip_at(0).stars == 0, "for none")


def test_a_region_is_selected_by_the_beat(staged: Stage) -> None:
    takes, view = staged.session.models.takes, staged.window.hero.spectrogram
    asked = recipe(bpm=120.0, takes=1)  # 8 s
    takes.begin(1, asked)
    send_preview(staged.session, noise_mel(800)[None], step=3)
    plot = view.plot()
    middle = round(plot.center().y())

    def at(share: float) -> QPoint:
        return QPoint(round(plot.left() + share * plot.width()), middle)

    QTest.mousePress(view, LEFT, pos=at(0.26))
    QTest.mouseMove(view, at(0.40))
    QTest.mouseMove(view, at(0.51))
    QTest.mouseRelease(view, LEFT, pos=at(0.51))
    assert takes.region == pytest.approx((2.0, 4.0))
    assert staged.player.region == pytest.approx((2.0, 4.0))
    QTest.mouseClick(view, LEFT, pos=at(0.9))
    assert takes.region is None
    assert staged.window.axis.playhead_s == pytest.approx(7.2, abs=0.05)
    QTest.mouseDClick(view, LEFT, pos=at(0.3))
    assert takes.region == pytest.approx((2.0, 4.0))


def test_the_stages_fold_out(staged: Stage) -> None:
    window, form = staged.window, staged.session.models.form
    away_from_text(staged)
    press(staged, Qt.Key.Key_F)
    assert window.stages.isVisible()
    card = window.stages.cards["generator"]
    QTest.keyClick(card.knobs["guidance"], Qt.Key.Key_Up)
    assert form.stages["generator"].guidance == pytest.approx(3.5)
    card.reset.click()
    assert form.stages["generator"].guidance is None


def test_midi_turns_knobs_and_sets_the_tempo(staged: Stage) -> None:
    models, controllers = staged.session.models, staged.window.controllers
    controllers.turn("bpm", 0.5)
    controllers.turn("key", 1.0)
    controllers.turn("generator.guidance", 0.5)
    assert models.form.bpm == pytest.approx(165)
    assert models.form.key == "Bm"
    assert models.form.stages["generator"].guidance == pytest.approx(15)
    controllers.nudge("bpm", -2)
    assert models.form.bpm == pytest.approx(163)
    staged.midi.tempo_changed.emit(93.02)
    assert models.form.bpm == pytest.approx(163)
    models.settings.follow_clock = True
    staged.midi.tempo_changed.emit(93.02)
    assert models.form.bpm == pytest.approx(93.0)


def test_what_is_set_in_the_settings_is_heard_at_once(staged: Stage) -> None:
    settings, player = staged.session.models.settings, staged.player
    match = staged.window.transport.match
    assert (player.level_match, match.isChecked()) == (True, True)
    settings.level_match = False
    assert (player.level_match, match.isChecked()) == (False, False)
    settings.output_device = "ALSA|headphones"
    assert player.device == "ALSA|headphones"
    staged.window.transport.volume_asked.emit(0.5)
    assert (settings.volume, player.volume) == (0.5, 0.5)
    press(staged, Qt.Key.Key_Escape)
    press(staged, Qt.Key.Key_L)
    assert (settings.loop_playback, player.loop) == (True, True)


def test_before_the_first_take_the_picture_shows_the_grid_to_come(staged: Stage) -> None:
    form, axis = staged.session.models.form, staged.window.axis
    form.turn("bpm", 120.0)
    form.turn("bars", 8)
    assert (axis.length_s, axis.bpm) == (16.0, 120.0)
    staged.session.models.takes.begin(1, recipe(bpm=60.0, bars=2))
    form.turn("bars", 4)
    assert (axis.length_s, axis.bpm) == (8.0, 60.0)


def test_trouble_is_one_line(staged: Stage) -> None:
    acted: list[int] = []
    trouble = Trouble(
        source="engine", what="The engine ended", why="it was killed", remedy="Start it again",
        action_label="Start", action=lambda: acted.append(1),
    )  # fmt: skip
    staged.session.models.troubles.tell(trouble)
    assert staged.window.trouble.text == "The engine ended: it was killed. Start it again."
    staged.window.trouble.acted.emit()
    assert acted == [1]
    assert staged.window.trouble.text == ""


def kind_of(owner: QObject | None) -> str:
    """Qt's own name of a class, of those too that Python does not know."""
    return "" if owner is None else str(owner.metaObject().className())


def test_every_control_has_a_name(staged: Stage) -> None:
    staged.window.open_settings()
    staged.window.knobs.stages.setChecked(True)
    nameless = [
        widget
        for widget in staged.window.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and widget.text())
        and not widget.objectName().startswith("qt_")
        and not kind_of(widget.parent()).startswith(("QComboBox", "QDoubleSpinBox"))
        and type(widget).__name__ != "QScrollArea"
    ]
    assert [f"{type(w).__name__} in {type(w.parent()).__name__}" for w in nameless] == []


def test_tab_reaches_every_control(staged: Stage) -> None:
    window = staged.window
    window.knobs.stages.setChecked(True)
    clips = staged.session.models.clips
    clips.add(new_clip("a.wav", recipe(), np.zeros((2_400, 2), np.float32)))
    wait_until(lambda: clips.total == 1, "for the clip")
    reached = []
    while (at := QApplication.focusWidget()) is not None and at not in reached:
        reached.append(at)
        QTest.keyClick(at, Qt.Key.Key_Tab)
    wanted = [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and widget.isEnabled()
        and not isinstance(widget.parent(), QComboBox)
        and not (isinstance(widget, QAbstractButton) and widget.autoExclusive())  # arrows walk
    ]
    left_out = [widget.accessibleName() for widget in wanted if widget not in reached]
    assert len(wanted) > 30
    assert left_out == []
    segments = [w for w in reached if isinstance(w, QAbstractButton) and w.autoExclusive()]
    assert len(segments) >= 4  # length, kind, preset, stereo: one each


def test_shortcuts_do_not_collide() -> None:
    keys = [QKeySequence(key).toString() for row in SHORTCUTS if row.action for key in row.keys]
    assert len(keys) == len(set(keys))
    assert all(keys)


def test_the_sheet_and_the_settings_open_by_key(staged: Stage) -> None:
    away_from_text(staged)
    QTest.keyClick(staged.window, Qt.Key.Key_F1)
    assert staged.window._sheet is not None
    assert staged.window._sheet.isVisible()
    QTest.keyClick(staged.window, Qt.Key.Key_Comma, CONTROL)
    assert staged.window._settings_dialog is not None
    assert staged.window._settings_dialog.isVisible()


@pytest.mark.parametrize("name", list(PALETTES))
def test_the_theme_changes_at_once(staged: Stage, name: str) -> None:
    staged.session.models.settings.theme = name  # type: ignore[assignment]  # a palette's name
    run_for(0.05)
    ground = staged.window.grab().toImage().pixelColor(3, 3).name()
    assert ground == PALETTES[name].window


def test_the_bench_measures(tmp_path: Path) -> None:
    figures = bench_window(previews=4)
    assert figures.previews == 4
    assert 0 < figures.slot_ms_p50 <= figures.slot_ms_p99
    assert 0 < figures.turn_ms_p50 <= figures.turn_ms_p99
