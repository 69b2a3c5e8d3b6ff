"""From options to a checked recipe: words of the prompt, a clip to repeat, and what was typed.

What was typed wins over the clip given with --from, which wins over the prompt's words, which win
over the defaults. Rejected: defaults in argparse (a default could not be told from a wish, and
--from would be overridden by options that nobody gave).
"""

import argparse
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from engine.audio.wav import parse_wav
from engine.errors import UserError
from engine.recipe import (
    BPM_RANGE,
    METERS,
    NOTES,
    PRESETS,
    SAMPLERS,
    SEED_RANGE,
    STAGES,
    STEP_SCHEDULES,
    Recipe,
    StageSettings,
    checked,
    from_json,
)
from engine.text.reading import PromptReading, conflicts
from engine.text.reading import read_prompt as read_words

OFF: Final = "off"
WAV_LIMIT_BYTES: Final = 1 << 30

_ALLOWED: Final[dict[str, str]] = {
    "steps": "a whole number",
    "sampler": f"one of {', '.join(SAMPLERS)}",
    "step_schedule": f"one of {', '.join(STEP_SCHEDULES)}",
    "gamma": "a number from 0 to 1",
    "temperature": "a number from 0 to 1",
    "guidance": "a number",
    "guidance_from": "a number from 0 to 1",
    "guidance_until": "a number from 0 to 1",
    "autoguidance": "a number from 0 to 5",
    "clip_percentile": "a number from 0 to 100",
}


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that change the sound. None of them has a default of its own."""
    parser.add_argument("prompt", nargs="?", help="what to hear, in words")
    parser.add_argument("--negative", metavar="TEXT", help="what to steer away from")
    parser.add_argument("--bpm", type=float, help="quarter notes per minute, 30 to 300")
    parser.add_argument("--key", help="such as C, F#, Bbm or 'A minor'")
    parser.add_argument(
        "--chords",
        metavar="BARS",
        help="such as 'Am F C G' or 'i bVI bIII bVII', a bar each; 'none' (default: drawn)",
    )
    parser.add_argument(
        "--notes",
        metavar="|".join(NOTES),
        help="'composed': a band is written for each take (default); 'none': left to the network",
    )
    parser.add_argument("--meter", help=f"one of {', '.join(METERS)} (default 4/4)")
    parser.add_argument("--bars", type=int, help="length in bars")
    parser.add_argument("--seconds", type=float, help="length in seconds (default 10)")
    parser.add_argument(
        "--loop", action=argparse.BooleanOptionalAction, help="join the end to the start"
    )
    parser.add_argument("--seed", type=int, help="0 to 4294967295 (default: drawn and printed)")
    parser.add_argument("--takes", type=int, help="1 to 4 (default 1)")
    parser.add_argument("--preset", help=f"one of {', '.join(PRESETS)} (default standard)")
    parser.add_argument("--loudness", type=number_or_off, metavar="LUFS|off", help="default -16")
    parser.add_argument("--ceiling", type=number_or_off, metavar="DBTP|off", help="default -1")
    for stage in STAGES:
        parser.add_argument(
            f"--{stage.replace('_', '-')}",
            metavar="NAME=VALUE,…",
            help=f"override the preset for this stage: {', '.join(_ALLOWED)}",
        )
    parser.add_argument(
        "--from", dest="from_clip", type=Path, metavar="CLIP.wav", help="repeat this clip's recipe"
    )


def number_or_off(text: str) -> float | Literal["off"]:
    """An argparse type: a number, or the word "off"."""
    if text.strip().lower() == OFF:
        return OFF
    try:
        return float(text)
    except ValueError:
        msg = f"{text[:40]!r} is neither a number nor off"
        raise argparse.ArgumentTypeError(msg) from None


def read_prompt(prompt: str) -> PromptReading:
    """What the prompt's words say of tempo, key and meter; a tempo out of range says nothing."""
    reading = read_words(prompt)
    if reading.bpm is not None and not BPM_RANGE[0] <= reading.bpm <= BPM_RANGE[1]:
        return PromptReading(key=reading.key, meter=reading.meter)
    return reading


def asked_recipe(options: argparse.Namespace) -> tuple[Recipe, list[str]]:
    """The checked recipe, and one line for each thing that was taken from the prompt's words.

    Raises:
        UserError: the options make no recipe.
    """
    _check_text(options)
    typed = _typed(options)
    if options.from_clip is not None:
        base = recipe_of_clip(options.from_clip)
        return checked(_overridden(base, typed, new_bundle=options.bundle is not None)), []
    if options.prompt is None:
        raise UserError(
            "Nothing was rendered", "there is no prompt", "Give one, or --from CLIP.wav"
        )
    base = Recipe(prompt=options.prompt, seed=secrets.randbelow(SEED_RANGE[1] + 1))
    reading = read_prompt(options.prompt)
    words, notes = _words(reading, typed)
    recipe = checked(_overridden(base, {**words, **typed}, new_bundle=False))
    return recipe, notes + conflicts(reading, bpm=recipe.bpm, key=recipe.key, meter=recipe.meter)


