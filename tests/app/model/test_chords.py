import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.chords import ChordsRead, chord_names, chords_for, read_chords
from app.model.recipe_form import RecipeForm
from app.model.takes import compared
from engine.music.keys import KEYS
from engine.protocol.messages import Measured
from engine.recipe import Recipe


@pytest.mark.parametrize(
    ("typed", "key", "short", "names"),
    [
        ("", None, "", ""),
        (" None ", "C", "none", ""),
        ("Am  F | ", None, "Am,F", ""),
        ("| Dm7 G7 | C | % |", "C", "Dm7,G7 C C", ""),
        ("i bVI - bIII bVII", "Am", "i bVI bIII bVII", "Am F C G"),
        ("i bVI*2", "C#m", "i bVI bVI", "C#m A A"),
    ],
)
def test_what_is_typed_is_said_in_short_and_by_name(
    typed: str, key: str | None, short: str, names: str
) -> None:
    assert read_chords(typed, key) == ChordsRead(short, names)


@pytest.mark.parametrize(("typed", "why"), [("Am Hm", "'Hm' is no chord"), ("i bVI", "no key")])
def test_what_is_refused_stays_and_says_why(typed: str, why: str) -> None:
    read = read_chords(typed, None)
    assert read.short == typed
    assert read.problem is not None
    assert why in read.problem.why


@given(st.text(max_size=40) | st.text("AaBbCc#m7iIvV/,| ", max_size=40), st.sampled_from(KEYS))
def test_the_field_and_generate_never_disagree(typed: str, key: str) -> None:
    form = RecipeForm()
    form.prompt, form.key, form.chords = "house", key, typed
    read = read_chords(typed, key)
    assert str(form.problem()) == str(read.problem)
    if read.problem is None:
        assert form.recipe().chords == read.short
        assert read_chords(read.short, key) == read


def test_a_takes_chords_by_name() -> None:
    take = Recipe(prompt="x", key="Am", chords="i bVI")
    assert chord_names(take) == "Am F"
    assert [chord_names(Recipe(prompt="x", chords=text)) for text in ("", "none")] == ["", "none"]
    assert chord_names(Recipe(prompt="x", key="H", chords="i")) == ""  # an engine says anything
    assert chord_names(Recipe(prompt="x", chords="Am" * 2_000)) == ""
    line = {line.what: line for line in compared(take, Measured())}["chords"]
    assert (line.asked, line.agrees) == ("Am F", None)


def test_a_takes_chords_sound_the_same_in_a_form_of_another_key() -> None:
    take = Recipe(prompt="x", key="Am", chords="i bVI")
    assert [chords_for(take, key) for key in ("Am", "Cm", None)] == ["i bVI", "Am F", "Am F"]


def test_reset_goes_back_to_drawn() -> None:
    form = RecipeForm()
    form.turn("chords", "Am F")
    assert form.asked().chords == "Am F"
    form.reset("chords")
    assert form.asked().chords == ""
    form.turn("chords", "Am F")
    form.reset_all()
    assert form.asked().chords == ""
