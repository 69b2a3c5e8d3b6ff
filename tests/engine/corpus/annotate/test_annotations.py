"""Labels say what the notes say."""

from dataclasses import replace

import msgspec
import pytest

from engine.composer import Request, compose
from engine.composer.genres import GENRES
from engine.composer.genres.grooves import LANES
from engine.corpus.annotate import Annotations, annotate
from engine.music.meter import METER_TABLE
from engine.music.score import Note, Part, Score


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return [
        compose(100 * place + seed, request=Request(genre=genre))
        for place, genre in enumerate(GENRES)
        for seed in range(1)
    ]


def _score(*parts: Part, meter: str = "4/4") -> Score:
    base = compose(1, request=Request(genre="pop", meter=meter, loop=False, bpm=120.0, bars=4))
    return replace(base, parts=parts)


def _notes(starts: list[float], pitch: int, length: float = 0.25) -> tuple[Note, ...]:
    return tuple(Note(start, length, pitch, 100) for start in starts)


def test_labels_are_json_and_come_back(scores: list[Score]) -> None:
    for score in scores:
        labels = annotate(score)
        assert msgspec.json.decode(msgspec.json.encode(labels), type=Annotations) == labels


def test_labels_repeat_the_score(scores: list[Score]) -> None:
    for score in scores:
        labels = annotate(score)
        bar_s = METER_TABLE[score.meter][0] * 60 / score.bpm
        assert labels.seconds == pytest.approx(score.bars * bar_s)
        assert (labels.key, labels.mode, labels.moods) == (score.key, score.mode, score.moods)
        assert labels.sections[0].start_s == 0
        assert labels.sections[-1].end_s == pytest.approx(labels.seconds)
        assert [part.name for part in labels.parts] == [part.name for part in score.parts]
        if labels.chords:
            assert labels.chords[-1].end_s == pytest.approx(labels.seconds)


def test_active_stretches_hold_every_note(scores: list[Score]) -> None:
    for score in scores:
        q_s = 60 / score.bpm
        for part, label in zip(score.parts, annotate(score).parts, strict=True):
            ordered = [edge for stretch in label.active for edge in stretch]
            assert ordered == sorted(ordered)
            for note in part.notes:
                middle = min((note.start_q + 0.01) * q_s, score.bars * 10.0)
                assert any(a - 1e-3 <= max(0.0, middle) <= b + 1e-3 for a, b in label.active)


def test_a_rest_of_a_bar_parts_two_stretches() -> None:
    part = Part("bass", "bass", "synth bass", _notes([0, 1, 8, 9], 40, 1.0))
    assert annotate(_score(part)).parts[0].active == ((0.0, 1.0), (4.0, 5.0))


@pytest.mark.parametrize(
    ("kicks", "snares", "wanted", "unwanted"),
    [
        ([0, 1, 2, 3], [1, 3], {"four on the floor", "backbeat"}, {"half-time"}),
        ([0, 1.5], [2], {"half-time"}, {"four on the floor", "backbeat", "one drop"}),
        ([2], [2], {"one drop"}, {"half-time"}),
        ([0, 1.75, 2.5], [1, 3], {"backbeat", "syncopated kick"}, {"four on the floor"}),
    ],
)
def test_beats_are_named_by_kick_and_snare(
    kicks: list[float], snares: list[float], wanted: set[str], unwanted: set[str]
) -> None:
    notes = [
        note
        for bar in range(4)
        for lane, places in (("kick", kicks), ("snare", snares))
        for note in _notes([bar * 4 + place for place in places], LANES[lane])
    ]
    part = Part("drums", "drums", "standard kit", tuple(sorted(notes, key=lambda n: n.start_q)))
    traits = set(annotate(_score(part)).parts[0].traits)
    assert wanted <= traits
    assert not unwanted & traits


@pytest.mark.parametrize(
    ("role", "instrument", "notes", "trait"),
    [
        ("bass", "upright bass",
         tuple(Note(q, 0.9, 40 + q % 5, 90) for q in range(16)), "walking"),
        ("bass", "synth bass",
         tuple(Note(q / 2, 0.4, 36 + 12 * (q % 2), 90) for q in range(32)), "octaves"),
        ("harmony", "steel guitar",
         tuple(Note(q + 0.03 * i, 0.9, 50 + 4 * i, 90) for q in range(16) for i in range(4)),
         "strummed"),
        ("pad", "warm pad",
         tuple(Note(q * 4.0, 4.0, 60 + i, 80) for q in range(4) for i in (0, 4, 7)), "sustained"),
    ],
)  # fmt: skip
def test_ways_of_playing_are_heard(
    role: str, instrument: str, notes: tuple[Note, ...], trait: str
) -> None:
    part = Part("part", role, instrument, notes)  # type: ignore[arg-type]  # a table of cases
    assert trait in annotate(_score(part)).parts[0].traits
    slow = tuple(replace(note, pitch=60) for note in notes[:1])
    assert trait not in annotate(_score(replace(part, notes=slow))).parts[0].traits or (
        trait == "sustained"
    )
