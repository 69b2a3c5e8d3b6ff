"""Chords typed, refused, cleared, taken from a take and from a clip, with keys and mouse."""

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from app.library.clip import Clip
from app.model.takes import TakeState
from app.view.panels.chord_row import ChordField
from app.view.panels.clip_delegate import said_of
from app.view.panels.comparison import sentence
from engine.protocol.messages import Measured, Take
from engine.recipe import Recipe, checked
from tests.app.view.staged import Stage, new_clip, recipe
from tests.fixtures.qt import run_for, wait_until

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
ENTER, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape


def field_of(stage: Stage) -> ChordField:
    return stage.window.knobs.chords.field


def type_chords(stage: Stage, text: str) -> ChordField:
    """As a person does, over what is there; without an Enter."""
    field = field_of(stage)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def type_prompt(stage: Stage, text: str = "steps=2") -> None:
    stage.session.models.form.turn("seconds", 0.5)
    prompt = stage.window.prompt.prompt
    prompt.setFocus()
    prompt.selectAll()
    QTest.keyClicks(prompt, text)


def ready(stage: Stage) -> bool:
    takes = stage.session.models.takes.takes
    return bool(takes) and all(take.state is TakeState.READY for take in takes)


def taken(stage: Stage, *chords: str, key: str | None = "Am") -> None:
    """Takes that an engine gave these chords."""
    takes = stage.session.models.takes
    asked = recipe(takes=len(chords), key=key)
    takes.begin(1, asked)
    audio = np.zeros((1_600, 2), np.float32)
    for number, text in enumerate(chords, 1):
        own = msgspec.structs.replace(asked, takes=1, first_take=number, chords=text)
        message = Take(
            job=1, take=number, rate_hz=16_000, samples=1_600, recipe=checked(own),
            measured=Measured(bpm=90.1, key="Am"),
        )  # fmt: skip
        takes.take_audio(message, memoryview(audio.tobytes()))


def pick(menu: QMenu, text: str) -> None:
    action = next(a for a in menu.actions() if a.text().startswith(text))
    assert action.isEnabled()
    action.trigger()


def clip_with(stage: Stage, asked: Recipe) -> Clip:
    clips = stage.session.models.clips
    clips.add(new_clip("a.wav", asked, np.zeros((2_400, 2), np.float32)))
    wait_until(lambda: clips.total == 1, "for the clip")
    return clips.clip_at(0)


def test_typed_chords_are_rendered_and_come_back_with_the_take(working: Stage) -> None:
    models = working.session.models
    type_prompt(working)
    field = type_chords(working, "Am*2 F C")
    QTest.keyClick(field, ENTER, CONTROL)  # no Enter before it
    assert field.text() == "Am Am F C"
    assert models.jobs.current is not None
    assert models.jobs.current.recipe.chords == "Am Am F C"
    wait_until(lambda: ready(working), "for the takes")
    own = models.takes.takes[0].recipe
    assert own is not None
    assert own.chords == "Am Am F C"
    assert "Am Am F C" in working.window.cards.cards[0].toolTip()


def test_enter_shows_the_short_form_and_numerals_by_name(staged: Stage) -> None:
    form = staged.session.models.form
    form.turn("key", "Am")
    field = type_chords(staged, "| i bVI | bIII |")
    assert form.chords == "| i bVI | bIII |"
    QTest.keyClick(field, ENTER)
    assert (field.text(), field.aside, field.wrong) == ("i,bVI bIII", "Am,F C", False)
    assert field.accessibleDescription() == "Am,F C"
    form.turn("key", "Bb")
    assert field.aside == "B♭m,F♯ D♭"
    type_chords(staged, "Am F")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert (field.hasFocus(), field.aside) == (False, "")


def test_bad_chords_are_kept_and_said_in_one_line(staged: Stage) -> None:
    window, models = staged.window, staged.session.models
    type_prompt(staged)
    field = type_chords(staged, "Am F Hm")
    assert not field.wrong  # half a chord is no mistake yet
    QTest.keyClick(field, ENTER)
    assert (field.text(), models.form.chords) == ("Am F Hm", "Am F Hm")
    assert (field.wrong, field.aside) == (True, "'Hm' is no chord")
    assert "Give a bar each" in field.toolTip()
    assert not window.prompt.generate.isEnabled()
    QTest.keyClick(field, ENTER, CONTROL)
    assert "The chords were not read: 'Hm' is no chord." in window.trouble.text
    assert not models.jobs.busy
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert not field.wrong  # as soon as it is right, without an Enter
    assert window.prompt.generate.isEnabled()


