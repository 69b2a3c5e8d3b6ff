"""A take's notes as a MIDI file: those that the network was told, to the end of the sound."""

import io
from pathlib import Path

import mido
import msgspec
import pytest

from engine.bundle.store import open_bundle
from engine.cascade.cascade import Cascade
from engine.cascade.composed import COMPOSER_VERSION, composed
from engine.cascade.events import CascadeEvent, TakeReady
from engine.cascade.notes import notes_file
from engine.cascade.plan import Take
from engine.music.midi import TICKS_PER_Q, midi_bytes, score_to_midi
from engine.recipe import Recipe, checked, duration_s
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime

Notes = list[tuple[int, int]]  # (start, end) in ticks


def take_of(recipe: Recipe) -> Take:
    recipe = checked(recipe)
    return Take(recipe, composed(recipe, None))


def read(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def notes_of(midi: mido.MidiFile) -> Notes:
    found: Notes = []
    for track in midi.tracks:
        now, sounding = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on":
                sounding[message.note] = now
            elif message.type == "note_off":
                found.append((sounding.pop(message.note), now))
        assert not sounding  # no note hangs
    return found


@pytest.mark.parametrize("seconds", [1.3, 2.0, 7.1])
def test_notes_end_with_the_sound(seconds: float) -> None:
    shortened = 0
    for seed in range(5):
        take = take_of(Recipe(prompt="x", bpm=97, seconds=seconds, seed=seed))
        assert take.score is not None
        whole = notes_of(score_to_midi(take.score))
        heard = sorted(notes_of(read(notes_file(take))))
        end = round(seconds * 97 / 60 * TICKS_PER_Q)
        shortened += max(until for _, until in whole) > end
        assert max(until for _, until in heard) <= end
        early = [(start, min(until, end)) for start, until in whole if start < end - 50]
        assert [note for note in heard if note[0] < end - 50] == sorted(early)
    assert shortened > 2  # there was something to cut


def test_a_loop_is_as_long_as_its_bars() -> None:
    take = take_of(Recipe(prompt="x", bpm=120, bars=2, loop=True, key="C"))
    midi = read(notes_file(take))
    assert {sum(message.time for message in track) for track in midi.tracks} == {8 * TICKS_PER_Q}
    assert midi.length == pytest.approx(duration_s(take.recipe))
    tempo = [message.tempo for message in midi.tracks[0] if message.type == "set_tempo"]
    assert tempo == [500_000]
    assert len(notes_of(midi)) > 4


def test_bars_are_counted_up_to_the_end_of_the_sound() -> None:
    midi = read(notes_file(take_of(Recipe(prompt="x", bpm=120, seconds=5))))  # two and a half bars
    assert {sum(message.time for message in track) for track in midi.tracks} == {12 * TICKS_PER_Q}


def test_without_a_score_there_is_no_file() -> None:
    assert notes_file(Take(Recipe(prompt="x", seconds=1))) == b""


def test_each_take_comes_with_the_notes_that_it_was_told(tiny_bundle: Path) -> None:
    cascade = Cascade(open_bundle(tiny_bundle), Runtime(choose("cpu"), 1))
    recipe = Recipe(prompt="lo-fi guitar", bpm=120, bars=1, takes=2, seed=5)

    def takes(recipe: Recipe) -> list[TakeReady]:
        events: list[CascadeEvent] = []
        cascade.render(recipe, emit=events.append, cancel=CancelToken())
        return [event for event in events if isinstance(event, TakeReady)]

    first, second = takes(recipe)
    assert first.midi != second.midi
    score = composed(first.recipe, None)
    assert score is not None
    assert notes_of(read(first.midi)) == notes_of(read(notes_file(Take(first.recipe, score))))
    assert first.midi != midi_bytes(score_to_midi(composed(second.recipe, None) or score))
    left = takes(msgspec.structs.replace(recipe, takes=1, notes="none"))
    assert [take.midi for take in left] == [b""]


def test_a_recipe_says_who_wrote_its_notes_and_another_composer_is_announced(
    tiny_bundle: Path,
) -> None:
    said: list[str] = []
    cascade = Cascade(open_bundle(tiny_bundle), Runtime(choose("cpu"), 1, notify=said.append))

    def take(recipe: Recipe) -> TakeReady:
        events: list[CascadeEvent] = []
        cascade.render(recipe, emit=events.append, cancel=CancelToken())
        return next(event for event in events if isinstance(event, TakeReady))

    recipe = Recipe(prompt="lo-fi guitar", bpm=120, bars=1)
    first = take(recipe)
    assert first.recipe.composer == COMPOSER_VERSION
    assert take(first.recipe).midi == first.midi
    assert take(msgspec.structs.replace(recipe, notes="none")).recipe.composer == 0
    assert said == []
    again = take(msgspec.structs.replace(recipe, composer=COMPOSER_VERSION - 1))
    assert again.recipe.composer == COMPOSER_VERSION
    assert len(said) == 1
    assert f"composer {COMPOSER_VERSION - 1}" in said[0]
