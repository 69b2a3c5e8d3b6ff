"""Which sources made a corpus: one seed means one corpus only while they stay the same.

Rejected: a version number raised by hand (it would be forgotten), and git's commit (an installed
package has none, and most commits change nothing here).
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import engine
from engine.corpus.render.soundfonts import find_soundfonts
from engine.corpus.store.layout import FORMAT, Versions

# what decides a clip's bytes, below engine/; checking and showing it do not
_SOURCES: Final = (
    "audio", "composer", "corpus/annotate", "corpus/captions", "corpus/render",
    "corpus/store/encode.py", "corpus/store/seeds.py", "music",
)  # fmt: skip
_DIGITS: Final = 16


def hash_of_files(root: Path, names: Iterable[str]) -> str:
    """Hash of the Python files under `names` (files or folders) of a folder, by name and text.

    Raises:
        FileNotFoundError: one of the names is not there.
    """
    digest = hashlib.sha256()
    for name in names:
        start = root / name
        files = [start] if start.is_file() else sorted(start.rglob("*.py"))
        if not files:
            raise FileNotFoundError(start)
        for file in files:
            text = file.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{file.relative_to(root).as_posix()} {len(text)}\n".encode())
            digest.update(text)
    return digest.hexdigest()[:_DIGITS]


@cache
def code_version() -> str:
    """Hash of the sources that make a clip."""
    return hash_of_files(Path(engine.__path__[0]), _SOURCES)


def present_versions() -> Versions:
    """What would make a clip here and now.

    Raises:
        UserError: there is no SoundFont.
    """
    fonts = {name: f"{path.name} {path.stat().st_size}" for name, path in find_soundfonts().items()}
    return Versions(format=FORMAT, code=code_version(), soundfonts=fonts)
