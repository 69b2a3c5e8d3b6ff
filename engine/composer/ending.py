"""How a piece ends, and that it never falls silent before."""

from engine.composer.genres.grooves import LANES
from engine.composer.humanise import TICKS_PER_Q
from engine.composer.song import Event, Player, Song, nearest
from engine.music.chords import tones
from engine.music.score import Note

_LONGEST_GAP_S = 0.8


def finish(song: Song, player: Player, events: list[Event]) -> list[Event]:
    """Everybody on the first beat of the last bar, held to its end."""
    plan = song.plan
    start = (plan.bars - 1) * plan.bar_q
    if plan.bars < 2 or player.seat.role == "fx":
        return events
    kept = [event for event in events if event[0] < start - 0.2]
    cut = [(q, min(length, start - q), p, v) for q, length, p, v in kept]
    there = [event for event in events if start - 0.2 <= event[0] <= start + 0.3]
    if len(cut) == len(events) and not any(q > start - plan.bar_q for q, *_ in events):
        return events  # was not playing
    if player.seat.role == "drums":
        return [*cut, (start, 1.0, LANES["kick"], 108), (start, plan.bar_q, LANES["crash"], 104)]
    if not there:
        there = _last_word(song, player, cut, start)
    return cut + [(max(q, start), plan.bar_q * 0.98, p, v) for q, _, p, v in there]


def _last_word(song: Song, player: Player, before: list[Event], start: float) -> list[Event]:
    """A player's final note where the pattern had none: root for the bass, else a chord tone."""
    chord = song.chord_at(start)
    last = before[-1][2] if before else (player.low + player.high) // 2
    velocity = before[-1][3] if before else 90
    if player.seat.role == "bass":
        return [
            (start, 1.0, nearest(chord.bass, player.low + 6, player.low, player.high), velocity)
        ]
    own = tones(chord.root, chord.quality)[:3]
    pitch = min(
        (nearest(note, last, player.low, player.high) for note in own),
        key=lambda note: (abs(note - last), note),
    )
    return [(start, 1.0, pitch, velocity)]


def bridge(
    song: Song, players: list[Player], lines: list[tuple[Note, ...]]
) -> list[tuple[Note, ...]]:
    """Let the last pitched note before a hole ring through it, where a hole is over 0.8 s."""
    total = song.plan.total_q
    longest_q = _LONGEST_GAP_S * song.plan.bpm / 60
    everything = sorted(
        (note.start_q, note.start_q + note.duration_q, index, place)
        for index, line in enumerate(lines)
        for place, note in enumerate(line)
    )
    result = [list(line) for line in lines]
    reached, holder = 0.0, (-1, -1)
    for start, end, index, place in [*everything, (total, total, -1, -1)]:
        if start - reached > longest_q and holder[0] >= 0:
            _ring(result[holder[0]], holder[1], start)
        if end > reached:
            reached = end
            if index >= 0 and players[index].seat.role != "drums":
                holder = (index, place)
    return [tuple(line) for line in result]


def _ring(line: list[Note], place: int, until: float) -> None:
    """Hold the chord that a note belongs to until another time, or its pitches' next notes."""
    origin = line[place]
    limit: dict[int, float] = {}
    for note in line:
        if note.start_q > origin.start_q:
            limit.setdefault(note.pitch, note.start_q)
    for other in range(max(0, place - 8), min(len(line), place + 8)):
        note = line[other]
        if abs(note.start_q - origin.start_q) < 0.1:
            end = min(until, limit.get(note.pitch, until))
            length = round((end - note.start_q) * TICKS_PER_Q) / TICKS_PER_Q
            if length > note.duration_q:
                line[other] = Note(note.start_q, length, note.pitch, note.velocity)
