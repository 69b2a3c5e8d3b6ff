"""Every take has chords: the musician's, or some of the genre's, drawn from its seed and number."""

from collections import Counter
from pathlib import Path
from shutil import copytree

import msgspec
import numpy as np
import pytest

from engine.bundle.harmony import FILE_NAME, GenreHarmony, HarmonyFile
from engine.bundle.manifest import Manifest
from engine.bundle.store import open_bundle
from engine.cascade.cascade import Cascade
from engine.cascade.events import CascadeEvent, TakeReady
from engine.cascade.harmony import with_chords
from engine.music.progression import named, read_bars
from engine.recipe import Recipe, checked
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime
from engine.text.understanding import Guess, Understanding
from engine.training.export.bundle import write_manifest

HARMONY = HarmonyFile(
    schema=1,
    any=GenreHarmony(major=(("I V vi IV", 3.0), ("I IV", 1.0)), minor=(("i bVI bVII", 1.0),)),
    genres={"house": GenreHarmony(minor=(("i*4", 1.0),))},
    unpitched=("808 kit", "909 kit"),
)


def drawn(recipe: Recipe, take: int = 1, understood: Understanding | None = None) -> str:
    return with_chords(checked(recipe), take, harmony=HARMONY, understood=understood).chords


def guesses(*names: str, confidence: float = 0.9) -> tuple[Guess, ...]:
    return tuple(Guess(name, confidence, name) for name in names)


FOUR = Recipe(prompt="a song", key="C", bpm=120, bars=4)


def test_the_same_seed_and_take_draw_the_same_and_others_others() -> None:
    found = [drawn(msgspec.structs.replace(FOUR, seed=seed)) for seed in range(200)]
    assert found == [drawn(msgspec.structs.replace(FOUR, seed=seed)) for seed in range(200)]
    assert set(found) == {"I V vi IV", "I IV"}
    assert len({drawn(FOUR, take) for take in range(1, 20)}) == 2
    assert 120 < Counter(found)["I V vi IV"] < 180  # 3 to 1


def test_the_musicians_own_chords_stay() -> None:
    assert drawn(msgspec.structs.replace(FOUR, chords="Am F")) == "Am F"
    assert drawn(msgspec.structs.replace(FOUR, chords="none")) == "none"
    assert with_chords(checked(FOUR), 3, harmony=None, understood=None) == checked(
        msgspec.structs.replace(FOUR, first_take=3)
    )


def test_the_key_decides_the_side_and_without_one_there_are_names() -> None:
    minor = msgspec.structs.replace(FOUR, key="Am")
    assert drawn(minor) == "i bVI bVII"
    keyless = [drawn(Recipe(prompt="x", bpm=120, bars=4, seed=seed)) for seed in range(60)]
    assert all(named(text, None) == text for text in keyless)
    assert len({read_bars(text)[0] for text in keyless}) > 12  # keys of both sides


def test_bars_are_filled_whole_most_of_the_time() -> None:
    two = [drawn(msgspec.structs.replace(FOUR, bars=2, seed=seed)) for seed in range(50)]
    assert set(two) == {"I IV"}  # the other one is longer
    one = drawn(msgspec.structs.replace(FOUR, bars=1))
    assert one in {"I V vi IV", "I IV"}


def test_a_genre_that_was_understood_plays_its_own_and_a_doubtful_one_does_not() -> None:
    minor = msgspec.structs.replace(FOUR, key="Am")
    sure = Understanding(genre=guesses("house"))
    doubtful = Understanding(genre=guesses("house", confidence=0.3))
    strange = Understanding(genre=guesses("skiffle"))
    assert drawn(minor, understood=sure) == "i*4"
    assert drawn(minor, understood=doubtful) == drawn(minor, understood=strange) == "i bVI bVII"
    assert drawn(FOUR, understood=sure) == "i*4"  # it has nothing in major


@pytest.mark.parametrize(
    ("prompt", "understood", "chords"),
    [
        ("an 808 kit", Understanding(instruments=guesses("808 kit")), False),
        ("808 and 909", Understanding(instruments=guesses("808 kit", "909 kit")), False),
        ("808 and harp", Understanding(instruments=guesses("808 kit", "harp")), True),
        (
            "house with a 909",
            Understanding(genre=guesses("house"), instruments=guesses("909 kit")),
            True,
        ),
        (
            "house, solo 909",
            Understanding(genre=guesses("house"), instruments=(Guess("909 kit", 0.9, "909"),)),
            False,
        ),
        ("anything", Understanding(), True),
    ],
)
def test_drums_alone_have_no_chords(
    prompt: str, understood: Understanding, *, chords: bool
) -> None:
    recipe = Recipe(prompt=prompt, bpm=120, bars=4)
    assert (drawn(recipe, understood=understood) != "none") == chords
    keyed = msgspec.structs.replace(recipe, key="Am")
    assert drawn(keyed, understood=understood) != "none"  # who sets a key wants notes


@pytest.fixture(scope="module")
def cascade(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Cascade:
    folder = tmp_path_factory.mktemp("harmony") / "bundle"
    copytree(tiny_bundle, folder)
    old = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    (folder / FILE_NAME).write_bytes(msgspec.json.encode(HARMONY))
    write_manifest(
        folder, name=old.name, version=old.version, licence=old.licence, text=old.text,
        stages=old.stages, mel=old.mel, harmony=FILE_NAME,
    )  # fmt: skip
    return Cascade(open_bundle(folder), Runtime(choose("cpu"), 1))


def rendered(cascade: Cascade, recipe: Recipe) -> list[TakeReady]:
    events: list[CascadeEvent] = []
    cascade.render(recipe, emit=events.append, cancel=CancelToken())
    return [event for event in events if isinstance(event, TakeReady)]


def test_takes_say_their_chords_and_repeat_them(cascade: Cascade) -> None:
    recipe = msgspec.structs.replace(FOUR, bars=1, seed=3, takes=4)
    takes = rendered(cascade, recipe)
    assert len({take.recipe.chords for take in takes}) == 2
    for take in takes[1:3]:
        (again,) = rendered(cascade, take.recipe)
        assert again.recipe == take.recipe
        assert np.abs(again.audio - take.audio).max() <= 1e-5 * np.abs(take.audio).max()


def test_chords_are_heard(cascade: Cascade) -> None:
    """By an untrained network, so any difference will do; none would be a lost signal."""
    one, other, none = (
        rendered(cascade, msgspec.structs.replace(FOUR, bars=1, chords=chords))[0].audio
        for chords in ("C", "F#", "none")
    )
    assert not np.allclose(one, other)
    assert not np.allclose(one, none)
