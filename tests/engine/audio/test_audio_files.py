"""Atomic files and their names: a fault at every system call, races, hostile prompts."""

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio.files import free_path, write_atomic, write_numbered
from engine.audio.names import clip_name, slug
from engine.errors import UserError
from engine.files import numbered
from engine.music.keys import KEYS

DATA = bytes(range(256)) * 40


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_atomic(tmp_path / "clip.wav", DATA)
    write_atomic(tmp_path / "empty.wav", b"")
    assert (tmp_path / "clip.wav").read_bytes() == DATA
    assert (tmp_path / "empty.wav").read_bytes() == b""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.wav", "empty.wav"]


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "clip.wav").write_bytes(b"old")
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "nowhere")
    for name in ("clip.wav", "dangling.wav"):
        with pytest.raises(UserError, match="exists already"):
            write_atomic(tmp_path / name, DATA)
    assert (tmp_path / "clip.wav").read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.wav", "dangling.wav"]


def _failing(code: int, at_call: int = 1) -> Callable[..., Any]:
    """A stand-in for a system call that fails on its n-th call and works before and after."""

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        calls = 0

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at_call:
                raise OSError(code, os.strerror(code))
            return real(*args, **kwargs)

        return call

    return wrap


FAULTS = [
    ("open", errno.EACCES, "may not be written"),
    ("open", errno.EROFS, "read-only"),
    ("write", errno.ENOSPC, "disk is full"),
    ("write", errno.EDQUOT, "quota"),
    ("fsync", errno.EIO, os.strerror(errno.EIO)),
    ("fsync", errno.ENOSPC, "disk is full"),
    ("close", errno.EIO, os.strerror(errno.EIO)),
    ("link", errno.EIO, os.strerror(errno.EIO)),
    ("link", errno.ENOSPC, "disk is full"),
]


@pytest.mark.parametrize(("call", "code", "why"), FAULTS)
def test_a_fault_leaves_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, why: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, call, _failing(code)(getattr(os, call)))
        with pytest.raises(UserError) as caught:
            write_atomic(tmp_path / "clip.wav", DATA)
    assert why in caught.value.why
    assert list(tmp_path.iterdir()) == []
    write_atomic(tmp_path / "clip.wav", DATA)  # and it works once there is no fault
    assert (tmp_path / "clip.wav").read_bytes() == DATA


def test_a_disk_that_fills_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_write, written = os.write, 0

    def write(descriptor: int, data: memoryview) -> int:
        nonlocal written
        if written >= 5000:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real_write(descriptor, data[:1000])
        written += count
        return count

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(UserError, match="disk is full"):
            write_atomic(tmp_path / "clip.wav", DATA)
        written = -len(DATA)  # space is freed; short writes go on
        write_atomic(tmp_path / "clip.wav", DATA)
    assert (tmp_path / "clip.wav").read_bytes() == DATA


def test_without_hard_links_the_name_is_reserved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "no links here")

    monkeypatch.setattr(os, "link", no_link)
    write_atomic(tmp_path / "clip.wav", DATA)
    assert (tmp_path / "clip.wav").read_bytes() == DATA
    with pytest.raises(UserError, match="exists already"):
        write_atomic(tmp_path / "clip.wav", b"other")
    assert (tmp_path / "clip.wav").read_bytes() == DATA
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _failing(errno.EIO)(Path.replace))
        with pytest.raises(UserError):
            write_atomic(tmp_path / "other.wav", DATA)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", _failing(errno.ENOSPC, 2)(os.open))
        with pytest.raises(UserError, match="disk is full"):
            write_atomic(tmp_path / "other.wav", DATA)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.wav"]


@pytest.mark.parametrize("winerror", [5, 32])
def test_what_windows_denies_for_a_moment_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    real_link, failures, delays = os.link, 3, list[float]()

    def link(source: Path, target: Path) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            error = OSError(errno.EACCES, "in use")
            error.winerror = winerror  # type: ignore[attr-defined]  # an OSError has it on Windows
            raise error
        real_link(source, target)

    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(time, "sleep", delays.append)
    write_atomic(tmp_path / "clip.wav", DATA)
    assert len(delays) == 3
    assert delays == sorted(delays)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.wav"]


def test_a_folder_that_cannot_be_synced_does_not_lose_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "fsync", _failing(errno.EINVAL, 2)(os.fsync))
    write_atomic(tmp_path / "clip.wav", DATA)
    assert (tmp_path / "clip.wav").read_bytes() == DATA
    assert "could not sync" in caplog.text


def test_a_temporary_file_that_will_not_go_is_only_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _failing(errno.EBUSY)(Path.unlink))
        write_atomic(tmp_path / "clip.wav", DATA)
    assert (tmp_path / "clip.wav").read_bytes() == DATA
    assert "left" in caplog.text


