"""Prompts about clips: what they say, and what is asked with them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.composer.dice import Dice
from engine.evaluation.clips import HeldOut, held_out
from engine.evaluation.music.asks import Sampling, bars_within, drawn_asks, has_drums
from engine.evaluation.music.diverse import groups_of
from engine.evaluation.music.wording import KINDS, mentioned, paraphrase, words_of
from engine.recipe import StageSettings, duration_s
from engine.training.train.data import ClipEntry, Part
from tests.engine.evaluation.made_music import labelled, made_music

LABELS = {
    "genre": ("deep house",),
    "mood": ("calm", "dreamy"),
    "instrument": ("909 kit", "grand piano", "sub bass"),
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[HeldOut, ...]:
    folder = made_music(tmp_path_factory.mktemp("data"), clips=10)
    return held_out([folder], "test", 64, arrays=("audio16",))


@pytest.mark.parametrize("held_out_words", [False, True])
def test_a_paraphrase_says_what_it_says(held_out_words: bool) -> None:
    texts = []
    for number in range(60):
        worded = paraphrase(LABELS, Dice(number), held_out=held_out_words)
        assert worded is not None
        assert worded == paraphrase(LABELS, Dice(number), held_out=held_out_words)
        text, said = worded
        texts.append(text)
        assert said
        for kind, names in said.items():
            for name in names:
                assert name in LABELS[kind]
                words = words_of(kind, name, held_out=held_out_words)
                assert any(word in text for word in words), (text, kind, name)
    assert len(set(texts)) > 30


def test_held_out_prompts_hold_no_known_word_of_the_genre() -> None:
    only = {"genre": ("deep house",)}
    worded = paraphrase(only, Dice(1), held_out=True)
    assert worded is not None
    assert "rooftop house" in worded[0]
    assert "deep" not in worded[0]
    assert worded[1] == {"genre": ("deep house",)}
    assert paraphrase({"genre": ("no such genre",)}, Dice(1)) is None
    assert paraphrase({}, Dice(1), held_out=True) is None


def test_a_text_mentions_the_labels_that_it_has_words_for() -> None:
    text = "Peaceful deep club house, two grand pianos"
    assert mentioned(text, LABELS) == {
        "genre": ("deep house",), "instrument": ("grand piano",), "mood": ("calm",),
    }  # fmt: skip
    assert mentioned("housewife with a pianola", LABELS) == {}


@given(st.text(max_size=80))
def test_any_text_mentions_labels_of_the_clip_alone(text: str) -> None:
    for kind, names in mentioned(text, LABELS).items():
        assert kind in KINDS
        assert set(names) <= set(LABELS[kind])


def test_asks_are_the_same_for_the_same_seed_and_come_from_every_source(
    clips: tuple[HeldOut, ...],
) -> None:
    asks = drawn_asks(clips, 30, longest_s=10, seed=3)
    assert asks == drawn_asks(clips, 30, longest_s=10, seed=3)
    assert [a.prompt for a in asks] != [
        a.prompt for a in drawn_asks(clips, 30, longest_s=10, seed=4)
    ]
    sources = [ask.source for ask in asks]
    assert {source: sources.count(source) for source in set(sources)} == {
        "caption": 10, "paraphrase": 10, "held-out": 10,
    }  # fmt: skip
    for key in {ask.clip.entry.key for ask in asks}:
        assert {a.source for a in asks if a.clip.entry.key == key} == set(sources)
    assert drawn_asks(clips, 5, longest_s=1, seed=3) == ()


def test_an_ask_is_a_recipe_of_the_clip_and_a_real_counterpart_of_its_length(
    clips: tuple[HeldOut, ...],
) -> None:
    whole, half = (drawn_asks(clips, 1, longest_s=s, seed=9)[0] for s in (4, 3.9))
    sampling = Sampling(preset="draft", generator=StageSettings(steps=3))
    recipe = whole.recipe(sampling)
    entry = whole.clip.entry
    assert (recipe.bpm, recipe.meter, recipe.key) == (entry.bpm, entry.meter, entry.key_name)
    assert (recipe.bars, recipe.loop, recipe.seed, recipe.takes) == (2, True, 9, 1)
    assert recipe.generator.steps == 3
    assert recipe.notes == "composed"
    assert whole.recipe(Sampling(notes="none")).notes == "none"
    assert whole.whole_loop
    assert not half.whole_loop
    assert half.bars == 1
    for ask, seconds in ((whole, 4), (half, 2)):
        assert len(ask.real()) == seconds * 16_000 == duration_s(ask.recipe(sampling)) * 16_000
    assert whole.drums
    assert np.array_equal(half.real(), whole.real()[:32_000])


def _clip(frames: int, bars: int, bpm: float) -> HeldOut:
    entry = ClipEntry(
        key="k", first=0, frames=frames, bpm=bpm, meter="4/4", bars=bars, key_name=None, loop=False,
        chords=(), texts=("x",),
    )  # fmt: skip
    return HeldOut(entry, "unknown", Part(Path(), (entry,), 0.0))


@pytest.mark.parametrize(
    ("frames", "bars", "bpm", "longest_s", "asked"),
    [
        (2_600, 13, 120, 10, 4),  # 5 bars would fit, but nobody asks for 5
        (2_600, 13, 120, 30, 13),
        (1_000, 5, 120, 10, 5),
        (2_600, 8, 72, 5, 1),
        (2_600, 4, 40, 5, 0),  # a bar lasts 6 s
        (150, 2, 120, 10, 0),  # its bars are not all there
    ],
)
def test_bars_within(frames: int, bars: int, bpm: float, longest_s: float, asked: int) -> None:
    assert bars_within(_clip(frames, bars, bpm), longest_s) == asked


def test_drums_are_kits() -> None:
    assert has_drums({"instrument": ("grand piano", "brush kit")})
    assert not has_drums({"instrument": ("timpani",), "genre": ("trap kit",)})


def test_groups_are_captions_that_several_clips_answer(tmp_path: Path) -> None:
    folder = made_music(tmp_path, clips=36)
    found = held_out([folder], "test", 64, arrays=("audio16",))
    groups = groups_of(found, 5, longest_s=3, seed=0)
    assert len(groups) == 5
    genres = [group.prompt.split(" ", 1)[1] for group in groups]
    assert len(set(genres)) == 4  # every genre before a second one of any
    for group in groups:
        mood, genre = group.prompt.split(" ", 1)
        assert all(clip.entry.labels["genre"] == (genre,) for clip in group.clips)
        assert all(mood in clip.entry.labels["mood"] for clip in group.clips)
        recipes = group.recipes(Sampling())
        assert sum(recipe.takes for recipe in recipes) == len(group.clips) <= 8
        assert all(r.bpm is None and r.key is None and r.seconds == 3 for r in recipes)
        assert len({recipe.seed for recipe in recipes}) == len(recipes)
        assert len(group.real(0)) == 48_000
    assert not groups_of(found, 5, longest_s=30, seed=0)  # the clips are shorter than half of it
    assert labelled(0)["genre"] == ("house",)
