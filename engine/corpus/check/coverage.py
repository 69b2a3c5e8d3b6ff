"""What a corpus contains: genre × tempo × key × instrument, counted over all its clips."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from engine.composer.genres import GENRES
from engine.corpus.annotate import Annotations
from engine.music.instruments import INSTRUMENTS
from engine.music.keys import KEYS

_TEMPO_STEP: Final = 20


@dataclass
class GenreCoverage:
    """One genre."""

    clips: int = 0
    seconds: float = 0.0
    bpms: list[float] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    instruments: set[str] = field(default_factory=set)


class Coverage:
    """Counts, filled clip by clip."""

    def __init__(self, clips: Iterable[Annotations] = ()) -> None:
        self.genres: defaultdict[str, GenreCoverage] = defaultdict(GenreCoverage)
        self.keys: Counter[str] = Counter()
        self.tempi: Counter[int] = Counter()
        self.kinds: Counter[str] = Counter()
        self.instruments: Counter[str] = Counter()
        for clip in clips:
            self.add(clip)

    def add(self, clip: Annotations) -> None:
        """Count a clip."""
        row = self.genres[clip.genre]
        row.clips += 1
        row.seconds += clip.seconds
        row.bpms.append(clip.bpm)
        row.keys |= {clip.key} if clip.key else set()
        played = {part.instrument for part in clip.parts}
        row.instruments |= played
        self.instruments.update(played)
        self.keys[clip.key or "no key"] += 1
        self.tempi[int(clip.bpm // _TEMPO_STEP) * _TEMPO_STEP] += 1
        self.kinds.update((clip.meter, clip.texture, "loop" if clip.loop else "one-shot"))

    def lines(self) -> list[str]:
        """A table of the genres, then what all have together."""
        out = [f"{'genre':<22}{'clips':>6}{'min':>7}{'BPM':>10}{'keys':>6}{'instruments':>13}"]
        for genre, row in sorted(self.genres.items()):
            tempo = f"{min(row.bpms):g}–{max(row.bpms):g}"
            out.append(
                f"{genre:<22}{row.clips:>6}{row.seconds / 60:>7.1f}{tempo:>10}"
                f"{len(row.keys):>6}{len(row.instruments):>13}"
            )
        tempi = ", ".join(
            f"{low}–{low + _TEMPO_STEP}: {n}" for low, n in sorted(self.tempi.items())
        )
        keys = ", ".join(f"{key} {self.keys[key]}" for key in (*KEYS, "no key"))
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.kinds.most_common())
        seconds = sum(row.seconds for row in self.genres.values())
        clips = sum(row.clips for row in self.genres.values())
        return [
            *out,
            f"all: {clips} clips, {seconds / 3600:.2f} h, {len(self.genres)} of {len(GENRES)}"
            f" genres, {len(self.instruments)} of {len(INSTRUMENTS)} instruments",
            f"BPM {tempi}",
            f"keys {keys}",
            f"kinds {kinds}",
            f"missing genres: {_missing(GENRES, self.genres)}",
            f"missing instruments: {_missing(INSTRUMENTS, self.instruments)}",
        ]


def _missing(known: Iterable[str], seen: Iterable[str]) -> str:
    return ", ".join(sorted(set(known) - set(seen))) or "none"
