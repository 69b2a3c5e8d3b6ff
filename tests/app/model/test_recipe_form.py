import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.prompt_history import PromptHistory
from app.model.recipe_form import Reading, RecipeForm
from app.model.tap_tempo import TapTempo
from engine.errors import UserError
from engine.music.keys import KEYS
from engine.recipe import (
    METERS,
    PRESETS,
    SAMPLERS,
    STEP_SCHEDULES,
    Recipe,
    StageSettings,
    checked,
    duration_s,
    to_json,
)

stages = st.builds(
    StageSettings,
    steps=st.none() | st.integers(1, 4000),
    sampler=st.sampled_from((None, *SAMPLERS)),
    step_schedule=st.sampled_from((None, *STEP_SCHEDULES)),
    gamma=st.none() | st.floats(0, 1),
    temperature=st.none() | st.floats(0, 1),
    guidance_from=st.none() | st.floats(0, 1),
    guidance_until=st.none() | st.floats(0, 1),
    autoguidance=st.none() | st.floats(0, 5),
    guidance=st.none() | st.floats(0, 30),
    clip_percentile=st.none() | st.floats(0, 100),
)
lengths = st.one_of(
    st.fixed_dictionaries({"seconds": st.floats(0.5, 30), "bpm": st.none() | st.floats(30, 300)}),
    st.fixed_dictionaries(
        {"bars": st.integers(1, 4), "bpm": st.floats(60, 200), "loop": st.booleans()}
    ),
)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    return Recipe(
        prompt=draw(st.text(min_size=1, max_size=60).filter(str.strip)),
        negative_prompt=draw(st.text(max_size=20)),
        key=draw(st.none() | st.sampled_from(KEYS)),
        notes=draw(st.sampled_from(("composed", "none"))),
        chords=draw(st.sampled_from(("", "none", "Am F", "i bVI*2", "| Dm7 G7 | C |", "Hm"))),
        meter=draw(st.sampled_from(METERS)),
        seed=draw(st.integers(0, 2**32 - 1)),
        takes=draw(st.integers(1, 4)),
        first_take=draw(st.integers(1, 99)),
        preset=draw(st.sampled_from(PRESETS)),
        generator=draw(stages),
        vocoder=draw(stages),
        super_resolution=draw(stages),
        loudness_lufs=draw(st.none() | st.floats(-40, -6)),
        ceiling_dbtp=draw(st.none() | st.floats(-20, 0)),
        bundle=draw(st.sampled_from(("", "ab" * 32))),
        **draw(lengths),
    )


@settings(max_examples=40)
@given(recipes(), recipes())
def test_any_recipe_goes_through_the_form_unchanged(before: Recipe, recipe: Recipe) -> None:
    form = RecipeForm()
    form.take_recipe(before)
    state = form.snapshot()
    form.take_recipe(recipe)
    assert form.asked() == recipe
    try:
        wanted = checked(recipe)
    except UserError:
        assert form.problem() is not None
    else:
        assert form.recipe() == wanted
        assert form.duration_s == duration_s(wanted)
    form.restore(state)
    assert form.asked() == before


values = st.one_of(st.floats(-1e6, 1e6), st.integers(-(10**6), 10**6))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(sorted(RecipeForm.KNOBS)), values, st.booleans())))
def test_whatever_is_turned_the_recipe_is_in_range(turns: list[tuple[str, float, bool]]) -> None:
    form = RecipeForm()
    form.prompt = "house"
    for field, value, whole in turns:
        form.turn(field, value if not whole else form.KNOBS[field].value(value / 1e6))
        knob = form.KNOBS[field]
        assert knob.low <= getattr(form, field) <= knob.high
        assert 0 <= form.position(field) <= 1
    problem = form.problem()
    assert problem is None or "last" in problem.why  # too long or short at this tempo, no more


