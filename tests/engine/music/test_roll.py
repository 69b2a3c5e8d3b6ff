"""Notes as rolls: where they lie, what wraps, who plays."""

import numpy as np
import pytest

from engine.composer import compose
from engine.composer.request import Request
from engine.music.grid import loop_timeline, timeline
from engine.music.instruments import INSTRUMENTS
from engine.music.roll import (
    DRUMS,
    PITCHES,
    PLAYER_NAMES,
    ROW_NAMES,
    VOICES,
    Played,
    Player,
    Voice,
    played,
    player_values,
    roll,
    row_of,
    voice_players,
    voice_rows,
)
from engine.music.score import Note, Part, Score
from engine.music.signals import GLOBALS, SIGNALS, Conditions, global_values, signal_rows

LINE = timeline(400, 100, bpm=120, meter="4/4")
BASS, CHORDS, LEAD = (VOICES.index(voice) for voice in ("bass", "chords", "lead"))


def score(*parts: Part, bpm: float = 120, bars: int = 2, loop: bool = False) -> Score:
    return Score(
        seed=0, genre="pop", bpm=bpm, meter="4/4", bars=bars, tonic=0, mode="major", key="C",
        swing=0, sections=(), chords=(), parts=parts, energy=0.5, moods=(), era="",
        texture="full", loop=loop,
    )  # fmt: skip