def test_generate_shows_what_is_wrong_without_an_enter_before_it(staged: Stage) -> None:
    type_prompt(staged)
    field = type_chords(staged, "Am x")
    QTest.keyClick(field, ENTER, CONTROL)
    assert field.wrong
    assert "'x' is no chord" in staged.window.trouble.text


def test_numerals_wait_for_a_key(staged: Stage) -> None:
    form = staged.session.models.form
    field = type_chords(staged, "i bVI")
    QTest.keyClick(field, ENTER)
    assert field.wrong
    assert "no key" in field.aside
    form.key = "Am"  # the prompt's words, or a hand
    assert (field.wrong, field.aside, field.text()) == (False, "Am F", "i bVI")
    form.key = None
    assert field.wrong


def test_the_error_is_drawn(staged: Stage) -> None:
    """Its sign and its sentence, beside the colour of the edge."""
    field = type_chords(staged, "Am")
    QTest.keyClick(field, ENTER)
    fine = field.grab().toImage()
    type_chords(staged, "Hm")
    QTest.keyClick(field, ENTER)
    wrong = field.grab().toImage()
    edge = wrong.pixelColor(wrong.width() // 2, 0).name()
    assert edge == staged.window.theme.palette.danger
    half = wrong.width() // 2
    middle = range(6, wrong.height() - 6)
    inked = sum(
        wrong.pixelColor(x, y) != fine.pixelColor(x, y)
        for y in middle
        for x in range(half, wrong.width() - 6)
    )
    assert inked > 200


def test_the_clear_button_goes_back_to_drawn(staged: Stage) -> None:
    form = staged.session.models.form
    field = type_chords(staged, "Hm")
    QTest.keyClick(field, ENTER)
    run_for(0.3)  # the button fades in
    (button,) = field.findChildren(QToolButton)
    QTest.mouseClick(button, LEFT)
    assert (form.chords, field.text(), field.wrong) == ("", "", False)
    assert field.placeholderText() == "Drawn for each take"


def test_esc_takes_back_what_was_typed_then_leaves(staged: Stage) -> None:
    form = staged.session.models.form
    field = type_chords(staged, "Am F")
    QTest.keyClick(field, ENTER)
    type_chords(staged, "C")
    QTest.keyClick(field, ESC)
    assert (form.chords, field.text(), field.hasFocus()) == ("Am F", "Am F", True)
    QTest.keyClick(field, ESC)
    assert not field.hasFocus()


def test_a_double_click_selects_a_chord(staged: Stage) -> None:
    field = type_chords(staged, "Am F")
    QTest.keyClick(field, ENTER)
    QTest.mouseDClick(field, LEFT, pos=QPoint(18, field.height() // 2))
    assert field.selectedText().strip() == "Am"
    assert staged.session.models.form.chords == "Am F"


def test_reroll_asks_for_drawn_chords_again(working: Stage) -> None:
    """What a take was given is not the form's."""
    models = working.session.models
    type_prompt(working, "steps=400")
    working.window.prompt.generate.click()
    wait_until(lambda: models.jobs.busy, "for the render")
    first = models.jobs.current
    working.window.prompt.reroll.click()
    wait_until(lambda: models.jobs.current not in (first, None), "for the reroll")
    again = models.jobs.current
    assert first is not None
    assert again is not None
    assert (first.recipe.chords, again.recipe.chords) == ("", "")
    assert again.recipe.seed != first.recipe.seed
    models.jobs.cancel_all()
    wait_until(lambda: not models.jobs.busy, "for the cancel")


def test_the_card_and_the_comparison_name_a_takes_chords(staged: Stage) -> None:
    taken(staged, "i bVI bIII bVII", "none", "")
    cards, hero = staged.window.cards.cards, staged.window.hero
    assert "Chords Am F C G" in cards[0].accessibleDescription()
    assert "Chords Am F C G" in cards[0].toolTip()
    assert "Chords none" in cards[1].toolTip()
    assert "Chords" not in cards[2].toolTip()
    assert "Chords: Am F C G" in hero.comparison.toolTip()
    takes = staged.session.models.takes
    lines = {line.what: sentence(line) for line in takes.comparisons(2)}
    assert (lines["chords"], lines["key"]) == ("", "Am ✓")


def test_a_long_progression_is_cut_and_what_is_measured_stays(staged: Stage) -> None:
    taken(staged, "Am7 Dm7 G7 Cmaj7 Fmaj7 Bm7b5 E7b9 Am7")
    row = staged.window.hero.comparison
    for width in (640, 420):
        row.resize(width, 28)
        fitted = row._fitted()
        used = sum(name + value for _, name, value in fitted) + 16 * (len(fitted) - 1)
        assert used <= width
    shown = {item.what: value for item, _, value in fitted}
    assert set(shown) >= {"tempo", "key", "chords"}
    row.resize(2_000, 28)
    whole = {item.what: value for item, _, value in row._fitted()}
    assert whole["chords"] > 250 > shown["chords"] >= 96


def test_use_these_chords_from_a_card_and_undo(staged: Stage) -> None:
    window, models = staged.window, staged.session.models
    taken(staged, "i bVI", "C G", "")
    models.form.turn("key", "Am")
    type_prompt(staged, "something else")
    pick(window.cards.menu(0), "Use these chords")
    assert (field_of(staged).text(), field_of(staged).aside) == ("i bVI", "Am F")
    assert models.form.prompt == "something else"
    assert window.library.undone_text.text() == "Chords taken into the form"
    models.form.turn("key", "C")
    pick(window.cards.menu(0), "Use these chords")  # by name: it sounds as it did
    assert field_of(staged).text() == "Am F"
    models.undo.undo()
    models.undo.undo()
    assert (models.form.chords, models.form.prompt) == ("", "something else")
    use = next(a for a in window.cards.menu(2).actions() if a.text().startswith("Use"))
    assert not use.isEnabled()


def test_a_right_click_on_a_card_opens_its_menu(staged: Stage) -> None:
    taken(staged, "Am F")
    card = staged.window.cards.cards[0]
    at = card.rect().center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(card, QContextMenuEvent(reason, at, card.mapToGlobal(at)))
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    said = [action.text().split("\t")[0] for action in popup.actions()]
    popup.close()
    assert said == ["Keep", "Use these chords", "Save notes as MIDI…"]


def test_a_clips_chords_come_with_its_recipe(staged: Stage) -> None:
    models, listed = staged.session.models, staged.window.library.list
    clip = clip_with(staged, recipe(takes=1, chords="i bVI"))
    assert "Chords: Am F" in said_of(clip).splitlines()
    listed.show_clip(clip.id)
    pick(listed.menu(), "Use these chords")
    assert models.form.chords == "Am F"  # the form has no key
    listed.use_recipe()
    assert (field_of(staged).text(), field_of(staged).aside) == ("i bVI", "Am F")
    models.undo.undo()
    assert models.form.chords == "Am F"
    models.actions.drop_files([clip.path])
    wait_until(lambda: models.form.chords == "i bVI", "for the dropped recipe")


def test_more_like_this_keeps_the_chords(working: Stage) -> None:
    models = working.session.models
    asked = Recipe(prompt="steps=2", key="Am", chords="i bVI", seconds=0.5, seed=7)
    clip = clip_with(working, asked)
    models.actions.more_like([clip.id])
    wait_until(lambda: ready(working), "for the takes")
    recipes = [take.recipe for take in models.takes.takes]
    assert [own.chords for own in recipes if own is not None] == ["i bVI", "i bVI"]
    assert field_of(working).text() == "i bVI"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_panel_fits_the_smallest_window(staged: Stage, theme: str) -> None:
    staged.session.models.settings.theme = theme  # type: ignore[assignment]  # one of three
    window = staged.window
    window.resize(window.minimumSizeHint())
    run_for(0.05)
    field, panel = field_of(staged), window.knobs
    assert window.height() <= 660
    assert field.width() > 660  # beside it, whether notes are composed
    inside = field.mapTo(panel, field.rect().bottomRight())
    assert inside.x() < panel.width()
    assert inside.y() < panel.height()