def recipe_of_clip(path: Path) -> Recipe:
    """The recipe inside a clip.

    Raises:
        UserError: the file cannot be read, is no WAV, or holds no recipe.
    """
    recipe = parse_wav(read_wav_bytes(path)).recipe
    if recipe is None:
        raise UserError(
            "The clip holds no recipe", f"{path} was not made by Noisefall", "Choose another clip"
        )
    return from_json(recipe)


def read_wav_bytes(path: Path) -> bytes:
    """The bytes of a file that may be a WAV. Raises UserError."""
    try:
        if path.is_file() and path.stat().st_size > WAV_LIMIT_BYTES:
            raise UserError("The file was not read", f"{path} is larger than 1 GB", "Choose a clip")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError("The file was not read", f"{path}: {reason}", "Check the path") from None


def _check_text(options: argparse.Namespace) -> None:
    """Refuse arguments that were bytes and no text: they could be neither sent nor stored."""
    for name in ("prompt", "negative", "key", "chords", "notes", "meter"):
        text: str | None = getattr(options, name)
        try:
            (text or "").encode()
        except UnicodeEncodeError:
            raise UserError(
                "The recipe was refused", f"{name} is no UTF-8 text", "Type it again"
            ) from None


def _typed(options: argparse.Namespace) -> dict[str, Any]:
    """Recipe fields that were given on the command line."""
    fields: dict[str, Any] = {
        "prompt": options.prompt,
        "negative_prompt": options.negative,
        "bpm": options.bpm,
        "key": options.key,
        "chords": options.chords,
        "notes": _one_of("notes", options.notes, NOTES),
        "meter": options.meter,
        "bars": options.bars,
        "seconds": options.seconds,
        "loop": options.loop,
        "seed": options.seed,
        "takes": options.takes,
        "preset": _one_of("preset", options.preset, PRESETS),
    }
    given = {name: value for name, value in fields.items() if value is not None}
    for name, value in (("loudness_lufs", options.loudness), ("ceiling_dbtp", options.ceiling)):
        if value is not None:
            given[name] = None if value == OFF else value
    for stage in STAGES:
        text: str | None = getattr(options, stage)
        if text is not None:
            given[stage] = stage_settings(stage, text)
    return given


def _one_of(field: str, name: str | None, known: Sequence[str]) -> str | None:
    if name is None or name in known:
        return name
    raise UserError(
        "The recipe was refused", f"{field} is {name[:40]!r}", f"Give one of {', '.join(known)}"
    )


def _words(reading: PromptReading, typed: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Fields that the prompt names and nobody typed, and a line about each."""
    shown = {"bpm": "{:g} BPM", "key": "key {}", "meter": "{}"}
    fields = {
        name: getattr(reading, name)
        for name in shown
        if getattr(reading, name) is not None and name not in typed
    }
    notes = [f"from the prompt: {shown[name].format(value)}" for name, value in fields.items()]
    return fields, notes


def _overridden(base: Recipe, given: Mapping[str, Any], *, new_bundle: bool) -> Recipe:
    fields: dict[str, Any] = {}
    if "seconds" in given and base.bars is not None:
        fields["bars"] = None
    if "bars" in given and base.seconds is not None:
        fields["seconds"] = None
    if "seed" in given:
        fields["first_take"] = 1  # another seed is another family of takes
    if new_bundle:
        fields["bundle"] = ""
    for name, value in given.items():
        before = getattr(base, name)
        if isinstance(before, StageSettings):
            kept = msgspec.structs.asdict(value)
            fields[name] = msgspec.structs.replace(
                before, **{knob: v for knob, v in kept.items() if v is not None}
            )
        else:
            fields[name] = value
    return msgspec.structs.replace(base, **fields)


def stage_settings(stage: str, text: str) -> StageSettings:
    """Settings typed as "steps=20,guidance=4".

    Raises:
        UserError: a name or a value that no stage has.
    """
    option = f"--{stage.replace('_', '-')}"
    given: dict[str, str] = {}
    for pair in text.split(","):
        name, _, value = (part.strip() for part in pair.partition("="))
        name = name.replace("-", "_")
        if name not in _ALLOWED or not value or name in given:
            raise UserError(
                f"{option} was not understood",
                f"{pair.strip()[:60]!r} is no new NAME=VALUE",
                f"The names are {', '.join(_ALLOWED)}",
            )
        try:
            msgspec.convert({name: value}, StageSettings, strict=False)
        except msgspec.ValidationError:
            raise UserError(
                f"{option} was not understood",
                f"{name} is {value[:60]!r}",
                f"Give {_ALLOWED[name]}",
            ) from None
        given[name] = value
    return msgspec.convert(given, StageSettings, strict=False)
