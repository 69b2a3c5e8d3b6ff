"""Clips as rows and back. A column that is forgotten here fails at once: no field has a default."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from app.library.clip import Clip, NewClip
from app.library.wav import peaks, read_wav
from engine.protocol.messages import Measured
from engine.recipe import to_json

PEAK_COLUMNS: Final = 240

# fields of Clip that a user changes → how they are stored
CHANGEABLE: Final[dict[str, Callable[[Any], Any]]] = {
    "name": str,
    "stars": int,
    "tags": lambda tags: json.dumps(list(tags), ensure_ascii=False),
    "deleted_s": lambda value: value,
}


def columns_of(clip: NewClip, *, created_s: float) -> dict[str, Any]:
    """What is known of a clip before its file has a name. Raises UserError: no WAV of ours."""
    audio, rate_hz = read_wav(clip.wav)
    recipe = clip.recipe
    return {
        "size_bytes": len(clip.wav),
        "recipe": to_json(recipe),
        "prompt": recipe.prompt,
        "bpm": recipe.bpm,
        "key": recipe.key,
        "meter": recipe.meter,
        "bars": recipe.bars,
        "loop": int(recipe.loop),
        "seconds": len(audio) / rate_hz,
        "rate_hz": rate_hz,
        "samples": len(audio),
        "measured": msgspec.json.encode(clip.measured),
        "created_s": created_s,
        "peaks": peaks(audio, PEAK_COLUMNS),
    }


def clip_of(row: sqlite3.Row) -> Clip:
    """A row as a clip; whether its file is there is not looked at."""
    return Clip(
        id=row["id"],
        name=row["name"],
        path=Path(row["path"]),
        recipe_json=row["recipe"],
        prompt=row["prompt"],
        bpm=row["bpm"],
        key=row["key"],
        meter=row["meter"],
        bars=row["bars"],
        loop=bool(row["loop"]),
        seconds=row["seconds"],
        rate_hz=row["rate_hz"],
        samples=row["samples"],
        measured=_measured(row["measured"]),
        stars=row["stars"],
        tags=_tags(row["tags"]),
        created_s=row["created_s"],
        deleted_s=row["deleted_s"],
        peaks=row["peaks"],
    )


def _measured(data: bytes) -> Measured:
    try:
        return msgspec.json.decode(data, type=Measured)
    except msgspec.MsgspecError:  # a field that this version does not know
        return Measured()


def _tags(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(tag) for tag in json.loads(text))
    except (ValueError, TypeError):
        return ()
