"""A clip's notes lie beside its WAV under its name, and go where the clip goes."""

from pathlib import Path

import pytest

from app.library.clip import Clip
from app.library.files import plain_name, write_new
from app.library.library import NOTES, Library
from app.library.service import LibraryService
from engine.errors import UserError
from tests.fixtures.clips import listed, new_clip
from tests.fixtures.qt import application, wait_until

MIDI = b"MThd" + bytes(10)


def opened(tmp_path: Path) -> Library:
    kept = Library(tmp_path / "data" / "library.db", lambda: tmp_path / "clips")
    kept.open()
    return kept


def kept_with_notes(kept: Library, **fields: object) -> Clip:
    new = new_clip(midi=MIDI, **fields)  # type: ignore[arg-type]  # fields of new_clip
    clip = kept.add(new)
    kept.add_notes(clip, new.midi)
    return clip


def test_notes_have_their_clips_name_and_are_found_again(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    clip = kept_with_notes(kept, prompt="dusty jazz")
    kept.update({clip.id: {"name": "Another"}})
    kept.close()
    found = Library(tmp_path / "data" / "library.db", lambda: tmp_path / "clips").open()
    path = found.handoffs[clip.id, NOTES]
    assert path == tmp_path / "clips" / "dusty-jazz.mid"
    assert path.read_bytes() == MIDI
    assert found.clips[0].name == "Another"


def test_a_name_is_free_for_both_or_another_is_taken(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "house.mid").write_bytes(b"somebody else's")
    kept = opened(tmp_path)
    kept_with_notes(kept, prompt="house")
    kept.add(new_clip(prompt="house", seed=1))  # without notes the first name is free
    assert listed(tmp_path / "clips") == ["house-2.mid", "house-2.wav", "house.mid", "house.wav"]
    assert (tmp_path / "clips" / "house.mid").read_bytes() == b"somebody else's"
    kept.close()


def test_notes_stay_in_the_bin_and_go_with_it(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    one, two = (kept_with_notes(kept, prompt="house", seed=seed) for seed in range(2))
    kept.update({one.id: {"deleted_s": 5.0}})
    assert len(listed(tmp_path / "clips")) == 4
    kept.update({one.id: {"deleted_s": None}})
    assert kept.purge([one.id]) == []
    assert len(listed(tmp_path / "clips")) == 4
    kept.update({two.id: {"deleted_s": 5.0}})
    assert kept.purge([one.id, two.id]) == [two.id]
    assert listed(tmp_path / "clips") == ["house.mid", "house.wav"]
    kept.close()


@pytest.fixture
def service(tmp_path: Path) -> LibraryService:
    application()
    made = LibraryService(Library(tmp_path / "library.db", lambda: tmp_path / "clips"))
    came: list[object] = []
    made.opened.connect(came.append)
    made.open()
    wait_until(lambda: came)
    return made


def test_the_window_is_told_of_a_clip_whose_notes_are_there(
    service: LibraryService, tmp_path: Path
) -> None:
    came: list[tuple[Clip, Path | None]] = []
    service.added.connect(lambda clip: came.append((clip, service.handoffs.get((clip.id, NOTES)))))
    service.add(new_clip(prompt="house", midi=MIDI))
    service.add(new_clip(prompt="quiet"))
    wait_until(lambda: len(came) == 2)
    assert [notes for _, notes in came] == [tmp_path / "clips" / "house.mid", None]
    service.close()


def test_where_only_the_notes_fail_the_clip_is_kept(
    service: LibraryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise UserError("The file for the DAW was not written", "the disk is full", "Free space")

    monkeypatch.setattr(Library, "add_notes", full)
    came: list[object] = []
    service.added.connect(came.append)
    service.failed.connect(came.append)
    service.add(new_clip(midi=MIDI))
    wait_until(lambda: len(came) == 2)
    assert isinstance(came[0], Clip)
    assert came[0].path.exists()
    assert "disk is full" in str(came[1])
    service.close()


def test_new_files_are_never_over_others_nor_outside(tmp_path: Path) -> None:
    paths = [
        write_new(tmp_path / "Notes", plain_name(name, suffix=".mid"), MIDI, what="x")
        for name in ("a.wav", "a.mid", "../a", "")
    ]
    assert [path.name for path in paths] == ["a.mid", "a-2.mid", "_a.mid", "clip.mid"]
    assert listed(tmp_path) == ["Notes"]
    assert all(path.read_bytes() == MIDI for path in paths)
