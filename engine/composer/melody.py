"""The tune: themes on a ladder of scale notes, chord tones where it matters, room to breathe."""

from collections.abc import Callable
from dataclasses import replace

from engine.composer.dice import Dice
from engine.composer.genres.styles_melody import MELODY, MelodyStyle
from engine.composer.motif import Cell, Theme, cadence, new_theme
from engine.composer.song import Event, Player, Song, Span, clamp_velocity, nearest
from engine.composer.theory.modes import BLUES_SCALE, PENTATONIC, ladder
from engine.music.chords import tones
from engine.music.score import Chord

_BRIGHT = frozenset({"chorus", "B", "drop"})
_LIFT = 3  # semitones that a bright section lies higher
_STRONG_Q = {"4/4": 2.0, "3/4": 3.0, "6/8": 1.5}


class _Ladders:
    """Scale notes and chord tones in a player's range, by chord, made once."""

    def __init__(self, song: Song, player: Player, notes: str) -> None:
        self._song, self._player, self._notes = song, player, notes
        self._made: dict[tuple[int, str], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def of(self, chord: Chord) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """(scale notes, chord tones) for a chord, rising."""
        key = (chord.root, chord.quality)
        if key not in self._made:
            plan, player = self._song.plan, self._player
            own = tones(chord.root, chord.quality)
            local = self._song.local_scale(chord)
            if self._notes != "mode":
                table = PENTATONIC if self._notes == "pentatonic" else BLUES_SCALE
                five = {(plan.tonic + step) % 12 for step in table[plan.quality]}
                if self._notes == "pentatonic":
                    five &= set(local)
                local = tuple(sorted(five | set(own[:4])))
            self._made[key] = (
                ladder(local, player.low, player.high),
                ladder(own, player.low, player.high),
            )
        return self._made[key]


def _closest(rungs: tuple[int, ...], pitch: float) -> int:
    return min(range(len(rungs)), key=lambda i: abs(rungs[i] - pitch))


def _sounding_chord(song: Song, q: float, length: float) -> Chord:
    """The chord that a note is heard against: the coming one if the note is tied into it."""
    change = song.next_change(q)
    if q + length > change + 0.01 and change - q <= 0.5 + 1e-6:
        return song.chord_at(change)
    return song.chord_at(q)


def _is_strong(song: Song, start: float, length: float) -> bool:
    unit = _STRONG_Q[song.plan.meter]
    return start % unit < 0.01 or length >= 1.0


def _sing_bar(
    song: Song, bar: int, cell: Cell, *, anchor: float, ladders: _Ladders, style: MelodyStyle,
    close: bool, dice: Dice,
) -> list[Event]:  # fmt: skip
    """One bar of a cell, its first note at the chord tone nearest to the anchor."""
    plan = song.plan
    loud = 80 + 28 * song.span_at(bar).energy
    events: list[Event] = []
    thin = max(0.0, 1.0 - plan.mood.density) * 0.6
    base: float | None = None
    for place, ((start, length), height) in enumerate(zip(cell.notes, cell.contour, strict=True)):
        q = bar * plan.bar_q + start
        strong = _is_strong(song, start, length)
        if not strong and events and dice.chance(thin):
            continue
        chord = _sounding_chord(song, q, length)
        rungs, own = ladders.of(chord)
        if base is None:
            base = own[_closest(own, anchor)]
        pitch = rungs[max(0, min(len(rungs) - 1, _closest(rungs, base) + height))]
        last = place == len(cell.notes) - 1
        if strong or (start % 1 < 0.01 and dice.chance(0.6)) or last:
            pitch = own[_closest(own, pitch + (0.1 if height > 0 else -0.1))]
        if close and last:
            pitch = _home_note(song, chord, pitch, own)
        accent = 8 if strong else 0
        velocity = clamp_velocity(loud + accent + min(6, height))
        if style.ornament and strong and dice.chance(style.ornament) and q > 0.2:
            below = rungs[max(0, _closest(rungs, pitch) - 1)]
            if below != pitch:
                events.append((q - 0.11, 0.1, below, clamp_velocity(velocity * 0.75)))
        events.append((q, length * style.gate, pitch, velocity))
    return events


def _home_note(song: Song, chord: Chord, pitch: int, own: tuple[int, ...]) -> int:
    """The tonic if the chord has it, else the chord's root: where a period ends."""
    tonic = song.plan.tonic
    goal = tonic if any(note % 12 == tonic for note in own) else chord.root
    options = [note for note in own if note % 12 == goal and abs(note - pitch) <= 7]
    return min(options, key=lambda note: abs(note - pitch)) if options else pitch


def _arc(song: Song, player: Player, span: Span, bar: int) -> float:
    """Where the tune lies in a bar: it rises to the third quarter of a section and comes down."""
    low, high = player.low, player.high
    centre = low + 0.45 * (high - low)
    progress = (bar - span.start_bar) / max(1, span.bars - 1)
    hill = 1 - abs(progress - 0.7) / 0.7
    lift = float(_LIFT) if span.name in _BRIGHT else 0.0
    lift += 0.4 * song.plan.mood.register
    slope = song.plan.mood.contour * 4 * (progress - 0.5)
    return min(high - 4, max(low + 4, centre + 3 * hill + lift + slope))


def _letters(theme: Theme, bars: int) -> list[str]:
    """One letter per bar of a section: the phrase, again and again."""
    letters = theme.phrase.split()
    return [letters[bar % 4] for bar in range(bars)]


def _sing(song: Song, player: Player, style: MelodyStyle, bars: list[int]) -> list[Event]:
    """A tune of themes: one for the plain sections, one for the bright."""
    plan = song.plan
    dice = song.dice("tune", player.name)
    ladders = _Ladders(song, player, style.notes)
    lean = plan.mood.contour
    plain = new_theme(style, plan.meter, plan.bar_q, lean=lean, dice=dice, kin=None)
    bright = new_theme(style, plan.meter, plan.bar_q, lean=lean, dice=dice, kin=plain)
    playing = set(bars)
    events: list[Event] = []
    for span in song.spans:
        theme = bright if span.name in _BRIGHT else plain
        anchor = _arc(song, player, span, span.start_bar)
        previous = anchor
        for place, letter in enumerate(_letters(theme, span.bars)):
            bar = span.start_bar + place
            ends = letter == "c" or place == span.bars - 1
            silent = letter == "r" or (letter in "bsid" and dice.chance(style.rest))
            if bar not in playing or (silent and not ends):
                continue
            if place % 4 != 0 or letter == "s":
                previous = 0.5 * previous + 0.5 * _arc(song, player, span, bar)
                if letter == "s":
                    previous += dice.pick((-3, -2, 2, 3))
            else:
                previous = anchor
            cell = theme.cells.get(letter, theme.cells["a"])
            if ends and span.bars > 1:
                cell = cadence(theme.cells["a"], plan.bar_q, hold=dice.between(0.75, 1.0))
            close = ends and (place == span.bars - 1 or place % 8 == 7)
            events += _sing_bar(
                song,
                bar,
                cell,
                anchor=previous,
                ladders=ladders,
                style=style,
                close=close,
                dice=dice,
            )
    return events


def _improvise(song: Song, player: Player, style: MelodyStyle, bars: list[int]) -> list[Event]:
    """A line of eighths that lands on chord tones, turns at its ends and stops for breath."""
    plan = song.plan
    dice = song.dice("run", player.name)
    ladders = _Ladders(song, player, style.notes)
    middle = (player.low + player.high) / 2
    pitch, direction, left = round(middle), 1, 0
    events: list[Event] = []
    for bar in bars:
        loud = 78 + 26 * song.span_at(bar).energy
        q = bar * plan.bar_q
        while q < (bar + 1) * plan.bar_q - 1e-6:
            if left <= 0:
                left = dice.integer(5, 14)
                if dice.chance(style.rest + 0.35):
                    q += dice.pick((0.5, 1.0, 1.5))
                    continue
            chord = _sounding_chord(song, q, 0.5)
            rungs, own = ladders.of(chord)
            ending = left == 1
            pitch, direction = _next_in_run(
                pitch, direction, rungs, own, on_beat=q % 1 < 0.01 or ending,
                style=style, player=player, dice=dice,
            )  # fmt: skip
            length = dice.pick((1.0, 1.5)) if ending else 0.5
            length = min(length, (bar + 1) * plan.bar_q - q + 0.5)
            accent = 8 if q % 1 else 0  # swung lines lean on the off-beats
            events.append((q, length * style.gate, pitch, clamp_velocity(loud + accent)))
            q += length
            left -= 1
    return events


def _next_in_run(
    pitch: int, direction: int, rungs: tuple[int, ...], own: tuple[int, ...], *,
    on_beat: bool, style: MelodyStyle, player: Player, dice: Dice,
) -> tuple[int, int]:  # fmt: skip
    """The next note of a run and its direction."""
    if pitch >= player.high - 3 or dice.chance(0.12):
        direction = -1
    if pitch <= player.low + 3:
        direction = 1
    if on_beat:
        ahead = [note for note in own if 0 < (note - pitch) * direction <= 5]
        return (
            min(ahead, key=lambda n: abs(n - pitch)) if ahead else own[_closest(own, pitch)]
        ), direction
    if dice.chance(style.ornament):
        return pitch + direction, direction  # a chromatic neighbour, resolved on the beat
    step = dice.pick((2, 3)) if dice.chance(style.leap) else 1
    here = _closest(rungs, pitch)
    return rungs[max(0, min(len(rungs) - 1, here + direction * step))], direction


def _double(song: Song, player: Player, style: MelodyStyle, bars: list[int]) -> list[Event]:
    """The tune a third, a sixth or an octave away, in the player's own range."""
    playing = set(bars)
    events: list[Event] = []
    for q, length, pitch, velocity in song.tune:
        if int(q / song.plan.bar_q + 1e-6) not in playing or length < 0.12:
            continue
        chord = _sounding_chord(song, q, length)
        if style.interval == 12:
            other = nearest(pitch % 12, pitch - 12, player.low, player.high)
        else:
            rungs = ladder(song.local_scale(chord), 24, 108)
            other = rungs[max(0, _closest(rungs, pitch) - 2)]
            own = tones(chord.root, chord.quality)
            if length >= 0.9 and other % 12 not in own:
                other = max(n for n in range(pitch - 12, pitch - 2) if n % 12 in own)
            other = nearest(other % 12, other, player.low, player.high)
        if other != pitch:
            events.append((q, length, other, clamp_velocity(velocity * 0.86)))
    return events


_KINDS: dict[str, Callable[[Song, Player, MelodyStyle, list[int]], list[Event]]] = {
    "motif": _sing,
    "run": _improvise,
    "double": _double,
}


def play_style(
    song: Song, player: Player, style: str, bars: list[int], *, breathe: bool = True
) -> list[Event]:
    """A row of MELODY over some bars; without breath there are no empty bars (a player alone)."""
    row = MELODY[style]
    if row.kind == "double" and not song.tune:
        row = MELODY["lyric"]
    if not breathe:
        row = replace(row, rest=0.0)
    return _KINDS[row.kind](song, player, row, bars)


def play_melody(song: Song, player: Player, bars: list[int]) -> list[Event]:
    """The part of whoever sings; the first of them makes `song.tune`."""
    style = song.dice("melody style", player.name).weighted(player.seat.styles)
    events = play_style(song, player, style, bars, breathe=song.plan.texture != "solo")
    if not song.tune:
        song.tune = sorted(events)
    return events
