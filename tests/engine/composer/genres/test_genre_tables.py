"""Every name in the genre tables leads somewhere, and the tables are as broad as promised."""

from collections.abc import Iterable

import pytest

from engine.composer.genres import ERAS, GENRES, MOODS
from engine.composer.genres.grooves import (
    FILL_LANES,
    FILLS,
    GROOVES,
    LANE_ENTERS,
    LANES,
    VELOCITIES,
)
from engine.composer.genres.model import weights
from engine.composer.genres.styles_bass import BASS
from engine.composer.genres.styles_comp import COMP
from engine.composer.genres.styles_melody import MELODY, RHYTHMS
from engine.composer.genres.styles_solo import HANDS
from engine.composer.theory.modes import MODES, QUALITY_OF_MODE
from engine.composer.theory.progressions import PROGRESSIONS
from engine.music.instruments import INSTRUMENTS
from engine.music.meter import METER_TABLE

STYLES: dict[str, Iterable[str]] = {
    "bass": BASS,
    "harmony": COMP,
    "pad": COMP,
    "arpeggio": COMP,
    "melody": MELODY,
}


def _unknown(names: Iterable[str], table: Iterable[str]) -> set[str]:
    return set(names) - set(table)


def test_there_are_enough_genres_and_moods() -> None:
    assert len(GENRES) >= 32
    assert len(MOODS) >= 24
    assert min(genre.bpm[0] for genre in GENRES.values()) <= 50
    assert max(genre.bpm[1] for genre in GENRES.values()) >= 190
    assert {m for genre in GENRES.values() for m in genre.meters} == {"4/4", "3/4", "6/8"}


@pytest.mark.parametrize("name", sorted(GENRES))
def test_a_genre_names_only_what_exists(name: str) -> None:
    genre = GENRES[name]
    assert not _unknown(genre.modes, MODES)
    assert not _unknown([*genre.chords, *genre.chorus], PROGRESSIONS)
    assert not _unknown(genre.moods, MOODS)
    assert not _unknown(genre.eras, ERAS)
    assert not _unknown(genre.fills, FILLS)
    assert not _unknown(genre.meters, METER_TABLE)
    for table in genre.grooves.values():
        assert not _unknown(table, GROOVES)
    for seat in genre.seats:
        assert not _unknown(seat.instruments, INSTRUMENTS), seat
        assert not _unknown(seat.styles, STYLES.get(seat.role, seat.styles)), seat


@pytest.mark.parametrize("name", sorted(GENRES))
def test_a_genre_can_be_played(name: str) -> None:
    genre = GENRES[name]
    assert 50 <= genre.bpm[0] < genre.bpm[1] <= 190
    assert {QUALITY_OF_MODE[mode] for mode in genre.modes} == {"major", "minor"}
    for mode in genre.modes:  # some mood suits every mode
        assert any(MOODS[mood].modes.get(mode, 1.0) > 0 for mood in genre.moods), mode
    assert sum(seat.role not in ("drums", "fx") for seat in genre.seats) >= 3
    assert any(seat.solo > 0 for seat in genre.seats)
    assert any(seat.enter <= 0.35 for seat in genre.seats)


@pytest.mark.parametrize("name", sorted(GROOVES))
def test_a_groove_is_written_in_known_letters(name: str) -> None:
    for lane, patterns in GROOVES[name].items():
        assert lane.partition("@")[0] in LANES
        for pattern in patterns:
            bars = pattern.split("|")
            assert not pattern or {len(bar) for bar in bars} <= {8, 12, 16}, pattern
            assert set(pattern) <= {*VELOCITIES, ".", "|"}, pattern


def test_lanes_and_fills_agree() -> None:
    assert set(LANES) == set(LANE_ENTERS)
    assert not _unknown(FILL_LANES.values(), LANES)
    for patterns in FILLS.values():
        for pattern in patterns:
            assert set(pattern) <= {*FILL_LANES, "."}, pattern


def test_patterns_are_whole_bars_of_known_letters() -> None:
    lengths = {"4/4": {8, 12, 16}, "3/4": {9, 12, 6}, "6/8": {12, 6}}
    rows = [(row.patterns, "rR5fo37gan-.") for row in BASS.values()]
    rows += [(row.patterns, "xXoducbf123456mk-.") for row in COMP.values()]
    rows += [(bank, "x-.") for bank in RHYTHMS.values()]
    for patterns, letters in rows:
        for meter, texts in patterns.items():
            for text in texts:
                assert len(text) in lengths[meter], text
                assert set(text) <= set(letters), text


def test_styles_know_their_rhythms_and_hands() -> None:
    for style in MELODY.values():
        assert not _unknown(style.banks, RHYTHMS)
    families = {row.family for row in INSTRUMENTS.values()}
    for family, hands in HANDS.items():
        assert family in families
        assert not _unknown(hands.comp, COMP)
        assert not _unknown(hands.melody, MELODY)


def test_mood_partners_and_eras_exist() -> None:
    for mood in MOODS.values():
        assert not _unknown(mood.partners, [*MOODS])
        assert not _unknown(mood.modes, MODES)
    for era in ERAS.values():
        assert not _unknown(era.prefers, INSTRUMENTS)


def test_weights_read_their_short_form() -> None:
    assert weights("grand piano*3, harp") == {"grand piano": 3.0, "harp": 1.0}
    with pytest.raises(ValueError, match="empty option"):
        weights("harp, ")
