"""What lies in a corpus folder, as structs.

corpus.json is the plan: every shard and the clips that belong in it, written before the first clip
is rendered. A shard is a tar in the form of WebDataset (https://github.com/webdataset/webdataset),
<split>-<number>.tar, with a sidecar <split>-<number>.json that is written after it: a tar without
a fitting sidecar is unfinished. The sidecar also knows where in the tar every member begins, so
that a crop is read without scanning.

Rejected: one index of all shards written at the end (an interrupted run would have none), and a
data base (shards must be movable with cp).
"""

import hashlib
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args

import msgspec

from engine.audio.bands import MelParameters
from engine.bundle.manifest import MelSpec
from engine.corpus.annotate import Annotations
from engine.corpus.captions import Captions
from engine.errors import UserError
from engine.music.score import Stem

FORMAT: Final = 1
PLAN_NAME: Final = "corpus.json"
RATE_HZ: Final = 24_000
JSON_LIMIT_BYTES: Final = 256 << 20

Split = Literal["train", "validation", "test"]
SPLITS: Final[dict[Split, float]] = {"train": 0.94, "validation": 0.03, "test": 0.03}
STEMS: Final[tuple[Stem, ...]] = get_args(Stem)

MEL: Final = MelParameters(**msgspec.structs.asdict(MelSpec()))


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An unknown field is an error."""


class Versions(_Strict, frozen=True):
    """What decides how a clip sounds and reads, besides its seed.

    Attributes:
        format: of the folder.
        code: hash of the sources that make a clip (engine.corpus.store.versions).
        soundfonts: name → file name and size.
    """

    format: int
    code: str
    soundfonts: dict[str, str]


class PlannedShard(_Strict, frozen=True):
    """One shard of the plan.

    Attributes:
        name: "train-00000".
        clips: numbers of its clips, ascending.
        seconds: what they last together.
    """

    name: str
    split: Split
    clips: tuple[int, ...]
    seconds: float


class Plan(_Strict, frozen=True):
    """corpus.json.

    Attributes:
        seed: of the corpus.
        hours: asked for.
        duplicates: clips left out because their notes were there already.
    """

    versions: Versions
    seed: int
    hours: float
    stems: bool
    seconds_per_shard: float
    duplicates: int
    shards: tuple[PlannedShard, ...]

    @property
    def seconds(self) -> float:
        """Of all clips."""
        return sum(shard.seconds for shard in self.shards)

    def contents_of(self, shard: PlannedShard) -> str:
        """A hash of everything that decides what is in a shard; its sidecar repeats it."""
        facts = (self.versions, self.seed, self.stems, shard)
        return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a member's bytes are in the tar."""

    offset: int
    size: int


class Sidecar(_Strict, frozen=True):
    """<shard>.json: written when the shard is complete.

    Attributes:
        contents: `Plan.contents_of` the shard.
        seconds: of audio.
        size_bytes, sha256: of the tar.
        members: key → extension ("flac", "drums.mel.npy") → place.
    """

    contents: str
    seconds: float
    size_bytes: int
    sha256: str
    members: dict[str, dict[str, Place]]


class ClipInfo(_Strict, frozen=True):
    """{key}.json of a clip.

    Attributes:
        number: of the clip in the corpus.
        seed: the composition's.
        samples: of the 24 kHz audio.
        frames: of the mel.
        notes: fingerprint of the notes (engine.corpus.store.seeds).
        soundfont: the bank that played.
    """

    key: str
    number: int
    seed: int
    split: Split
    samples: int
    frames: int
    notes: str
    soundfont: str
    versions: Versions
    annotations: Annotations
    captions: Captions


_T = TypeVar("_T")


def encoded(value: object) -> bytes:
    """JSON bytes, the same for equal values."""
    return msgspec.json.encode(value, order="sorted")


def load(path: Path, kind: type[_T]) -> _T:
    """Read a JSON file of the folder.

    Raises:
        FileNotFoundError, NotADirectoryError: it is not there.
        UserError: it cannot be read, or is not what it should be.
    """
    try:
        if path.stat().st_size > JSON_LIMIT_BYTES:
            raise _damaged(path, "it is too large")
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise _damaged(path, str(error)) from None


def _damaged(path: Path, why: str) -> UserError:
    return UserError("The corpus was not read", f"{path}: {why}", "Make it again")
