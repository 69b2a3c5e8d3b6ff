"""A window in a language of marks: what a person reads in it came through tr()."""

import errno
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

import engine.files
from app.engine_link.process import Ending
from app.library.files import REASONS, explained
from app.library.wav import read_wav
from app.midi.messages import Ports
from app.model.job_making import JobMaker, interrupted
from app.model.trouble import Trouble
from app.playback.messages import Devices
from app.texts import Line
from app.view.panels.library_panel import done_text
from app.view.panels.words import KIND_WORDS, PLAYERS_WORDS, chip_text, kind_text
from app.view.shortcuts import ShortcutSheet
from engine.errors import UserError
from tests.app.proofs import pseudo
from tests.app.view.staged import Stage, recipe, stage
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


def parts(trouble: Trouble | UserError) -> list[str]:
    return [trouble.what, trouble.why, trouble.remedy]


def test_troubles_of_the_window(window: Stage, tmp_path: Path) -> None:
    """Its own sentences; what the engine or the system says stays inside of them as it is."""
    models = window.session.models
    job = JobMaker().render(recipe())
    ending = Ending(asked=False, reason="it crashed")
    full = explained("⟦x⟧", tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    models.engine.install_bundle(tmp_path)  # no engine runs: nothing is said
    models.settings.engine_command = "ssh host noisefall-engine serve"
    models.engine.install_bundle(tmp_path)
    (remote,) = models.troubles.all
    with pytest.raises(UserError) as damaged:
        read_wav(b"RIFF")
    offer = interrupted(job, ending, lambda: None)
    said = [*parts(offer), *parts(full), *parts(remote), *parts(damaged.value), offer.action_label]
    assert all(text.startswith("⟦") for text in said), said


def test_troubles_of_sound_and_midi(window: Stage) -> None:
    """Their processes know no language: they tell a marked text and its values."""
    line = Line("{0} is not there: playing through {1} until it returns", ("A", "B"))
    told = Devices(devices=(), current="", rate_hz=0, latency_s=0.0, trouble=line)
    window.player._receive(told, b"")
    assert window.player.trouble == "⟦A is not there: playing through B until it returns⟧"
    away = Line("{0} is not there: it is taken up when it returns", ("keys",))
    window.midi._receive(Ports(ports=(), connected=(), trouble=away), b"")
    assert window.midi.trouble == "⟦keys is not there: it is taken up when it returns⟧"


def test_the_chips_and_what_was_done(window: Stage) -> None:
    assert {kind_text(kind)[0] for kind in KIND_WORDS} == {"⟦"}
    assert {chip_text("players", text)[0] for text in PLAYERS_WORDS} == {"⟦"}
    assert chip_text("key", "F#m") == "F♯m"
    assert chip_text("genre", "all") == "all"
    assert done_text("Delete (3 clips)") == "⟦⟦Deleted⟧ (3 clips)⟧"
    assert done_text("Delete") == "⟦Deleted⟧"
    assert done_text("") == ""


def test_reasons_of_the_file_system_are_marked() -> None:
    assert set(REASONS) == set(engine.files._REASONS.values())


def test_no_text_is_lost_by_a_variable(tmp_path: Path) -> None:
    """Lupdate cannot see tr(variable): such texts are marked where they stand."""
    ts = pseudo.extract(tmp_path).read_text("utf-8")
    assert "<name></name>" not in ts  # a tr() outside of a class says no context
    assert ts.count("<source>") > 300
