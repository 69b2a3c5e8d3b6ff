"""A take's audio and notes in one blob, and back; notes that are none lose no take."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol.framing import FrameReader, encode_frame
from engine.protocol.messages import MIDI_LIMIT_BYTES, Event, Measured, Take
from engine.protocol.parts import take_parts
from engine.recipe import Recipe

TAKE = Take(
    job=1, take=1, rate_hz=16_000, samples=2, recipe=Recipe(prompt="x"), measured=Measured()
)
SOUND = bytes(range(16))


def parts(midi_bytes: int, blob: bytes) -> tuple[bytes, bytes]:
    take = msgspec.structs.replace(TAKE, midi_bytes=midi_bytes)
    sound, midi = take_parts(take, memoryview(blob))
    return bytes(sound), midi


def test_notes_lie_behind_the_audio() -> None:
    midi = b"MThd" + bytes(9)
    assert parts(len(midi), SOUND + midi) == (SOUND, midi)
    assert parts(0, SOUND) == (SOUND, b"")


def test_what_is_no_midi_file_is_none() -> None:
    assert parts(4, SOUND + b"RIFF") == (SOUND, b"")


@pytest.mark.parametrize("midi_bytes", [-1, -(2**40), 17, 2**40])
def test_lengths_that_cannot_be_are_no_notes(midi_bytes: int) -> None:
    assert parts(midi_bytes, SOUND) == (SOUND, b"")


def test_notes_over_the_limit_are_none() -> None:
    midi = b"MThd" + bytes(MIDI_LIMIT_BYTES - 4)
    assert parts(len(midi), midi) == (b"", midi)
    more = midi + b"x"
    assert parts(len(more), more) == (more, b"")


@given(st.integers(-40, 40), st.binary(max_size=30), st.binary(max_size=8))
def test_any_blob_is_some_audio_and_a_midi_file_or_none(
    midi_bytes: int, before: bytes, after: bytes
) -> None:
    blob = before + b"MThd" + after
    sound, midi = parts(midi_bytes, blob)
    assert blob.startswith(sound)
    assert midi in (b"", blob[len(sound) :])
    assert midi == b"" or midi.startswith(b"MThd")


def test_an_older_engines_take_has_no_notes_and_no_name() -> None:
    fields = msgspec.to_builtins(TAKE)
    del fields["midi_bytes"], fields["name"]
    old = msgspec.json.decode(msgspec.json.encode(fields), type=Take)
    assert old == TAKE
    frames: FrameReader[Event] = FrameReader(Event)
    ((read, blob),) = frames.feed(encode_frame(old, SOUND))
    assert isinstance(read, Take)
    sound, midi = take_parts(read, blob)
    assert (bytes(sound), midi) == (SOUND, b"")
