"""What is learnt from: music first, nothing spared in it, and what is measured apart from it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.composer.dice import Dice
from engine.training.text.prompts import prompt, slipped
from engine.training.text.texts import Amounts, learnt_texts, measured_texts
from engine.training.text.vocabulary import (
    FRAMES,
    WIDER,
    categories,
    framed_words,
    mentions_spared,
    spared,
    words_by_kind,
)
from engine.training.text.wordnet import Synset

SYNSETS = [
    Synset(number, "n", (f"thing{number}", f"object{number}"), f"a musical thing, number {number}")
    for number in range(800)
]
SMALL = Amounts(captions=60, prompts=50, synonyms=40, glosses=30)
LEARNT = learnt_texts(SYNSETS, SMALL)


def test_every_category_has_known_words_and_a_held_out_one() -> None:
    assert len(categories()) > 200
    assert all(category.known and category.held_out for category in categories())


def test_a_fifth_of_the_held_out_words_is_spared() -> None:
    words = [word for category in categories() for word in category.held_out]
    assert 0.12 < sum(map(spared, words)) / len(words) < 0.28
    assert spared("frisky")
    assert mentions_spared("a Frisky tune")
    assert not mentions_spared("a friskyish tune")


def test_no_spared_word_is_learnt_and_the_other_held_out_ones_are() -> None:
    assert not any(map(mentions_spared, LEARNT))
    rest = [w for c in categories() for w in c.held_out if not mentions_spared(w)]
    assert set(rest) <= set(LEARNT)


def test_known_words_are_all_learnt_in_every_frame() -> None:
    texts = set(framed_words())
    assert "deep house" in texts
    assert "a theremin solo" in texts
    for kind, words in words_by_kind().items():
        assert all(FRAMES[kind][-1].format(word) in texts for word in words)


def test_wider_words_are_wider() -> None:
    lexicon = {word for category in categories() for word in (*category.known, *category.held_out)}
    for kind, row in WIDER.items():
        words = row.split(", ")
        assert len(set(words)) >= 0.97 * len(words), kind
        assert len(set(words) - lexicon) > 0.7 * len(words), kind


def test_texts_are_distinct_and_the_same_every_time() -> None:
    assert len(set(LEARNT)) == len(LEARNT)
    assert learnt_texts(SYNSETS, SMALL) == LEARNT
    assert LEARNT[: SMALL.captions] != learnt_texts(SYNSETS, SMALL, seed=1)[-SMALL.captions :]


def test_what_is_measured_is_not_learnt() -> None:
    tested = measured_texts(SYNSETS, number=12)
    assert {name: len(texts) for name, texts in tested.items()} == {
        "captions": 12, "captions of held-out words": 12, "prompts of the grammar": 12,
        "glosses": 12,
    }  # fmt: skip
    learnt = set(
        learnt_texts(SYNSETS, Amounts(captions=60, framed=9, prompts=60, synonyms=800, glosses=800))
    )
    for texts in tested.values():
        assert learnt.isdisjoint(texts)


def test_prompts_repeat_for_a_seed_only() -> None:
    said = [prompt(Dice("test", number)) for number in range(300)]
    assert said == [prompt(Dice("test", number)) for number in range(300)]
    assert len(set(said)) > 290
    assert sum("bpm" in text.lower() for text in said) > 30
    assert max(map(len, said)) < 300


@settings(max_examples=80)
@given(st.text(max_size=60), st.integers(0, 10**6))
def test_a_slip_is_in_one_word(text: str, seed: int) -> None:
    before, after = text.split(" "), slipped(text, Dice(seed)).split(" ")
    assert len(before) == len(after)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) <= 1
    for old, new in changed:
        assert old[0] == new[0]
        assert abs(len(old) - len(new)) <= 1


def test_slips_happen() -> None:
    assert sum(slipped("mellow piano", Dice(seed)) != "mellow piano" for seed in range(50)) > 35
