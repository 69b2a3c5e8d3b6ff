"""The bass player: patterns that follow the chords, walking lines, 808s, acid, drones.

Whatever the style, a new chord is met with its bass note, on the beat or just before it.
"""

from collections.abc import Callable

from engine.composer.dice import Dice
from engine.composer.genres.styles_bass import BASS, BassStyle
from engine.composer.grid import for_meter, steps
from engine.composer.song import Event, Player, Song, clamp_velocity, nearest
from engine.composer.theory.modes import ladder
from engine.music.chords import QUALITIES, tones
from engine.music.score import Chord

Line = Callable[[Song, Player, BassStyle, list[int]], list[Event]]


def _home(player: Player) -> float:
    """Where roots like to be: the lower third of the register."""
    return player.low + min(8.0, (player.high - player.low) / 3)


def _root(chord: Chord, player: Player, previous: float) -> int:
    """The chord's bass note, near home and not far from the last root."""
    around = 0.65 * _home(player) + 0.35 * previous
    return nearest(chord.bass, around, player.low, player.high)


def _seventh(chord: Chord) -> int:
    """Semitones from root to the seventh or sixth of a chord, a minor seventh if it has none."""
    for step in QUALITIES[chord.quality]:
        if step in (9, 10, 11):
            return step
    return 10 if chord.quality.startswith("min") or chord.quality == "5" else 9


def _fit(pitch: int, player: Player) -> int:
    while pitch > player.high:
        pitch -= 12
    while pitch < player.low:
        pitch += 12
    return pitch if pitch <= player.high else pitch - 12


def approach(song: Song, chord: Chord, target: int, *, origin: int, dice: Dice) -> int:
    """A note that leads to `target`: a semitone, a scale step, or the fifth above it."""
    side = -1 if origin < target or (origin == target and dice.chance(0.6)) else 1
    choice = dice.integer(0, 9)
    if choice < 4 and song.plan.row.family in ("jazz", "blues", "funk", "soul", "gospel", "latin"):
        return target + side
    scale_now = song.local_scale(chord)
    for distance in (1, 2, 3):
        if (target + side * distance) % 12 in scale_now:
            return target + side * distance
    return target + side


def _pitch_of(
    song: Song, player: Player, stroke: str, *, root: int, chord: Chord, q: float, dice: Dice
) -> int:
    """The pitch that a stroke of a pattern means."""
    fixed = {
        "r": 0, "R": 0, "g": 0, "o": 12, "3": QUALITIES[chord.quality][1] if len(
            QUALITIES[chord.quality]) > 2 else 7, "7": _seventh(chord),
    }  # fmt: skip
    if stroke in fixed:
        shift = (chord.root - chord.bass) % 12 if stroke in "37" else 0
        return _fit(root + shift + fixed[stroke], player)
    if stroke in "5f":
        up = (chord.root + _fifth(chord) - root % 12) % 12
        return _fit(root + up if stroke == "5" else root + up - 12, player)
    bar_end = (int(q / song.plan.bar_q + 1e-6) + 1) * song.plan.bar_q
    upcoming = song.chord_at(bar_end)
    target = _root(upcoming, player, root)
    if stroke == "n":
        return target
    if upcoming is chord:
        return _fit(root + dice.pick((7, 12, _seventh(chord))), player)
    return _fit(approach(song, chord, target, origin=root, dice=dice), player)


def _fifth(chord: Chord) -> int:
    quality = QUALITIES[chord.quality]
    return 7 if 7 in quality else quality[2] if len(quality) > 2 else 7


_ACCENTS = {"R": 1.12, "g": 0.5, "o": 0.96, "a": 0.92}


