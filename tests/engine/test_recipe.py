import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import UserError
from engine.music.keys import KEYS, canonical_key, key_index, relative_key
from engine.recipe import (
    METERS,
    PRESETS,
    SAMPLERS,
    STEP_SCHEDULES,
    Recipe,
    StageSettings,
    checked,
    duration_s,
    from_json,
    sample_count,
    to_json,
)

# a busy machine is no failure
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# ── recipes ───────────────────────────────────────────────────────────────────────────────

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
stages = st.builds(
    StageSettings,
    steps=st.none() | st.integers(1, 4000),
    sampler=st.none() | st.sampled_from(SAMPLERS),
    step_schedule=st.none() | st.sampled_from(STEP_SCHEDULES),
    gamma=st.none() | st.floats(0, 1),
    temperature=st.none() | st.floats(0, 1),
    guidance_from=st.none() | st.floats(0, 1),
    guidance_until=st.none() | st.floats(0, 1),
    autoguidance=st.none() | st.floats(0, 5),
    guidance=st.none() | st.floats(0, 30),
    clip_percentile=st.none() | st.floats(0, 100),
)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    in_bars = draw(st.booleans())
    return Recipe(
        prompt=draw(texts.filter(lambda text: bool(text.strip()))),
        negative_prompt=draw(st.just("") | texts),
        bpm=draw(st.floats(60, 240) if in_bars else st.none() | st.floats(30, 300)),
        key=draw(st.none() | st.sampled_from(KEYS)),
        chords=draw(st.sampled_from(["", "none", "Am F C G", "Dm7,G7 C/E"])),
        meter=draw(st.sampled_from(["3/4", "4/4", "6/8"])),
        bars=draw(st.integers(1, 5)) if in_bars else None,
        seconds=None if in_bars else draw(st.none() | st.floats(0.5, 30)),
        loop=in_bars and draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
        takes=draw(st.integers(1, 4)),
        first_take=draw(st.integers(1, 10_000)),
        preset=draw(st.sampled_from(PRESETS)),
        generator=draw(stages),
        super_resolution=draw(stages),
        loudness_lufs=draw(st.none() | st.floats(-40, -6)),
        ceiling_dbtp=draw(st.none() | st.floats(-20, 0)),
        bundle=draw(st.just("") | st.just("0f" * 32)),
    )


@CALM
@given(recipes())
def test_a_recipe_survives_json_and_checking_twice(recipe: Recipe) -> None:
    assert checked(recipe) == recipe
    assert from_json(to_json(recipe)) == recipe
    assert from_json(to_json(recipe).decode()) == recipe


@CALM
@given(recipes(), st.sampled_from([16_000, 24_000, 44_100, 48_000]))
def test_lengths_are_exact_to_half_a_sample(recipe: Recipe, rate_hz: int) -> None:
    assert 0.5 <= duration_s(recipe) <= 30
    assert abs(sample_count(recipe, rate_hz) - duration_s(recipe) * rate_hz) <= 0.5


def test_fields_at_their_default_are_left_out() -> None:
    assert to_json(Recipe(prompt="x")) == b'{"prompt":"x"}'


