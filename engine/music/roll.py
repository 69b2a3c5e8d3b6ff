"""Notes as the generator hears them: a piano roll per voice, drums by what is struck, who plays.

A network that is told which notes sound and who plays them has to learn how they sound, not which
ones to play: the first is learnt in thousands of steps, the second was not (ARCHITECTURE.md).

A row of the roll is loudest where a note begins, falls to a bed while it is held and is 0 where it
ends, so that a repeated note is two notes. Rejected: onsets in rows of their own (twice the rows,
and they say nothing more), and one roll for all voices (who plays a note is half of its sound).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.music.grid import Timeline
from engine.music.instruments import DRUM_FAMILIES, INSTRUMENTS
from engine.music.meter import METER_TABLE
from engine.music.score import Role, Score

FloatArray = NDArray[np.float32]
Voice = Literal["drums", "bass", "chords", "lead", "fx"]

FRAME_RATE_HZ: Final = 100
VOICES: Final[tuple[Voice, ...]] = ("drums", "bass", "chords", "lead", "fx")
VOICE_OF_ROLE: Final[dict[Role, Voice]] = {
    "drums": "drums",
    "bass": "bass",
    "harmony": "chords",
    "pad": "chords",
    "arpeggio": "lead",
    "melody": "lead",
    "fx": "fx",
}

# voice → lowest and highest MIDI note of its rows; notes beyond sound in the nearest octave
PITCHES: Final[dict[Voice, tuple[int, int]]] = {
    "bass": (24, 57), "chords": (33, 91), "lead": (40, 103),
}  # fmt: skip

# row → General MIDI percussion keys
DRUMS: Final[dict[str, tuple[int, ...]]] = {
    "kick": (35, 36),
    "snare": (38, 40),
    "rim": (37,),
    "clap": (39,),
    "hat": (42, 44),
    "open": (46,),
    "ride": (51, 53, 59),
    "crash": (49, 52, 55, 57),
    "low_tom": (41, 43, 45),
    "high_tom": (47, 48, 50),
    "shaker": (54, 58, 69, 70, 73, 74, 82),
    "metal": (56, 67, 68, 80, 81),
    "wood": (75, 76, 77, 78, 79),
    "high_hand": (60, 62, 63, 65),
    "low_hand": (61, 64, 66),
}
_DRUM_ROWS: Final = {key: row for row, keys in enumerate(DRUMS.values()) for key in keys}
_OTHER_DRUM: Final = "metal"
FX: Final = ("riser", "impact")

ROW_NAMES: Final[tuple[str, ...]] = (
    *(f"drum_{name}" for name in DRUMS),
    *(f"fx_{name}" for name in FX),
    *(
        f"{voice}_{pitch}"
        for voice, (low, high) in PITCHES.items()
        for pitch in range(low, high + 1)
    ),
)
_FIRST: Final = {voice: ROW_NAMES.index(f"{voice}_{low}") for voice, (low, _) in PITCHES.items()}

PLAYED: Final[tuple[Voice, ...]] = ("drums", "bass", "chords", "lead")  # voices with players
PLAYS: Final = "plays_"  # what the names of instruments that play begin with
_PLACES: Final = ("pan", "width", "reverb")


def _slug(instrument: str) -> str:
    return instrument.replace(" ", "_").replace("-", "_")


def _can_play(voice: Voice, instrument: str) -> bool:
    row = INSTRUMENTS[instrument]
    drums = row.family in DRUM_FAMILIES
    if drums or voice == "drums":
        return drums and voice == "drums"
    if row.family in FX:
        return False
    return voice != "bass" or row.low <= 36


PLAYER_NAMES: Final[tuple[str, ...]] = (
    *(
        f"{PLAYS}{voice}_{_slug(instrument)}"
        for voice in PLAYED
        for instrument in INSTRUMENTS
        if _can_play(voice, instrument)
    ),
    *(f"{place}_{voice}" for voice in PLAYED for place in _PLACES),
)
_PLAYER_PLACE: Final = {name: place for place, name in enumerate(PLAYER_NAMES)}

_BED: Final = 0.4  # of a note's level while it is held
_FALL_S: Final = 0.1  # to the bed
_STROKE_S: Final = 0.3  # of a drum, however long the note
_ROUND: Final = 0.95  # of a loop: a note so long sounds all round it


@dataclass(frozen=True)
class Player:
    """Who plays a voice: an instrument, and its place in the mix (engine.music.score.Part)."""

    voice: Voice
    instrument: str
    pan: float = 0.0
    width: float = 0.3
    reverb: float = 0.15


@dataclass(frozen=True)
class Played:
    """What is played in a clip.

    Attributes:
        notes: (N, 5) voice (its place in VOICES), MIDI pitch, start and end in frames at 100 Hz,
            level 0–1. The pitches of fx are places in FX.
        players: who plays; empty where nobody knows.
    """

    notes: FloatArray
    players: tuple[Player, ...] = ()


@lru_cache(maxsize=1024)
def row_of(voice: Voice, pitch: int) -> int:
    """The row of ROW_NAMES in which a note of a voice lies; a pitch as in `Played.notes`."""
    if voice == "drums":
        return _DRUM_ROWS.get(pitch, list(DRUMS).index(_OTHER_DRUM))
    if voice == "fx":
        return len(DRUMS) + pitch
    low, high = PITCHES[voice]
    if pitch < low:
        pitch += 12 * -(-(low - pitch) // 12)
    if pitch > high:
        pitch -= 12 * -(-(pitch - high) // 12)
    return _FIRST[voice] + pitch - low


def played(score: Score, *, frames: int) -> Played:
    """What a score plays, laid on `frames` frames from its first beat.

    A loop's bars fill the frames exactly; a one-shot's lie where the tempo puts them.
    """
    per_q = 60 * FRAME_RATE_HZ / score.bpm
    if score.loop:
        per_q = frames / (score.bars * METER_TABLE[score.meter][0])
    rows: list[tuple[float, float, float, float, float]] = []
    players: list[Player] = []
    for part in score.parts:
        voice = VOICE_OF_ROLE[part.role]
        gain = 10 ** (part.gain_db / 40)
        for note in part.notes:
            start = note.start_q * per_q
            level = min(1.0, note.velocity / 127 * gain)
            pitch = note.pitch if voice != "fx" else FX.index(part.instrument)
            end = start + note.duration_q * per_q
            rows.append((VOICES.index(voice), pitch, start, end, level))
        if voice in PLAYED:
            players.append(Player(voice, part.instrument, part.pan, part.width, part.reverb))
    return Played(np.array(rows, np.float32).reshape(-1, 5), tuple(players))


def roll(notes: FloatArray, line: Timeline, *, loop: bool) -> FloatArray:
    """(len(ROW_NAMES), frames) in [0, 1]: notes (`Played.notes`) on a timeline.

    In a loop, what sounds beyond one end sounds at the other; else it is cut off. A note that is as
    long as the loop begins nowhere in it: told of a beginning, a network dips before it each time
    that a drone comes round.
    """
    scale = line.rate_hz / FRAME_RATE_HZ
    track = np.zeros((len(ROW_NAMES), line.frames), np.float32)
    shapes = _Shapes(line)
    for voice, pitch, start, end, level in notes.tolist():
        number = row_of(VOICES[int(voice)], int(pitch))
        first = round(start * scale)
        length = max(1, round(end * scale) - first)
        if loop and length >= _ROUND * line.frames and number >= _FIRST["bass"]:
            np.maximum(track[number], level * _BED, out=track[number])
            continue
        shape = shapes.of(number, length) * level
        if loop:
            places = np.arange(first, first + len(shape)) % line.frames
            shape, places = shape[: line.frames], places[: line.frames]
            track[number, places] = np.maximum(track[number, places], shape)
            continue
        skipped = max(0, -first)
        target = track[number, first + skipped : first + len(shape)]
        np.maximum(target, shape[skipped : skipped + len(target)], out=target)
    return track


class _Shapes:
    """How a note lies in its row, by kind and length."""

    def __init__(self, line: Timeline) -> None:
        ages = np.arange(line.frames + 1, dtype=np.float32) / np.float32(line.rate_hz)
        fall = np.exp(-ages / _FALL_S)
        self._stroke = fall[: max(1, round(_STROKE_S * line.rate_hz))]
        self._held = _BED + (1 - _BED) * fall

    def of(self, row: int, length: int) -> FloatArray:
        if row == len(DRUMS):  # a riser rises
            return np.linspace(_BED, 1, length).astype(np.float32)
        shape: FloatArray = self._stroke if row < len(DRUMS) else self._held[:length]
        return shape


def voice_rows(voice: Voice) -> slice:
    """Where a voice's rows lie among ROW_NAMES."""
    return _stretch(ROW_NAMES, "drum_" if voice == "drums" else f"{voice}_")


