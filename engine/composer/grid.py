"""Pattern strings in time: what one character of a bar means in quarter notes.

One notation serves drums, basses and chords: each character is a step of the bar, "-" holds the
step before, "." is silence, "|" parts bars (engine.composer.genres.grooves).
"""

from collections.abc import Mapping
from functools import lru_cache

Step = tuple[float, float, str]  # start within the bar (q), length (q), character


@lru_cache(maxsize=4096)
def steps(pattern: str, bar_q: float) -> tuple[tuple[Step, ...], ...]:
    """The sounding steps of every bar of a pattern."""
    bars: list[tuple[Step, ...]] = []
    for text in pattern.split("|"):
        if not text:
            bars.append(())
            continue
        step_q = bar_q / len(text)
        found: list[Step] = []
        for place, character in enumerate(text):
            if character in ".-":
                continue
            held = 1
            while place + held < len(text) and text[place + held] == "-":
                held += 1
            found.append((place * step_q, held * step_q, character))
        bars.append(tuple(found))
    return tuple(bars)


def for_meter(patterns: Mapping[str, tuple[str, ...]], meter: str) -> tuple[str, ...]:
    """The patterns of a meter; a missing one takes the first three quarters of those in 4/4."""
    if meter in patterns:
        return patterns[meter]
    adapted = [
        "|".join(bar[: len(bar) * 3 // 4] for bar in pattern.split("|"))
        for pattern in patterns.get("4/4", ())
    ]
    kept = tuple(pattern for pattern in adapted if pattern.strip(".-"))
    return kept or ("x" + "-" * 11,)
