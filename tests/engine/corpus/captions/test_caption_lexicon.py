"""The lexicon's notation and tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.composer.genres import ERAS, GENRES, MOODS
from engine.corpus.captions import lexicon
from engine.corpus.captions.teller import SLOTS
from engine.corpus.captions.template import parse_template, slots_of
from engine.corpus.captions.words import Word, parse_word, parse_words
from engine.music.instruments import INSTRUMENTS
from engine.music.score import STEM_OF_ROLE

GROUPS: dict[str, tuple[Word, ...]] = {
    **{f"genre {name}": row for name, row in lexicon.GENRE.items()},
    **{f"mood {name}": row for name, row in lexicon.MOODS_BY_KIND["mood"].items()},
    **{f"noun {name}": row for name, row in lexicon.MOODS_BY_KIND["mood noun"].items()},
    **{f"instrument {name}": row for name, row in lexicon.INSTRUMENT.items()},
    **{f"era {name}": row for name, row in lexicon.ERA.items()},
    **lexicon.FLAT,
}


def test_a_phrase_carries_its_conditions() -> None:
    word = parse_word("walking {n} lines/p @t:walking/octaves @bass @!m:calm/sad ~")
    assert (word.text, word.number, word.held_out) == ("walking {n} lines", "p", True)
    assert word.needs == (frozenset({"t:walking", "t:octaves"}), frozenset({"bass"}))
    assert word.bans == {"m:calm", "m:sad"}
    assert word.fits({"t:octaves", "bass", "m:dark"})
    assert not word.fits({"t:octaves", "bass", "m:sad"})
    assert not word.fits({"bass"})


def test_a_meter_keeps_its_slash() -> None:
    assert parse_word("in six @meter:6÷8").needs == (frozenset({"meter:6/8"}),)


@pytest.mark.parametrize("text", ["", "  ", "~", " @need", "a, ,b"])
def test_an_empty_phrase_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no phrase"):
        parse_words(text)


@given(st.text(alphabet="ab @!~/:{}n,p÷", max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        words = parse_words(text)
    except ValueError:
        return
    assert all(word.text for word in words)


@given(st.text(alphabet="ab {}[]()|@!x", max_size=60))
def test_any_template_parses_or_is_refused(text: str) -> None:
    try:
        template = parse_template(text)
    except ValueError:
        return
    assert isinstance(slots_of(template.body), set)


def test_every_value_has_words() -> None:
    assert set(lexicon.GENRE) == set(GENRES)
    assert set(lexicon.MOODS_BY_KIND["mood"]) == set(MOODS)
    assert set(lexicon.MOODS_BY_KIND["mood noun"]) == set(MOODS)
    assert set(lexicon.INSTRUMENT) == set(INSTRUMENTS)
    assert set(lexicon.ERA) == set(ERAS) - {""}
    assert set(lexicon.PLAYED) == set(STEM_OF_ROLE) == set(lexicon.VERB)


def test_every_value_has_words_that_are_always_true() -> None:
    for name, row in GROUPS.items():
        if name.split()[0] in ("genre", "mood", "instrument", "era"):
            assert [w for w in row if not w.needs and not w.bans and not w.held_out], name


def test_a_tenth_of_every_rich_group_is_held_out() -> None:
    shares = []
    for name, row in GROUPS.items():
        if len(row) >= 7:
            share = sum(word.held_out for word in row) / len(row)
            assert 0.02 <= share <= 0.25, (name, share)
            shares.append(share)
    assert 0.07 < sum(shares) / len(shares) < 0.15


def test_every_slot_can_be_filled() -> None:
    known = set(SLOTS) | set(lexicon.RULES) | set(lexicon.FLAT)
    templates = [t for group in (*lexicon.VOICES.values(), *lexicon.RULES.values(), lexicon.TITLES)
                 for t in group]  # fmt: skip
    for template in templates:
        names = {name[0].lower() + name[1:] for name in slots_of(template.body)}
        assert names <= known
