"""A take's score: the prompt's genre and players, the musician's grid and chords, its own notes."""

import hashlib
from collections import Counter
from dataclasses import astuple, replace

import msgspec
import pytest

from engine.cascade.alone import asks_for_one, nothing_pitched, number_said
from engine.cascade.composed import COMPOSER_VERSION, composed, refused
from engine.composer.genres import GENRES
from engine.music.instruments import INSTRUMENTS
from engine.music.meter import METER_TABLE
from engine.music.progression import pitch_classes, read_bars
from engine.music.score import Score
from engine.recipe import Recipe, checked
from engine.text.understanding import Guess, Understanding

FOUR = Recipe(prompt="a song", key="C", bpm=120, bars=4)


def guesses(*names: str, confidence: float = 0.9) -> tuple[Guess, ...]:
    return tuple(Guess(name, confidence, name) for name in names)


def made(recipe: Recipe, understood: Understanding | None = None) -> Score:
    score = composed(checked(recipe), understood)
    assert score is not None
    return score


def players(score: Score) -> set[str]:
    return {part.instrument for part in score.parts}


def test_the_same_take_is_played_alike_and_others_differ() -> None:
    first = made(FOUR)
    assert made(FOUR) == first
    others = [msgspec.structs.replace(FOUR, first_take=2), msgspec.structs.replace(FOUR, seed=1)]
    assert all(made(other).parts != first.parts for other in others)


def test_the_grid_is_the_recipes() -> None:
    score = made(msgspec.structs.replace(FOUR, bpm=93.5, meter="3/4", loop=True))
    assert (score.bpm, score.meter, score.bars, score.loop) == (93.5, "3/4", 4, True)


def test_seconds_are_filled_to_the_end_and_free_tempo_takes_the_genres() -> None:
    long = made(Recipe(prompt="x", bpm=100, seconds=7.1))
    assert long.bars * METER_TABLE[long.meter][0] * 60 / long.bpm >= 7.1
    free = made(Recipe(prompt="x", seconds=7), Understanding(genre=guesses("techno")))
    low, high = GENRES["techno"].bpm
    assert low <= free.bpm <= high


@pytest.mark.parametrize(("meter", "bars"), [("12/8", 8), ("6/8", 4)])
def test_compound_meters_are_written_in_six_eight(meter: str, bars: int) -> None:
    score = made(msgspec.structs.replace(FOUR, meter=meter, chords="C F G C"))
    assert (score.meter, score.bars) == ("6/8", bars)
    changes = [chord.start_q for chord in score.chords]
    assert changes == [place * METER_TABLE[meter][0] for place in range(4)]


@pytest.mark.parametrize("meter", ["5/4", "7/8", "2/4", "9/8"])
def test_a_meter_that_nobody_writes_has_no_score(meter: str) -> None:
    assert composed(checked(msgspec.structs.replace(FOUR, meter=meter)), None) is None


def test_genre_players_and_mood_are_the_prompts() -> None:
    understood = Understanding(
        genre=guesses("bossa nova"), instruments=guesses("flute", "piano"), moods=guesses("dreamy")
    )
    score = made(FOUR, understood)
    assert score.genre == "bossa nova"
    assert "dreamy" in score.moods
    assert "flute" in players(score)
    assert any(INSTRUMENTS[name].family == "piano" for name in players(score))


def test_of_a_family_the_usual_instrument_plays_most() -> None:
    """Who asks for "bass" in rock means the one that rock has."""
    rock = Understanding(genre=guesses("indie rock"), instruments=guesses("bass guitar"))
    found = Counter(
        name
        for seed in range(60)
        for name in players(made(msgspec.structs.replace(FOUR, seed=seed), rock))
        if INSTRUMENTS[name].family == "bass guitar"
    )
    seats = {
        name: weight
        for seat in GENRES["indie rock"].seats
        for name, weight in seat.instruments.items()
        if INSTRUMENTS[name].family == "bass guitar"
    }
    usual = max(seats, key=lambda name: seats[name])
    assert found[usual] == max(found.values())
    assert len(found) > 1
    assert abs(found[usual] / found.total() - seats[usual] / sum(seats.values())) < 0.2