@CALM
@given(st.binary(max_size=120) | st.text(max_size=120))
def test_arbitrary_bytes_are_a_recipe_or_a_user_error(data: bytes | str) -> None:
    try:
        recipe = from_json(data)
    except UserError:
        return
    assert checked(recipe) == recipe


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@CALM
@given(st.dictionaries(st.sampled_from(Recipe.__struct_fields__), json_values, max_size=6))
@example({"chords": "0"})
def test_any_values_in_known_fields_are_a_recipe_or_a_user_error(fields: dict[str, Any]) -> None:
    try:
        recipe = from_json(json.dumps({"prompt": "x", **fields}))
    except UserError as error:
        told = ("The recipe was ", "The chords were not read")
        assert error.what.startswith(told)  # noqa: PT017 - both ends are right
        return
    assert from_json(to_json(recipe)) == recipe


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"prompt": ""}, "prompt is ''"),
    ({"prompt": "x" * 2001}, "prompt is 2001 characters"),
    ({"negative_prompt": "x" * 2001}, "negative prompt is 2001 characters"),
    ({"bpm": 29.99}, "bpm is 29.99"),
    ({"bpm": 300.01}, "bpm is 300.01"),
    ({"bpm": math.nan}, "bpm is nan"),
    ({"bpm": math.inf}, "bpm is inf"),
    ({"bars": 0}, "bars is 0"),
    ({"bars": 129}, "bars is 129"),
    ({"seconds": 0.49}, "seconds is 0.49"),
    ({"seconds": 30.01}, "seconds is 30.01"),
    ({"seconds": math.nan}, "seconds is nan"),
    ({"seed": -1}, "seed is -1"),
    ({"seed": 2**32}, "seed is 4294967296"),
    ({"takes": 0}, "takes is 0"),
    ({"takes": 5}, "takes is 5"),
    ({"first_take": 0}, "first take is 0"),
    ({"first_take": 10_001}, "first take is 10001"),
    ({"meter": "4/3"}, "meter is '4/3'"),
    ({"key": "H"}, "key is 'H'"),
    ({"chords": "Am H"}, "'H' is no chord"),
    ({"chords": "C*999"}, "more than 128 bars"),
    ({"chords": "i bVI"}, "there is no key"),
    ({"loudness_lufs": -5.9}, "loudness is -5.9"),
    ({"loudness_lufs": math.nan}, "loudness is nan"),
    ({"ceiling_dbtp": 0.1}, "ceiling is 0.1"),
    ({"bars": 4, "seconds": 4.0}, "both bars and seconds"),
    ({"loop": True}, "a loop needs a whole number of bars"),
    ({"loop": True, "seconds": 4.0}, "a loop needs a whole number of bars"),
    ({"bars": 16, "bpm": 120.0}, r"16 bars at 120 BPM last 32\.00 s"),
    ({"bars": 16}, r"16 bars at 120 BPM last 32\.00 s"),
    ({"bars": 1, "bpm": 300.0, "meter": "2/4"}, r"last 0\.40 s"),
    ({"generator": StageSettings(steps=0)}, "generator steps is 0"),
    ({"vocoder": StageSettings(steps=4001)}, "vocoder steps is 4001"),
    ({"cascader": StageSettings(gamma=1.01)}, "cascader gamma is 1.01"),
    ({"generator": StageSettings(temperature=-0.1)}, "generator temperature is -0.1"),
    ({"generator": StageSettings(guidance_from=-0.1)}, "generator guidance_from is -0.1"),
    ({"generator": StageSettings(guidance_until=2)}, "generator guidance_until is 2"),
    ({"generator": StageSettings(autoguidance=5.1)}, "generator autoguidance is 5.1"),
    ({"super_resolution": StageSettings(guidance=-0.1)}, "super_resolution guidance is -0.1"),
    ({"generator": StageSettings(clip_percentile=math.nan)}, "generator clip_percentile is nan"),
    ({"bundle": "abc"}, "bundle is 'abc'"),
    ({"bundle": "0F" * 32}, "bundle is "),
    ({"schema": 2}, "it has schema 2"),
]


