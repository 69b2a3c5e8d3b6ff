"""Voicings: the right notes, in range, moving little, without forbidden parallels."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.composer.theory.voicing import Kind, Voicing, motion, parallels, voice
from engine.music.chords import QUALITIES, tones
from engine.music.numerals import parse_numeral

KINDS: tuple[Kind, ...] = (
    "close", "open", "triad", "rootless", "shell", "power", "fifths", "choral",
)  # fmt: skip
LOOP = ("I", "vi", "IV", "V", "I", "iii", "vi", "ii", "V", "I", "IV", "I", "V7", "vi")


def _lead(kind: Kind, numerals: tuple[str, ...], low: int, high: int) -> list[Voicing]:
    result: list[Voicing] = []
    for numeral in numerals:
        degree = parse_numeral(numeral)
        previous = result[-1] if result else None
        result.append(
            voice(kind, degree.root, degree.quality, bass=degree.bass, low=low, high=high,
                  previous=previous)
        )  # fmt: skip
    return result


@given(
    st.sampled_from(KINDS),
    st.integers(0, 11),
    st.sampled_from(sorted(QUALITIES)),
    st.integers(36, 60),
)
def test_every_chord_has_a_voicing_of_its_own_tones(
    kind: Kind, root: int, quality: str, low: int
) -> None:
    width = 36 if kind == "choral" else 24
    shape = voice(kind, root, quality, bass=root, low=low, high=low + width)
    assert list(shape) == sorted(set(shape))
    assert low - 12 <= shape[0]
    assert shape[-1] <= low + width
    assert {note % 12 for note in shape} <= set(tones(root, quality))
    assert len(shape) >= 2


@pytest.mark.parametrize("kind", ["close", "triad"])
def test_hands_move_about_two_semitones_a_voice(kind: Kind) -> None:
    shapes = _lead(kind, LOOP, 52, 76)
    moved = [motion(a, b) / len(b) for a, b in pairwise(shapes)]
    assert max(moved) <= 4
    assert sum(moved) / len(moved) <= 2.2


def test_four_parts_avoid_parallel_fifths() -> None:
    shapes = _lead("choral", LOOP, 41, 79)
    found = sum(parallels(a, b) for a, b in pairwise(shapes))
    assert found <= 1  # of 13 changes and six pairs of voices each


def test_parallels_are_counted() -> None:
    assert parallels((48, 55), (50, 57)) == 1  # fifths
    assert parallels((48, 60), (50, 62)) == 1  # octaves
    assert parallels((48, 55), (48, 55)) == 0  # nobody moved
    assert parallels((48, 52), (50, 53)) == 0


def test_power_chords_have_no_third() -> None:
    assert voice("power", 4, "min", bass=4, low=40, high=62) == (40, 47, 52)


def test_rootless_voicing_leaves_the_root_to_the_bass() -> None:
    shape = voice("rootless", 2, "min9", bass=2, low=52, high=74)
    assert 2 not in {note % 12 for note in shape}