def voice_players(voice: Voice) -> tuple[slice, ...]:
    """Where a voice's players and their places lie among PLAYER_NAMES; none for effects."""
    if voice not in PLAYED:
        return ()
    places = tuple(f"{place}_{voice}" for place in _PLACES)
    return _stretch(PLAYER_NAMES, f"{PLAYS}{voice}_"), _stretch(PLAYER_NAMES, places)


def _stretch(names: tuple[str, ...], beginnings: str | tuple[str, ...]) -> slice:
    """Where names that begin so lie; they lie together."""
    found = [place for place, name in enumerate(names) if name.startswith(beginnings)]
    return slice(found[0], found[-1] + 1)


@lru_cache(maxsize=64)
def player_values(players: tuple[Player, ...]) -> FloatArray:
    """(len(PLAYER_NAMES),) of PLAYER_NAMES: 1 for who plays; places are means over a voice."""
    values = np.zeros(len(PLAYER_NAMES), np.float32)
    for player in players:
        place = _PLAYER_PLACE.get(f"{PLAYS}{player.voice}_{_slug(player.instrument)}")
        if place is not None:
            values[place] = 1
        alike = sum(other.voice == player.voice for other in players)
        for name in _PLACES:
            values[_PLAYER_PLACE[f"{name}_{player.voice}"]] += getattr(player, name) / alike
    values.flags.writeable = False  # it is shared
    return values