def test_every_change_is_told_once_by_name() -> None:
    form = RecipeForm()
    told: list[str] = []
    form.changed.connect(told.append)
    form.prompt = "x"
    form.prompt = "x"
    form.bpm = 500.0
    form.stages["vocoder"].steps = 3
    form.key = "g flat major"
    assert told == ["prompt", "bpm", "vocoder.steps", "key"]
    assert (form.bpm, form.key) == (300.0, "F#")
    with pytest.raises(ValueError, match="17/3"):
        form.meter = "17/3"
    with pytest.raises(ValueError, match="no key"):
        form.key = "H"


def test_words_turn_the_knobs_that_no_hand_has_turned() -> None:
    form = RecipeForm()
    form.take_reading(Reading(bpm=90, key="Am"))
    assert (form.bpm, form.key) == (90, "Am")
    form.turn("bpm", 120)
    form.take_reading(Reading(bpm=95, key="C", conflicts=("the prompt says 95 BPM …",)))
    assert (form.bpm, form.key) == (120, "C")
    assert form.reading.conflicts
    form.reset("bpm")
    assert form.bpm == 95  # what the prompt says
    form.take_reading(Reading())
    form.reset("key")
    assert form.key is None


def test_a_loop_needs_bars_and_bars_a_tempo() -> None:
    form = RecipeForm()
    form.prompt = "x"
    form.turn("seconds", 5.0)
    form.tempo_on = False
    assert (form.recipe().bpm, form.recipe().seconds) == (None, 5.0)
    form.turn("loop", value=True)
    assert (form.length_in, form.tempo_on, form.recipe().bars) == ("bars", True, 4)
    form.turn("seconds", 3.0)
    assert not form.loop


def test_overrides_stand_beside_the_preset() -> None:
    stage = RecipeForm().stages["generator"]
    stage.set_preset(StageSettings(steps=20, guidance=3.0))
    assert (stage.effective("steps"), stage.overridden) == (20, ())
    stage.steps = 8
    assert (stage.effective("steps"), stage.preset_value("steps")) == (8, 20)
    assert stage.overridden == ("steps",)
    stage.reset()
    assert stage.settings() == StageSettings()


def test_a_controller_turns_a_knob_on_its_grid() -> None:
    form = RecipeForm()
    form.set_position("bpm", 0.5)
    assert form.bpm == pytest.approx(165.0)
    assert form.position("bpm") == pytest.approx(0.5, abs=1e-3)
    steps = form.stages["generator"].KNOBS["steps"]
    assert [round(steps.value(at)) for at in (0, 0.5, 1)] == [1, 63, 4000]  # equal ratios
    assert steps.position(steps.value(0.5)) == pytest.approx(0.5, abs=0.01)


def test_taps_make_a_tempo_and_one_late_tap_does_no_harm() -> None:
    now_s = [0.0]
    tap = TapTempo(clock=lambda: now_s[0])
    told = []
    for pause_s in (0.0, 0.5, 0.5, 0.9, 0.5, 0.5):
        now_s[0] += pause_s
        told.append(tap.tap())
    assert told[0] is None
    assert told[-1] == 120.0
    now_s[0] += 2.5  # a longer pause begins anew
    assert tap.tap() is None
    now_s[0] += 60 / 93
    assert tap.tap() == 93.0


def test_history_is_walked_like_a_shells() -> None:
    form = RecipeForm(history=PromptHistory(["one", "two"]))
    form.prompt = "draft"
    seen = []
    for move in (form.older_prompt,) * 3 + (form.newer_prompt,) * 3:
        move()
        seen.append(form.prompt)
    assert seen == ["two", "one", "one", "two", "draft", "draft"]
    form.history.add("one")
    form.history.add(" ")
    assert form.history.prompts == ("two", "one")


@given(st.text(max_size=3000))
def test_any_text_is_a_prompt_or_refused(text: str) -> None:
    form = RecipeForm()
    form.prompt = text
    if form.problem() is None:
        try:
            assert msgspec.json.decode(to_json(form.recipe()), type=Recipe) == form.recipe()
        except UnicodeEncodeError:
            assert any("\ud800" <= char <= "\udfff" for char in text)
