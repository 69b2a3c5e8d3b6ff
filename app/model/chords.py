"""Chords as the window says them: what was typed, and a take's by name.

What is allowed is the recipe's to say: a text is read by checking a recipe of nothing else, so that
the field and Generate cannot disagree. Rejected: the field's own rules and sentences.
"""

from dataclasses import dataclass

from engine.errors import UserError
from engine.music.progression import named, needs_key
from engine.recipe import Recipe, checked, has_chords


@dataclass(frozen=True)
class ChordsRead:
    """What a text says.

    Attributes:
        short: the short form; the text itself where it was refused.
        names: the chords by name, where they are numerals in a key; else "".
        problem: why it was refused; None where it was not.
    """

    short: str
    names: str = ""
    problem: UserError | None = None


def read_chords(text: str, key: str | None) -> ChordsRead:
    """Chords as typed, in a canonical key or in none."""
    try:
        short = checked(Recipe(prompt="chords", key=key, chords=text)).chords
    except UserError as error:
        return ChordsRead(text, problem=error)
    numerals = has_chords(short) and needs_key(short)
    return ChordsRead(short, named(short, key) if numerals else "")


def chord_names(recipe: Recipe) -> str:
    """A take's or clip's chords by name; "none" as it is; "" where nothing is known of them.

    An engine may be another program: what it says and nobody can read is nothing.
    """
    if not has_chords(recipe.chords):
        return recipe.chords
    try:
        return named(recipe.chords, recipe.key)
    except ValueError:
        return ""


def chords_for(recipe: Recipe, key: str | None) -> str:
    """A take's chords for a form in `key`, sounding as they did.

    In the take's own key they stay as written: numerals then follow the key when it is turned.
    """
    return recipe.chords if recipe.key == key else chord_names(recipe)
