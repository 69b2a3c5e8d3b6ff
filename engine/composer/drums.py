"""The drummer: a groove per song with its peak variant, ghosts, fills, rolls and crashes."""

from dataclasses import dataclass

from engine.composer.dice import Dice
from engine.composer.genres.grooves import (
    FILL_LANES,
    FILLS,
    GROOVES,
    LANE_ENTERS,
    LANES,
    VELOCITIES,
    Groove,
)
from engine.composer.grid import steps
from engine.composer.song import Event, Player, Song, Span, clamp_velocity

_HAT_ROLLS = frozenset({"trap", "phonk", "future", "halftime dub"})
_NO_CRASH = frozenset({"brushes", "bossa", "lofi", "folk", "pulse", "tango", "flamenco", "salsa"})
_LENGTHS = {"crash": 2.0, "open": 0.5, "ride": 0.5, "surdo": 0.5, "guiro long": 0.4, "cuica": 0.4}
_FILL_SILENCES = frozenset({"snare", "clap", "hat", "open", "ride", "rim", "low tom", "mid tom"})


@dataclass(frozen=True)
class _Lane:
    name: str
    enter: float
    main: str
    peak: str


def _hits(pattern: str) -> float:
    """Strokes in a bar of a pattern, on average."""
    return sum(character in VELOCITIES for character in pattern) / (pattern.count("|") + 1)


def _lanes(groove: Groove, dice: Dice) -> list[_Lane]:
    """One pattern per lane for the song, and one for its peaks."""
    lanes: list[_Lane] = []
    for name, options in groove.items():
        lane, _, level = name.partition("@")
        main = dice.pick(options)
        peak = dice.pick(options) if dice.chance(0.4) else main
        if _hits(main) > _hits(peak):  # the peak is the busier of the two
            main, peak = peak, main
        if main or peak:
            lanes.append(_Lane(lane, float(level) if level else LANE_ENTERS[lane], main, peak))
    return lanes


def _roll(start: float, velocity: int, pitch: int, dice: Dice) -> list[Event]:
    """A hat hit split into a burst, as trap does."""
    count = dice.pick((2, 3, 4))
    step = 0.25 / count if count != 3 else 0.5 / 3
    return [
        (start + i * step, step, pitch, clamp_velocity(velocity * (0.7 + 0.3 * i / count)))
        for i in range(count)
    ]


def _fill(song: Song, bar: int, *, length: str, dice: Dice) -> tuple[float, list[Event]]:
    """A fill that ends with the bar: where it starts and what it strikes."""
    plan = song.plan
    pattern = dice.pick(FILLS[dice.weighted(plan.row.fills)])
    if plan.texture == "solo" and pattern.count(".") > len(pattern) - 3:
        pattern = dice.pick(FILLS["snare"])  # a drummer alone does not drop out
    if length == "short":
        pattern = pattern[-4:]
    step_q = 0.25
    end = (bar + 1) * plan.bar_q
    pattern = pattern[-int(plan.bar_q / step_q) :]
    start = end - len(pattern) * step_q
    events = [
        (start + i * step_q, step_q, LANES[FILL_LANES[character]],
         clamp_velocity(78 + 34 * (i + 1) / len(pattern)))
        for i, character in enumerate(pattern)
        if character != "."
    ]  # fmt: skip
    return start, events


def _riser_roll(song: Song, bar: int, span: Span) -> list[Event]:
    """A snare roll through a build that doubles its pace towards the end."""
    plan = song.plan
    progress = (bar - span.start_bar) / max(1, span.bars)
    step_q = 1.0 if progress < 0.5 else 0.5 if bar < span.end_bar - 1 else 0.25
    count = int(plan.bar_q / step_q)
    return [
        (bar * plan.bar_q + i * step_q, step_q / 2, LANES["snare"],
         clamp_velocity(52 + 56 * (progress + i / count / span.bars)))
        for i in range(count)
    ]  # fmt: skip


def _bar(song: Song, bar: int, lanes: list[_Lane], *, groove: str, dice: Dice) -> list[Event]:
    """One bar of the groove."""
    plan = song.plan
    span = song.span_at(bar)
    level = 0.8 * span.level + 0.2 * plan.energy + 0.4 * (plan.mood.density - 1)
    loud = 0.78 + 0.28 * span.energy
    events: list[Event] = []
    for lane in lanes:
        pattern = lane.peak if span.level > 0.85 else lane.main
        if level < lane.enter or not pattern:
            continue
        bars = steps(pattern, plan.bar_q)
        pitch = LANES[lane.name]
        for start, length, character in bars[bar % len(bars)]:
            if character == "?" and dice.chance(0.5):
                continue
            velocity = VELOCITIES[character] * loud
            if character in "xo" and (start * 2) % 2 != 0:
                velocity *= 0.93
            q = bar * plan.bar_q + start
            if lane.name == "hat" and groove in _HAT_ROLLS and dice.chance(0.09):
                events += _roll(q, int(velocity), pitch, dice)
                continue
            sounding = _LENGTHS.get(lane.name, min(length, 0.25))
            events.append((q, sounding, pitch, clamp_velocity(velocity)))
    return events


def _turn(song: Song, bar: int, dice: Dice) -> str:
    """Whether a bar ends with a fill: "" no, "short", "long" before a new section."""
    plan = song.plan
    if bar == plan.bars - 1:
        return "short" if plan.loop and plan.bars >= 4 and dice.chance(0.4) else ""
    span = song.span_at(bar)
    if bar == span.end_bar - 1:
        return "long" if dice.chance(0.85) else ""
    phrase_ends = (bar - span.start_bar) % plan.row.phrase == plan.row.phrase - 1
    return "short" if phrase_ends and dice.chance(0.35) else ""


def _crash(song: Song, bar: int, groove: str, dice: Dice) -> list[Event]:
    """A crash on the first beat of a strong section."""
    span = song.span_at(bar)
    if bar != span.start_bar or span.level < 0.66 or groove in _NO_CRASH:
        return []
    if not dice.chance(0.85 if bar else 0.4):
        return []
    velocity = clamp_velocity(84 + 30 * span.energy)
    return [(bar * song.plan.bar_q, 2.0, LANES["crash"], velocity)]


def play_drums(song: Song, player: Player, bars: list[int]) -> list[Event]:
    """The drum part over the bars where the drummer plays; fills `song.kicks`."""
    plan = song.plan
    dice = song.dice("drums", player.name)
    table = plan.row.grooves.get(plan.meter) or {_FALLBACKS[plan.meter]: 1.0}
    groove = dice.weighted(table)
    lanes = _lanes(GROOVES[groove], dice)
    events: list[Event] = []
    for bar in bars:
        span = song.span_at(bar)
        hits = _bar(song, bar, lanes, groove=groove, dice=dice)
        if span.name == "build" and plan.row.form == "club" and plan.texture == "full":
            hits = [h for h in hits if h[2] != LANES["snare"]] + _riser_roll(song, bar, span)
        turn = _turn(song, bar, dice)
        if turn and span.name != "build":
            start, fill = _fill(song, bar, length=turn, dice=dice)
            silenced = {LANES[name] for name in _FILL_SILENCES}
            hits = [h for h in hits if h[0] < start - 1e-6 or h[2] not in silenced] + fill
        events += hits + _crash(song, bar, groove, dice)
    song.kicks += sorted(h[0] for h in events if h[2] in (36, 41))
    return events


_FALLBACKS = {"4/4": "pop", "3/4": "waltz", "6/8": "six eight rock"}