@pytest.mark.parametrize(("fields", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_out_of_range_is_refused_with_its_value(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        checked(Recipe(**{"prompt": "x", **fields}))
    assert refused.value.remedy


@pytest.mark.parametrize(
    "fields",
    [
        {"bpm": 30.0},
        {"bpm": 300.0},
        {"seconds": 0.5},
        {"seconds": 30.0},
        {"seed": 0},
        {"seed": 2**32 - 1},
        {"takes": 4, "first_take": 10_000},
        {"loudness_lufs": -40.0, "ceiling_dbtp": 0.0},
        {"loudness_lufs": None, "ceiling_dbtp": None},
        {"bars": 15, "bpm": 120.0},  # 30 s to the sample
        {"prompt": "x" * 2000},
        {"generator": StageSettings(steps=4000, gamma=1.0, guidance=30.0, clip_percentile=100.0)},
    ],
)
def test_the_ends_of_every_range_belong_to_it(fields: dict[str, Any]) -> None:
    recipe = Recipe(**{"prompt": "x", **fields})
    assert checked(recipe) == recipe


def test_checking_settles_chords() -> None:
    assert checked(Recipe(prompt="x", chords=" | Dm7 G7 | C |")).chords == "Dm7,G7 C"
    assert checked(Recipe(prompt="x", chords="i - iv", key="Am")).chords == "i iv"
    assert checked(Recipe(prompt="x", chords=" None ")).chords == "none"
    full = checked(Recipe(prompt="x", chords="Ebmaj7*128"))
    assert checked(full) == full


def test_checking_settles_key_and_tempo() -> None:
    recipe = checked(Recipe(prompt="x", key="g flat major", bars=4, loop=True))
    assert (recipe.key, recipe.bpm) == ("F#", 120.0)
    assert checked(Recipe(prompt="x")).bpm is None


@pytest.mark.parametrize(
    ("bars", "bpm", "meter", "seconds"),
    [
        (8, 72.0, "4/4", 26.0 + 2 / 3),
        (1, 120.0, "6/8", 1.5),
        (2, 140.0, "7/8", 3.0),
        (4, 90.0, "3/4", 8.0),
        (1, 60.0, "12/8", 6.0),
    ],
)
def test_bars_last_as_a_daw_counts_them(bars: int, bpm: float, meter: str, seconds: float) -> None:
    recipe = checked(Recipe(prompt="x", bars=bars, bpm=bpm, meter=meter))
    assert duration_s(recipe) == pytest.approx(seconds, abs=1e-12)
    assert sample_count(recipe, 24_000) == round(seconds * 24_000)


def test_seconds_and_the_default_length() -> None:
    assert duration_s(Recipe(prompt="x", seconds=7.25, bpm=97.0)) == 7.25
    assert sample_count(Recipe(prompt="x"), 16_000) == 160_000


def test_an_unknown_field_and_another_type_are_refused() -> None:
    for data, said in (
        (b'{"prompt":"x","tempo":90}', "tempo"),
        (b'{"prompt":"x","takes":"2"}', "takes"),
        (b'{"prompt":"x","takes":1.5}', "takes"),
        (b'{"prompt":"x","generator":{"step":3}}', "step"),
        (b'{"prompt":"x","preset":"best"}', "best"),
        (b'{"bpm":90}', "prompt"),
        (b"[" * 100_000, "array"),
        (b"\xff", "malformed"),
    ):
        with pytest.raises(UserError, match=said):
            from_json(data)


def test_a_recipe_is_immutable_and_hashable() -> None:
    recipe = Recipe(prompt="x")
    with pytest.raises(AttributeError):
        recipe.seed = 3  # type: ignore[misc]  # that it cannot be is the point
    assert len({recipe, Recipe(prompt="x"), Recipe(prompt="y")}) == 2
    assert msgspec.structs.replace(recipe, seed=3) != recipe


def test_every_meter_can_be_asked_for() -> None:
    for meter in METERS:
        assert checked(Recipe(prompt="x", meter=meter, bars=1, bpm=120.0)).meter == meter


# ── keys ──────────────────────────────────────────────────────────────────────────────────


def test_there_are_24_keys_and_each_names_its_own_index() -> None:
    assert len(set(KEYS)) == 24
    assert [key_index(key) for key in KEYS] == list(range(24))
    assert [canonical_key(key) for key in KEYS] == list(KEYS)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("Am", "Am"),
        ("a", "A"),
        ("A minor", "Am"),
        ("a-minor", "Am"),
        ("AM", "A"),
        ("F#", "F#"),
        ("gb", "F#"),
        ("G♭ major", "F#"),
        ("g flat major", "F#"),
        ("Bbmaj", "Bb"),
        ("bb", "Bb"),
        ("B", "B"),
        ("C-sharp minor", "C#m"),
        ("Dbm", "C#m"),
        ("E#", "F"),
        ("Cb", "B"),
        ("B#m", "Cm"),
        (" Fmin ", "Fm"),
    ],
)
def test_spellings(typed: str, canonical: str) -> None:
    assert canonical_key(typed) == canonical


@pytest.mark.parametrize("typed", ["", "H", "m", "A#b", "Amm", "A blues", "C##", "1", "Å", "A\nB"])
def test_what_is_no_key(typed: str) -> None:
    with pytest.raises(ValueError, match="is no key"):
        key_index(typed)


@CALM
@given(
    st.text(max_size=12)
    | st.from_regex(r"[A-Ga-gH](#|b|♯|♭| sharp| flat)?[ -]?(maj|major|min|minor|m|M)?")
)
def test_any_text_is_a_key_or_a_value_error(text: str) -> None:
    try:
        index = key_index(text)
    except ValueError:
        return
    assert 0 <= index < 24
    assert key_index(canonical_key(text)) == index


@CALM
@given(st.integers(0, 23))
def test_relatives_come_in_pairs(index: int) -> None:
    relative = relative_key(index)
    assert relative_key(relative) == index
    assert (relative < 12) != (index < 12)


def test_c_and_a_minor_are_relatives() -> None:
    assert KEYS[relative_key(key_index("C"))] == "Am"
    assert KEYS[relative_key(key_index("Eb"))] == "Cm"
    assert KEYS[relative_key(key_index("F#m"))] == "A"