def test_what_is_unsure_does_not_bind_the_players() -> None:
    unsure = Understanding(instruments=guesses("sitar", confidence=0.3))
    found = [players(made(msgspec.structs.replace(FOUR, seed=seed), unsure)) for seed in range(40)]
    assert sum("sitar" in names for names in found) < 10


def test_without_a_genre_one_that_suits_the_rest_is_drawn() -> None:
    sitar = Understanding(instruments=guesses("steel drums"))
    for seed in range(10):
        score = made(msgspec.structs.replace(FOUR, seed=seed), sitar)
        seats = {name for seat in GENRES[score.genre].seats for name in seat.instruments}
        assert "steel drums" in seats


def test_the_musicians_chords_are_what_is_played() -> None:
    recipe = checked(msgspec.structs.replace(FOUR, chords="| Dm9 G13 | Cmaj9 |"))
    score = made(recipe)
    found = [(chord.start_q, chord.duration_q, chord.root, chord.quality) for chord in score.chords]
    assert found[:3] == [(0, 2, 2, "min9"), (2, 2, 7, "13"), (4, 4, 0, "maj9")]
    assert len(found) == 6  # twice in four bars
    bars = read_bars(recipe.chords)
    inside = total = 0
    for part in score.parts:
        for note in part.notes if part.role in ("harmony", "pad") else ():
            bar = bars[int(note.start_q / 4 + 1e-3) % 2]
            place = min(len(bar) - 1, int(note.start_q % 4 / 4 * len(bar) + 1e-3))
            inside += note.pitch % 12 in pitch_classes(bar[place], "C")
            total += 1
    assert total > 10
    assert inside / total > 0.8


def test_a_key_that_nobody_gave_is_the_chords() -> None:
    assert made(Recipe(prompt="x", bpm=120, bars=4, chords="Am F C G")).key in ("Am", "C")
    assert made(Recipe(prompt="x", bpm=120, bars=4, chords="D G A D")).key == "D"


def test_no_chords_are_one_open_fifth() -> None:
    score = made(msgspec.structs.replace(FOUR, key="Em", chords="none"))
    assert {(chord.root, chord.quality) for chord in score.chords} == {(4, "5")}


@pytest.mark.parametrize(
    ("prompt", "instruments", "expected"),
    [
        ("drum loop, breakbeat", (), True),
        ("just drums please", (), True),
        ("percussion only", (), True),
        ("a waltzing jazz rhythm track", (), True),
        ("drum pattern, four bars", ("909 kit",), True),
        ("a drum groove with a sub bass", ("sub bass",), False),
        ("house with a drum machine", ("909 kit",), False),
        ("a 909", ("909 kit",), True),
        ("drum and bass, dark", (), False),
        ("house, drums and nothing else", ("drums",), True),
        ("isolated drums, house", ("909 kit",), True),
        ("house loop with a drum machine", ("drum machine",), False),
        ("a house beat, no other instruments", (), True),
        ("a house beat", (), False),
        ("sub bass and gentle drums loop, house", ("sub bass", "drums"), False),
        ("drums and bass", ("909 kit", "sub bass"), False),
    ],
)
def test_prompts_for_drums_alone(prompt: str, instruments: tuple[str, ...], expected: bool) -> None:
    understood = Understanding(
        genre=guesses("house") if "house" in prompt else (), instruments=guesses(*instruments)
    )
    assert nothing_pitched(prompt, understood, ("909 kit",)) is expected


def test_drums_alone_are_drums_alone() -> None:
    score = made(msgspec.structs.replace(FOUR, prompt="drum loop", key=None, chords="none"))
    assert [part.role for part in score.parts] == ["drums"]


