"""Finding a clip in the library by what it is: loop or one-shot, and by its tags."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from tests.app.view.staged import Stage, new_clip, recipe
from tests.fixtures.qt import wait_until

NARROW = 304  # the panel's minimum width in the window


def filled(stage: Stage) -> list[int]:
    """Two loops and a one-shot; "dark" on one of each, "long evening pad" on the other loop."""
    clips = stage.session.models.clips
    audio = np.zeros((24_000, 2), np.float32)
    for seed, loop in enumerate((True, True, False)):
        length = {"bars": 1} if loop else {"bars": None, "seconds": 1.0}
        asked = recipe(takes=1, loop=loop, seed=seed, **length)
        clips.add(new_clip(f"clip{seed}.wav", asked, audio))
    wait_until(lambda: clips.total == 3, "for the clips")
    ids = sorted(clips.clip_at(row).id for row in range(3))
    clips.set_tags([ids[0], ids[2]], ["dark"])
    clips.set_tags([ids[1]], ["long evening pad"])
    wait_until(lambda: clips.tags == ("dark", "long evening pad"), "for the tags")
    return ids


def pick(combo: QComboBox, text: str) -> None:
    """Choose with the keyboard, as a person does: to the top, then down to the line."""
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(combo.findText(text)):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert combo.currentText() == text


def shown(stage: Stage) -> list[int]:
    clips = stage.session.models.clips
    return sorted(clips.clip_at(row).id for row in range(clips.shown))


def test_clips_are_found_by_kind_and_tag(staged: Stage) -> None:
    ids, library = filled(staged), staged.window.library
    for kind, tag, expected in (
        ("Loops", "Any tag", ids[:2]),
        ("One-shots", "Any tag", ids[2:]),
        ("One-shots", "long evening pad", []),
        ("Any kind", "long evening pad", ids[1:2]),
        ("Any kind", "dark", [ids[0], ids[2]]),
        ("Loops", "dark", ids[:1]),
        ("Any kind", "Any tag", ids),
    ):
        pick(library.kind, kind)
        pick(library.tag, tag)
        assert shown(staged) == expected, (kind, tag)
    assert library.count.text() == "3"


def test_filters_go_together_with_the_search(staged: Stage) -> None:
    ids, library = filled(staged), staged.window.library
    pick(library.kind, "Loops")
    library.search.setFocus()
    QTest.keyClicks(library.search, "evening")
    assert shown(staged) == ids[1:2]
    assert library.count.text() == "1 / 3"


def test_a_tag_that_nothing_has_any_more_filters_nothing(staged: Stage) -> None:
    ids, library = filled(staged), staged.window.library
    pick(library.tag, "long evening pad")
    assert shown(staged) == ids[1:2]
    staged.session.models.clips.set_tags(ids[1:2], ["bright"])
    wait_until(lambda: library.tag.findText("bright") > 0, "for the other tag")
    assert [library.tag.itemText(row) for row in range(library.tag.count())] == [
        "Any tag",
        "bright",
        "dark",
    ]
    assert (library.tag.currentText(), shown(staged)) == ("Any tag", ids)
    pick(library.tag, "dark")
    staged.session.models.clips.set_tags(ids[1:2], ["calm"])  # another's tags leave it alone
    wait_until(lambda: library.tag.findText("calm") > 0, "for the new tag")
    assert (library.tag.currentText(), shown(staged)) == ("dark", [ids[0], ids[2]])


def test_all_filters_fit_into_the_narrowest_panel(staged: Stage) -> None:
    filled(staged)
    library = staged.window.library
    assert library.minimumWidth() == NARROW
    layout = library.layout()
    assert layout is not None
    assert layout.minimumSize().width() <= NARROW
    staged.window.splitter.setSizes([2_000, 1])
    wait_until(lambda: library.width() == NARROW, "for the narrow panel")
    combos = (library.tempo, library.key, library.stars, library.kind, library.tag)
    for combo in combos:
        corner = combo.mapTo(library, combo.rect().bottomRight())
        assert library.rect().contains(corner), combo.accessibleName()
        assert combo.isVisible()
    assert library.kind.x() == library.tempo.x()
    assert library.tag.geometry().right() == library.stars.geometry().right()
    assert library.kind.width() == library.tempo.width()
