"""Chords in the hands: patterns over voice-led voicings, beds, arpeggios, riffs, montunos."""

from collections.abc import Callable

from engine.composer.dice import Dice
from engine.composer.genres.styles_comp import COMP, CompStyle
from engine.composer.grid import for_meter, steps
from engine.composer.song import Event, Player, Song, clamp_velocity, nearest
from engine.composer.theory.modes import ladder
from engine.composer.theory.voicing import Voicing, voice

Hands = Callable[[Song, Player, CompStyle, list[int]], list[Event]]

_VELOCITY = {
    "X": 108,
    "x": 92,
    "o": 72,
    "d": 92,
    "u": 74,
    "c": 82,
    "b": 92,
    "f": 86,
    "m": 82,
    "k": 40,
}
_BEDS = {"hold": 78, "swell": 64}
_SNAP_Q = 0.5  # a hit this close before a change belongs to the coming chord
_MONTUNOS = ("1.c1.c.1|.c.1.c.1", "c.1c.1.c|.1.c.1.c", "x.1c.1.c|.1.c.1.c", "1.cc.1.c|.1.c.c.1")
_RIFFS = {
    "4/4": ("x-xm.mx-x-.mx-x-", "X--X--X-mmx-X---", "X-m-X-m-mmX-mmX-", "x.mx.m.xm.x.x-x-",
            "X---..x-x-mmX-x-", "XmmXmmXmx-x-mmmm"),
    "3/4": ("X-m-x-m-X-x-", "X--X--x-x-mm"),
    "6/8": ("XmmXmmX-x-mm", "X-mX-mx-x-x-"),
}  # fmt: skip
_ARP_ORDERS = ("up", "up", "down", "updown", "pedal", "shuffle")


def voicings(song: Song, player: Player) -> list[Voicing]:
    """One voicing per chord of the song, each led from the last."""
    result: list[Voicing] = []
    previous: Voicing | None = None
    for chord in song.chords:
        previous = voice(
            player.seat.voices, chord.root, chord.quality, bass=chord.bass,
            low=player.low, high=player.high, previous=previous,
        )  # fmt: skip
        result.append(previous)
    return result


def _place(song: Song, q: float, length: float) -> tuple[int, float]:
    """The chord that a hit at q plays, and how long it may sound."""
    change = song.next_change(q)
    crosses = q + length > change + 0.01 and change < song.plan.total_q - 1e-6
    if crosses and change - q <= _SNAP_Q + 1e-6:
        return song.chord_index(change), length
    return song.chord_index(q), min(length, max(change - q, 0.1))


