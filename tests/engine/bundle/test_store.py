"""Installing, listing, finding and removing bundles, from folders and from zips."""

import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.bundle import places
from engine.bundle.store import find, install, installed, open_bundle, remove
from engine.bundle.verify import verify_folder
from engine.errors import UserError

Writer = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def bundle(tmp_path: Path, write_bundle: Writer) -> Path:
    return write_bundle(tmp_path / "source")


def zipped(folder: Path, *, top: str = "") -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, top + file.name)
    return path


def age(folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder / "manifest.json", (then, then))


def test_places_follow_the_variable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.bundles_dir() == home / "bundles"
    assert places.cache_dir() == home / "cache"
    monkeypatch.delenv(places.HOME_VARIABLE)
    assert places.bundles_dir().parts[-2:] == ("noisefall", "bundles")
    assert "noisefall" in places.cache_dir().parts
    monkeypatch.setenv(places.RESOURCES_VARIABLE, str(home))
    assert places.resources_dir() == home
    monkeypatch.delenv(places.RESOURCES_VARIABLE)
    assert places.resources_dir().name in ("resources", "_resources")


def test_a_folder_installs_under_name_version_and_hash(bundle: Path, home: Path) -> None:
    done = install(bundle)
    assert done.root == home / "bundles" / f"tiny-1.0-{done.sha256[:8]}"
    assert verify_folder(done.root).sha256 == done.sha256 == verify_folder(bundle).sha256
    assert [path.name for path in (home / "bundles").iterdir()] == [done.root.name]


@pytest.mark.parametrize("top", ["", "tiny/"])
def test_a_zip_installs_like_its_folder(bundle: Path, home: Path, top: str) -> None:
    assert install(zipped(bundle, top=top)).sha256 == verify_folder(bundle).sha256
    assert len(list((home / "bundles").iterdir())) == 1


def test_installing_twice_changes_nothing(bundle: Path) -> None:
    first = install(bundle)
    before = (first.root / "manifest.json").stat().st_mtime_ns
    assert install(zipped(bundle)) == first
    assert (first.root / "manifest.json").stat().st_mtime_ns == before


def test_installing_again_mends_a_broken_copy(bundle: Path) -> None:
    root = install(bundle).root
    (root / "text.onnx").write_bytes(b"spoilt")
    assert install(bundle).root == root
    assert verify_folder(root)


def test_two_of_one_name_stand_beside_each_other(
    tmp_path: Path, bundle: Path, write_bundle: Writer
) -> None:
    old, new = install(bundle), install(write_bundle(tmp_path / "b", description="other"))
    assert {item.path for item in installed()} == {old.root, new.root}
    age(old.root, 100)
    assert find("tiny").sha256 == new.sha256
    assert find("tiny-1.0").sha256 == new.sha256
    assert find("").sha256 == new.sha256
    assert find(old.root.name).sha256 == find(old.sha256[:8]).sha256 == old.sha256
    with pytest.raises(UserError, match="Name one of them"):
        remove("tiny")
    assert remove(old.sha256) == old.root
    assert [item.path for item in installed()] == [new.root]


def test_a_spoilt_bundle_leaves_nothing_in_the_store(bundle: Path, home: Path) -> None:
    (bundle / "text.onnx").write_bytes(bytes((bundle / "text.onnx").stat().st_size))
    for path in (bundle, zipped(bundle)):
        with pytest.raises(UserError, match="is not the file that was listed"):
            install(path)
    assert list((home / "bundles").iterdir()) == []
    assert installed() == []


def test_a_zip_with_unlisted_files_is_refused_before_unpacking(bundle: Path, home: Path) -> None:
    (bundle / "extra.bin").write_bytes(b"x")
    with pytest.raises(UserError, match=r"extra.bin' is not listed"):
        install(zipped(bundle))
    assert list((home / "bundles").iterdir()) == []


def test_broken_ones_are_listed_with_their_fault(bundle: Path) -> None:
    root = install(bundle).root
    (root / "text.onnx").unlink()
    (item,) = installed()
    assert item.bundle is None
    assert item.problem == "text.onnx is missing"
    assert str(item) == f"{root.name}: broken (text.onnx is missing)"
    with pytest.raises(UserError, match="No bundle is installed"):
        find("")
    with pytest.raises(UserError, match=r"text.onnx is missing"):
        find(root.name)
    assert remove(root.name) == root


def test_listing_with_hashes_finds_what_sizes_hide(bundle: Path) -> None:
    root = install(bundle).root
    (root / "tokenizer.json").write_bytes(b"[]")
    assert installed()[0].problem == ""
    assert "tokenizer.json is not the file" in installed(hashes=True)[0].problem


def test_without_any_bundle_the_remedy_is_a_command(tmp_path: Path) -> None:
    for what in ("", "nothing"):
        with pytest.raises(UserError) as caught:
            find(what, builtin_dir=tmp_path / "none")
        assert "noisefall bundle install FILE" in caught.value.remedy
    with pytest.raises(UserError, match="was not found"):
        remove("nothing")


def test_the_built_in_one_is_the_default_until_another_is_installed(
    tmp_path: Path, bundle: Path, write_bundle: Writer
) -> None:
    built_in = write_bundle(tmp_path / "res" / "starter", name="starter").parent
    assert find("", builtin_dir=built_in).manifest.name == "starter"
    install(bundle)
    assert find("", builtin_dir=built_in).manifest.name == "tiny"
    assert find("starter", builtin_dir=built_in).root == built_in / "starter"


def test_a_path_is_opened_where_it_is(bundle: Path, home: Path) -> None:
    assert find(str(bundle)).root == bundle
    opened = find(str(zipped(bundle)))
    assert opened.sha256 == verify_folder(bundle).sha256
    assert opened.root.parent == home / "cache" / "unpacked"
    assert installed() == []


def test_a_zip_is_unpacked_once_and_again_when_spoilt(bundle: Path) -> None:
    path = zipped(bundle)
    root = open_bundle(path).root
    marker = (root / "manifest.json").stat().st_ino
    assert open_bundle(path).root == root
    assert (root / "manifest.json").stat().st_ino == marker
    (root / "text.onnx").unlink()
    assert open_bundle(path).root == root
    assert (root / "text.onnx").is_file()


def test_paths_that_are_no_bundles(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    for call, path in ((open_bundle, "absent"), (install, "absent"), (open_bundle, "a.txt")):
        with pytest.raises(UserError):
            call(tmp_path / path)
    with pytest.raises(UserError, match=r"has no manifest.json"):
        find(str(tmp_path))


def test_what_a_crash_left_is_swept_up(bundle: Path, home: Path) -> None:
    left = home / "bundles" / ".incoming-old"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    fresh = home / "bundles" / ".incoming-new"
    fresh.mkdir()
    install(bundle)
    assert not left.exists()
    assert fresh.exists()
    assert len(installed()) == 1


def test_a_rename_that_fails_for_a_moment_is_tried_again(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, failures = Path.rename, [PermissionError(5, "in use")] * 2

    def flaky(self: Path, target: Path) -> Path:
        if failures:
            raise failures.pop()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", flaky)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert install(bundle).root.is_dir()


def test_a_full_disk_is_a_user_error_and_leaves_nothing(
    bundle: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UserError, match="No space left"):
        install(bundle)
    assert list((home / "bundles").iterdir()) == []


def test_the_identity_is_the_manifests_bytes(bundle: Path) -> None:
    before = verify_folder(bundle).sha256
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest, indent=1))
    assert verify_folder(bundle).sha256 != before
