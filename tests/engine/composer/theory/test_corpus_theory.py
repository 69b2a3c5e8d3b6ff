"""Music theory against what every textbook says."""

import pytest

from engine.composer.theory.keyfit import best_key, key_margin
from engine.composer.theory.modes import MODES, QUALITY_OF_MODE, ladder, nearest_key, scale
from engine.composer.theory.progressions import MODAL, PROGRESSIONS, progressions_for
from engine.composer.theory.richer import RICHER, richer
from engine.music.chords import QUALITIES, tones
from engine.music.keys import key_index
from engine.music.numerals import parse_numeral
from engine.music.progression import read_bars


def test_scales_are_spelt_right() -> None:
    assert scale(2, "dorian") == (2, 4, 5, 7, 9, 11, 0)  # D dorian: the white keys
    assert scale(4, "phrygian") == (4, 5, 7, 9, 11, 0, 2)  # E phrygian too
    assert scale(9, "harmonic minor")[-1] == 8  # A harmonic minor has G sharp


def test_every_mode_leans_to_a_key() -> None:
    assert set(MODES) == set(QUALITY_OF_MODE)
    for mode, steps in MODES.items():
        assert (3 in steps and 4 not in steps) == (QUALITY_OF_MODE[mode] == "minor"), mode
    assert nearest_key(2, "dorian") == "Dm"
    assert nearest_key(7, "mixolydian") == "G"


def test_ladder_climbs_only_on_its_notes() -> None:
    assert ladder((0, 4, 7), 48, 60) == (48, 52, 55, 60)


@pytest.mark.parametrize(
    ("numeral", "root", "quality", "bass"),
    [
        ("I", 0, "maj", 0),
        ("ii7", 2, "min7", 2),
        ("V7", 7, "7", 7),
        ("Imaj7", 0, "maj7", 0),
        ("viio7", 11, "dim7", 11),
        ("iiø7", 2, "min7b5", 2),
        ("bVII", 10, "maj", 10),
        ("#ivo7", 6, "dim7", 6),
        ("V7/vi", 4, "7", 4),
        ("V/V", 2, "maj", 2),
        ("I/3", 0, "maj", 4),
        ("i/5", 0, "min", 7),
        ("V7/3", 7, "7", 11),
        ("V7b9", 7, "7b9", 7),
    ],
)
def test_numerals(numeral: str, root: int, quality: str, bass: int) -> None:
    degree = parse_numeral(numeral)
    assert (degree.root, degree.quality, degree.bass) == (root, quality, bass)


def test_every_progression_in_the_tables_reads() -> None:
    count = 0
    for table in (MODAL, *PROGRESSIONS.values()):
        for mode, texts in table.items():
            assert mode in MODES
            count += len(texts)
            for text in texts:
                assert 1 <= len(read_bars(text)) <= 16, text
    assert count >= 500


def test_every_family_serves_every_mode() -> None:
    for family in PROGRESSIONS:
        for mode in MODES:
            assert progressions_for(family, mode), (family, mode)


def test_twelve_bar_blues_has_twelve_bars() -> None:
    bars = read_bars(PROGRESSIONS["blues"]["blues"][0])
    assert [bar[0] for bar in bars] == ["I7"] * 4 + ["IV7"] * 2 + ["I7"] * 2 + [
        "V7", "IV7", "I7", "V7"
    ]  # fmt: skip


def test_richer_chords_stay_in_the_scale() -> None:
    white = frozenset(scale(0, "major"))
    assert set(richer(0, "maj", depth=1, allowed=white)) == {"maj7", "add9", "6"}
    assert "7" in richer(7, "maj", depth=1, allowed=white)  # the dominant's seventh is F
    assert richer(6, "maj", depth=2, allowed=white) == ()


def test_richer_chords_exist() -> None:
    for quality, levels in RICHER.items():
        assert {quality, *levels[0], *levels[1]} <= set(QUALITIES)


@pytest.mark.parametrize("key", ["C", "F#", "Am", "Ebm"])
def test_key_fit_finds_the_key_of_a_cadence(key: str) -> None:
    index = key_index(key)
    minor = index >= 12
    weights = [0.0] * 12
    for numeral in ("i", "iv", "V", "i") if minor else ("I", "IV", "V", "I"):
        degree = parse_numeral(numeral)
        for note in tones(degree.root + index % 12, degree.quality):
            weights[note] += 1
    assert best_key(weights) == index
    assert key_margin(weights, index) > 0
    assert key_margin(weights, (index % 12 + 6) % 12) < 0


def test_key_fit_of_nothing_is_neutral() -> None:
    assert key_margin([1.0] * 12, 0) == 0
    assert best_key([0.0] * 12) == 0
    with pytest.raises(ValueError, match="pitch classes"):
        best_key([1.0] * 11)