def notes(*rows: tuple[float, float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32)


def row(name: str) -> int:
    return ROW_NAMES.index(name)


def test_a_note_is_loud_where_it_begins_held_and_gone_where_it_ends() -> None:
    track = roll(notes((LEAD, 60, 100, 200, 0.5)), LINE, loop=False)
    line = track[row("lead_60")]
    assert line[99] == 0
    assert line[200] == 0
    assert line[100] == pytest.approx(0.5)
    assert 0.2 <= line[199] < 0.25 < line[105] < line[100]
    assert np.count_nonzero(track) == 100  # no other row


def test_a_repeated_note_is_two_and_voices_have_rows_of_their_own() -> None:
    track = roll(
        notes((CHORDS, 60, 0, 50, 1), (CHORDS, 60, 50, 100, 1), (BASS, 40, 0, 50, 1)),
        LINE, loop=False,
    )  # fmt: skip
    line = track[row("chords_60")]
    assert line[50] > 2 * line[49]
    assert not track[row("lead_60")].any()
    assert track[row("bass_40")].any()


@pytest.mark.parametrize(
    ("key", "name"), [(36, "kick"), (38, "snare"), (42, "hat"), (49, "crash"), (34, "metal")]
)
def test_drums_lie_in_the_row_of_what_is_struck(key: int, name: str) -> None:
    track = roll(notes((0, key, 10, 11, 0.8)), LINE, loop=False)
    assert track[row(f"drum_{name}"), 10] == pytest.approx(0.8)
    assert track[row(f"drum_{name}"), 20] > 0  # a stroke rings, however short the note
    assert np.count_nonzero(track.any(axis=1)) == 1


@pytest.mark.parametrize("voice", ["bass", "chords", "lead"])
def test_notes_out_of_range_sound_in_the_nearest_octave(voice: Voice) -> None:
    low, high = PITCHES[voice]
    for pitch in range(128):
        found = row_of(voice, pitch)
        name = ROW_NAMES[found]
        there = int(name.removeprefix(f"{voice}_"))
        assert low <= there <= high
        assert (there - pitch) % 12 == 0
        assert there == pitch or not low <= pitch <= high


def test_a_loops_notes_come_round_and_a_one_shots_are_cut() -> None:
    late = notes((LEAD, 72, 390, 420, 1), (LEAD, 74, -5, 5, 1))
    circle = roll(late, loop_timeline(400, 100, bars=2, meter="4/4"), loop=True)
    assert circle[row("lead_72"), 395] > 0
    assert circle[row("lead_72"), 15] > 0
    assert circle[row("lead_74"), 396] > circle[row("lead_74"), 2] > 0
    shot = roll(late, LINE, loop=False)
    assert not shot[row("lead_72"), :300].any()
    assert not shot[row("lead_74"), 300:].any()
    assert shot[row("lead_74"), 2] > 0


def test_a_score_lies_where_its_tempo_puts_it_and_a_loops_bars_fill_its_frames() -> None:
    part = Part("lead", "melody", "flute", (Note(1.0, 1.0, 72, 127),))
    assert played(score(part), frames=400).notes[0, 2:4].tolist() == [50, 100]
    looped = played(score(part, loop=True), frames=404).notes[0, 2:4]
    assert looped.tolist() == pytest.approx([50.5, 101])


def test_level_follows_velocity_and_half_of_the_gain() -> None:
    def level(velocity: int, gain_db: float) -> float:
        part = Part("b", "bass", "sub bass", (Note(0, 1, 40, velocity),), gain_db=gain_db)
        return float(played(score(part), frames=400).notes[0, 4])

    assert level(127, 0) == pytest.approx(1)
    assert level(64, 0) == pytest.approx(64 / 127)
    assert level(64, -12) == pytest.approx(64 / 127 * 10 ** (-12 / 40), rel=1e-4)
    assert level(127, 6) == 1


def test_players_are_named_with_their_places() -> None:
    values = player_values(
        (Player("lead", "alto sax", pan=-0.5, width=0.2, reverb=0.4), Player("drums", "909 kit"))
    )
    there = dict(zip(PLAYER_NAMES, values.tolist(), strict=True))
    assert there["plays_lead_alto_sax"] == 1
    assert there["plays_drums_909_kit"] == 1
    assert there["pan_lead"] == pytest.approx(-0.5)
    assert there["reverb_lead"] == pytest.approx(0.4)
    assert sum(name.startswith("plays_") and value > 0 for name, value in there.items()) == 2


def test_places_of_a_voice_with_two_players_are_their_mean() -> None:
    pair = (Player("chords", "grand piano", pan=-0.4), Player("chords", "string ensemble", pan=0.2))
    there = dict(zip(PLAYER_NAMES, player_values(pair).tolist(), strict=True))
    assert there["pan_chords"] == pytest.approx(-0.1)


def test_every_instrument_that_the_composer_seats_can_be_named() -> None:
    for seed in range(60):
        for player in played(compose(seed), frames=3000).players:
            assert player_values((player,))[: -4 * 3].sum() == 1, player


def test_every_percussion_key_has_one_row() -> None:
    keys = [key for row_keys in DRUMS.values() for key in row_keys]
    assert len(keys) == len(set(keys))


def test_signals_carry_notes_and_are_silent_without() -> None:
    composed = compose(3, request=Request(bpm=120, bars=2, loop=True))
    line = loop_timeline(400, 100, bars=2, meter="4/4")
    what = played(composed, frames=400)
    given = Conditions(line, 120, "C", True, None, roll(what.notes, line, loop=True), what.players)
    names = tuple(SIGNALS)
    first = names.index("notes_present")
    rows = signal_rows(names, given)
    assert (rows[first] == 1).all()
    assert rows[first + 1 :].max() > 0.3
    values = dict(zip(GLOBALS, global_values(tuple(GLOBALS), given).tolist(), strict=True))
    assert values["players_present"] == 1
    nothing = Conditions(line, 120, "C", True)
    assert not signal_rows(names, nothing)[first:].any()
    assert not global_values(tuple(GLOBALS), nothing)[-len(PLAYER_NAMES) - 1 :].any()


def test_nothing_played_is_an_empty_roll() -> None:
    empty = Played(np.zeros((0, 5), np.float32))
    assert not roll(empty.notes, LINE, loop=False).any()
    assert played(score(), frames=400).notes.shape == (0, 5)


def test_instruments_that_no_voice_can_play_are_only_effects() -> None:
    named = {name.split("_", 2)[2] for name in PLAYER_NAMES if name.startswith("plays_")}
    missing = [i for i in INSTRUMENTS if i.replace(" ", "_").replace("-", "_") not in named]
    assert missing == ["riser", "impact"]


@pytest.mark.parametrize("voice", ["bass", "chords", "lead"])
def test_a_note_as_long_as_its_loop_begins_nowhere(voice: Voice) -> None:
    line = loop_timeline(400, 100, bars=2, meter="4/4")
    whole = notes((VOICES.index(voice), 50, 3, 395, 0.8))
    around = roll(whole, line, loop=True)[row_of(voice, 50)]
    assert np.ptp(around) == 0
    assert 0 < around[0] < 0.8  # held, not struck
    assert np.ptp(roll(whole, line, loop=False)[row_of(voice, 50)]) > 0  # there the end is an end
    shorter = notes((VOICES.index(voice), 50, 3, 370, 0.8))
    struck = roll(shorter, line, loop=True)[row_of(voice, 50)]
    assert struck.argmax() == 3
    assert struck.max() == np.float32(0.8)


def test_a_riser_over_a_whole_loop_still_rises() -> None:
    line = loop_timeline(400, 100, bars=2, meter="4/4")
    riser = roll(notes((VOICES.index("fx"), 0, 0, 400, 0.8)), line, loop=True)[row_of("fx", 0)]
    assert (np.diff(riser) > 0).all()


def test_rows_and_players_of_voices_are_all_there_are() -> None:
    rows = [row for voice in VOICES for row in range(len(ROW_NAMES))[voice_rows(voice)]]
    assert sorted(rows) == list(range(len(ROW_NAMES)))
    places = [
        place
        for voice in VOICES
        for part in voice_players(voice)
        for place in range(len(PLAYER_NAMES))[part]
    ]
    assert sorted(places) == list(range(len(PLAYER_NAMES)))
    assert ROW_NAMES[voice_rows("lead").start] == "lead_40"
    assert {PLAYER_NAMES[part.start] for part in voice_players("drums")} == {
        "plays_drums_standard_kit", "pan_drums"
    }  # fmt: skip
    assert voice_players("fx") == ()


def test_emphasis_says_more_often_who_plays_and_nothing_else() -> None:
    who = (Player("lead", "alto sax", pan=-0.5, width=0.2, reverb=0.4), Player("drums", "909 kit"))
    given = Conditions(LINE, 120, "C", True, None, None, who)
    plain, told = (global_values(tuple(GLOBALS), given, emphasis=times) for times in (1.0, 2.0))
    ratio = {
        name: more / once
        for name, once, more in zip(GLOBALS, plain.tolist(), told.tolist(), strict=True)
        if once
    }
    twice = {name for name, value in ratio.items() if value == 2}
    assert twice == {"plays_lead_alto_sax", "plays_drums_909_kit"}
    assert {"pan_lead", "reverb_lead", "players_present", "bpm_present"} <= ratio.keys() - twice
    assert all(ratio[name] == 1 for name in ratio.keys() - twice)
