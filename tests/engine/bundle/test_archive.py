"""Hostile archives: each refused with one clear error, nothing written outside, bounded work."""

import contextlib
import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle.archive import Limits, open_archive
from engine.errors import UserError

SMALL = Limits(files=8, total_bytes=4_000_000)


def pack(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def pack_info(name: str, data: bytes = b"x", *, mode: int = 0) -> bytes:
    buffer = io.BytesIO()
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, data)
    return buffer.getvalue()


def raw_name(name: bytes) -> bytes:
    """An archive whose one entry has exactly these bytes as its name (zipfile would mend them)."""
    stand_in = b"q" * len(name)
    return pack((stand_in.decode(), b"x")).replace(stand_in, name)


def patch(data: bytes, magic: bytes, offset: int, form: str, value: int) -> bytes:
    """Overwrite a number in the first record with this magic."""
    out = bytearray(data)
    struct.pack_into(form, out, out.index(magic) + offset, value)
    return bytes(out)


def twice(name: str = "a", other: str = "a") -> bytes:
    # written under another name first: zipfile warns of duplicates
    return pack((name, b"1"), ("q", b"2")).replace(b"q", other.encode())


CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
PLAIN = pack(("manifest.json", b"{}"), ("a.onnx", b"weights" * 100))
BOMB = pack(("a.onnx", bytes(3_000_000)), method=zipfile.ZIP_DEFLATED)


def overlapping() -> bytes:
    """Two directory entries for one local file."""
    data = pack(("a.onnx", b"x" * 50), ("b.onnx", b"x" * 50))
    second = data.rindex(CENTRAL)
    out = bytearray(data)
    struct.pack_into("<L", out, second + 42, 0)
    return bytes(out)