def _patterned(song: Song, player: Player, style: BassStyle, bars: list[int]) -> list[Event]:
    plan = song.plan
    dice = song.dice("bass", player.name)
    options = for_meter(style.patterns, plan.meter)
    main, other = dice.pick(options), dice.pick(options)
    previous = _home(player)
    events: list[Event] = []
    for bar in bars:
        span = song.span_at(bar)
        last_of_phrase = (bar - span.start_bar) % plan.row.phrase == plan.row.phrase - 1
        pattern = other if last_of_phrase and dice.chance(0.6) else main
        grid = steps(pattern, plan.bar_q)
        loud = 84 + 26 * span.energy
        for start, length, stroke in grid[bar % len(grid)]:
            q = bar * plan.bar_q + start
            chord = song.chord_at(q)
            root = _root(chord, player, previous)
            previous = root
            pitch = _pitch_of(song, player, stroke, root=root, chord=chord, q=q, dice=dice)
            velocity = clamp_velocity(loud * _ACCENTS.get(stroke, 1.0))
            sounding = 0.12 if stroke == "g" else length * style.gate
            change = song.next_change(q)
            events.append((q, min(sounding, change - q), pitch, velocity))
            if q + length > change + 0.2 and change < plan.total_q - 1e-6:
                follower = _root(song.chord_at(change), player, root)
                rest = (q + length - change) * style.gate
                events.append((change, rest, follower, velocity))
    return _meet_changes(song, player, events, bars)


def _meet_changes(song: Song, player: Player, events: list[Event], bars: list[int]) -> list[Event]:
    """Add the bass note where a chord changes in silence and nothing led into it."""
    playing = set(bars)
    starts = sorted(event[0] for event in events)
    added: list[Event] = []
    for chord in song.chords:
        bar = int(chord.start_q / song.plan.bar_q + 1e-6)
        if bar not in playing:
            continue
        near = [q for q in starts if chord.start_q - 1.05 <= q <= chord.start_q + 0.55]
        if not near:
            root = _root(chord, player, _home(player))
            added.append((chord.start_q, min(0.75, chord.duration_q), root, 92))
    return events + added


def _walking(song: Song, player: Player, style: BassStyle, bars: list[int]) -> list[Event]:
    """A note on every beat: root, then by steps and chord tones to a note that leads on."""
    plan = song.plan
    dice = song.dice("walk", player.name)
    events: list[Event] = []
    current = round(_home(player))
    for bar in bars:
        velocity = 88 + 22 * song.span_at(bar).energy
        beats = int(plan.bar_q)
        for beat in range(beats):
            q = float(bar * plan.bar_q + beat)
            chord = song.chord_at(q)
            ahead = song.chord_at(q + 1)
            fresh = abs(chord.start_q - q) < 0.01
            if fresh or (beat == 0 and dice.chance(0.6)):
                current = _root(chord, player, current)
            elif ahead is not chord or beat == beats - 1:
                target = _root(ahead, player, current)
                current = _fit(approach(song, chord, target, origin=current, dice=dice), player)
            else:
                current = _stride(song, chord, player, current, dice)
            accent = 1.05 if beat % 2 else 1.0
            events.append((q, style.gate, current, clamp_velocity(velocity * accent)))
            if beat % 2 and dice.chance(0.08):
                events[-1] = (q, 0.45, current, clamp_velocity(velocity))
                events.append((q + 0.5, 0.4, current, clamp_velocity(velocity * 0.72)))
    return events


def _stride(song: Song, chord: Chord, player: Player, current: int, dice: Dice) -> int:
    """The next note of a walk: mostly a chord tone within a fifth, else a scale step."""
    own = tones(chord.root, chord.quality)[:4]
    near = [
        n for n in range(max(player.low, current - 7), min(player.high, current + 7) + 1)
        if n % 12 in own and n != current
    ]  # fmt: skip
    if near and dice.chance(0.65):
        return dice.pick(near)
    rungs = ladder(song.local_scale(chord), player.low, player.high)
    options = [n for n in rungs if 0 < abs(n - current) <= 2]
    return dice.pick(options or near or [current])


