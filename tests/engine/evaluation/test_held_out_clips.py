"""Which clips are measured, and of what genre they are said to be."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.composer import compose
from engine.composer.genres import GENRES
from engine.corpus.store.seeds import clip_seed
from engine.errors import UserError
from engine.evaluation.clips import NO_GENRE, HeldOut, evenly, genre_of, held_out
from engine.training.train.data import Part
from tests.engine.evaluation.made_data import CORPUS_SEED, made_data, made_entry

ALL = ("mel", "audio16", "audio24")
PART = Part(Path(), (), 0.0)


def clip(genre: str, number: int) -> HeldOut:
    return HeldOut(replace(made_entry(0), key=f"1-{number:08d}"), genre, PART)


def test_the_genre_is_the_composers() -> None:
    for number in range(5):
        assert genre_of(made_entry(number)) == compose(clip_seed(CORPUS_SEED, number)).genre


def test_labels_that_the_composer_would_not_draw_have_no_genre() -> None:
    entry = made_entry(3)
    assert genre_of(replace(entry, bpm=entry.bpm + 1)) == NO_GENRE
    assert genre_of(replace(entry, bars=entry.bars + 1)) == NO_GENRE
    assert genre_of(replace(entry, key="somebody-else")) == NO_GENRE


@given(st.text(max_size=40))
def test_any_key_has_a_genre_or_none(key: str) -> None:
    assert genre_of(replace(made_entry(0), key=key)) in {*GENRES, NO_GENRE}


def test_genres_come_as_often_as_they_can() -> None:
    many = [clip("techno", n) for n in range(50)] + [clip("samba", 50 + n) for n in range(3)]
    many += [clip("drone", 60)]
    assert Counter(c.genre for c in evenly(many, 12)) == {"techno": 8, "samba": 3, "drone": 1}
    assert len(evenly(many, 99)) == 54
    assert [c.genre for c in evenly(many, 3)] == ["techno", "samba", "drone"]


@given(st.lists(st.sampled_from(list(GENRES)), min_size=1, max_size=90), st.integers(1, 100))
def test_no_clip_comes_twice_and_none_is_left_out_for_another_of_its_genre(
    genres: list[str], count: int
) -> None:
    clips = [clip(genre, number) for number, genre in enumerate(genres)]
    chosen = evenly(clips, count)
    keys = [c.entry.key for c in chosen]
    assert len(set(keys)) == len(keys) == min(count, len(clips))
    got, there = Counter(c.genre for c in chosen), Counter(genres)
    for genre, number in there.items():
        assert got[genre] >= min(number, max(got.values()) - 1)


def test_too_many_genres_are_thinned_over_the_whole_table() -> None:
    names = list(GENRES)
    chosen = evenly([clip(genre, n) for n, genre in enumerate(names)], 4)
    places = [names.index(c.genre) for c in chosen]
    assert np.diff(places).min() >= len(names) // 4 - 1


def test_clips_are_read_from_several_folders_once_each(tmp_path: Path) -> None:
    one = made_data(tmp_path / "one", clips=2)
    two = made_data(tmp_path / "two", clips=3)
    clips = held_out([one, two], "test", 64, arrays=ALL)
    assert len(clips) == 3
    first = clips[0]
    assert first.mel.shape == (160, 100)
    assert first.audio16.shape == (16_000, 2)
    assert first.audio24.shape == (24_000, 2)
    assert 0.2 < np.abs(first.audio24).max() < 1
    assert first.seconds == 1


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    data = made_data(tmp_path, clips=1)
    with pytest.raises(UserError, match="'validation'"):
        held_out([data], "validation", 64, arrays=ALL)
    with pytest.raises(UserError, match="--clips 0"):
        held_out([data], "test", 0, arrays=ALL)
    (data / "test-0000" / "audio24.npy").unlink()
    assert held_out([data], "test", 64, arrays=("mel",))
    with pytest.raises(UserError, match=r"audio24\.npy"):
        held_out([data], "test", 64, arrays=ALL)


def test_of_a_longer_clip_the_middle_is_taken_and_is_no_loop(tmp_path: Path) -> None:
    made_data(tmp_path, clips=2)
    whole = held_out([tmp_path], "test", 1, arrays=ALL)[0]
    seconds = 0.6
    cut = held_out([tmp_path], "test", 1, arrays=ALL, longest_s=seconds)[0]
    spare = whole.entry.frames - 60
    assert spare > 1
    assert (cut.entry.key, cut.genre, cut.entry.loop) == (whole.entry.key, whole.genre, False)
    np.testing.assert_array_equal(cut.mel, whole.mel[:, spare // 2 : spare // 2 + 60])
    assert cut.audio16.shape == (60 * 160, 2)
    kept = held_out([tmp_path], "test", 1, arrays=ALL, longest_s=60.0)[0]
    assert kept.entry == whole.entry
    with pytest.raises(UserError, match="too short"):
        held_out([tmp_path], "test", 1, arrays=ALL, longest_s=0.4)
