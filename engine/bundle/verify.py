"""Opening a bundle: nothing of it is used before everything of it was checked.

A bundle comes from strangers. It opens only if its folder holds exactly the listed files, each a
regular file of the listed size and SHA-256, and its models reach for no other file.

Rejected: checking a file when it is first needed (a render would fail minutes in, and half of a
spoilt bundle would have run), and a cache of checked hashes (64 MB cost 0.2 s of CPU time,
spread over the cores).
"""

import hashlib
import mmap
import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.bundle.checks import (
    MANIFEST_LIMIT_BYTES,
    MANIFEST_NAME,
    model_names,
    read_manifest,
    refused,
)
from engine.bundle.harmony import LIMIT_BYTES as HARMONY_LIMIT_BYTES
from engine.bundle.harmony import HarmonyFile, read_harmony
from engine.bundle.manifest import Manifest
from engine.bundle.onnx_scan import MalformedModel, external_locations
from engine.bundle.understanding import LIMIT_BYTES as UNDERSTANDING_LIMIT_BYTES
from engine.bundle.understanding import UnderstandingFile, read_understanding

_READ_BYTES: Final = 2**20
_HASH_THREADS: Final = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        root: its folder.
        manifest: what it says of itself.
        sha256: its identity, the SHA-256 of manifest.json's bytes.
    """

    root: Path
    manifest: Manifest
    sha256: str

    def file(self, name: str) -> Path:
        """Path of a listed file. Raises KeyError for any other name."""
        if name not in self.manifest.files:
            raise KeyError(name)
        return self.root / name

    def understanding(self) -> UnderstandingFile | None:
        """What its text encoder's vectors mean; None where the bundle does not say.

        Raises:
            UserError: the file is damaged.
        """
        return _understanding(self.root, self.manifest)

    def harmony(self) -> HarmonyFile | None:
        """The chords of its genres; None where the bundle does not say.

        Raises:
            UserError: the file is damaged.
        """
        return _harmony(self.root, self.manifest)

    def size_bytes(self, *names: str | None) -> int:
        """Size of the listed files together; None counts nothing."""
        return sum(self.manifest.files[name].size_bytes for name in names if name is not None)


def verify_folder(root: Path, *, hashes: bool = True) -> Bundle:
    """Check a bundle's folder and return the bundle.

    `hashes=False` checks the manifest, names and sizes only: enough to list, not to run.

    Raises:
        UserError: whatever is wrong with it, named.
    """
    data = manifest_bytes(root)
    manifest = read_manifest(data)
    try:
        check_listing(manifest, _sizes(root))
        if hashes:
            _check_hashes(root, manifest)
            for name in model_names(manifest):
                _check_model(root / name, manifest)
            _understanding(root, manifest)
            _harmony(root, manifest)
    except OSError as error:
        raise refused(f"it cannot be read ({error})", "Check the folder's permissions") from None
    return Bundle(root, manifest, hashlib.sha256(data).hexdigest())


def check_listing(manifest: Manifest, sizes: Mapping[str, int]) -> None:
    """Compare what is there (name → bytes, manifest.json included) with what is listed.

    Raises:
        UserError: a file is missing, not listed, or of another size.
    """
    extra = sorted(sizes.keys() - manifest.files.keys() - {MANIFEST_NAME})
    if extra:
        raise refused(f"{extra[0]!r} is not listed in its manifest", "Remove it, or export again")
    for name, entry in manifest.files.items():
        if name not in sizes:
            raise refused(f"{name} is missing", "Get the bundle again")
        if sizes[name] != entry.size_bytes:
            raise refused(
                f"{name} has {sizes[name]} bytes instead of {entry.size_bytes}",
                "Get the bundle again",
            )


def manifest_bytes(root: Path) -> bytes:
    """manifest.json as it is, cut just past its size limit.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with (root / MANIFEST_NAME).open("rb") as file:
            return file.read(MANIFEST_LIMIT_BYTES + 1)
    except OSError:
        raise refused(
            f"{root} has no {MANIFEST_NAME}", "Give a bundle's folder or its .zip file"
        ) from None


def _sizes(root: Path) -> dict[str, int]:
    """Name → size of everything in the folder, which must be regular files."""
    sizes = {}
    with os.scandir(root) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "no regular file"
                raise refused(f"{entry.name!r} is {kind}", "Remove it, or export again")
            sizes[entry.name] = status.st_size
    return sizes


def _check_hashes(root: Path, manifest: Manifest) -> None:
    largest_first = sorted(manifest.files, key=lambda name: -manifest.files[name].size_bytes)
    with ThreadPoolExecutor(_HASH_THREADS, thread_name_prefix="verify") as pool:
        hashes = pool.map(_sha256, [root / name for name in largest_first])
        for name, found in zip(largest_first, hashes, strict=True):
            if found != manifest.files[name].sha256:
                raise refused(f"{name} is not the file that was listed (SHA-256)", "Get it again")


def _sha256(path: Path) -> str:
    """Hex digest; hashlib lets go of the interpreter's lock for each block."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(_READ_BYTES))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(block):
            digest.update(block[:size])
    return digest.hexdigest()


def _understanding(root: Path, manifest: Manifest) -> UnderstandingFile | None:
    """The decoded file of what words mean, None where there is none. Raises UserError, OSError."""
    name = manifest.text.understanding
    if name is None:
        return None
    with (root / name).open("rb") as file:
        found = read_understanding(file.read(UNDERSTANDING_LIMIT_BYTES + 1))
    if found.width != manifest.text.width:
        raise refused(f"{name} is for vectors of {found.width}, not {manifest.text.width}")
    return found


def _harmony(root: Path, manifest: Manifest) -> HarmonyFile | None:
    """The decoded file of chords, None where there is none. Raises UserError, OSError."""
    if manifest.harmony is None:
        return None
    with (root / manifest.harmony).open("rb") as file:
        return read_harmony(file.read(HARMONY_LIMIT_BYTES + 1))


def _check_model(path: Path, manifest: Manifest) -> None:
    """Refuse a model whose tensors lie anywhere but in listed files.

    Raises:
        UserError: it is malformed or reaches for another file.
    """
    if not path.stat().st_size:
        raise refused(f"{path.name} is empty", "Get the bundle again")
    locations: set[str] = set()
    fault = ""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            locations.update(external_locations(memoryview(data)))
        except MalformedModel as error:
            fault = str(error)  # raised below: a traceback would keep the map open
    if fault:
        raise refused(f"{path.name} is no model that may be loaded: {fault}")
    for location in locations:
        if location not in manifest.files or location in model_names(manifest):
            raise refused(f"{path.name} reaches for {location!r}, which the manifest does not list")