@pytest.mark.parametrize(
    ("prompt", "names", "genres", "expected"),
    [
        ("solo piano nocturne", ("piano",), ("nocturne",), True),
        ("a hopeful isolated cello in a trailer idiom", ("cello",), ("trailer",), True),
        ("house, flute on its own", ("flute",), ("house",), True),
        ("house, stand-up bass and nothing else", ("stand up bass",), ("house",), True),
        ("just a flute, house", ("flute",), ("house",), True),
        ("just a house beat with flute", ("flute",), ("house",), False),
        ("my single: house, flute", ("flute",), ("house",), False),
        ("orchestral, with a solo violin", ("violin",), ("orchestral",), False),
        ("film score, solo violin", ("solo violin",), ("film score",), True),
        ("alone at night, house with a flute", ("flute",), ("house",), False),
        ("a stem: house bass", ("bass",), ("house",), True),
        ("a dark flute riff", ("flute",), (), True),
        ("piano loop", ("piano",), (), True),
        ("a dub bass line", ("bass",), ("dub",), True),
        ("dub with a bass line", ("bass",), ("dub",), False),
        ("a lo-fi cut full of a bass line", ("bass",), ("lo fi",), False),
        ("lo-fi, dusty piano chords", ("piano",), ("lo fi",), False),
        ("piano chords, lo-fi", ("piano",), ("lo fi",), True),
        ("lo-fi piano chords", ("piano",), ("lo fi",), True),
        ("put a piano riff on a house track", ("piano",), ("house",), False),
        ("phonk where bells take the lead", ("bells",), ("phonk",), False),
        ("house loop with piano", ("piano",), ("house",), False),
        ("warm piano house", ("piano",), ("house",), False),
        ("sad piano", ("piano",), (), True),
        ("a sad song with piano", ("piano",), (), False),
        ("only piano and cello", ("piano", "cello"), (), False),
        ("just a song", (), (), False),
    ],
)
def test_one_instrument_alone(
    prompt: str, names: tuple[str, ...], genres: tuple[str, ...], expected: bool
) -> None:
    assert asks_for_one(prompt, guesses(*names), guesses(*genres)) is expected


def test_one_instrument_alone_plays_alone() -> None:
    understood = Understanding(instruments=guesses("cello"))
    score = made(msgspec.structs.replace(FOUR, prompt="solo cello"), understood)
    assert players(score) == {"cello"}


def test_every_genre_composes_with_given_chords() -> None:
    for genre in GENRES:
        understood = Understanding(genre=guesses(genre))
        score = made(msgspec.structs.replace(FOUR, chords="i bVI bIII bVII", key="F#m"), understood)
        assert score.genre == genre
        assert score.parts
        assert all(astuple(note)[1] > 0 for part in score.parts for note in part.notes)


def test_short_takes_are_full_and_long_ones_have_a_form() -> None:
    pop = Understanding(genre=guesses("pop"))
    short = {
        len(made(msgspec.structs.replace(FOUR, seed=seed), pop).sections) for seed in range(20)
    }
    long = {
        len(made(msgspec.structs.replace(FOUR, bars=12, seed=seed), pop).sections)
        for seed in range(20)
    }
    assert short == {1}
    assert max(long) > 2


@pytest.mark.parametrize(
    ("prompt", "negative", "said"),
    [
        ("warm house without drums", "", "drums"),
        ("warm house, no drums but a bass", "", "drums"),
        ("warm house", "drums, harsh", "drums, harsh"),
        ("no flute and no drums", "piano", "flute, drums, piano"),
        ("house with drums", "", ""),
    ],
)
def test_what_is_refused_is_read_from_both_prompts(prompt: str, negative: str, said: str) -> None:
    assert refused(Recipe(prompt=prompt, negative_prompt=negative)) == said


