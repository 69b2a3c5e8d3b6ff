"""What is played in a corpus's clip: the notes of its MIDI file, its players from its labels."""

import io
import math
from collections.abc import Iterator
from typing import Final

import mido

from engine.corpus.annotate import Annotations
from engine.music.roll import Played, played
from engine.music.score import Note, Part, Score

_VOLUME, _PAN = 7, 10
_FULL_VOLUME: Final = 100  # 0 dB (engine.music.midi)


def clip_played(annotations: Annotations, midi: bytes, *, frames: int) -> Played:
    """What a clip plays, on its frames.

    Args:
        annotations: of the clip.
        midi: its MIDI file, as `engine.music.midi` writes it.
        frames: of the clip on the cascade's grid.

    Raises:
        KeyError: the file has a part that the labels do not know.
    """
    a = annotations
    score = Score(
        seed=a.seed, genre=a.genre, bpm=a.bpm, meter=a.meter, bars=a.bars, tonic=a.tonic,
        mode=a.mode, key=a.key, swing=a.swing, sections=(), chords=(),
        parts=tuple(_parts(a, midi)), energy=a.energy, moods=a.moods, era=a.era, texture="full",
        loop=a.loop,
    )  # fmt: skip
    return played(score, frames=frames)


def _parts(annotations: Annotations, data: bytes) -> Iterator[Part]:
    labels = {part.name: part for part in annotations.parts}
    midi = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
    for track in midi.tracks[1:]:
        label = labels[track.name]
        volume, pan = _FULL_VOLUME, 64
        notes: list[Note] = []
        sounding: dict[int, list[tuple[int, int]]] = {}
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "control_change" and message.control == _VOLUME:
                volume = message.value
            elif message.type == "control_change" and message.control == _PAN:
                pan = message.value
            elif message.type == "note_on" and message.velocity:
                sounding.setdefault(message.note, []).append((tick, message.velocity))
            elif message.type in ("note_on", "note_off") and sounding.get(message.note):
                start, velocity = sounding[message.note].pop(0)
                q = midi.ticks_per_beat
                notes.append(Note(start / q, (tick - start) / q, message.note, velocity))
        yield Part(
            name=label.name, role=label.role, instrument=label.instrument,
            notes=tuple(sorted(notes, key=lambda note: note.start_q)),
            gain_db=_gain_db(volume), pan=(pan - 64) / 63, width=label.width, reverb=label.reverb,
        )  # fmt: skip


def _gain_db(volume: int) -> float:
    """Inverse of what `engine.music.midi` does with a part's gain."""
    return 40 * math.log10(max(volume, 1) / _FULL_VOLUME)
