"""From the straight grid to played time: swing, push and pull, touch; then a clean part.

Time is rounded to 1/960 q, so that a score is the same on every machine and MIDI holds it exactly.
"""

from dataclasses import dataclass
from operator import itemgetter

from engine.composer.dice import Dice
from engine.composer.song import Event, Song, clamp_velocity
from engine.music.score import Note, Role

TICKS_PER_Q = 960
_SHORTEST_Q = 24 / TICKS_PER_Q
_NOTE_ORDER = itemgetter(0, 2, 1)


@dataclass(frozen=True)
class Touch:
    """How tight a band is: deviation of time (ms) and of velocity, and who leans where (ms)."""

    jitter_ms: float
    velocity: float
    lean_ms: dict[Role, float]


FEELS: dict[str, Touch] = {
    "machine": Touch(0.0, 2.0, {}),
    "tight": Touch(3.0, 4.0, {}),
    "groove": Touch(6.0, 6.0, {"bass": 3.0, "melody": 4.0}),
    "loose": Touch(9.0, 8.0, {"bass": -4.0, "melody": 14.0, "harmony": 6.0}),
    "lazy": Touch(7.0, 7.0, {"drums": 4.0, "bass": 10.0, "harmony": 12.0, "melody": 18.0}),
    "rubato": Touch(10.0, 7.0, {"melody": 8.0, "harmony": 4.0}),
}


def swung(q: float, amount: float, unit_q: float) -> float:
    """Where a straight position falls when every second `unit_q` is delayed.

    amount 1 is full triplet swing: the pair divides 2:1.
    """
    if amount <= 0:
        return q
    pair = 2 * unit_q
    whole = int(q / pair + 1e-9)
    inside = q - whole * pair
    middle = unit_q * (1 + amount / 3)
    if inside <= unit_q:
        return whole * pair + inside * middle / unit_q
    return whole * pair + middle + (inside - unit_q) * (pair - middle) / unit_q


def perform(song: Song, role: Role, events: list[Event], dice: Dice) -> list[Event]:
    """The events as a band of the genre plays them."""
    plan = song.plan
    touch = FEELS[plan.row.feel]
    q_per_ms = plan.bpm / 60000
    lean = touch.lean_ms.get(role, 0.0)
    unit = plan.row.swing_unit
    hard = plan.mood.velocity
    shifts: dict[float, float] = {}  # the tones of one stroke move together
    result: list[Event] = []
    for start, length, pitch, velocity in events:
        begin, end = start, start + length
        if plan.swing:
            begin, end = swung(begin, plan.swing, unit), swung(end, plan.swing, unit)
        if start not in shifts:
            shifts[start] = (lean + dice.normal(touch.jitter_ms)) * q_per_ms
        force = velocity * hard + dice.normal(touch.velocity)
        result.append((begin + shifts[start], end - begin, pitch, clamp_velocity(force)))
    return result


def tidy(events: list[Event], total_q: float, *, low: int, high: int) -> tuple[Note, ...]:
    """A clean part: inside the song and the range, sorted, no pitch struck while it sounds."""
    inside: list[list[float]] = []
    for start, length, pitch, velocity in sorted(events):
        begin = int(max(0.0, start) * TICKS_PER_Q + 0.5) / TICKS_PER_Q
        end = int(min(start + length, total_q) * TICKS_PER_Q + 0.5) / TICKS_PER_Q
        if end - begin < _SHORTEST_Q and begin + _SHORTEST_Q <= total_q:
            end = begin + _SHORTEST_Q
        if end - begin < _SHORTEST_Q:
            continue
        if not low <= pitch <= high:
            pitch = _into(pitch, low, high)  # noqa: PLW2901 (the same note in the range)
        inside.append([begin, end, pitch, velocity])
    inside.sort(key=_NOTE_ORDER)
    sounding: dict[float, list[float]] = {}
    kept: list[list[float]] = []
    for note in inside:
        before = sounding.get(note[2])
        if before is not None and before[1] > note[0]:
            if note[0] - before[0] < _SHORTEST_Q:
                before[1] = max(before[1], note[1])
                continue
            before[1] = note[0]
        sounding[note[2]] = note
        kept.append(note)
    return tuple(
        Note(begin, end - begin, int(pitch), int(velocity)) for begin, end, pitch, velocity in kept
    )


def _into(pitch: int, low: int, high: int) -> int:
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return min(pitch, high)