def test_missing_and_impossible_folders_are_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path, why in (
        (tmp_path / "missing" / "clip.wav", "does not exist"),
        (tmp_path / "file" / "clip.wav", "is not a folder"),
        (tmp_path / ("x" * 300), "too long"),
    ):
        with pytest.raises(UserError) as caught:
            write_atomic(path, DATA)
        assert why in caught.value.why
        assert str(path) in caught.value.why
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_numbers_are_added_and_nothing_is_overwritten(tmp_path: Path) -> None:
    names = [write_numbered(tmp_path, "a_72.5bpm.wav", bytes([n])).name for n in range(3)]
    assert names == ["a_72.5bpm.wav", "a_72.5bpm-2.wav", "a_72.5bpm-3.wav"]
    assert [(tmp_path / name).read_bytes() for name in names] == [b"\0", b"\1", b"\2"]
    assert free_path(tmp_path, "a_72.5bpm.wav").name == "a_72.5bpm-4.wav"
    (tmp_path / "a_72.5bpm-2.wav").unlink()
    assert free_path(tmp_path, "a_72.5bpm.wav").name == "a_72.5bpm-2.wav"


def test_all_names_taken_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.files.MAX_NUMBER", 2)
    for _ in range(2):
        write_numbered(tmp_path, "a.wav", b"")
    with pytest.raises(UserError, match="2 files named like"):
        write_numbered(tmp_path, "a.wav", b"")
    with pytest.raises(UserError, match="2 files named like"):
        free_path(tmp_path, "a.wav")


@pytest.mark.parametrize("links", [True, False])
def test_writers_that_race_all_keep_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(
            os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no"))
        )
    # every writer sees every name as free, so that only publishing can decide
    monkeypatch.setattr(os.path, "lexists", lambda _: False)
    paths: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda n=n: paths.append(write_numbered(tmp_path, "a.wav", bytes([n]) * 999))
        )
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 12
    assert {p.read_bytes() for p in tmp_path.iterdir()} == {bytes([n]) * 999 for n in range(12)}


# ── names ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("slow lo-fi guitar ballad", "slow-lofi-guitar"),
        ("A piano and the sea", "piano-sea"),
        ("Hip‑Hop!!! (90s)", "hiphop-90s"),
        ("Café über naïve", "cafe-uber-naive"),
        ("夜の ピアノ", "夜の-ピアノ"),
        ("the a of", "the-a-of"),
        ("🎸🔥", "clip"),
        ("", "clip"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "con-clip"),
        ("LPT¹", "lpt1-clip"),
        ("don't stop", "dont-stop"),
        ("x" * 99, "x" * 40),
        ("x" * 30 + " " + "y" * 30, "x" * 30),
    ],
)
def test_slugs(prompt: str, expected: str) -> None:
    assert slug(prompt) == expected


def test_clip_names() -> None:
    name = clip_name("slow lo-fi guitar ballad", bpm=72, key="Am", take=1)
    assert name == "slow-lofi-guitar_72bpm_Am_take1.wav"
    assert clip_name("acid", bpm=124.5, key="F#m", loop=True) == "acid_124.5bpm_F#m_loop.wav"
    assert clip_name("acid", bpm=123.456789) == "acid_123.46bpm.wav"
    assert clip_name("acid") == "acid.wav"
    assert numbered("acid_124.5bpm.wav", 1) == "acid_124.5bpm.wav"


RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{d}" for p in ("com", "lpt") for d in range(10)}


@settings(max_examples=100, deadline=None)
@given(
    prompt=st.text(max_size=200),
    bpm=st.none() | st.floats(30, 300),
    key=st.none() | st.sampled_from(KEYS),
    take=st.none() | st.integers(1, 10_000),
    loop=st.booleans(),
    number=st.integers(1, 10_000),
)
def test_names_are_safe_on_every_system(
    *, prompt: str, bpm: float | None, key: str | None, take: int | None, loop: bool, number: int
) -> None:
    name = numbered(clip_name(prompt, bpm=bpm, key=key, take=take, loop=loop), number)
    assert name.endswith(".wav")
    assert not set(name) & set('<>:"/\\|?*\0')
    assert name.isprintable()
    assert " " not in name
    assert not name.startswith((".", "-", "_"))
    assert name.split(".")[0].lower() not in RESERVED
    assert len(name.encode()) <= 255
    assert Path(name).name == name


@settings(max_examples=15, deadline=None)
@given(prompt=st.text(max_size=300))
def test_any_prompt_makes_a_file(prompt: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    path = write_numbered(folder, clip_name(prompt, bpm=120, key="F#m", take=1), b"x")
    assert [entry.name for entry in folder.iterdir()] == [path.name]