def _on_kicks(song: Song, player: Player, style: BassStyle, bars: list[int]) -> list[Event]:
    """A note with every kick, held to the next; without a drummer, roots on the strong beats."""
    plan = song.plan
    dice = song.dice("kick bass", player.name)
    playing = set(bars)
    onsets = {q for q in song.kicks if int(q / plan.bar_q + 1e-6) in playing}
    if style.kind == "808":
        onsets = {q for q in sorted(onsets) if dice.chance(0.85)}
    if len(onsets) < len(bars):
        onsets |= {bar * plan.bar_q for bar in bars}
        onsets |= {bar * plan.bar_q + plan.bar_q / 2 for bar in bars[::2]}
    changes = {c.start_q for c in song.chords if int(c.start_q / plan.bar_q + 1e-6) in playing}
    ordered = sorted(onsets | changes)
    events: list[Event] = []
    previous = _home(player)
    for place, q in enumerate(ordered):
        following = ordered[place + 1] if place + 1 < len(ordered) else plan.total_q
        length = min(following, (bars[-1] + 1) * plan.bar_q, q + 2 * plan.bar_q) - q
        chord = song.chord_at(q)
        root = _root(chord, player, previous)
        previous = root
        leap = style.kind == "808" and abs(chord.start_q - q) > 0.01 and dice.chance(0.15)
        pitch = _fit(root + dice.pick((12, 7)), player) if leap else root
        velocity = 92 + 24 * song.span_at(int(q / plan.bar_q + 1e-6)).energy
        events.append((q, max(0.1, length * style.gate), pitch, clamp_velocity(velocity)))
    return events


def _drone(song: Song, player: Player, style: BassStyle, bars: list[int]) -> list[Event]:
    """One long root per chord, renewed every four bars."""
    plan = song.plan
    playing = set(bars)
    events: list[Event] = []
    starts = {chord.start_q for chord in song.chords} | {bar * plan.bar_q for bar in bars[::4]}
    ordered = sorted(q for q in starts if int(q / plan.bar_q + 1e-6) in playing)
    for place, q in enumerate(ordered):
        end = ordered[place + 1] if place + 1 < len(ordered) else (bars[-1] + 1) * plan.bar_q
        root = _root(song.chord_at(q), player, _home(player))
        velocity = 66 + 30 * song.span_at(int(q / plan.bar_q + 1e-6)).energy
        events.append((q, (end - q) * style.gate, root, clamp_velocity(velocity)))
    return events


def _acid(song: Song, player: Player, style: BassStyle, bars: list[int]) -> list[Event]:
    """A sixteenth pattern with rests, accents, octaves and slides, which evolves by phrases."""
    plan = song.plan
    dice = song.dice("acid", player.name)
    count = int(plan.bar_q * 4)
    third = 3 if plan.quality == "minor" else 4
    colours = {0: 6.0, 12: 2.0, third: 1.0, 7: 1.2, 10: 0.8, -12: 0.4}
    pattern: list[tuple[int, str]] = [
        (dice.weighted(colours), dice.weighted({"x": 5, "X": 2, "~": 2, ".": 3}))
        for _ in range(count)
    ]
    pattern[0] = (0, "X")
    events: list[Event] = []
    for number, bar in enumerate(bars):
        if number % 4 == 3:  # a small change keeps it alive
            place = dice.integer(1, count - 1)
            pattern[place] = (dice.weighted(colours), dice.weighted({"x": 3, "X": 2, "~": 2}))
        energy = song.span_at(bar).energy
        for place, (interval, kind) in enumerate(pattern):
            q = bar * plan.bar_q + place * 0.25
            chord = song.chord_at(q)
            fresh = abs(chord.start_q - q) < 0.01
            if kind == "." and not fresh:
                continue
            root = _root(chord, player, _home(player))
            pitch = root if fresh else _fit(root + interval, player)
            if pitch % 12 not in song.local_scale(chord):
                pitch = root
            velocity = {"X": 120, "x": 84, "~": 92, ".": 84}[kind]
            length = 0.25 * (1.05 if kind == "~" else style.gate)
            events.append((q, length, pitch, clamp_velocity(velocity * (0.75 + 0.25 * energy))))
    return events


_LINES: dict[str, Line] = {
    "pattern": _patterned,
    "walk": _walking,
    "kick": _on_kicks,
    "808": _on_kicks,
    "drone": _drone,
    "acid": _acid,
}


def play_bass(song: Song, player: Player, bars: list[int]) -> list[Event]:
    """The bass part over the bars where it plays."""
    style = BASS[song.dice("bass style", player.name).weighted(player.seat.styles)]
    if style.kind == "walk" and song.plan.meter == "6/8":
        style = BASS["soul"]
    return _LINES[style.kind](song, player, style, bars)
