"""A take's notes as a file: when the hand comes near, when kept, and where a person likes."""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication

from app.model.session import Session
from app.model.takes import TakeState
from engine.protocol.messages import Measured, Take
from engine.recipe import Recipe
from tests.fixtures.clips import listed
from tests.fixtures.qt import wait_until

Start = Callable[..., Session]


def rendered(session: Session, prompt: str = "steps=1", *, notes: str = "composed") -> None:
    form = session.models.form
    form.prompt = prompt
    form.turn("seconds", 0.5)
    form.turn("notes", notes)
    form.takes = 2
    session.models.jobs.generate()
    takes = session.models.takes
    wait_until(lambda: takes.takes and all(t.state is TakeState.READY for t in takes.takes))


def test_notes_come_with_the_takes_and_are_written_when_near(start: Start, tmp_path: Path) -> None:
    session = start()
    rendered(session)
    notes, takes = session.models.notes, session.models.takes.takes
    assert all(take.midi.startswith(b"MThd") for take in takes)
    assert takes[0].midi != takes[1].midi
    assert takes[0].audio is not None
    assert takes[0].audio.shape == (8_000, 2)
    assert notes.file_of_take(1) is None
    assert listed(tmp_path / "clips") == []
    ready: list[int] = []
    notes.prepared.connect(ready.append)
    notes.prepare(1)
    notes.prepare(1)
    wait_until(lambda: ready)
    path = notes.file_of_take(1)
    assert path == tmp_path / "clips" / "Notes" / "steps-1_120bpm_take2.mid"
    assert path.read_bytes() == takes[1].midi
    notes.prepare(1)
    assert listed(tmp_path / "clips" / "Notes") == [path.name]
    data = notes.drag_take(1)
    assert data is not None
    assert data.urls() == [QUrl.fromLocalFile(str(path))]


def test_a_drag_that_comes_too_early_says_so_and_a_lost_file_is_made_again(
    start: Start,
) -> None:
    session = start()
    rendered(session)
    notes = session.models.notes
    said: list[str] = []
    notes.preparing.connect(said.append)
    assert notes.drag_take(0) is None
    assert said == ["The notes are being written: drag them again"]
    wait_until(lambda: notes.file_of_take(0) is not None)
    path = notes.file_of_take(0)
    assert path is not None
    path.unlink()
    assert notes.drag_take(0) is None
    wait_until(lambda: notes.drag_take(0) is not None)
    assert path.read_bytes() == session.models.takes.takes[0].midi


def test_a_kept_takes_notes_lie_beside_its_clip(start: Start, tmp_path: Path) -> None:
    session = start()
    rendered(session)
    models = session.models
    models.takes.keep(1)
    wait_until(lambda: models.takes.takes[1].state is TakeState.KEPT)
    take = models.takes.takes[1]
    assert take.clip is not None
    path = models.notes.file_of_clip(take.clip.id)
    assert path == take.clip.path.with_suffix(".mid")
    assert path.read_bytes() == take.midi
    assert models.notes.file_of_take(1) == path
    models.notes.copy(take.clip.id)
    assert QGuiApplication.clipboard().mimeData().urls() == [QUrl.fromLocalFile(str(path))]
    path.unlink()
    models.notes.copy(take.clip.id)
    assert [trouble.what for trouble in models.troubles.all] == ["The notes cannot be handed over"]


def test_finishing_in_the_background_keeps_the_notes_too(start: Start) -> None:
    session = start()
    session.models.settings.finish_in_background = True
    rendered_once = session.models.takes
    session.models.form.prompt = "steps=1"
    session.models.form.turn("seconds", 0.5)
    session.models.jobs.generate()
    wait_until(
        lambda: (
            rendered_once.takes
            and all(take.state is TakeState.FINISHED for take in rendered_once.takes)
        )
    )
    master = rendered_once.takes[0].master
    assert master is not None
    assert master.midi == rendered_once.takes[0].midi != b""


def test_without_notes_there_is_nothing_to_drag(start: Start, tmp_path: Path) -> None:
    session = start()
    rendered(session, notes="none")
    models = session.models
    assert [take.midi for take in models.takes.takes] == [b"", b""]
    own = models.takes.takes[0].recipe
    assert own is not None
    assert own.notes == "none"
    models.notes.prepare(0)
    assert models.notes.drag_take(0) is None
    models.takes.keep(0)
    wait_until(lambda: models.takes.takes[0].state is TakeState.KEPT)
    assert listed(tmp_path / "clips") == ["steps-1_120bpm_take1.wav"]


def test_notes_are_saved_where_a_person_says(start: Start, tmp_path: Path) -> None:
    session = start()
    rendered(session)
    models = session.models
    saved: list[Path] = []
    models.notes.saved.connect(saved.append)
    target = tmp_path / "mine.mid"
    target.write_bytes(b"older")
    first = models.takes.takes[0].midi
    save = models.notes.saver(0)
    rendered(session)  # others are shown by the time that the path is chosen
    save(target)
    wait_until(lambda: saved)
    assert target.read_bytes() == first
    save(tmp_path / "nowhere" / "x.mid")
    wait_until(lambda: models.troubles.tells("notes"))
    assert "The notes were not written: the folder does not exist" in models.troubles.all[0].line


def test_an_engines_strange_names_and_notes_do_no_harm(start: Start, tmp_path: Path) -> None:
    session = start([sys.executable, "-c", ""])
    takes = session.models.takes
    asked = Recipe(prompt="x", seconds=0.5, takes=1)
    takes.begin(1, asked)
    message = Take(
        job=1, take=1, rate_hz=16_000, samples=2, recipe=asked, measured=Measured(),
        name="../../evil.exe", midi_bytes=5,
    )  # fmt: skip
    assert takes.take_audio(message, memoryview(bytes(16) + b"MThd!"))
    assert takes.takes[0].midi == b"MThd!"
    assert session.models.notes.file_name(0) == "_.._evil.exe.mid"
    assert takes.take_audio(message, memoryview(bytes(16) + b"MZ..."))
    assert takes.takes[0].midi == b""
    wrong = msgspec.structs.replace(message, midi_bytes=-5)
    assert not takes.take_audio(wrong, memoryview(bytes(16) + b"MThd!"))