def _notes(
    song: Song, player: Player, stroke: str, *, index: int, shapes: list[Voicing]
) -> tuple[int, ...]:
    """The pitches that a stroke strikes."""
    shape = shapes[index]
    chord = song.chords[index]
    if stroke.isdigit():
        place = int(stroke) - 1
        pitch = shape[place % len(shape)] + 12 * (place // len(shape))
        return (pitch if pitch <= player.high + 5 else pitch - 12,)
    if stroke in "bf":
        wanted = chord.bass if stroke == "b" else (chord.root + 7) % 12
        floor = max(28, shape[0] - 21)
        return (nearest(wanted, shape[0] - 10, floor, max(floor + 11, shape[0] - 1)),)
    fixed = {"m": shape[:1], "k": shape[-2:], "c": shape[1:], "u": tuple(reversed(shape[-3:]))}
    return fixed.get(stroke, shape)


def _strike(
    song: Song, player: Player, step: tuple[float, float, str], *, style: CompStyle,
    shapes: list[Voicing], loud: float,
) -> list[Event]:  # fmt: skip
    """The events of one step."""
    q, length, stroke = step
    sounding = 0.06 if stroke == "k" else length * style.gate
    if stroke == "m":
        sounding = min(sounding, 0.16)
    index, sounding = _place(song, q, sounding)
    pitches = _notes(song, player, stroke, index=index, shapes=shapes)
    if style.kind == "montuno" and stroke.isdigit():
        pitches = (pitches[0], pitches[0] + 12) if pitches[0] + 12 <= 96 else pitches
    strum_q = style.strum_ms / 60000 * song.plan.bpm
    velocity = clamp_velocity(_VELOCITY.get(stroke, 84) * loud)
    return [
        (q + i * strum_q, max(0.05, sounding - i * strum_q), pitch, max(1, velocity - 2 * i))
        for i, pitch in enumerate(pitches)
    ]


def _strokes(pattern: str) -> int:
    """How busy a pattern is: the busier of two is kept for peaks and turns."""
    return len(pattern) - pattern.count(".") - pattern.count("-")


def _loudness(song: Song, bar: int) -> float:
    return 0.72 + 0.32 * song.span_at(bar).energy


def _patterned(song: Song, player: Player, style: CompStyle, bars: list[int]) -> list[Event]:
    plan = song.plan
    dice = song.dice("comp", player.name)
    options = _MONTUNOS if style.kind == "montuno" else for_meter(style.patterns, plan.meter)
    main, other = sorted((dice.pick(options), dice.pick(options)), key=_strokes)
    shapes = voicings(song, player)
    thin = max(0.0, 1.0 - plan.mood.density) * 0.5
    events: list[Event] = []
    for bar in bars:
        span = song.span_at(bar)
        turn = (bar - span.start_bar) % plan.row.phrase == plan.row.phrase - 1
        varied = style.kind != "montuno" and (span.level > 0.85 or (turn and dice.chance(0.5)))
        grid = steps(other if varied else main, plan.bar_q)
        loud = _loudness(song, bar)
        for start, length, stroke in grid[bar % len(grid)]:
            if start % 1 and stroke in "ouk" and dice.chance(thin):
                continue
            step = (bar * plan.bar_q + start, length, stroke)
            events += _strike(song, player, step, style=style, shapes=shapes, loud=loud)
    if style.gate > 0.9 and style.kind == "pattern":
        events += _unmet(song, events, shapes, bars)
    return events


def _unmet(song: Song, events: list[Event], shapes: list[Voicing], bars: list[int]) -> list[Event]:
    """Chords that a sustained pattern passed over are struck where they begin."""
    playing = set(bars)
    starts = sorted({event[0] for event in events})
    added: list[Event] = []
    for chord, shape in zip(song.chords, shapes, strict=True):
        end = chord.start_q + chord.duration_q
        bar = int(chord.start_q / song.plan.bar_q + 1e-6)
        if bar not in playing or any(chord.start_q - 0.55 <= q < end - 0.3 for q in starts):
            continue
        velocity = clamp_velocity(80 * _loudness(song, bar))
        added += [(chord.start_q, chord.duration_q * 0.95, pitch, velocity) for pitch in shape]
    return added


def _runs(bars: list[int]) -> list[tuple[int, int]]:
    """Unbroken stretches of bars as (first, after last)."""
    result: list[tuple[int, int]] = []
    for bar in bars:
        if result and result[-1][1] == bar:
            result[-1] = (result[-1][0], bar + 1)
        else:
            result.append((bar, bar + 1))
    return result


def _bed(song: Song, player: Player, style: CompStyle, bars: list[int]) -> list[Event]:
    """Long chords; tones that the next chord shares are struck again, long ones every 4 bars."""
    plan = song.plan
    shapes = voicings(song, player)
    events: list[Event] = []
    for first, last in _runs(bars):
        low_q, high_q = first * plan.bar_q, last * plan.bar_q
        for chord, shape in zip(song.chords, shapes, strict=True):
            start = max(chord.start_q, low_q)
            end = min(chord.start_q + chord.duration_q, high_q)
            while end - start > 1e-6:
                length = min(end - start, 4 * plan.bar_q)
                loud = _loudness(song, int(start / plan.bar_q + 1e-6))
                velocity = clamp_velocity(_BEDS[style.kind] * loud)
                events += [(start, length * style.gate, pitch, velocity) for pitch in shape]
                start += length
    return events


def _order(shape: Voicing, kind: str, octaves: int, dice: Dice) -> list[int]:
    """The pitches of an arpeggio's cycle."""
    rising = [pitch + 12 * octave for octave in range(octaves) for pitch in shape]
    if kind == "down":
        return rising[::-1]
    if kind == "updown":
        return rising + rising[-2:0:-1]
    if kind == "pedal":
        return [pitch for upper in rising[1:] for pitch in (rising[0], upper)]
    if kind == "shuffle":
        return dice.shuffled(rising)
    return rising


def _arpeggio(song: Song, player: Player, style: CompStyle, bars: list[int]) -> list[Event]:
    """Broken chords that start anew with every chord."""
    plan = song.plan
    dice = song.dice("arp", player.name)
    grid = steps(dice.pick(for_meter(style.patterns, plan.meter)), plan.bar_q)
    kind = dice.pick(_ARP_ORDERS)
    octaves = 2 if player.high - player.low >= 24 and dice.chance(0.5) else 1
    shapes = voicings(song, player)
    seed = dice.integer(0, 1 << 30)
    events: list[Event] = []
    current, place, cycle = -1, 0, [0]
    for bar in bars:
        loud = _loudness(song, bar)
        for start, length, _ in grid[0]:
            q = bar * plan.bar_q + start
            index = song.chord_index(q)
            if index != current or start == 0:
                current, place = index, 0
                cycle = _order(shapes[index], kind, octaves, Dice(seed, "order"))
                cycle = [p for p in cycle if p <= player.high + 2] or list(shapes[index])
            pitch = cycle[place % len(cycle)]
            accent = 1.12 if start % 1 == 0 else 0.94
            place += 1
            events.append((q, length * style.gate, pitch, clamp_velocity(82 * loud * accent)))
    return events


def _riff(song: Song, player: Player, style: CompStyle, bars: list[int]) -> list[Event]:
    """A rock riff: power chords on a two-bar rhythm that moves over a muted root."""
    plan = song.plan
    dice = song.dice("riff", player.name)
    pattern = dice.pick(_RIFFS[plan.meter])
    other = dice.pick(_RIFFS[plan.meter])
    shapes = voicings(song, player)
    grid = (
        steps(pattern, plan.bar_q)[0],
        steps(other if dice.chance(0.5) else pattern, plan.bar_q)[0],
    )
    moves = [
        [
            0 if start == 0 or dice.chance(0.5) else dice.pick((-2, -1, 1, 2, 2, 3))
            for start, _, _ in bar
        ]
        for bar in grid
    ]
    events: list[Event] = []
    for bar in bars:
        loud = _loudness(song, bar)
        for (start, length, stroke), move in zip(grid[bar % 2], moves[bar % 2], strict=True):
            q = bar * plan.bar_q + start
            index = song.chord_index(q)
            root = shapes[index][0]
            fresh = abs(song.chords[index].start_q - q) < 0.01
            if move and not fresh and stroke != "m":
                rungs = ladder(song.local_scale(song.chords[index]), player.low - 3, player.high)
                here = min(range(len(rungs)), key=lambda i: abs(rungs[i] - root))
                root = rungs[max(0, min(len(rungs) - 1, here + move))]
            gap = shapes[index][1] - shapes[index][0]
            muted = stroke == "m"
            sounding = min(0.16, length) if muted else length * style.gate
            velocity = clamp_velocity(_VELOCITY[stroke] * loud)
            pitches = (root,) if muted else (root, root + (7 if move else gap), root + 12)
            events += [(q, sounding, pitch, velocity) for pitch in pitches]
    return events


_HANDS: dict[str, Hands] = {
    "pattern": _patterned,
    "montuno": _patterned,
    "hold": _bed,
    "swell": _bed,
    "arp": _arpeggio,
    "riff": _riff,
}


def play_style(song: Song, player: Player, style: str, bars: list[int]) -> list[Event]:
    """A row of COMP over some bars."""
    row = COMP[style]
    return _HANDS[row.kind](song, player, row, bars)


def play_chords(song: Song, player: Player, bars: list[int]) -> list[Event]:
    """The part of whoever plays chords, beds or arpeggios over the bars where they play."""
    style = song.dice("comp style", player.name).weighted(player.seat.styles)
    return play_style(song, player, style, bars)
