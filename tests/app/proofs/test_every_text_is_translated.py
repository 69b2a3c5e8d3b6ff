"""A window in a language of marks: what a person reads in it came through tr()."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QWidget,
)

from app.view.shortcuts import ShortcutSheet
from tests.app.proofs import pseudo
from tests.app.view.staged import Stage, stage
from tests.fixtures.qt import application

pytestmark = pytest.mark.skipif(bool(pseudo.missing()), reason=pseudo.missing() or "tools there")

# what is the same in every language: figures and units, keys, names of things
PLAIN = re.compile(
    r"\W*[\d\W_]*|\W*[A-Z]|\W*\d+ (s|BPM)|([\d.,/–\s]+(s|kHz|bit|LUFS|dBTP|BPM))+|"
    r"[A-G][♯♭]?m?|★+( \+)?|Ctrl\S*|DDIM|DPM.*|γ|Noisefall|/\S*|ssh .*|CPU|-?\d+.\d+ \S+"
)


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QTranslator]:
    app = application()
    made = pseudo.translator(tmp_path_factory.mktemp("ts"))
    app.installTranslator(made)
    yield made
    app.removeTranslator(made)


@pytest.fixture
def window(tmp_path: Path, language: QTranslator) -> Iterator[Stage]:
    made = stage(tmp_path)
    made.window.show()
    yield made
    made.close()


def texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    """(what it is, text) of everything that a widget says."""
    yield "name", widget.accessibleName()
    yield "tip", widget.toolTip()
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        yield "text", widget.text()
    if isinstance(widget, QLineEdit | QPlainTextEdit):
        yield "placeholder", widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (("item", widget.itemText(row)) for row in range(widget.count()))
    if isinstance(widget, QMenu):
        yield from (("action", action.text()) for action in widget.actions())


def unmarked(root: QWidget) -> list[str]:
    """Texts that have words outside of marks."""
    found = set()
    for widget in (root, *root.findChildren(QWidget)):
        if widget.objectName().startswith("qt_"):
            continue
        for kind, text in texts(widget):
            if not all(PLAIN.fullmatch(line.strip()) for line in beside_marks(text)):
                found.add(f"{type(widget).__name__} {kind}: {text!r}")
    return sorted(found)


def beside_marks(text: str) -> list[str]:
    """Lines of what is not inside marks, which may lie in each other."""
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = less
    return text.split("\n")


def test_the_window(window: Stage) -> None:
    assert unmarked(window.window) == []


def test_the_settings(window: Stage) -> None:
    window.window.open_settings()
    dialog = window.window._settings_dialog
    assert dialog is not None
    assert unmarked(dialog) == []


def test_the_sheet(window: Stage) -> None:
    sheet = ShortcutSheet(window.window.theme, window.window)
    said = [label.text() for label in sheet.findChildren(QLabel)]
    assert len(said) > 30
    assert all(text.startswith("⟦") for text in said)


def test_the_menus(window: Stage) -> None:
    library, transport = window.window.library, window.window.transport
    for menu in (library.list.menu(), library.sort_menu(), transport.device_menu()):
        said = [action.text().split("\t")[0] for action in menu.actions() if action.text()]
        assert said
        assert all(text.startswith("⟦") for text in said)


def test_no_text_is_lost_by_a_variable(tmp_path: Path) -> None:
    """Lupdate cannot see tr(variable): such texts are marked where they stand."""
    ts = pseudo.extract(tmp_path).read_text("utf-8")
    assert "<name></name>" not in ts  # a tr() outside of a class says no context
    assert ts.count("<source>") > 300
