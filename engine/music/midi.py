"""A Score as Standard MIDI: one file for all, or one per part.

Type 1 at 960 ticks per quarter, which holds the composer's times exactly. The project's own synth
voices are given the General MIDI program that comes nearest, so that the file plays anywhere.
Rejected: running status and real-time stamps (the same score must be the same bytes everywhere).
"""

import io
from collections.abc import Sequence

import mido

from engine.music.instruments import INSTRUMENTS
from engine.music.meter import METER_TABLE
from engine.music.score import Part, Score

TICKS_PER_Q = 960
DRUM_CHANNEL = 9
_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)

# own voice → the nearest General MIDI program (0–127), or kit
NEAREST_PROGRAM: dict[str, int] = {
    "808": 38, "sub": 38, "acid": 87, "reese": 39, "supersaw": 81, "pad": 89, "glass": 92,
    "pluck": 84, "square": 80, "saw": 81, "fm": 5, "fmbell": 98, "chip": 80, "riser": 119,
    "impact": 47, "kit808": 25, "kit909": 24, "kittrap": 25, "kitlofi": 8, "kitchip": 25,
}  # fmt: skip


def _tick(q: float) -> int:
    return round(q * TICKS_PER_Q)


def _conductor(score: Score) -> mido.MidiTrack:
    """Tempo, time signature, key signature and the sections as markers."""
    beats, unit = (int(number) for number in score.meter.split("/"))
    bar_q = METER_TABLE[score.meter][0]
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=f"{score.genre} {score.seed}", time=0))
    track.append(mido.MetaMessage("set_tempo", tempo=round(60_000_000 / score.bpm), time=0))
    track.append(
        mido.MetaMessage(
            "time_signature", numerator=beats, denominator=unit,
            clocks_per_click=36 if unit == 8 else 24, time=0,
        )
    )  # fmt: skip
    if score.key is not None:
        track.append(mido.MetaMessage("key_signature", key=score.key, time=0))
    before = 0
    for section in score.sections:
        here = _tick(section.start_bar * bar_q)
        track.append(mido.MetaMessage("marker", text=section.name, time=here - before))
        before = here
    track.append(mido.MetaMessage("end_of_track", time=_tick(score.bars * bar_q) - before))
    return track


def _part_track(part: Part, *, channel: int, end_tick: int) -> mido.MidiTrack:
    """One player: name, program, level and place, notes."""
    row = INSTRUMENTS[part.instrument]
    program = row.program if row.source != "synth" else NEAREST_PROGRAM[row.voice]
    volume = max(0, min(127, round(100 * 10 ** (part.gain_db / 40))))
    events: list[tuple[int, int, int, int]] = []  # tick, off before on, pitch, velocity
    for note in part.notes:
        start, end = _tick(note.start_q), _tick(note.start_q + note.duration_q)
        events.append((start, 1, note.pitch, note.velocity))
        events.append((end, 0, note.pitch, 0))
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=part.name, time=0))
    track.append(mido.Message("program_change", program=program, channel=channel, time=0))
    for control, value in ((7, volume), (10, round(64 + 63 * part.pan))):
        track.append(
            mido.Message("control_change", control=control, value=value, channel=channel, time=0)
        )
    before = 0
    for tick, on, pitch, velocity in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(
            mido.Message(kind, note=pitch, velocity=velocity, channel=channel, time=tick - before)
        )
        before = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end_tick - before)))
    return track


def _file(score: Score, parts: Sequence[Part]) -> mido.MidiFile:
    end_tick = _tick(score.bars * METER_TABLE[score.meter][0])
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_Q, charset="utf-8")
    midi.tracks.append(_conductor(score))
    free = 0
    for part in parts:
        channel = DRUM_CHANNEL
        if part.role != "drums":
            channel = _CHANNELS[free % len(_CHANNELS)]
            free += 1
        midi.tracks.append(_part_track(part, channel=channel, end_tick=end_tick))
    return midi


def score_to_midi(score: Score) -> mido.MidiFile:
    """The whole score: a conductor track, then one track per part."""
    return _file(score, score.parts)


def part_to_midi(score: Score, part: Part) -> mido.MidiFile:
    """One part of a score, with its conductor track."""
    return _file(score, (part,))


def midi_bytes(midi: mido.MidiFile) -> bytes:
    """The file's bytes; equal scores give equal bytes."""
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()
