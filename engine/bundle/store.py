"""Opening, installing and finding bundles.

Installed bundles live side by side as <name>-<version>-<first 8 digits of the hash>, each written
to a hidden folder first and renamed into place: a folder with such a name is complete. Rejected: an
index file (it could disagree with the folders), and overwriting an older version (clips name the
bundle that made them by its hash, and must stay repeatable).
"""

import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.bundle.archive import open_archive
from engine.bundle.checks import MANIFEST_LIMIT_BYTES, MANIFEST_NAME, read_manifest
from engine.bundle.places import bundles_dir, cache_dir, resources_dir
from engine.bundle.verify import Bundle, check_listing, manifest_bytes, verify_folder
from engine.errors import UserError

__all__ = ["Bundle", "Installed", "find", "install", "installed", "open_bundle", "remove"]

_log = logging.getLogger(__name__)

_INCOMING: Final = ".incoming-"
_STALE_S: Final = 3600.0  # an unpacking folder older than this was left by a crash
_HEX: Final = re.compile(r"[0-9a-f]{8,64}")
_RENAME_TRIES: Final = 5  # Windows: a virus scanner may hold a new file for a moment
INSTALL_REMEDY: Final = "Install one with: noisefall bundle install FILE"


@dataclass(frozen=True)
class Installed:
    """One folder of the store: a bundle, or why it is broken.

    Attributes:
        path: its folder.
        bundle: the bundle (sizes checked, hashes not, unless asked), or None.
        problem: why it is broken; empty when it is not.
        installed_ns: when it was installed, nanoseconds since the epoch.
    """

    path: Path
    bundle: Bundle | None
    problem: str
    installed_ns: int

    def __str__(self) -> str:
        if self.bundle is None:
            return f"{self.path.name}: broken ({self.problem})"
        return (
            f"{self.bundle.manifest.name} {self.bundle.manifest.version} {self.bundle.sha256[:8]}"
        )


