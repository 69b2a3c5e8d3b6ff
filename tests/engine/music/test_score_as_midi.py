"""Scores as MIDI: the right tempo, meter and key, every note back, the same bytes each time."""

import io

import mido
import pytest

from engine.composer import Request, compose
from engine.music.instruments import INSTRUMENTS
from engine.music.midi import (
    DRUM_CHANNEL,
    NEAREST_PROGRAM,
    TICKS_PER_Q,
    midi_bytes,
    part_to_midi,
    score_to_midi,
)
from engine.music.score import Score


@pytest.fixture(scope="module")
def score() -> Score:
    request = Request(
        genre="synthwave", bpm=96, key="F#m", mode="minor", texture="full", loop=False
    )
    return compose(11, request=request)


def _notes(track: mido.MidiTrack) -> list[tuple[int, int, int]]:
    """(start tick, length, pitch) of a track."""
    now = 0
    open_notes: dict[int, int] = {}
    found: list[tuple[int, int, int]] = []
    for message in track:
        now += message.time
        if message.type == "note_on":
            assert message.note not in open_notes
            open_notes[message.note] = now
        elif message.type == "note_off":
            start = open_notes.pop(message.note)
            found.append((start, now - start, message.note))
    assert not open_notes
    return sorted(found)


def test_conductor_says_tempo_meter_and_key(score: Score) -> None:
    first = score_to_midi(score).tracks[0]
    said = {message.type: message for message in first}
    assert said["set_tempo"].tempo == 625_000
    assert (said["time_signature"].numerator, said["time_signature"].denominator) == (4, 4)
    assert said["key_signature"].key == "F#m"
    assert [m.text for m in first if m.type == "marker"] == [s.name for s in score.sections]


def test_every_note_comes_back(score: Score) -> None:
    midi = mido.MidiFile(file=io.BytesIO(midi_bytes(score_to_midi(score))))
    assert midi.type == 1
    assert midi.ticks_per_beat == TICKS_PER_Q
    assert len(midi.tracks) == len(score.parts) + 1
    for part, track in zip(score.parts, midi.tracks[1:], strict=True):
        expected = sorted(
            (round(n.start_q * 960), round(n.duration_q * 960), n.pitch) for n in part.notes
        )
        assert _notes(track) == expected
        assert track.name == part.name


def test_length_is_that_of_the_piece(score: Score) -> None:
    midi = score_to_midi(score)
    assert midi.length == pytest.approx(score.bars * 4 * 60 / score.bpm, abs=0.01)


def test_drums_are_on_their_channel_and_others_are_not(score: Score) -> None:
    for part, track in zip(score.parts, score_to_midi(score).tracks[1:], strict=True):
        channels = {m.channel for m in track if hasattr(m, "channel")}
        assert (channels == {DRUM_CHANNEL}) == (part.role == "drums")
        assert len(channels) == 1


def test_a_part_alone_is_that_part(score: Score) -> None:
    part = score.parts[-1]
    midi = part_to_midi(score, part)
    assert len(midi.tracks) == 2
    assert len(_notes(midi.tracks[1])) == len(part.notes)


def test_bytes_are_the_same_each_time(score: Score) -> None:
    assert midi_bytes(score_to_midi(score)) == midi_bytes(score_to_midi(score))


def test_every_own_voice_has_a_nearest_program() -> None:
    voices = {row.voice for row in INSTRUMENTS.values() if row.source == "synth"}
    assert voices == set(NEAREST_PROGRAM)


def test_six_eight_and_every_key_can_be_written() -> None:
    for seed in range(24):
        small = Request(genre="celtic", meter="6/8", bars=4, texture="sparse")
        assert midi_bytes(score_to_midi(compose(seed, request=small)))[:4] == b"MThd"
