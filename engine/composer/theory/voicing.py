"""From chords to hands: voicings that move as little as they can.

For every chord all sensible layouts in a register are listed, and the cheapest step from the
previous one is taken: small motion, near the register's centre, no mud below, no parallel fifths
or octaves where the style forbids them. Rejected: a search over the whole progression (the greedy
step already moves two semitones a voice and keeps a composition in its milliseconds).
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, pairwise, permutations
from typing import Literal

from engine.music.chords import QUALITIES

Kind = Literal["close", "open", "triad", "rootless", "shell", "power", "fifths", "choral"]
Voicing = tuple[int, ...]

_MAX_VOICES: dict[Kind, int] = {
    "close": 4,
    "open": 4,
    "triad": 3,
    "rootless": 4,
    "shell": 3,
    "power": 2,
    "fifths": 2,
    "choral": 3,
}
_MUD_BELOW = 50  # under D3 an interval smaller than a major third is unclear
_PARALLEL_COST = 12.0
_STRICT: frozenset[Kind] = frozenset({"choral"})


def _tones_for(kind: Kind, root: int, quality: str) -> tuple[int, ...]:
    """The pitch classes that a kind of voicing plays, most needed first."""
    steps = QUALITIES[quality]
    if kind in ("power", "fifths"):
        chosen: tuple[int, ...] = (0, 7) if len(steps) < 3 or steps[2] == 7 else (0, steps[2])
    elif kind in ("triad", "choral"):
        chosen = steps[:3]
        if len(steps) > 3 and steps[2] == 7 and steps[3] in (10, 11):
            chosen = (0, steps[1], steps[3]) if kind == "choral" else chosen
    elif kind == "shell":
        chosen = (steps[1], steps[3], *steps[4:5]) if len(steps) > 3 else steps
    elif kind == "rootless" and len(steps) > 3:
        chosen = (steps[1], steps[3], *steps[4:], steps[2])
    elif len(steps) > 4:  # keep third, seventh and the tension; the bass has the root
        chosen = (steps[1], steps[3], *steps[4:], 0)
    else:
        chosen = steps
    return tuple((root + step) % 12 for step in chosen[: _MAX_VOICES[kind]])


def _close(classes: tuple[int, ...], low: int, high: int) -> Iterator[Voicing]:
    """Every close position of the pitch classes in [low, high]."""
    ordered = sorted(set(classes))
    for start in range(low, high + 1):
        if start % 12 not in ordered:
            continue
        place = ordered.index(start % 12)
        voicing = [start]
        for step in range(1, len(ordered)):
            pitch_class = ordered[(place + step) % len(ordered)]
            voicing.append(voicing[-1] + (pitch_class - voicing[-1]) % 12)
        if voicing[-1] <= high:
            yield tuple(voicing)


def _drop2(voicing: Voicing) -> Voicing:
    """The second voice from the top an octave down: open position."""
    if len(voicing) < 3:
        return voicing
    return tuple(sorted((*voicing[:-2], voicing[-2] - 12, voicing[-1])))


def _choral(classes: tuple[int, ...], bass: int, low: int, high: int) -> Iterator[Voicing]:
    """Four parts: the chord's bass below, three upper voices within an octave of each other."""
    basses = [n for n in range(low, low + 17) if n % 12 == bass]
    upper_low = max(low + 8, 46)
    doubled = (*classes, classes[0], *classes[2:3])
    for trio in dict.fromkeys(permutations(doubled, 3)):
        if len(set(trio)) < 2 or (classes[1] not in trio and bass != classes[1]):
            continue
        for start in range(upper_low, upper_low + 14):
            if start % 12 != trio[0]:
                continue
            alto = start + ((trio[1] - start) % 12 or 12)
            soprano = alto + ((trio[2] - alto) % 12 or 12)
            if soprano <= high:
                for foot in basses:
                    if foot <= start - 3:
                        yield (foot, start, alto, soprano)


@lru_cache(maxsize=8192)
def candidates(
    kind: Kind, root: int, quality: str, *, bass: int, low: int, high: int
) -> tuple[Voicing, ...]:
    """All layouts of a chord in [low, high]; never empty for a register of 19 semitones or more."""
    classes = _tones_for(kind, root, quality)
    if kind in ("power", "fifths"):
        gap = (classes[1] - classes[0]) % 12
        feet = [n for n in range(low, max(high - 11, low + 12)) if n % 12 == classes[0]]
        found = [(n, n + gap, n + 12) for n in feet]
        return tuple(found[: 1 if kind == "power" else 2])
    if kind == "choral":
        return tuple(_choral(classes, bass, low, high))
    close = list(_close(classes, low, high))
    if kind != "open":
        return tuple(close)
    opened = [_drop2(v) for v in _close(classes, low, high)]
    return tuple(v for v in opened if v[0] >= low) or tuple(close)


def motion(previous: Voicing, voicing: Voicing) -> float:
    """Semitones that the hands travel: voices pair by place, a spare voice goes to its nearest."""
    if len(previous) == len(voicing):
        return float(sum(abs(a - b) for a, b in zip(previous, voicing, strict=True)))
    return float(sum(min(abs(a - b) for a in previous) for b in voicing))


def parallels(previous: Voicing, voicing: Voicing) -> int:
    """How many pairs of voices move in parallel perfect fifths or octaves."""
    if len(previous) != len(voicing):
        return 0
    count = 0
    for i, j in combinations(range(len(voicing)), 2):
        before, after = previous[j] - previous[i], voicing[j] - voicing[i]
        moved = voicing[i] != previous[i] and voicing[j] != previous[j]
        if moved and before % 12 == after % 12 and before % 12 in (0, 7):
            count += 1
    return count


def _cost(kind: Kind, voicing: Voicing, previous: Voicing | None, centre: float) -> float:
    cost = 0.35 * abs(sum(voicing) / len(voicing) - centre)
    for lower, upper in pairwise(voicing):
        if upper - lower < 4 and lower < _MUD_BELOW:
            cost += 6
    if len(voicing) > 1 and voicing[-1] - voicing[-2] == 1:
        cost += 3  # a semitone on top bites
    if previous is not None:
        cost += motion(previous, voicing) + 0.5 * abs(voicing[-1] - previous[-1])
        if kind in _STRICT:
            cost += _PARALLEL_COST * parallels(previous, voicing)
    return cost


@lru_cache(maxsize=16384)
def voice(
    kind: Kind,
    root: int,
    quality: str,
    *,
    bass: int,
    low: int,
    high: int,
    previous: Voicing | None = None,
) -> Voicing:
    """The layout of a chord that follows `previous` with the least effort.

    Returns:
        MIDI notes, rising.

    Raises:
        ValueError: the register is too small for the chord.
    """
    options = candidates(kind, root, quality, bass=bass, low=low, high=high)
    if not options:
        msg = f"no {kind} voicing of {quality} in {low}–{high}"
        raise ValueError(msg)
    centre = (low + high) / 2
    return min(options, key=lambda v: (_cost(kind, v, previous, centre), v))
