"""The piano roll as SVG: sections, chords, notes by role, drums below.

One path per part (a note is a stroke), which is a tenth of the size of a rectangle per note.
"""

import io
from collections import defaultdict
from dataclasses import dataclass
from html import escape
from typing import Final

import mido

from engine.corpus.annotate import Annotations, ChordSpan, PartLabel
from engine.corpus.sheet.colours import ROLE_COLOURS
from engine.music.keys import TONICS
from engine.music.meter import seconds_per_bar

WIDTH: Final = 1000
_LANE: Final = 15  # height of the sections' and the chords' lanes
_ROW: Final = 2.6  # height of a semitone
_DRUM_ROW: Final = 4.0
_GAP: Final = 6
_NARROWEST_CHORD: Final = 16  # px: no name in less


@dataclass(frozen=True)
class RollNote:
    """A note of the MIDI file, in seconds."""

    start_s: float
    end_s: float
    pitch: int


def notes_of(midi: bytes, bpm: float) -> dict[str, list[RollNote]]:
    """Part name → its notes, from the clip's MIDI file at its constant tempo."""
    file = mido.MidiFile(file=io.BytesIO(midi))
    tick_s = 60 / bpm / file.ticks_per_beat
    parts: dict[str, list[RollNote]] = {}
    for track in file.tracks[1:]:
        tick = 0
        held: defaultdict[int, list[int]] = defaultdict(list)
        notes = parts.setdefault(track.name, [])
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                held[message.note].append(tick)
            elif message.type in ("note_on", "note_off") and held[message.note]:
                start = held[message.note].pop(0)
                notes.append(RollNote(start * tick_s, tick * tick_s, message.note))
    return parts


def chord_name(chord: ChordSpan) -> str:
    """What musicians write for a chord: "Am7/G"."""
    quality = chord.quality
    name = TONICS[chord.root] + {"maj": "", "min": "m"}.get(quality, quality.replace("min", "m"))
    return name if chord.bass == chord.root else f"{name}/{TONICS[chord.bass]}"


def roll_svg(labels: Annotations, midi: bytes) -> str:
    """The piano roll of a clip."""
    parts = notes_of(midi, labels.bpm)
    players = {part.name: part for part in labels.parts}
    drummers = {part.name for part in labels.parts if part.role == "drums"}
    drums = {name: notes for name, notes in parts.items() if name in drummers}
    tonal = {name: notes for name, notes in parts.items() if name not in drums}
    px_per_s = WIDTH / labels.seconds
    drum_pitches = sorted({note.pitch for notes in drums.values() for note in notes})
    pitches = [note.pitch for notes in tonal.values() for note in notes] or [60]
    top = 2 * _LANE + _GAP
    tonal_height = (max(pitches) - min(pitches) + 1) * _ROW if any(tonal.values()) else 0.0
    drums_top = top + tonal_height + _GAP
    height = drums_top + len(drum_pitches) * _DRUM_ROW + 2
    body = _sections(labels, px_per_s) + _chords(labels, px_per_s)
    body += _bars(labels, px_per_s, top=top, bottom=height)
    for name, notes in tonal.items():
        rows = {pitch: top + (max(pitches) - pitch + 0.5) * _ROW for pitch in range(128)}
        body.append(_path(players.get(name), notes, rows, scale=px_per_s, high=_ROW))
    for name, notes in drums.items():
        rows = {
            pitch: drums_top + (len(drum_pitches) - index - 0.5) * _DRUM_ROW
            for index, pitch in enumerate(drum_pitches)
        }
        short = [RollNote(n.start_s, n.start_s + 3 / px_per_s, n.pitch) for n in notes]
        body.append(_path(players[name], short, rows, scale=px_per_s, high=_DRUM_ROW - 1))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
        f' aria-label="Piano roll">{"".join(body)}</svg>'
    )


def _path(
    label: PartLabel | None,
    notes: list[RollNote],
    rows: dict[int, float],
    *,
    scale: float,
    high: float,
) -> str:
    """All notes of a part: strokes `high` px high, at the rows of their pitches."""
    strokes = "".join(
        f"M{n.start_s * scale:.1f} {rows[n.pitch]:.1f}"
        f"h{max(1.0, (n.end_s - n.start_s) * scale - 0.5):.1f}"
        for n in notes
    )
    colour = ROLE_COLOURS[label.role] if label else "#888"
    name = escape(f"{label.name}: {label.instrument}") if label else ""
    return (
        f'<path d="{strokes}" stroke="{colour}" stroke-width="{high:.1f}" fill="none"'
        f' opacity=".9"><title>{name}</title></path>'
    )


def _sections(labels: Annotations, px_per_s: float) -> list[str]:
    out = []
    for section in labels.sections:
        x, wide = section.start_s * px_per_s, (section.end_s - section.start_s) * px_per_s
        out.append(
            f'<rect x="{x:.1f}" y="0" width="{wide - 1:.1f}" height="{_LANE - 2}" rx="2"'
            f' fill="#fff" opacity="{0.06 + 0.18 * section.energy:.2f}"/>'
            f'<text x="{x + 4:.1f}" y="{_LANE - 5}">{escape(section.name)}</text>'
        )
    return out


def _chords(labels: Annotations, px_per_s: float) -> list[str]:
    out = []
    free_from = 0.0
    for chord in labels.chords:
        x, wide = chord.start_s * px_per_s, (chord.end_s - chord.start_s) * px_per_s
        name = chord_name(chord)
        if wide < _NARROWEST_CHORD or x < free_from:
            continue
        free_from = x + 5.5 * len(name) + 4
        out.append(
            f'<text class="chord" x="{x + 2:.1f}" y="{2 * _LANE - 4}">{escape(name)}'
            f"<title>{escape(chord.numeral)}</title></text>"
        )
    return out


def _bars(labels: Annotations, px_per_s: float, *, top: float, bottom: float) -> list[str]:
    bar_s = seconds_per_bar(labels.bpm, labels.meter)
    lines = "".join(
        f"M{bar * bar_s * px_per_s:.1f} {top}V{bottom:.0f}" for bar in range(labels.bars + 1)
    )
    return [f'<path d="{lines}" stroke="#fff" stroke-width=".5" opacity=".13"/>']