def open_bundle(path: Path) -> Bundle:
    """Open a bundle's folder, or its zip (unpacked into the cache, under the zip's hash).

    Raises:
        UserError: it is not there, or refused.
    """
    if path.is_dir():
        return verify_folder(path)
    if not path.is_file():
        raise UserError("The bundle was not opened", f"{path} does not exist", "Check the path")
    with path.open("rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()
    target = cache_dir() / "unpacked" / key
    if target.is_dir():
        try:
            return verify_folder(target)
        except UserError as error:
            _log.warning("unpacking %s again: %s", path, error)
    return _take_in(path, target)


def install(path: Path, *, store_dir: Path | None = None) -> Bundle:
    """Verify a bundle (folder or zip) and copy it into the store; twice is a no-op.

    Raises:
        UserError: the bundle is refused, or the store cannot be written.
    """
    store = store_dir or bundles_dir()
    if not path.exists():
        raise UserError("The bundle was not installed", f"{path} does not exist", "Check the path")
    data = _manifest_of(path)
    manifest = read_manifest(data)
    sha256 = hashlib.sha256(data).hexdigest()
    target = store / f"{manifest.name}-{manifest.version}-{sha256[:8]}"
    if target.is_dir():
        try:
            return verify_folder(target)
        except UserError as error:
            _log.warning("installing %s again: %s", target.name, error)
    return _take_in(path, target)


def installed(store_dir: Path | None = None, *, hashes: bool = False) -> list[Installed]:
    """Every bundle of the store, newest first, broken ones with their fault.

    `hashes=True` also checks every file's hash and every model, which reads the whole store.
    """
    store = store_dir or bundles_dir()
    if not store.is_dir():
        return []
    folders = [entry for entry in store.iterdir() if not entry.name.startswith(".")]
    found = [_look(folder, hashes=hashes) for folder in folders if folder.is_dir()]
    return sorted(found, key=lambda item: (-item.installed_ns, item.path.name))


def remove(what: str, *, store_dir: Path | None = None) -> Path:
    """Remove one installed bundle by folder name, name or hash; returns the folder it had.

    Raises:
        UserError: none or several match, or the folder cannot be removed.
    """
    matches = _matching(what, installed(store_dir))
    if not matches:
        raise _nothing(what)
    if len(matches) > 1:
        names = ", ".join(item.path.name for item in matches)
        raise UserError("Nothing was removed", f"{what!r} is any of {names}", "Name one of them")
    path = matches[0].path
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise UserError("The bundle was not removed", str(error), "Close what uses it") from None
    return path


def find(
    what: str = "", *, store_dir: Path | None = None, builtin_dir: Path | None = None
) -> Bundle:
    """Open a bundle by path, name (the newest of it), folder name or hash; "" is the default.

    The default is the bundle installed last, else the built-in one.

    Raises:
        UserError: there is none, or it is refused.
    """
    path = Path(what)
    if what and (path.is_dir() or path.is_file()) and (len(path.parts) > 1 or _is_bundle(path)):
        return open_bundle(path)
    known = installed(store_dir) + _builtin(builtin_dir or resources_dir())
    matches = _matching(what, known) if what else [item for item in known if not item.problem]
    if not matches:
        raise _nothing(what)
    return verify_folder(matches[0].path)


def _is_bundle(path: Path) -> bool:
    return (path / MANIFEST_NAME).is_file() if path.is_dir() else path.suffix.lower() == ".zip"


def _nothing(what: str) -> UserError:
    if what:
        return UserError("The bundle was not found", f"none installed is {what!r}", INSTALL_REMEDY)
    return UserError(
        "No bundle is installed", "nothing can be rendered without one", INSTALL_REMEDY
    )


def _matching(what: str, items: list[Installed]) -> list[Installed]:
    def matches(item: Installed) -> bool:
        if item.path.name == what:
            return True
        if item.bundle is None:
            return False
        manifest = item.bundle.manifest
        return what in (manifest.name, f"{manifest.name}-{manifest.version}") or (
            _HEX.fullmatch(what) is not None and item.bundle.sha256.startswith(what)
        )

    return [item for item in items if matches(item)]


def _builtin(folder: Path) -> list[Installed]:
    if not folder.is_dir():
        return []
    return [
        _look(entry, hashes=False)
        for entry in sorted(folder.iterdir())
        if (entry / MANIFEST_NAME).is_file()
    ]


def _look(folder: Path, *, hashes: bool) -> Installed:
    manifest = folder / MANIFEST_NAME
    installed_ns = manifest.stat().st_mtime_ns if manifest.is_file() else 0
    try:
        return Installed(folder, verify_folder(folder, hashes=hashes), "", installed_ns)
    except UserError as error:
        return Installed(folder, None, error.why, installed_ns)


def _manifest_of(path: Path) -> bytes:
    if path.is_dir():
        return manifest_bytes(path)
    with open_archive(path) as archive:
        return archive.read(MANIFEST_NAME, MANIFEST_LIMIT_BYTES)


def _take_in(source: Path, target: Path) -> Bundle:
    """Copy or unpack `source`, verify the copy, and rename it to `target`."""
    try:
        with _incoming(target.parent) as folder:
            if source.is_dir():
                _copy(source, folder)
            else:
                _unpack(source, folder)
            verify_folder(folder)
            _sync(folder)
            _put(folder, target)
    except OSError as error:
        raise UserError(
            "The bundle was not installed", str(error), f"Check {target.parent} and its free space"
        ) from None
    bundle = verify_folder(target, hashes=False)
    _log.info("bundle %s is at %s", bundle.sha256[:8], target)
    return bundle


@contextmanager
def _incoming(parent: Path) -> Iterator[Path]:
    """A fresh hidden folder in `parent`; gone afterwards unless it was renamed."""
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.glob(f"{_INCOMING}*"):
        if time.time() - old.stat().st_mtime > _STALE_S:
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=parent))
    folder.chmod(0o755)  # a store may be shared; mkdtemp's folders are private
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Path, folder: Path) -> None:
    """Copy the listed files; `verify_folder` on the source finds anything else first."""
    bundle = verify_folder(source, hashes=False)
    for name in (MANIFEST_NAME, *bundle.manifest.files):
        shutil.copyfile(source / name, folder / name, follow_symlinks=False)


def _unpack(source: Path, folder: Path) -> None:
    """Unpack an archive whose directory agrees with its manifest."""
    with open_archive(source) as archive:
        manifest = read_manifest(archive.read(MANIFEST_NAME, MANIFEST_LIMIT_BYTES))
        check_listing(manifest, archive.sizes)
        archive.extract(folder)


def _sync(folder: Path) -> None:
    """Have the files on the disk before the folder gets its name."""
    for path in folder.iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())


def _put(folder: Path, target: Path) -> None:
    """Rename into place; a broken folder of that name makes way."""
    if target.exists():
        shutil.rmtree(target)
    for attempt in range(1, _RENAME_TRIES + 1):
        try:
            folder.rename(target)
        except PermissionError:
            if attempt == _RENAME_TRIES:
                raise
            time.sleep(0.1 * attempt)
        else:
            return
