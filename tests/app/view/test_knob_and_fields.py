"""Controls under a person's hands."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.model.knobs import RECIPE_KNOBS
from app.view.panels.binding import knob_for
from app.view.panels.words import KeyTravel, key_number, key_of, typed_key, typed_number
from app.view.theme.theme import Theme
from app.view.widgets.knob import DRAG_PX, KnobWidget
from app.view.widgets.prompt import PromptEdit
from engine.music.keys import KEYS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def tempo(theme: Theme) -> KnobWidget:
    knob = knob_for("bpm", RECIPE_KNOBS["bpm"], theme, large=True)
    knob.set_number(120.0)
    knob.show()
    return knob


def field_in(knob: KnobWidget) -> QLineEdit:
    field = knob.findChild(QLineEdit)
    assert field is not None
    return field


def turned(knob: KnobWidget) -> list[float]:
    values: list[float] = []
    knob.turned.connect(values.append)
    return values


def wheel(knob: KnobWidget, notches: int, *, shift: bool = False) -> None:
    modifiers = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    where = QPointF(knob.rect().center())
    event = QWheelEvent(
        where, knob.mapToGlobal(where), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(knob, event)


def test_dragging_up_is_more(tempo: KnobWidget) -> None:
    values = turned(tempo)
    QTest.mousePress(tempo, LEFT, pos=QPoint(40, 60))
    QTest.mouseMove(tempo, QPoint(40, 40))
    QTest.mouseRelease(tempo, LEFT, pos=QPoint(40, 40))
    assert values[-1] == pytest.approx(120 + 20 / DRAG_PX * 270, abs=1)
    assert tempo.number == values[-1]


def test_the_wheel_steps_and_shift_is_fine(tempo: KnobWidget) -> None:
    values = turned(tempo)
    wheel(tempo, 2)
    wheel(tempo, -1, shift=True)
    assert values == pytest.approx([122.0, 121.9])


def test_keys_turn_to_the_ends(tempo: KnobWidget) -> None:
    values = turned(tempo)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(tempo, key)
    assert values == pytest.approx([121, 111, 30, 300])


def test_a_double_click_and_del_reset(tempo: KnobWidget) -> None:
    resets: list[int] = []
    tempo.reset_asked.connect(lambda: resets.append(1))
    QTest.mouseDClick(tempo, LEFT)
    QTest.keyClick(tempo, Qt.Key.Key_Delete)
    assert len(resets) == 2


@pytest.mark.parametrize(("typed", "number"), [("93.5", 93.5), ("93,5 bpm", 93.5), ("999", 300.0)])
def test_a_value_is_typed(tempo: KnobWidget, typed: str, number: float) -> None:
    values = turned(tempo)
    QTest.keyClick(tempo, Qt.Key.Key_Return)
    editor = field_in(tempo)
    QTest.keyClicks(editor, typed)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert values == [number]


def test_nonsense_typed_changes_nothing(tempo: KnobWidget) -> None:
    values = turned(tempo)
    for typed in ("abc", "nan", "inf", ""):
        tempo.type_value()
        editor = field_in(tempo)
        editor.setText(typed)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        QApplication.sendPostedEvents()
        QApplication.processEvents()
    assert values == []
    assert tempo.number == 120


def test_esc_leaves_a_typed_value(tempo: KnobWidget) -> None:
    values = turned(tempo)
    tempo.type_value()
    editor = field_in(tempo)
    editor.setText("80")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert values == []


def test_a_knob_tells_a_screen_reader(tempo: KnobWidget) -> None:
    tempo.set_number(93.4)
    assert tempo.accessibleName() == "Tempo"
    assert tempo.accessibleDescription() == "93.4 BPM"
    assert "beat by beat" in tempo.toolTip()
    tempo.set_learning(False, "CC 21, channel 1")
    assert "CC 21, channel 1" in tempo.toolTip()


def test_every_key_has_its_place() -> None:
    travel = KeyTravel()
    assert key_of(key_number(None)) is None
    assert {key_of(place) for place in range(1, 25)} == set(KEYS)
    assert [key_of(key_number(key)) for key in KEYS] == list(KEYS)
    assert travel.value(1.0) == 24
    assert key_of(typed_key("a minor")) == "Am"
    with pytest.raises(ValueError, match="no key"):
        typed_key("H")


def test_numbers_as_people_type_them() -> None:
    assert [typed_number(t) for t in ("−3,5", "2×", "40 %", "12 s")] == [-3.5, 2, 40, 12]


def test_the_prompt_walks_history_at_its_edges(theme: Theme) -> None:
    prompt = PromptEdit("Prompt", "", theme)
    prompt.resize(400, 60)
    prompt.show()
    asked: list[str] = []
    prompt.older_asked.connect(lambda: asked.append("older"))
    prompt.newer_asked.connect(lambda: asked.append("newer"))
    prompt.submitted.connect(lambda: asked.append("go"))
    QTest.keyClicks(prompt, "slow")
    QTest.keyClick(prompt, Qt.Key.Key_Up)
    QTest.keyClick(prompt, Qt.Key.Key_Down)
    QTest.keyClick(prompt, Qt.Key.Key_Return)
    assert asked == ["older", "newer", "go"]
    assert prompt.toPlainText() == "slow"


def test_the_prompt_grows_to_three_lines(theme: Theme) -> None:
    prompt = PromptEdit("Prompt", "", theme)
    prompt.resize(300, 60)
    prompt.show()
    heights = []
    for words in (3, 12, 200):
        prompt.set_text("sound " * words)
        QApplication.processEvents()
        heights.append(prompt.height())
    assert heights[0] < heights[1] <= heights[2] < 110
