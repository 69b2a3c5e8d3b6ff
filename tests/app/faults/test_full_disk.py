"""A disk of 2 MB fills up: one calm line each time, nothing is lost, and it goes on afterwards."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import SignalInstance

from app.library.clip import Clip
from app.library.library import Library
from app.model.session import Session
from app.model.takes import TakeState
from app.model.trouble import Trouble
from tests.fixtures.clips import listed
from tests.fixtures.qt import wait_until

FAKE = Path(__file__).parents[2] / "engine" / "worker" / "fake_engine.py"


@dataclass
class SmallDisk:
    """A file system that can be filled to its last page."""

    folder: Path

    def fill(self) -> None:
        with (self.folder / "filler").open("ab", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def free(self) -> None:
        (self.folder / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """2 MB of tmpfs; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "noisefall-test", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small disk can be mounted: {error}")
    yield SmallDisk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


Open = Callable[[], Session]


@pytest.fixture
def opened(disk: SmallDisk) -> Iterator[Open]:
    """Starts a session whose home is the small disk; ends it."""
    made: list[Session] = []

    def make() -> Session:
        session = Session(
            config_dir=disk.folder / "config",
            data_dir=disk.folder / "data",
            command=lambda: [sys.executable, str(FAKE), "serve"],
        )
        session.models.settings.clips_folder = str(disk.folder / "clips")
        session.models.settings.finish_in_background = False
        made.append(session)
        session.start()
        wait_until(lambda: session.models.engine.bundle is not None)
        return session

    yield make
    for session in made:
        session.close()


def render(session: Session) -> None:
    form = session.models.form
    form.prompt, form.takes = "steps=1", 2
    form.turn("seconds", 0.5)
    assert session.models.jobs.generate()
    wait_until(lambda: all(t.state is TakeState.READY for t in session.models.takes.takes))
    wait_until(lambda: not session.models.jobs.busy)


def keep(session: Session, index: int) -> Clip:
    take = session.models.takes.takes[index]
    session.models.takes.keep(index)
    wait_until(lambda: take.clip is not None)
    assert take.clip is not None
    return take.clip


def said(session: Session, source: str) -> Trouble:
    """The one line of a source; a calm one about a full disk."""
    wait_until(lambda: session.models.troubles.tells(source))
    (trouble,) = [each for each in session.models.troubles.all if each.source == source]
    assert "the disk is full" in trouble.why
    assert "Free some space" in trouble.remedy
    assert "Errno" not in trouble.line
    assert "Traceback" not in trouble.line
    return trouble


@contextmanager
def until(signal: SignalInstance) -> Iterator[None]:
    """What is done inside has its signal before it goes on."""
    told: list[object] = []
    signal.connect(lambda: told.append(None))
    yield
    wait_until(lambda: told)


def quiet(session: Session) -> bool:
    return session.models.troubles.all == ()


def calmed(session: Session) -> None:
    """Wait until there is no trouble; what is left is said."""
    try:
        wait_until(lambda: quiet(session))
    except AssertionError as error:
        error.add_note(f"in trouble: {session.models.troubles.all}")
        raise


def kept_at_last(disk: SmallDisk) -> dict[str, bytes]:
    """What another start finds: name → file."""
    library = Library(disk.folder / "data" / "library.db", lambda: disk.folder / "clips")
    found = library.open()
    library.close()
    assert found.notes == []
    return {clip.name: clip.path.read_bytes() for clip in found.clips}


def test_keeping_on_a_full_disk(disk: SmallDisk, opened: Open) -> None:
    session = opened()
    models = session.models
    render(session)
    first = keep(session, 0)
    before = listed(disk.folder / "clips")
    disk.fill()
    models.takes.keep(1)
    assert said(session, "library").what == "The clip was not kept"
    assert models.takes.takes[1].state is TakeState.FINISHED  # it can still be heard and kept
    assert listed(disk.folder / "clips") == before
    assert models.clips.total == 1
    data = models.actions.drag_data([first.id])  # what was kept is there for the DAW
    assert data is not None
    assert Path(data.urls()[0].toLocalFile()).read_bytes()[:4] == b"RIFF"
    disk.free()
    second = keep(session, 1)
    calmed(session)
    session.close()
    assert set(kept_at_last(disk)) == {first.name, second.name}


def test_changing_a_clip_on_a_full_disk(disk: SmallDisk, opened: Open) -> None:
    session = opened()
    models = session.models
    render(session)
    clip = keep(session, 0)
    disk.fill()
    last = "no change yet"

    def over() -> bool:
        changed = models.clips.clip(clip.id)
        return models.troubles.tells("library") or (changed is not None and changed.name == last)

    for number in range(400):  # SQLite's log has room for some changes before it must grow
        last = f"name {number} " + "x" * 200
        models.clips.rename(clip.id, last)
        wait_until(over)
        if models.troubles.tells("library"):
            break
    assert said(session, "library").what == "The change was not saved"
    unchanged = models.clips.clip(clip.id)
    assert unchanged is not None
    assert unchanged.name != last
    disk.free()
    models.clips.rename(clip.id, "there is room")
    wait_until(lambda: quiet(session))
    session.close()
    assert set(kept_at_last(disk)) == {"there is room"}


def test_a_file_for_the_daw_on_a_full_disk(disk: SmallDisk, opened: Open) -> None:
    session = opened()
    models = session.models
    render(session)
    clip = keep(session, 0)
    models.settings.handoff_rate_hz = 48_000
    with until(models.settings.saved):
        models.settings.save()
    disk.fill()
    assert models.actions.drag_data([clip.id]) is None
    assert said(session, "library").what == "The file for the DAW was not written"
    assert models.actions.file(clip.id) is None
    disk.free()
    assert models.actions.drag_data([clip.id]) is None  # begun again
    wait_until(lambda: models.actions.file(clip.id) is not None)
    wait_until(lambda: quiet(session))
    path = models.actions.file(clip.id)
    assert path is not None
    assert path.stat().st_size > 100_000


def test_settings_on_a_full_disk(disk: SmallDisk, opened: Open) -> None:
    session = opened()
    models = session.models
    file = disk.folder / "config" / "settings.json"
    with until(models.settings.saved):
        models.settings.save()
    before = file.read_bytes()
    disk.fill()
    models.settings.theme = "light"
    assert said(session, "settings").what == "The settings were not saved"
    assert file.read_bytes() == before
    disk.free()
    models.settings.bin_days = 7
    wait_until(lambda: quiet(session))
    assert b'"theme": "light"' in file.read_bytes()


@pytest.mark.parametrize("damaged", [False, True])
def test_opening_on_a_full_disk(disk: SmallDisk, opened: Open, damaged: bool) -> None:
    """A damaged library cannot be rebuilt there: it waits as it is."""
    session = opened()
    render(session)
    clip = keep(session, 0)
    session.close()
    database = disk.folder / "data" / "library.db"
    if damaged:
        database.write_bytes(bytes(64) + database.read_bytes()[64:])
    disk.fill()
    before = database.read_bytes()
    session = opened()
    models = session.models
    trouble = said(session, "library")
    assert trouble.what == "The library was not opened"
    assert trouble.action_label == "Try again"
    assert database.read_bytes() == before
    disk.free()
    models.troubles.act("library")
    wait_until(lambda: models.clips.total == 1)
    wait_until(lambda: quiet(session))
    (found,) = [models.clips.clip_at(row) for row in range(models.clips.shown)]
    assert (found.path, found.recipe_json) == (clip.path, clip.recipe_json)
    assert not found.missing
    render(session)
    keep(session, 1)
