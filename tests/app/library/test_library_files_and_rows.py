import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.library import library, schema
from app.library.clip import Clip
from app.library.files import plain_name
from app.library.library import Library
from app.library.wav import peaks, read_wav, recipe_of
from engine.audio.wav import WavTags, encode_wav
from engine.errors import UserError
from tests.fixtures.clips import listed, new_clip


def opened(tmp_path: Path) -> Library:
    kept = Library(tmp_path / "data" / "library.db", lambda: tmp_path / "clips")
    kept.open()
    return kept


def reopened(kept: Library, tmp_path: Path) -> list[Clip]:
    kept.close()
    found = Library(tmp_path / "data" / "library.db", lambda: tmp_path / "clips")
    clips = found.open().clips
    found.close()
    return clips


def test_a_clip_is_a_file_and_a_row(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    new = new_clip(prompt="dusty jazz", bpm=92, key="Am", bars=1)
    clip = kept.add(new)
    assert clip.path == tmp_path / "clips" / "dusty-jazz.wav"
    assert clip.path.read_bytes() == new.wav
    assert (clip.bpm, clip.key, clip.stars, clip.tags) == (92, "Am", 0, ())
    assert clip.recipe == new.recipe
    assert len(clip.peaks) == 2 * 240
    (again,) = reopened(kept, tmp_path)
    assert again == clip
    assert listed(tmp_path / "data") == ["library.db"]  # no -wal, no -shm
    assert listed(tmp_path / "clips") == ["dusty-jazz.wav"]


def test_names_that_are_taken_are_numbered(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "house.wav").write_bytes(b"somebody else's")
    names = [kept.add(new_clip(prompt="house", seed=seed)).path.name for seed in range(3)]
    assert names == ["house-2.wav", "house-3.wav", "house-4.wav"]
    assert (tmp_path / "clips" / "house.wav").read_bytes() == b"somebody else's"
    (tmp_path / "clips" / "house-3.wav").unlink()  # its name stays its own
    assert kept.add(new_clip(prompt="house", seed=9)).path.name == "house-5.wav"
    missing = [clip.missing for clip in reopened(kept, tmp_path)]
    assert missing == [False, True, False, False]


def test_changes_are_there_after_a_restart(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    ids = [kept.add(new_clip(seed=seed)).id for seed in range(3)]
    kept.update({ids[0]: {"name": "Élan 音", "stars": 4}, ids[1]: {"tags": ("a", "b,c")}})
    kept.update({ids[2]: {"deleted_s": 5.0}})
    clips = {clip.id: clip for clip in reopened(kept, tmp_path)}
    assert (clips[ids[0]].name, clips[ids[0]].stars) == ("Élan 音", 4)
    assert clips[ids[1]].tags == ("a", "b,c")
    assert clips[ids[2]].deleted_s == 5.0


def test_a_change_of_many_is_all_or_none(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    ids = [kept.add(new_clip(seed=seed)).id for seed in range(2)]
    with pytest.raises(UserError, match="not saved"):
        kept.update({ids[0]: {"stars": 3}, ids[1]: {"stars": 9}})
    assert [clip.stars for clip in reopened(kept, tmp_path)] == [0, 0]


def test_the_bin_keeps_files_until_it_is_emptied(tmp_path: Path) -> None:
    now_s = [1e9]
    kept = Library(tmp_path / "l.db", lambda: tmp_path / "clips", clock=lambda: now_s[0])
    kept.open()
    clips = [kept.add(new_clip(seed=seed)) for seed in range(3)]
    kept.add_handoff(clips[1].id, "48 kHz 24", folder="48 kHz 24", file_name="x.wav", data=b"48")
    kept.update({clips[0].id: {"deleted_s": now_s[0]}, clips[1].id: {"deleted_s": now_s[0] + 10}})
    assert all(clip.path.exists() for clip in clips)
    now_s[0] += 86_400 + 5
    assert kept.purge_older(1) == [clips[0].id]
    assert [clip.path.exists() for clip in clips] == [False, True, True]
    assert kept.purge([clips[1].id, clips[2].id]) == [clips[1].id]  # the last is not in the bin
    assert [clip.path.exists() for clip in clips] == [False, False, True]
    assert list((tmp_path / "clips" / "48 kHz 24").iterdir()) == []
    kept.close()


def test_a_file_for_a_daw_has_its_own_folder(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    clip = kept.add(new_clip())
    paths = [
        kept.add_handoff(clip.id, form, folder="Parts", file_name="../a.wav", data=form.encode())
        for form in ("0-1", "1-2")
    ]
    assert [path.name for path in paths] == ["_a.wav", "_a-2.wav"]
    assert paths[0].parent == tmp_path / "clips" / "Parts"
    kept.close()
    found = kept.open()
    assert found.handoffs == {(clip.id, "0-1"): paths[0], (clip.id, "1-2"): paths[1]}
    paths[0].write_bytes(b"longer than it was")  # no longer what was handed over
    kept.close()
    assert list(kept.open().handoffs) == [(clip.id, "1-2")]
    kept.close()


def test_what_is_no_clip_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    clip = replace(new_clip(), wav=b"RIFF" + bytes(100))
    with pytest.raises(UserError, match="no WAV"):
        kept.add(clip)
    assert reopened(kept, tmp_path) == []
    assert listed(tmp_path / "clips") == []


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = Library(tmp_path / "l.db", lambda: tmp_path / "file" / "clips")
    kept.open()
    with pytest.raises(UserError, match=r"not kept.*is not a folder") as told:
        kept.add(new_clip())
    assert "Settings" in told.value.remedy
    kept.close()


# ── versions and damage ───────────────────────────────────────────────────────────────────


def test_a_newer_library_is_refused_and_untouched(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.add(new_clip())
    kept.close()
    path = tmp_path / "data" / "library.db"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(UserError, match="newer Noisefall"):
        kept.open()
    assert path.read_bytes() == before
    with pytest.raises(UserError, match="not open"):
        kept.update({1: {"stars": 1}})


def test_an_older_library_is_backed_up_and_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data" / "library.db"
    with monkeypatch.context() as old:
        old.setattr(schema, "VERSION", 1)
        old.setattr(library, "connect", schema.connect)
        path.parent.mkdir()
        first = schema.connect(path)
        first.execute(
            "INSERT INTO clips (state, path, size_bytes, name, recipe, prompt, meter, loop,"
            " seconds, rate_hz, samples, measured, created_s, peaks) VALUES"
            " ('kept', '/x.wav', 1, 'x', '{\"prompt\":\"x\"}', 'x', '4/4', 0, 1, 24000, 24000,"
            " '{}', 0, x'00')".replace(
                '\'{"prompt":"x"}\'', 'CAST(\'{"prompt":"x"}\' AS BLOB)'
            ).replace("'{}'", "CAST('{}' AS BLOB)")
        )
        first.close()
    kept = Library(path, lambda: tmp_path / "clips")
    found = kept.open()
    assert [clip.name for clip in found.clips] == ["x"]
    assert found.handoffs == {}
    kept.close()
    backup = sqlite3.connect(tmp_path / "data" / "library.v1.backup.db")
    assert backup.execute("PRAGMA user_version").fetchone() == (1,)
    assert backup.execute("SELECT name FROM clips").fetchall() == [("x",)]
    backup.close()
    now = sqlite3.connect(path)
    assert now.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    now.close()


def damage_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[:64] = bytes(64)
    path.write_bytes(bytes(data))


def damage_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(bytes(data))


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 3 * 4096])


@pytest.mark.parametrize("damage", [damage_header, damage_middle, cut_short])
def test_a_damaged_library_is_rebuilt_and_no_clip_is_lost(tmp_path: Path, damage: Any) -> None:
    kept = opened(tmp_path)
    clips = [kept.add(new_clip(prompt=f"clip {seed}", seed=seed)) for seed in range(60)]
    kept.close()
    damage(tmp_path / "data" / "library.db")
    found = kept.open()
    assert len(found.notes) == 1
    assert "rebuilt" in found.notes[0]
    assert {clip.path for clip in found.clips} == {clip.path for clip in clips}
    recipes = {clip.path: clip.recipe for clip in found.clips}
    assert all(recipes[clip.path] == clip.recipe for clip in clips)
    assert not any(clip.missing for clip in found.clips)
    (aside,) = (tmp_path / "data").glob("library.damaged-*.db")
    assert aside.name in found.notes[0]
    kept.close()


# ── names and samples ─────────────────────────────────────────────────────────────────────


@given(st.text(max_size=400))
def test_any_suggested_name_is_a_plain_one(name: str) -> None:
    plain = plain_name(name)
    assert plain.endswith(".wav")
    assert not plain.startswith(".")
    assert not set('/\\:<>"|?*\0') & set(plain)
    assert len(plain.encode()) <= 204
    assert Path(plain).name == plain


@given(st.binary(max_size=400))
def test_any_bytes_are_a_clip_or_refused(data: bytes) -> None:
    for read in (read_wav, recipe_of):
        with pytest.raises(UserError):
            read(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_never_crashes_the_reader(place: int, value: int) -> None:
    wav = bytearray(WAV)
    wav[place] = value
    for read in (read_wav, recipe_of):
        with contextlib.suppress(UserError):
            read(bytes(wav))


WAV = new_clip(seconds=0.5).wav


@pytest.mark.parametrize(("bits", "step"), [("16", 2**-15), ("24", 2**-23), ("float", 1e-7)])
def test_samples_read_back(bits: Any, step: float) -> None:
    audio = np.random.default_rng(1).uniform(-0.9, 0.9, (500, 2)).astype(np.float32)
    read, rate_hz = read_wav(encode_wav(audio, 24_000, tags=WavTags(), bit_depth=bits))
    assert rate_hz == 24_000
    assert np.abs(read - audio).max() <= step
    mono, _ = read_wav(encode_wav(audio[:, :1], 44_100, tags=WavTags(), bit_depth=bits))
    assert np.abs(mono - audio[:, :1]).max() <= step


def test_peaks_are_the_extremes_of_each_column() -> None:
    audio = np.zeros((1000, 2), np.float32)
    audio[150, 0], audio[999, 1] = -1.0, 0.5
    columns = np.frombuffer(peaks(audio, 10), np.int8).reshape(10, 2)
    assert columns[1].tolist() == [-127, 0]
    assert columns[9].tolist() == [0, 64]
    assert not columns[[0, 2, 3, 4, 5, 6, 7, 8]].any()
    assert peaks(audio[:0], 10) == bytes(20)
    assert len(peaks(audio[:3], 10)) == 20


def test_a_sandboxed_python_reads_no_engine() -> None:
    """The library needs no decoder: nothing of the engine but its messages is loaded."""
    code = (
        "import sys, app.library.library; "
        "sys.exit(any(n.startswith(('engine.audio', 'soundfile', 'onnxruntime', 'soxr'))"
        " for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
