"""A folder of exported files becomes a bundle: manifest.json with every size and hash, and a zip.

The manifest is written last and read back through the engine's own checks, so nothing is published
that the engine would refuse. The bundle's identity is the SHA-256 of manifest.json's bytes: fields
come in the order of `Manifest`, files by name, and the zip has no clock in it.

Rejected: signing (a hash in the recipe identifies a bundle; who made it is another question).
"""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from engine.bundle.checks import MANIFEST_NAME, read_manifest
from engine.bundle.manifest import (
    SCHEMA,
    FileEntry,
    Manifest,
    MelSpec,
    StageName,
    StageSpec,
    TextSpec,
)

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold
_INCOMPRESSIBLE: Final = frozenset({".weights"})


def write_manifest(
    folder: Path,
    *,
    name: str,
    version: str,
    licence: str,
    text: TextSpec,
    stages: Mapping[StageName, StageSpec],
    route: Literal["spectrogram", "waveform"] = "spectrogram",
    mel: MelSpec | None = None,
    description: str = "",
    harmony: str | None = None,
) -> str:
    """Write manifest.json over every other file in the folder; returns the bundle's identity.

    Raises:
        UserError: the engine would refuse the bundle.
    """
    manifest = Manifest(
        schema=SCHEMA,
        name=name,
        version=version,
        licence=licence,
        description=description,
        route=route,
        mel=mel,
        text=text,
        harmony=harmony,
        stages=dict(stages),
        files={
            path.name: _entry(path)
            for path in sorted(folder.iterdir())
            if path.name != MANIFEST_NAME
        },
    )
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    read_manifest(data)
    (folder / MANIFEST_NAME).write_bytes(data)
    return bundle_id(folder)


def bundle_id(folder: Path) -> str:
    """The bundle's identity: SHA-256 of manifest.json, 64 hexadecimal digits."""
    return hashlib.sha256((folder / MANIFEST_NAME).read_bytes()).hexdigest()


def zip_bundle(folder: Path, path: Path) -> None:
    """Pack a bundle's files, flat; the same files give the same archive, byte for byte."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            info = zipfile.ZipInfo(file.name, _EPOCH)
            stored = file.suffix in _INCOMPRESSIBLE
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3  # Unix, wherever it is written
            info.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(info, "w") as target:
                while block := source.read(2**20):
                    target.write(block)


def _entry(path: Path) -> FileEntry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileEntry(size_bytes=path.stat().st_size, sha256=digest)
