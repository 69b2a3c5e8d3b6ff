"""The seed under wheel, keys, mouse and a controller's button."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.midi import messages as m
from app.view.widgets.learn_menu import LearnMenu
from engine.recipe import SEED_RANGE
from tests.app.view.staged import Stage
from tests.fixtures.qt import wait_until

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def wheel(stage: Stage, notches: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """A wheel over the seed; with Shift, systems turn it sideways."""
    seed = stage.window.knobs.seed
    turned = round(120 * notches)
    delta = QPoint(turned, 0) if modifiers == SHIFT else QPoint(0, turned)
    at = QPointF(seed.rect().center())
    event = QWheelEvent(
        at,
        QPointF(seed.mapToGlobal(at.toPoint())),
        QPoint(),
        delta,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(seed, event)


def test_wheel_and_keys_step_and_lock(staged: Stage) -> None:
    form, seed = staged.session.models.form, staged.window.knobs.seed
    form.seed = 5_000
    wheel(staged, 1)
    assert (form.seed, form.seed_locked, seed.text()) == (5_001, True, "5001")
    wheel(staged, -2)
    wheel(staged, 3, SHIFT)
    assert form.seed == 5_299
    for _ in range(3):
        wheel(staged, 1 / 3)  # a fine wheel: three make a notch
    assert form.seed == 5_300
    seed.setFocus()
    for key, modifiers, expected in (
        (Qt.Key.Key_Up, NONE, 5_301),
        (Qt.Key.Key_Down, SHIFT, 5_201),
        (Qt.Key.Key_PageUp, NONE, 5_211),
        (Qt.Key.Key_PageDown, SHIFT, 4_211),
    ):
        QTest.keyClick(seed, key, modifiers)
        assert (form.seed, seed.text()) == (expected, str(expected))
    assert staged.window.knobs.lock.isChecked()


@pytest.mark.parametrize(("end", "key"), [(0, Qt.Key.Key_Down), (1, Qt.Key.Key_Up)])
def test_the_ends_are_ends(staged: Stage, end: int, key: Qt.Key) -> None:
    form, seed = staged.session.models.form, staged.window.knobs.seed
    form.seed = SEED_RANGE[end]
    seed.setFocus()
    for modifiers in (NONE, SHIFT):
        QTest.keyClick(seed, key, modifiers)
    assert (form.seed, seed.text()) == (SEED_RANGE[end], str(SEED_RANGE[end]))


def test_a_step_goes_on_from_what_is_typed(staged: Stage) -> None:
    form, seed = staged.session.models.form, staged.window.knobs.seed
    seed.setFocus()
    seed.selectAll()
    QTest.keyClicks(seed, "41")
    QTest.keyClick(seed, Qt.Key.Key_Up)
    assert form.seed == 42


def test_a_double_click_resets_and_unlocks(staged: Stage) -> None:
    form, seed = staged.session.models.form, staged.window.knobs.seed
    seed.setFocus()
    QTest.keyClick(seed, Qt.Key.Key_Up)
    QTest.keyClicks(seed, "77")
    QTest.mouseDClick(seed, Qt.MouseButton.LeftButton)
    assert (form.seed, form.seed_locked, seed.text()) == (0, False, "0")
    assert not staged.window.knobs.lock.isChecked()


def press(stage: Stage, control: int, *values: int) -> None:
    """A controller's messages, as the MIDI process passes them on."""
    for value in values:
        message = m.Control(port="pads", channel=10, control=control, value=value)
        stage.midi._receive(message, None)


def learn(stage: Stage, menu: QMenu) -> None:
    """By the menu's entry."""
    (entry,) = (action for action in menu.actions() if action.text().startswith("Learn "))
    entry.trigger()
    assert stage.midi.learning == "dice"


def test_a_controllers_button_draws_a_new_seed(staged: Stage) -> None:
    form, knobs, midi = staged.session.models.form, staged.window.knobs, staged.midi
    staged.session.models.settings.midi_inputs = ["pads"]
    learn(staged, knobs.seed.menu())
    press(staged, 36, 127, 0)  # a pad, pressed and let go
    wait_until(lambda: midi.learning == "", "for the pad to be learnt")
    assert "CC 36, channel 10" in knobs.seed.toolTip()
    assert "CC 36, channel 10" in knobs.dice.accessibleDescription()
    seeds = [form.seed]
    for _ in range(3):
        press(staged, 36, 127, 0)
        seeds.append(form.seed)
    assert len(set(seeds)) == 4
    before = form.seed
    press(staged, 37, 127, 0)  # another pad
    press(staged, 36, 0)  # let go once more
    assert form.seed == before
    press(staged, 36, 10, 80, 90, 127)  # a knob rolls once on its way up
    assert form.seed != before
    before = form.seed
    press(staged, 36, 100)
    assert form.seed == before


def test_a_pad_that_never_lets_go_is_learnt_from_the_dice(staged: Stage) -> None:
    form, knobs, midi = staged.session.models.form, staged.window.knobs, staged.midi
    staged.session.models.settings.midi_inputs = ["pads"]
    (menu,) = knobs.dice.findChildren(LearnMenu)
    learn(staged, menu.menu())
    press(staged, 38, 127, 127)
    wait_until(lambda: midi.learning == "", "for the pad to be learnt")
    seeds = []
    for _ in range(3):
        press(staged, 38, 127)
        seeds.append(form.seed)
    assert len(set(seeds)) == 3
    (forget,) = (a for a in knobs.seed.menu().actions() if "Forget" in a.text())
    forget.trigger()
    press(staged, 38, 127)
    assert form.seed == seeds[-1]