@pytest.mark.parametrize(
    ("prompt", "negative", "role"),
    [
        ("house without drums", "", "drums"),
        ("beatless house", "", "drums"),
        ("house", "beats", "drums"),
        ("house, no bass", "", "bass"),
        ("house", "bass line, noise", "bass"),
    ],
)
def test_a_role_that_is_refused_is_not_played(prompt: str, negative: str, role: str) -> None:
    house = Understanding(genre=guesses("house"))
    for seed in range(12):
        recipe = msgspec.structs.replace(FOUR, prompt=prompt, negative_prompt=negative, seed=seed)
        assert role not in {part.role for part in made(recipe, house).parts}
        plain = made(msgspec.structs.replace(FOUR, prompt="house", seed=seed), house)
        assert "drums" in {part.role for part in plain.parts}


def test_an_instrument_that_is_refused_is_not_played() -> None:
    swing = Understanding(genre=guesses("swing"))
    unwanted = Understanding(instruments=guesses("saxophone", "trumpet"))
    families = {"saxophone", "trumpet"}
    found = set()
    for seed in range(25):
        recipe = checked(msgspec.structs.replace(FOUR, seed=seed))
        score = composed(recipe, swing, unwanted)
        assert score is not None
        found |= {INSTRUMENTS[name].family for name in players(score)}
    assert not found & families
    plain = {
        INSTRUMENTS[name].family
        for seed in range(25)
        for name in players(made(msgspec.structs.replace(FOUR, seed=seed), swing))
    }
    assert plain & families  # else the test says nothing


@pytest.mark.parametrize(
    ("prompt", "number"),
    [
        ("sparse dub", "few"), ("a stripped-back folk trio", "few"), ("techno", None),
        ("minimal techno", None), ("minimal house with Rhodes", None), ("minimal piano", "few"),
        ("post-minimalist, marimba", None), ("minimalist dub", "few"),
        ("full-band funk", "all"), ("layered, dense trance", "all"), ("Lush strings", None),
    ],
)  # fmt: skip
def test_how_many_play_is_read_off_the_prompt(prompt: str, number: str | None) -> None:
    assert number_said(prompt, guesses("post minimalist")) == number


def test_fewer_play_in_some_takes_unless_the_prompt_names_a_band() -> None:
    def textures(*named: str, prompt: str = "funk") -> list[str]:
        meant = Understanding(genre=guesses("funk"), instruments=guesses(*named))
        recipes = [
            msgspec.structs.replace(FOUR, prompt=prompt, seed=seed, first_take=take)
            for seed in range(20)
            for take in (1, 2, 3, 4)
        ]
        return [made(recipe, meant).texture for recipe in recipes]

    few = textures("slap bass", "clavinet")
    assert set(few) == {"full", "sparse"}
    assert 10 <= few.count("sparse") <= 35
    assert set(textures("slap bass", "clavinet", "trumpet", "room kit")) == {"full"}
    assert set(textures()[::4]) == {"full"}  # a genre's first take
    tags = textures("clavinet", prompt="funk, clavinet")
    assert all(10 <= tags.count(texture) <= 50 for texture in ("full", "sparse", "solo"))
    song = textures("clavinet", prompt="a funk track with clavinet")
    assert set(song) == set(textures("room kit", prompt="funk, room kit")) == {"full", "sparse"}
    assert set(textures()) == {"full", "sparse"}


def test_a_few_keep_the_beat_where_the_genre_always_has_one() -> None:
    def drummed(genre: str, prompt: str = "a trio") -> int:
        recipes = [msgspec.structs.replace(FOUR, prompt=prompt, seed=seed) for seed in range(12)]
        scores = [made(recipe, Understanding(genre=guesses(genre))) for recipe in recipes]
        assert {score.texture for score in scores} == {"sparse"}
        assert all(len(score.parts) >= 2 for score in scores)
        return sum(any(part.role == "drums" for part in score.parts) for score in scores)

    assert drummed("house") == 12
    assert drummed("house", "a trio without drums") == 0
    assert drummed("ambient") < 12


@pytest.mark.parametrize(("prompt", "texture"), [("a trio", "sparse"), ("the full band", "full")])
def test_a_prompt_that_says_how_many_play_holds_for_every_take(prompt: str, texture: str) -> None:
    takes = [Recipe(prompt=prompt, bpm=120, bars=4, first_take=take) for take in range(1, 5)]
    assert {made(take).texture for take in takes} == {texture}


