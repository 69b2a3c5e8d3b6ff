"""`noisefall info`: what a clip says of itself: format, tempo, key, loop, and its whole recipe."""

import argparse
from pathlib import Path

import msgspec

from engine.audio.wav import FORMAT_FLOAT, WavFile, parse_wav
from engine.cli.ask import read_wav_bytes
from engine.cli.report import LEFT_NOTES, json_line, text_of
from engine.errors import UserError
from engine.music.keys import TONICS
from engine.recipe import NO_NOTES, Recipe, from_json, to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("clip", type=Path, metavar="CLIP.wav")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print. Returns the exit code.

    Raises:
        UserError: no WAV, or none that holds a recipe.
    """
    path: Path = options.clip
    wav = parse_wav(read_wav_bytes(path))
    if wav.recipe is None:
        raise UserError(
            "The clip holds no recipe", f"{path} was not made by Noisefall", "Choose another clip"
        )
    recipe = from_json(wav.recipe)
    if options.json:
        print(json_line(_facts(path, wav, recipe)))
        return 0
    for line in _lines(path, wav, recipe):
        print(line)
    return 0


def _facts(path: Path, wav: WavFile, recipe: Recipe) -> dict[str, object]:
    return {
        "path": text_of(path),
        "rate_hz": wav.format.rate_hz,
        "bits": wav.format.bits,
        "channels": wav.format.channels,
        "frames": wav.frames,
        "acid": wav.acid,
        "smpl_loops": wav.smpl_loops,
        "info": wav.info,
        "recipe": msgspec.Raw(to_json(recipe)),
    }


def _lines(path: Path, wav: WavFile, recipe: Recipe) -> list[str]:
    sound = wav.format
    kind = "float" if sound.tag == FORMAT_FLOAT else "bit"
    lines = [
        text_of(path),
        f"  {wav.frames / sound.rate_hz:.3f} s, {wav.frames} samples, {sound.channels} channels, "
        f"{sound.rate_hz} Hz, {sound.bits} {kind}",
    ]
    if wav.acid is not None:
        root = wav.acid.root_note
        tonic = "none" if root is None else TONICS[root % 12]
        meter = "/".join(map(str, wav.acid.meter))
        tempo, beats = f"{wav.acid.bpm:g} BPM", f"{wav.acid.beats} beats of {meter}"
        lines.append(f"  acid: {tempo}, {beats}, root {tonic}")
    lines += [f"  smpl: loop from {first} to {last}" for first, last in wav.smpl_loops]
    lines += [f"  {name}: {text}" for name, text in wav.info.items()]
    fields = msgspec.structs.asdict(recipe)
    if fields.pop("notes") == NO_NOTES:
        lines.append(f"  {LEFT_NOTES}")
    lines += [
        f"  {name}: {_shown(value)}"
        for name, value in fields.items()
        if value not in (None, "", False) and not isinstance(value, msgspec.Struct)
    ]
    lines.append(f"  recipe: {to_json(recipe).decode()}")
    return lines


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