HOSTILE: dict[str, bytes] = {
    "parent": raw_name(b"../evil"),
    "parent inside": raw_name(b"a/../../evil"),
    "absolute": raw_name(b"/tmp/evil"),
    "drive": raw_name(b"C:\\evil"),
    "drive relative": raw_name(b"C:evil"),
    "backslash": raw_name(b"..\\evil"),
    "network share": raw_name(b"\\\\host\\evil"),
    "nul": raw_name(b"a.onnx\0.txt"),
    "newline": raw_name(b"a\nb"),
    "right to left": raw_name("a\u202eb".encode()),
    "dot": raw_name(b"."),
    "hidden": raw_name(b".ssh"),
    "empty name": raw_name(b"x/").replace(b"x/", b"//"),
    "windows device": raw_name(b"aux.json"),
    "trailing dot": raw_name(b"a.onnx."),
    "two folders deep": raw_name(b"a/b/c"),
    "two top folders": pack(("a/x", b"1"), ("b/y", b"2")),
    "flat and folder": pack(("a/x", b"1"), ("y", b"2")),
    "symlink": pack_info("a.onnx", b"/etc/passwd", mode=stat.S_IFLNK | 0o777),
    "device": pack_info("a.onnx", mode=stat.S_IFBLK | 0o600),
    "folder as file": pack_info("a.onnx", mode=stat.S_IFDIR | 0o755),
    "duplicate": twice(),
    "duplicate by case": twice("a", "A"),
    "encrypted": patch(PLAIN, CENTRAL, 8, "<H", 1),
    "unknown compression": patch(PLAIN, CENTRAL, 10, "<H", 99),
    "bzip2": pack(("a", b"1"), method=zipfile.ZIP_BZIP2),
    "too many": pack(*((f"f{i}", b"") for i in range(9))),
    "bomb": BOMB,
    "bomb that lies small": patch(patch(BOMB, CENTRAL, 24, "<L", 9), LOCAL, 22, "<L", 9),
    "too large together": pack(*((f"f{i}", bytes(900_000)) for i in range(5))),
    "declares too much": patch(PLAIN, CENTRAL, 24, "<L", 2**31),
    "declares too little": patch(PLAIN[:], b"PK\1\2", 24, "<L", 1),
    "overlap": overlapping(),
    "truncated": PLAIN[:-30],
    "cut in half": PLAIN[: len(PLAIN) // 2],
    "trailing garbage": PLAIN + b"garbage",
    "comment": PLAIN[:-2] + b"\x04\x00evil",
    "something in front": b"#!/bin/sh\n" + PLAIN,
    "spoilt content": PLAIN.replace(b"weights", b"wEights", 1),
    "spoilt local header": PLAIN.replace(LOCAL, b"PK\3\5", 1),
    "wrong directory offset": patch(PLAIN, END, 16, "<L", 7),
    "several disks": patch(PLAIN, END, 4, "<H", 1),
    "zip64 without record": patch(PLAIN, END, 10, "<H", 0xFFFF),
    "zip64 locator alone": PLAIN[:-22] + b"PK\6\7" + bytes(16) + PLAIN[-22:],
    "empty": b"",
    "no zip": b"hello world, this is no archive at all",
    "only an end": pack()[:10] + pack()[10:] + b"\0",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_writes_nothing_outside(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(HOSTILE[name])
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    with pytest.raises(UserError) as caught, open_archive(path, limits=SMALL) as archive:
        archive.extract(target)
    assert caught.value.what == "The archive was refused"
    outside = {p for p in tmp_path.rglob("*") if target not in (p, *p.parents)}
    assert outside == {path, tmp_path / "deep"}
    assert sum(p.stat().st_size for p in target.iterdir()) <= SMALL.total_bytes


@pytest.mark.parametrize("top", ["", "bundle/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_flat_archive_and_one_with_a_folder_unpack(tmp_path: Path, top: str, method: int) -> None:
    path = tmp_path / "good.zip"
    contents = {"manifest.json": b"{}", "a.onnx": bytes(range(256)) * 9}
    path.write_bytes(pack(*((top + n, d) for n, d in contents.items()), method=method))
    target = tmp_path / "target"
    target.mkdir()
    with open_archive(path) as archive:
        assert archive.sizes == {"manifest.json": 2, "a.onnx": 2304}
        assert archive.read("manifest.json", 2) == b"{}"
        archive.extract(target)
    assert {p.name: p.read_bytes() for p in target.iterdir()} == contents


def test_a_folder_entry_of_its_own_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.mkdir("bundle")
        archive.writestr("bundle/a", b"1")
    path.write_bytes(buffer.getvalue())
    with open_archive(path) as opened:
        assert opened.sizes == {"a": 1}


def test_zip64_end_records_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = tmp_path / "big.zip"
    path.write_bytes(pack(("a", b"1"), ("b", b"22")))
    data = path.read_bytes()
    assert b"PK\6\6" in data
    path.write_bytes(patch(data, END, 16, "<L", 0xFFFFFFFF))  # the offset is in the zip64 record
    with open_archive(path) as archive:
        assert archive.sizes == {"a": 1, "b": 2}


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(pack(("manifest.json", bytes(1000))))
    with open_archive(path) as archive:
        with pytest.raises(UserError, match="1000 bytes of 999 allowed"):
            archive.read("manifest.json", 999)
        with pytest.raises(UserError, match="it has no other"):
            archive.read("other", 1)


def test_an_absent_file_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="was not read"), open_archive(tmp_path / "no.zip"):
        pass


def test_a_full_disk_is_said_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(pack(("a", bytes(1000))))
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 999})())
    with pytest.raises(UserError, match="Free some space"), open_archive(path) as archive:
        archive.extract(tmp_path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


DEFLATED = pack(("manifest.json", b"{}" * 50), ("a", b"b" * 99), method=zipfile.ZIP_DEFLATED)


@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(DEFLATED) - 1), st.integers(0, 255)), min_size=1, max_size=5
    ),
    cut=st.integers(0, 30),
)
def test_a_mutated_archive_reads_or_is_a_user_error(
    scratch: Path, edits: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(DEFLATED)
    for at, value in edits:
        data[at] = value
    assert_read_or_refused(scratch, bytes(data[: len(data) - cut] if cut < 10 else data))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_user_error(scratch: Path, data: bytes) -> None:
    assert_read_or_refused(scratch, data)
    assert_read_or_refused(scratch, data + struct.pack("<4s4H2LH", END, 0, 0, 1, 1, 50, 0, 0))


def assert_read_or_refused(scratch: Path, data: bytes) -> None:
    path = scratch / "fuzz.zip"
    path.write_bytes(data)
    with (
        contextlib.suppress(UserError),  # and no other
        open_archive(path, limits=SMALL) as archive,
    ):
        for name, size in archive.sizes.items():
            assert len(archive.read(name, 10_000)) == size


def test_the_table_is_large_enough() -> None:
    assert len(HOSTILE) >= 20
    assert len(set(HOSTILE.values())) == len(HOSTILE)
