"""Every sound of a run on the disk, with what was heard of it: an interrupted run goes on.

Names hold a hash of all that determines the sound, so another bundle, preset or prompt never finds
a sound that is not its own. Sounds are kept as 16-bit FLAC, which is what prepared data are, and
those that would not fit are made quieter; the mel is the judge's. `.json` is written last: a sound
without it is made again.

Rejected: floating-point WAV (four times the size, for bits that no measure hears).
"""

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.errors import UserError
from engine.evaluation.music.asks import RATE_HZ
from engine.evaluation.music.ear import judged_mel
from engine.evaluation.music.heard import Asked, Heard, heard
from engine.files import replace_file

FloatArray = NDArray[np.float32]

VERSION: Final = 2  # of what is heard: another is heard again
LOUDEST: Final = 0.999


class _Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    heard: Heard


def sound_name(system: str, title: str, *determined_by: object) -> str:
    """A readable file name, unique by what determines the sound."""
    key = "\x1f".join(map(str, determined_by))
    digest = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
    return f"{system}-{re.sub('[^A-Za-z0-9-]+', '-', title)[:60]}-{digest}"


class Shelf:
    """A folder of sounds.

    Args:
        folder: is made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refused(folder, error) from None

    def has(self, name: str) -> bool:
        """Whether a sound is there, whole and heard by this version."""
        try:
            return self._note(name).version == VERSION
        except (OSError, msgspec.MsgspecError):
            return False

    def put(self, name: str, audio: FloatArray, asked: Asked) -> None:
        """Keep a sound (samples, 2) at 16 kHz and what is heard of it.

        Raises:
            UserError: the folder cannot be written.
        """
        peak = float(np.abs(audio).max(initial=0.0))
        kept = audio * np.float32(LOUDEST / peak) if peak > LOUDEST else audio
        mel = judged_mel(kept, loop=asked.loop).astype(np.float16)
        note = _Note(VERSION, heard(kept, RATE_HZ, asked))
        try:
            self._write(f"{name}.flac", lambda file: soundfile.write(
                file, kept, RATE_HZ, format="FLAC", subtype="PCM_16"
            ))  # fmt: skip
            self._write(f"{name}.npy", lambda file: np.save(file, mel, allow_pickle=False))
            data = msgspec.json.encode(note)
            self._write(f"{name}.json", lambda file: file.write(data))
        except OSError as error:
            raise _refused(self.folder, error) from None

    def heard(self, name: str) -> Heard:
        """What was heard of a sound that is there."""
        return self._note(name).heard

    def mel(self, name: str) -> FloatArray:
        """Its mel (160, frames), as the judge gets it.

        Raises:
            UserError: the file is damaged.
        """
        path = self.folder / f"{name}.npy"
        try:
            return np.asarray(np.load(path, allow_pickle=False), np.float32)
        except (OSError, ValueError, EOFError) as error:
            raise UserError(
                "A sound was not read", f"{path}: {error}", "Delete it, and run this again"
            ) from None

    def _note(self, name: str) -> _Note:
        return msgspec.json.decode((self.folder / f"{name}.json").read_bytes(), type=_Note)

    def _write(self, name: str, write: Callable[[io.BytesIO], object]) -> None:
        buffer = io.BytesIO()
        write(buffer)
        replace_file(self.folder / name, buffer.getvalue())


def _refused(folder: Path, error: OSError) -> UserError:
    return UserError(
        "The sounds were not kept", f"{folder}: {error}", "Choose another folder with --out"
    )
