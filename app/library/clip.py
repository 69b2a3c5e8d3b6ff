"""One clip of the library, as a row says it."""

from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import UserError
from engine.music.progression import named
from engine.protocol.messages import Measured
from engine.recipe import Recipe, from_json, has_chords


class Clip(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A kept take.

    Attributes:
        id: the row's number, never used twice.
        name: what the user calls it; at first the file's name without .wav.
        path: the 24 kHz master, in a folder where it stays: a DAW plays it from there.
        recipe_json: repeats exactly this clip.
        prompt, bpm, key, meter, bars, loop: of the recipe, for searching.
        seconds: exact length.
        rate_hz, samples: of the master.
        measured: what was measured on it.
        stars: 0–5.
        tags: in the order they were given.
        created_s: when it was kept, seconds since the epoch.
        deleted_s: when it was put into the bin; None is not deleted.
        peaks: (columns, 2) int8 minimum and maximum, as bytes: the waveform's thumbnail.
        missing: the file is not where it was; set when looked for, not stored.
    """

    id: int
    name: str
    path: Path
    recipe_json: bytes
    prompt: str
    bpm: float | None
    key: str | None
    meter: str
    bars: int | None
    loop: bool
    seconds: float
    rate_hz: int
    samples: int
    measured: Measured
    stars: int
    tags: tuple[str, ...]
    created_s: float
    deleted_s: float | None
    peaks: bytes
    missing: bool = False

    @cached_property
    def haystack(self) -> str:
        """What a search looks through, in lower case."""
        key = "" if self.key is None else self.key
        tempo = "" if self.bpm is None else f"{self.bpm:g}bpm"
        chords = _chords(self.recipe_json)
        words = (self.name, self.prompt, " ".join(self.tags), key, tempo, chords)
        return "\n".join(words).casefold()

    @property
    def recipe(self) -> Recipe | None:
        """The recipe; None where another version wrote one that this one cannot read."""
        try:
            return from_json(self.recipe_json)
        except UserError:
            return None


class _Harmony(msgspec.Struct):
    """Of a recipe, what its chords are: read thousandfold, so nothing else is."""

    chords: str = ""
    key: str | None = None


def _chords(recipe_json: bytes) -> str:
    """A recipe's chords by name; "" where there are none, or none that this version reads."""
    try:
        harmony = msgspec.json.decode(recipe_json, type=_Harmony)
        return named(harmony.chords, harmony.key) if has_chords(harmony.chords) else ""
    except (msgspec.MsgspecError, ValueError):
        return ""


class NewClip(msgspec.Struct, frozen=True, kw_only=True):
    """What the library is given to keep.

    Attributes:
        file_name: suggested by the engine.
        wav: the whole file.
        midi: the Standard MIDI File of its notes; empty where nothing was composed.
        recipe, measured: as the engine's Clip message said.
    """

    file_name: str
    wav: bytes
    recipe: Recipe
    measured: Measured
    midi: bytes = b""


def changed(clip: Clip, **fields: Any) -> Clip:
    """A copy with other values."""
    return msgspec.structs.replace(clip, **fields)
