"""How a part plays, read off its notes: the words of a musician, each with a measurable meaning.

Thresholds lean to silence: a trait that is missed costs a caption one phrase, a false one teaches
the model a wrong word.
Rejected: the names of the styles that the composer drew (fills, humanising and sections bend what
is really played).
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from engine.composer.genres.grooves import LANES
from engine.music.instruments import INSTRUMENTS
from engine.music.meter import METER_TABLE
from engine.music.score import Note, Part

_LANE_OF_PITCH = {pitch: lane for lane, pitch in LANES.items()}
_MOSTLY = 0.6
_NEARLY_ALL = 0.75
_AT_ONCE_Q = 0.13  # a strummed or humanised chord is one onset
_PLUCKED = frozenset({"acoustic guitar", "electric guitar", "banjo", "harp", "distorted guitar"})


@dataclass(frozen=True)
class _Line:
    """A part as onsets: groups of notes that start together."""

    part: Part
    onsets: tuple[tuple[Note, ...], ...]
    bar_q: float
    bpm: float

    @property
    def starts(self) -> list[float]:
        return [group[0].start_q for group in self.onsets]

    @property
    def voices(self) -> float:
        return fmean(len(group) for group in self.onsets)

    @property
    def length_q(self) -> float:
        return fmean(max(note.duration_q for note in group) for group in self.onsets)

    @property
    def per_beat(self) -> float:
        """Onsets a quarter note in the bars that have any."""
        bars = {int((start + 0.05) // self.bar_q) for start in self.starts}
        return len(self.onsets) / (len(bars) * self.bar_q)


def _line(part: Part, meter: str, bpm: float) -> _Line:
    groups: list[list[Note]] = []
    for note in part.notes:
        if groups and note.start_q - groups[-1][0].start_q < _AT_ONCE_Q:
            groups[-1].append(note)
        else:
            groups.append([note])
    return _Line(part, tuple(tuple(group) for group in groups), METER_TABLE[meter][0], bpm)


def _share(line: _Line, test: Callable[[float], bool]) -> float:
    starts = line.starts
    return sum(test(start % 1.0) for start in starts) / len(starts)


def _offbeat(line: _Line) -> bool:
    return _share(line, lambda q: 0.4 < q < 0.72) > _NEARLY_ALL


def _strummed(line: _Line) -> bool:
    """Chords of three and more whose strings sound one after the other."""
    if line.part.instrument not in INSTRUMENTS or line.voices < 2.5:
        return False
    if INSTRUMENTS[line.part.instrument].family not in _PLUCKED:
        return False
    spreads = []
    for group in line.onsets:
        if len(group) >= 3:
            pitches = [note.pitch for note in group]
            ordered = pitches in (sorted(pitches), sorted(pitches, reverse=True))
            spread_s = (group[-1].start_q - group[0].start_q) * 60 / line.bpm
            spreads.append(ordered and spread_s > 0.025)
    return bool(spreads) and sum(spreads) / len(spreads) > _MOSTLY


def _walking(line: _Line) -> bool:
    """A new pitch on every beat."""
    steps = [b - a for a, b in pairwise(line.starts)]
    if len(steps) < 7:
        return False
    quarters = sum(0.85 < step < 1.15 for step in steps) / len(steps)
    pitches = [group[0].pitch for group in line.onsets]
    moves = sum(a != b for a, b in pairwise(pitches)) / len(steps)
    return quarters > _NEARLY_ALL and moves > _NEARLY_ALL


def _octaves(line: _Line) -> bool:
    pitches = [group[0].pitch for group in line.onsets]
    jumps = sum(abs(a - b) == 12 for a, b in pairwise(pitches))
    return jumps > 0.25 * len(pitches)


def _palm_muted(line: _Line) -> bool:
    """Short single low notes between the power chords of a distorted guitar."""
    if INSTRUMENTS[line.part.instrument].family != "distorted guitar":
        return False
    if line.part.role != "harmony":
        return False
    muted = sum(len(g) == 1 and g[0].duration_q < 0.3 for g in line.onsets)
    return muted > 0.3 * len(line.onsets)


def _steady(line: _Line, step_q: float) -> bool:
    """Mostly evenly spaced by a note value."""
    steps = [b - a for a, b in pairwise(line.starts)]
    even = sum(0.75 * step_q < step < 1.25 * step_q for step in steps)
    return len(steps) > 7 and even > _NEARLY_ALL * len(steps)


def _mean_pitch(line: _Line) -> float:
    return fmean(note.pitch for note in line.part.notes)


# trait → (roles that may have it, test)
_ALL = ("bass", "harmony", "melody", "arpeggio", "pad")
_TESTS: dict[str, tuple[tuple[str, ...], Callable[[_Line], bool]]] = {
    "chords": (_ALL, lambda line: line.voices > 2.2),
    "single notes": (_ALL, lambda line: line.voices < 1.15),
    "sustained": (_ALL, lambda line: line.length_q >= 2.0 and line.per_beat < 0.8),
    "short": (_ALL, lambda line: line.length_q < 0.4),
    "fast": (_ALL, lambda line: line.per_beat * line.bpm / 60 > 5.5),
    "slow": (_ALL, lambda line: line.per_beat * line.bpm / 60 < 0.9),
    "offbeat": (("bass", "harmony"), _offbeat),
    "strummed": (("harmony",), _strummed),
    "broken chords": (
        ("harmony", "arpeggio"),
        lambda line: line.voices < 1.6 and line.per_beat > 1.3,
    ),
    "eighths": (("bass", "harmony"), lambda line: _steady(line, 0.5)),
    "sixteenths": (("bass", "arpeggio", "harmony"), lambda line: _steady(line, 0.25)),
    "walking": (("bass",), _walking),
    "octaves": (("bass",), _octaves),
    "palm-muted": (("harmony",), _palm_muted),
    "high": (("melody", "arpeggio"), lambda line: _mean_pitch(line) > 78),
    "low": (("melody", "harmony"), lambda line: _mean_pitch(line) < 55),
}


def _hits(part: Part, lanes: tuple[str, ...], bar_q: float) -> dict[int, set[int]]:
    """Bar → sixteenths of the bar at which one of some drums is struck (not as a ghost)."""
    wanted = {LANES[lane] for lane in lanes}
    found: dict[int, set[int]] = defaultdict(set)
    for note in part.notes:
        if note.pitch in wanted and note.velocity > 55:
            bar, q = divmod(note.start_q + 0.1, bar_q)
            found[int(bar)].add(int(q * 4 + 1e-6))
    return dict(found)


def _bars_with(hits: dict[int, set[int]], test: Callable[[set[int]], bool]) -> float:
    return sum(test(places) for places in hits.values()) / len(hits) if hits else 0.0


def _backbeats(part: Part, bar_q: float, meter: str) -> list[str]:
    """What kick and snare do to the beat."""
    kicks = _hits(part, ("kick", "surdo"), bar_q)
    snares = _hits(part, ("snare", "clap", "rim"), bar_q)
    found: list[str] = []
    if meter != "4/4":
        return found
    if _bars_with(kicks, lambda at: {0, 4, 8, 12} <= at and len(at) < 6) > _MOSTLY:
        found.append("four on the floor")
    if _bars_with(snares, lambda at: {4, 12} <= at) > _MOSTLY:
        found.append("backbeat")
    halves = _bars_with(snares, lambda at: 8 in at and not {4, 12} & at and len(at) < 4)
    if halves > _MOSTLY:
        if _bars_with(kicks, lambda at: 8 in at and 0 not in at) > _MOSTLY:
            found.append("one drop")
        elif "four on the floor" not in found:
            found.append("half-time")
    syncopated = _bars_with(kicks, lambda at: any(place % 4 for place in at))
    if "backbeat" in found and "four on the floor" not in found and syncopated > _MOSTLY:
        found.append("syncopated kick")
    return found


def _drum_traits(part: Part, meter: str) -> list[str]:
    bar_q = METER_TABLE[meter][0]
    bars = {int((note.start_q + 0.1) // bar_q) for note in part.notes}
    counts = Counter(_LANE_OF_PITCH.get(note.pitch, "") for note in part.notes)
    enough = max(3, len(bars) // 2)
    traits = [f"lane {lane}" for lane, count in sorted(counts.items()) if lane and count >= enough]
    traits += _backbeats(part, bar_q, meter)
    hats = sorted(note.start_q for note in part.notes if note.pitch == LANES["hat"])
    gaps = [b - a for a, b in pairwise(hats)]
    if sum(a < 0.2 > b for a, b in pairwise(gaps)) > 0.02 * len(gaps) > 0:
        traits.append("hat rolls")
    if counts["hat"] > 11 * len(bars):
        traits.append("busy hats")
    ghosts = sum(note.pitch == LANES["snare"] and note.velocity < 55 for note in part.notes)
    if ghosts >= len(bars):
        traits.append("ghost notes")
    return traits


def part_traits(part: Part, *, meter: str, bpm: float) -> tuple[str, ...]:
    """The traits of a part, sorted; none for effects and for parts without notes."""
    if not part.notes or part.role == "fx":
        return ()
    if part.role == "drums":
        return tuple(sorted(_drum_traits(part, meter)))
    line = _line(part, meter, bpm)
    return tuple(
        sorted(name for name, (roles, test) in _TESTS.items() if part.role in roles and test(line))
    )
