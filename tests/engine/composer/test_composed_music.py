"""Is it music? Statistics over many compositions, and rules that every one keeps."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from engine.composer import Request, compose
from engine.composer.composer import pitch_class_weights
from engine.composer.genres import ERAS, GENRES, MOODS
from engine.composer.theory.keyfit import best_key
from engine.music.chords import QUALITIES, tones
from engine.music.instruments import INSTRUMENTS
from engine.music.keys import KEYS, key_index, relative_key
from engine.music.meter import METER_TABLE
from engine.music.score import Chord, Note, Score

PER_GENRE = 3
STRONG_Q = {"4/4": 2.0, "3/4": 3.0, "6/8": 1.5}
MOST_AT_ONCE = {
    "drums": 12, "bass": 3, "melody": 9, "harmony": 12, "pad": 9, "arpeggio": 8, "fx": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return [
        compose(1000 * number + seed, request=Request(genre=genre))
        for number, genre in enumerate(GENRES)
        for seed in range(PER_GENRE)
    ]


def _bar_q(score: Score) -> float:
    return METER_TABLE[score.meter][0]


def _total_q(score: Score) -> float:
    return score.bars * _bar_q(score)


def _seconds(score: Score) -> float:
    return _total_q(score) * 60 / score.bpm


def _chord_at(score: Score, q: float) -> Chord:
    return next(c for c in reversed(score.chords) if c.start_q <= q + 1e-6)


def _most_at_once(notes: tuple[Note, ...]) -> int:
    turns = sorted(
        [(n.start_q, 1) for n in notes] + [(n.start_q + n.duration_q, -1) for n in notes]
    )
    most = now = 0
    for _, change in turns:
        now += change
        most = max(most, now)
    return most


def test_notes_are_inside_piece_and_range(scores: list[Score]) -> None:
    for score in scores:
        for part in score.parts:
            row = INSTRUMENTS[part.instrument]
            for note in part.notes:
                assert note.start_q >= 0
                assert note.duration_q > 0
                assert note.start_q + note.duration_q <= _total_q(score) + 1e-9
                assert row.low <= note.pitch <= row.high, (score.seed, part.name)
                assert 1 <= note.velocity <= 127


def test_no_pitch_is_struck_while_it_sounds(scores: list[Score]) -> None:
    for score in scores:
        for part in score.parts:
            free: dict[int, float] = {}
            for note in part.notes:
                assert free.get(note.pitch, 0.0) <= note.start_q + 1e-9, (score.seed, part.name)
                free[note.pitch] = note.start_q + note.duration_q


def test_parts_are_named_sorted_full_and_playable(scores: list[Score]) -> None:
    for score in scores:
        names = [part.name for part in score.parts]
        assert names
        assert len(set(names)) == len(names)
        for part in score.parts:
            assert part.notes
            assert list(part.notes) == sorted(part.notes, key=lambda n: (n.start_q, n.pitch))
            assert _most_at_once(part.notes) <= MOST_AT_ONCE[part.role], (score.seed, part.name)


def test_there_is_no_silence_in_the_middle(scores: list[Score]) -> None:
    for score in scores:
        sounding = sorted(
            (n.start_q, n.start_q + n.duration_q) for p in score.parts for n in p.notes
        )
        reached = sounding[0][0]
        assert reached * 60 / score.bpm < 1.5
        for start, end in sounding:
            assert (start - reached) * 60 / score.bpm <= 1.0, (score.seed, score.genre, start)
            reached = max(reached, end)


def test_lengths_are_those_of_clips_and_loops(scores: list[Score]) -> None:
    for score in scores:
        low, high = (4.0, 16.0) if score.loop else (24.0, 30.0)
        assert low <= _seconds(score) <= high + 1e-6, (score.seed, score.bpm, score.bars)


def test_sections_and_chords_tile_the_piece(scores: list[Score]) -> None:
    for score in scores:
        bar = 0
        for section in score.sections:
            assert section.start_bar == bar
            assert 0 < section.energy <= 1
            bar += section.bars
        assert bar == score.bars
        q = 0.0
        for chord in score.chords:
            assert chord.start_q == pytest.approx(q)
            assert chord.quality in QUALITIES
            assert chord.bass in tones(chord.root, chord.quality)
            q += chord.duration_q
        assert q == pytest.approx(_total_q(score))


def test_tunes_rest_on_chord_tones(scores: list[Score]) -> None:
    good = all_of_them = 0
    for score in scores:
        unit = STRONG_Q[score.meter]
        for part in score.parts:
            if part.role != "melody":
                continue
            for note in part.notes:
                beat = round(note.start_q / unit) * unit
                if abs(note.start_q - beat) > 0.12 or note.duration_q < 0.12:
                    continue
                chord = _chord_at(score, min(beat, _total_q(score) - 0.01))
                good += note.pitch % 12 in tones(chord.root, chord.quality)
                all_of_them += 1
    assert all_of_them > 1500
    assert good / all_of_them >= 0.9  # measured 0.99


def test_basses_meet_the_chords(scores: list[Score]) -> None:
    good = all_of_them = 0
    for score in scores:
        for part in score.parts:
            if part.role != "bass":
                continue
            bars = {int((n.start_q + 0.1) / _bar_q(score)) for n in part.notes}
            for chord in score.chords:
                if int(chord.start_q / _bar_q(score) + 1e-6) not in bars:
                    continue
                here = chord.start_q
                early = [n for n in part.notes if here - 1.05 <= n.start_q < here + 0.12][-1:]
                late = [n for n in part.notes if here - 0.12 <= n.start_q <= here + 1.05][:1]
                good += any(n.pitch % 12 in (chord.bass, chord.root) for n in early + late)
                all_of_them += 1
    assert all_of_them > 800
    assert good / all_of_them >= 0.92  # measured 0.98


def test_pieces_say_their_key(scores: list[Score]) -> None:
    verdicts: Counter[str] = Counter()
    for score in scores:
        if score.key is None:
            assert all(part.role in ("drums", "fx") for part in score.parts)
            continue
        key, heard = key_index(score.key), best_key(pitch_class_weights(score))
        verdicts[
            "exact" if heard == key else "relative" if heard == relative_key(key) else "other"
        ] += 1
    count = sum(verdicts.values())
    assert verdicts["exact"] / count >= 0.78  # measured 0.86
    assert verdicts["other"] / count <= 0.05  # measured 0.01


def test_motifs_come_back(scores: list[Score]) -> None:
    shares: list[float] = []
    for score in scores:
        for part in score.parts:
            if part.role != "melody":
                continue
            bars: dict[int, list[int]] = defaultdict(list)
            for note in part.notes:
                q = note.start_q + 0.15
                bars[int(q / _bar_q(score))].append(round(q % _bar_q(score) * 4))
            if len(bars) >= 8:
                rhythms = Counter(tuple(bar) for bar in bars.values())
                shares.append(sum(n for n in rhythms.values() if n > 1) / len(bars))
    assert len(shares) > 50
    assert sum(shares) / len(shares) >= 0.6  # measured 0.77


def test_tunes_move_by_step_more_than_by_leap(scores: list[Score]) -> None:
    intervals = [
        abs(a.pitch - b.pitch)
        for score in scores
        for part in score.parts
        if part.role == "melody"
        for a, b in pairwise(part.notes)
    ]
    small = sum(interval <= 5 for interval in intervals) / len(intervals)
    assert small >= 0.75  # measured 0.86
    assert sum(interval > 12 for interval in intervals) / len(intervals) <= 0.03


def test_every_seed_is_another_piece(scores: list[Score]) -> None:
    prints = {hash(tuple((p.instrument, p.notes) for p in s.parts)) for s in scores}
    assert len(prints) == len(scores)


def test_labels_are_from_the_tables(scores: list[Score]) -> None:
    for score in scores:
        assert score.genre in GENRES
        assert score.moods
        assert set(score.moods) <= set(MOODS)
        assert score.era in ERAS
        assert score.key is None or score.key in KEYS
        assert GENRES[score.genre].bpm[0] <= score.bpm <= GENRES[score.genre].bpm[1]
        for mood in score.moods:
            assert MOODS[mood].modes.get(score.mode, 1.0) > 0, (mood, score.mode)


def test_energy_has_a_shape(scores: list[Score]) -> None:
    """The strongest section of a full piece has more notes than the weakest."""
    fuller = compared = 0
    for score in scores:
        if score.texture != "full" or len(score.sections) < 2:
            continue
        starts = [n.start_q / _bar_q(score) for p in score.parts for n in p.notes]
        density = [
            sum(s.start_bar <= bar < s.start_bar + s.bars for bar in starts) / s.bars
            for s in score.sections
        ]
        energies = [s.energy for s in score.sections]
        if max(energies) - min(energies) > 0.2:
            compared += 1
            low, high = energies.index(min(energies)), energies.index(max(energies))
            fuller += density[high] > density[low]
    assert compared > 30
    assert fuller / compared > 0.85
