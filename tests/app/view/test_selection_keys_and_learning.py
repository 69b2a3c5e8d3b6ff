"""What a person expects without being told: selections, keys after Generate, learnt choices."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from app.library.clip import Clip
from app.library.wav import read_wav
from app.model.places import clips_dir
from app.model.recipe_form import Reading
from app.view.picture.spectrogram import SpectrogramView
from app.view.picture.time_axis import TimeAxis
from app.view.theme.theme import Theme
from tests.app.view.staged import Stage, new_clip, noise_mel, recipe
from tests.fixtures.qt import wait_until

REGION = (0.1, 0.35)


def in_library(stage: Stage) -> Clip:
    """A clip of noise, half a second long."""
    clips = stage.session.models.clips
    audio = np.random.default_rng(5).uniform(-0.5, 0.5, (12_000, 2)).astype(np.float32)
    clips.add(new_clip("noise.wav", recipe(takes=1, bpm=None, bars=None, seconds=0.5), audio))
    wait_until(lambda: clips.total == 1, "for the clip")
    return clips.clip_at(0)


def select_in_clip(stage: Stage) -> Clip:
    """Hear a clip of the library and select a part of it."""
    clip = in_library(stage)
    stage.window.listening.play_clip(clip.id)
    wait_until(lambda: stage.window.listening.clip == clip.id, "for the clip to be heard")
    stage.window.axis.region_asked.emit(REGION)
    assert stage.window.axis.region == REGION
    return clip


@pytest.mark.parametrize("rate_hz", [24_000, 48_000])
def test_a_selection_of_a_clip_is_what_is_handed_over(working: Stage, rate_hz: int) -> None:
    window, actions = working.window, working.session.models.actions
    working.session.models.settings.handoff_rate_hz = rate_hz
    clip = select_in_clip(working)
    assert window.selection_data() is None  # not before it is complete
    wait_until(lambda: actions.part_file(clip.id, REGION) is not None, "for the part")
    data = window.selection_data()
    assert data is not None
    (path,) = (Path(url.toLocalFile()) for url in data.urls())
    assert path != clip.path
    audio, part_rate_hz = read_wav(path.read_bytes())
    assert (part_rate_hz, audio.shape) == (rate_hz, (round(0.25 * rate_hz), 2))
    if rate_hz == 24_000:
        master, _ = read_wav(clip.path.read_bytes())
        assert np.abs(audio - master[2_400:8_400]).max() < 2**-21  # dithered again


def test_the_selection_of_a_clip_is_cut_before_it_is_dragged(working: Stage) -> None:
    clip = select_in_clip(working)
    working.window.hero.drag_out_near.emit()
    actions = working.session.models.actions
    wait_until(lambda: actions.part_file(clip.id, REGION) is not None, "for the part")
    assert working.window.trouble.text == ""


def test_a_clip_whose_file_is_gone_says_so(staged: Stage) -> None:
    clip = in_library(staged)
    clip.path.unlink()
    models = staged.session.models
    opened: list[int] = []
    models.clips.loaded.connect(lambda: opened.append(1))
    staged.session.library.open()
    wait_until(lambda: opened, "for the library")
    assert models.actions.drag_data([clip.id]) is None
    assert "its file is not there any more" in staged.window.trouble.text
    assert "Put it back" in staged.window.trouble.text


def test_after_enter_in_the_prompt_the_keys_are_for_listening(working: Stage) -> None:
    models, prompt = working.session.models, working.window.prompt.prompt
    models.form.turn("seconds", 0.5)
    prompt.setFocus()
    QTest.keyClicks(prompt, "steps=4")
    QTest.keyClick(prompt, Qt.Key.Key_Return)
    assert working.window.hero.spectrogram.hasFocus()
    wait_until(lambda: len(working.player.takes) == 2, "for the takes")
    for key in (Qt.Key.Key_2, Qt.Key.Key_Space):
        QTest.keyClick(working.window, key)
    assert (models.takes.selected, working.player.playing) == (1, True)
    assert models.form.prompt == "steps=4"


def test_a_refused_generate_leaves_the_cursor_where_it_is(staged: Stage) -> None:
    prompt = staged.window.prompt.prompt
    prompt.setFocus()
    QTest.keyClick(prompt, Qt.Key.Key_Return)  # nothing typed yet
    assert prompt.hasFocus()


def test_while_a_take_is_being_kept_the_next_render_can_be_asked_for(working: Stage) -> None:
    models, panel = working.session.models, working.window.prompt
    models.form.turn("seconds", 0.5)
    models.form.turn("prompt", "steps=2 finish_ms=500")
    assert models.jobs.generate()
    wait_until(lambda: len(working.player.takes) == 2, "for the takes")
    wait_until(lambda: not models.jobs.busy, "for the end of the render")
    models.takes.keep(0)
    assert models.jobs.busy
    assert panel.generate.isVisible()
    QTest.keyClick(working.window, Qt.Key.Key_Escape)  # there is nothing to cancel
    wait_until(lambda: models.clips.total == 1, "for the clip")


def test_the_folder_of_clips_goes_back_to_its_default(staged: Stage) -> None:
    staged.window.open_settings()
    dialog = staged.window._settings_dialog
    assert dialog is not None
    (default,) = (b for b in dialog.findChildren(QPushButton) if b.text() == "Default")
    assert default.isEnabled()
    default.click()
    settings = staged.session.models.settings
    assert (settings.clips_folder, settings.folder) == ("", clips_dir())
    assert not default.isEnabled()


def test_a_typed_seed_is_the_one_that_is_rendered(staged: Stage) -> None:
    form, knobs = staged.session.models.form, staged.window.knobs
    knobs.seed.setFocus()
    knobs.seed.selectAll()
    QTest.keyClicks(knobs.seed, "4711")
    QTest.keyClick(knobs.seed, Qt.Key.Key_Return)
    assert (form.seed, form.seed_locked) == (4711, True)
    assert knobs.lock.isChecked()


def test_a_followed_clock_is_not_overruled_by_words(staged: Stage) -> None:
    models = staged.session.models
    models.settings.follow_clock = True
    staged.midi.tempo_changed.emit(120.0)
    models.form.take_reading(Reading(bpm=90.0))
    assert models.form.bpm == 120.0
    assert models.form.by_hand("bpm")  # so the disagreement is shown
    models.form.turn("length_in", "seconds")
    models.form.turn("tempo_on", value=False)
    staged.midi.tempo_changed.emit(121.0)
    assert not models.form.tempo_on  # free stays free


def test_a_controller_turns_choices(staged: Stage) -> None:
    form, controllers = staged.session.models.form, staged.window.controllers
    shown: list[object] = []
    for turn in (
        partial(controllers.turn, "preset", 1.0),
        partial(controllers.nudge, "preset", -1),
    ):
        turn()
        shown.append(staged.window.knobs.preset.value)
    assert shown == ["paper", "standard"]
    controllers.nudge("meter", -100)
    assert form.meter == form.METERS[0]
    controllers.turn("loop", 1.0)
    assert (form.loop, form.length_in) == (True, "bars")
    used: list[object] = []
    form.changed.connect(lambda _: used.append(form.stages["generator"].sampler))
    controllers.turn("generator.sampler", 0.0)
    controllers.nudge("generator.sampler", 1)
    assert used == ["ancestral", "ddim"]


def menu_of(stage: Stage) -> QMenu:
    """The context menu of the presets, as the menu key opens it."""
    knobs = stage.window.knobs
    segment = knobs.preset._group.button(0)
    at = QPoint(3, 3)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Keyboard,
        at,
        segment.mapToGlobal(at),
        Qt.KeyboardModifier.NoModifier,
    )
    assert event.type() == QEvent.Type.ContextMenu
    QApplication.sendEvent(segment, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.close()
    return menu


def test_a_choice_is_learnt_and_reset_from_its_menu(staged: Stage) -> None:
    models, midi, line = staged.session.models, staged.midi, staged.window.trouble
    presets: list[str] = []
    models.form.changed.connect(lambda _: presets.append(models.form.preset))
    models.form.turn("preset", "paper")
    reset, _, learn, forget = menu_of(staged).actions()
    reset.trigger()
    assert presets == ["paper", "standard"]
    learn.trigger()
    assert midi.learning == ""
    assert "Choose a MIDI input" in line.text  # nothing could be heard
    models.settings.midi_inputs = ["keys"]
    learn.trigger()
    assert (midi.learning, forget.isEnabled()) == ("preset", False)
    assert "Move the controller" in line.text
    QTest.keyClick(staged.window, Qt.Key.Key_Escape)
    assert (midi.learning, line.text) == ("", "")


def test_pictures_that_were_painted_are_kept(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    render = SpectrogramView.render_picture

    def counted(self: SpectrogramView, plot: object) -> QPixmap:
        painted.append("x")
        return render(self, plot)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(SpectrogramView, "render_picture", counted)
    axis = TimeAxis()
    view = SpectrogramView(axis, theme)
    view.resize(500, 200)
    view.show()
    axis.set_clip(10.67, 90.0, "4/4")
    takes = [noise_mel(seed=seed) for seed in range(2)]
    images = []
    for mel in (*takes, *takes):
        view.set_mel(mel)
        images.append(view.grab().toImage())
    assert len(painted) == 2
    assert images[0] == images[2] != images[1] == images[3]
    view.set_channel("side")
    view.grab()
    view.resize(501, 200)
    view.grab()
    axis.zoom_by(2.0, 5.0)
    view.grab()
    assert len(painted) == 5
    view.set_mel(takes[0], forming=True)
    view.grab()
    view.set_mel(takes[0], forming=True)
    view.grab()
    assert len(painted) == 7  # what still forms is seen once
