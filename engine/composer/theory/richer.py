"""Which richer chord may stand for a plain one."""

from engine.music.chords import tones

# plain quality → richer ones by depth: 1 a seventh or an added note, 2 ninths and beyond
RICHER: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "maj": (("maj7", "add9", "6", "7"), ("maj9", "6/9", "add9", "9", "maj7#11")),
    "min": (("min7", "minadd9"), ("min9", "min11", "min7")),
    "dim": (("min7b5",), ("min7b5",)),
    "sus4": (("7sus4",), ("9sus4",)),
    "7": (("7",), ("9", "13", "7")),
    "maj7": (("maj7",), ("maj9", "6/9", "maj7#11")),
    "min7": (("min7",), ("min9", "min11")),
}


def richer(root: int, quality: str, *, depth: int, allowed: frozenset[int]) -> tuple[str, ...]:
    """The richer qualities of a chord whose every tone lies in `allowed`; () if there are none."""
    if depth <= 0 or quality not in RICHER:
        return ()
    return tuple(
        candidate
        for candidate in RICHER[quality][min(depth, 2) - 1]
        if allowed.issuperset(tones(root, candidate))
    )