def crashes_at_first(recipe: Recipe) -> int:
    understood = Understanding(genre=guesses("hard rock"))
    return sum(
        note.pitch in {49, 57} and note.start_q < 0.5
        for seed in range(20)
        for part in made(msgspec.structs.replace(recipe, seed=seed), understood).parts
        if part.role == "drums"
        for note in part.notes
    )


def test_a_short_loop_does_not_crash_each_time_that_it_comes_round() -> None:
    loop = msgspec.structs.replace(FOUR, loop=True)
    assert crashes_at_first(loop) == 0
    assert crashes_at_first(FOUR) > 3
    assert crashes_at_first(msgspec.structs.replace(loop, bars=8)) > 3


def last_notes(score: Score) -> list[tuple[float, float]]:
    """Of each pitched part's last note: quarters from its end to the score's, and its length."""
    length_q = score.bars * METER_TABLE[score.meter][0]
    lasts = [
        max(part.notes, key=lambda note: note.start_q + note.duration_q)
        for part in score.parts
        if part.role not in ("drums", "fx") and part.notes
    ]
    return [(length_q - note.start_q - note.duration_q, note.duration_q) for note in lasts]


@pytest.mark.parametrize("genre", ["baroque", "string quartet", "ambient", "blues"])
@pytest.mark.parametrize("meter", ["4/4", "12/8"])
def test_last_notes_of_a_loop_sound_until_it_comes_round(genre: str, meter: str) -> None:
    understood = Understanding(genre=guesses(genre))
    breaths = 0
    for seed in range(8):
        recipe = msgspec.structs.replace(FOUR, meter=meter, seed=seed)
        for rest, length in last_notes(
            made(msgspec.structs.replace(recipe, loop=True), understood)
        ):
            assert rest <= 0 or rest > min(1, length)
        breaths += sum(
            0 < rest <= min(1, length) for rest, length in last_notes(made(recipe, understood))
        )
    assert breaths > 8


def test_nothing_else_of_a_loop_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = msgspec.structs.replace(FOUR, loop=True)
    understood = Understanding(genre=guesses("baroque"))
    held = made(loop, understood)
    monkeypatch.setattr("engine.cascade.composed._held_round", lambda score: score)
    plain = made(loop, understood)
    changed = 0
    for part, before in zip(held.parts, plain.parts, strict=True):
        assert replace(part, notes=()) == replace(before, notes=())
        for note, old in zip(part.notes, before.notes, strict=True):
            assert replace(note, duration_q=old.duration_q) == old
            assert (
                old.duration_q <= note.duration_q <= max(2 * old.duration_q, old.duration_q + 0.1)
            )
            changed += note != old
    assert 1 <= changed <= 2 * 4 * len(plain.parts)


# version → what it writes; add a row whenever COMPOSER_VERSION is raised
WRITTEN = {5: "beaa9572e5f7c67d"}


def test_other_notes_are_another_version() -> None:
    """Where this fails, clips would be repeated with other notes: raise COMPOSER_VERSION."""
    written = hashlib.sha256()
    for number, genre in enumerate(sorted(GENRES)):
        asked = ("slow strings", "piano") if number % 5 == 0 else ()
        understood = Understanding(genre=guesses(genre), instruments=guesses(*asked))
        bars, take = 4 + number % 2 * 4, number % 4 + 1
        recipe = Recipe(prompt=genre, bpm=110, bars=bars, seed=number, first_take=take)
        for part in made(msgspec.structs.replace(recipe, loop=number % 3 == 0), understood).parts:
            rows = [astuple(n) for n in part.notes]
            rows = [tuple(round(v, 3) for v in row) for row in rows]
            written.update(f"{part.instrument} {rows}".encode())
    assert WRITTEN[COMPOSER_VERSION] == written.hexdigest()[:16]
