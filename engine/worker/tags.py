"""What a clip's file says of itself, read off its recipe: one source for the engine and the CLI."""

from typing import Final

import engine
from engine.audio.names import clip_name
from engine.audio.wav import DEFAULT_ROOT_NOTE, WavTags
from engine.music.keys import key_index
from engine.recipe import Recipe, duration_s, to_json

SOFTWARE: Final = f"Noisefall {engine.__version__}"


def file_name(recipe: Recipe) -> str:
    """A readable name for the one take of `recipe`, with tempo and key."""
    return clip_name(
        recipe.prompt,
        bpm=recipe.bpm,
        key=recipe.key,
        take=recipe.first_take,
        loop=recipe.loop,
    )


def wav_tags(recipe: Recipe) -> WavTags:
    """Tempo, length in beats, root, loop, texts and the recipe itself, of a one-take recipe."""
    numerator, denominator = (int(part) for part in recipe.meter.split("/"))
    key = recipe.key
    return WavTags(
        title=file_name(recipe).removesuffix(".wav"),
        prompt=recipe.prompt,
        software=SOFTWARE,
        bpm=recipe.bpm,
        quarter_notes=None if recipe.bpm is None else duration_s(recipe) * recipe.bpm / 60,
        meter=(numerator, denominator),
        root_note=None if key is None else DEFAULT_ROOT_NOTE + key_index(key) % 12,
        loop=recipe.loop,
        recipe=to_json(recipe),
    )


def dither_seed(recipe: Recipe) -> int:
    """Seed of the 16-bit dither: the same take always dithers alike."""
    return recipe.seed * 10_007 + recipe.first_take
