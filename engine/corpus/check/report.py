"""The bounds that a corpus has to keep, and how it is told.

Bounds are rows: what is counted, over which clips, and how much of it must hold.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.corpus.check.coverage import Coverage
from engine.corpus.check.measure import Heard
from engine.music.keys import KEYS

TARGET_LUFS: Final = -16.0
LUFS_TOLERANCE: Final = 0.5
PEAK_DBTP: Final = -1.0
PEAK_TOLERANCE_DB: Final = 0.1  # 16-bit rounding, and another interpolator than the master's
_MISSES_SHOWN: Final = 8


@dataclass(frozen=True)
class Bound:
    """One row.

    Attributes:
        name: what must hold.
        over: which clips it is about.
        holds: whether it does.
        share: of those clips, at least.
        miss: how a clip that misses is shown.
    """

    name: str
    over: Callable[[Heard], bool]
    holds: Callable[[Heard], bool]
    share: float
    miss: Callable[[Heard], str]


def _key_name(index: int | None) -> str:
    return "none" if index is None else KEYS[index]


BOUNDS: Final = (
    Bound(
        "tempo within 2 %", lambda h: h.drums, lambda h: h.factor is not None, 0.90,
        lambda h: f"{h.bpm:g} BPM heard as {h.measured_bpm or 0:.1f}",
    ),
    Bound(
        "key exact or relative", lambda h: h.key is not None, lambda h: h.key_is_near, 0.85,
        lambda h: f"{_key_name(h.key)} heard as {_key_name(h.measured_key)}",
    ),
    Bound(
        f"loudness {TARGET_LUFS:g} ± {LUFS_TOLERANCE:g} LUFS", lambda _: True,
        lambda h: abs(h.lufs - TARGET_LUFS) <= LUFS_TOLERANCE, 1.0,
        lambda h: f"{h.lufs:.2f} LUFS",
    ),
    Bound(
        f"true peak ≤ {PEAK_DBTP:g} dBTP", lambda _: True,
        lambda h: h.peak_dbtp <= PEAK_DBTP + PEAK_TOLERANCE_DB, 1.0,
        lambda h: f"{h.peak_dbtp:.2f} dBTP",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A bound, measured."""

    bound: Bound
    clips: int
    held: int
    misses: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether enough of the clips hold it; of none, none need to."""
        return self.held >= self.bound.share * self.clips - 1e-9

    def __str__(self) -> str:
        share = f"{self.held / self.clips:.1%}" if self.clips else "no clips"
        word = "ok    " if self.passed else "FAILED"
        return (
            f"{word} {self.bound.name}: {share} of {self.clips} clips"
            f" (at least {self.bound.share:.0%})"
        )


def judged(bound: Bound, heard: Sequence[Heard]) -> Verdict:
    """Measure a bound."""
    about = [clip for clip in heard if bound.over(clip)]
    misses = [clip for clip in about if not bound.holds(clip)]
    shown = tuple(f"{clip.name} {clip.genre}: {bound.miss(clip)}" for clip in misses)
    return Verdict(bound, len(about), len(about) - len(misses), shown)


@dataclass(frozen=True)
class Report:
    """Everything that was found.

    Attributes:
        heard: the clips that were listened to.
        copies: keys of clips whose notes another clip has.
        coverage: of all clips.
    """

    heard: tuple[Heard, ...]
    copies: tuple[str, ...]
    coverage: Coverage

    @property
    def verdicts(self) -> list[Verdict]:
        """Every bound on audio."""
        return [judged(bound, self.heard) for bound in BOUNDS]

    @property
    def passed(self) -> bool:
        """Whether every bound is kept."""
        return not self.copies and all(verdict.passed for verdict in self.verdicts)

    def lines(self) -> list[str]:
        """The report, to print."""
        out = [*self.coverage.lines(), "", f"heard {len(self.heard)} clips"]
        for verdict in self.verdicts:
            out.append(str(verdict))
            out += [f"         {miss}" for miss in verdict.misses[:_MISSES_SHOWN]]
            hidden = len(verdict.misses) - _MISSES_SHOWN
            out += [f"         and {hidden} more"] if hidden > 0 else []
        out.append(f"{'FAILED' if self.copies else 'ok    '} duplicates: {len(self.copies)}")
        out += [f"         {key}" for key in self.copies[:_MISSES_SHOWN]]
        return out + self._facts()

    def _facts(self) -> list[str]:
        factors = Counter(clip.factor for clip in self.heard if clip.factor is not None)
        tonal = [clip for clip in self.heard if clip.key is not None]
        keys = {
            "key": [(clip, clip.measured_key) for clip in tonal],
            "key as Noisefall measures it in a take": [(clip, clip.shown_key) for clip in tonal],
        }
        lufs = [clip.lufs for clip in self.heard]
        peaks = [clip.peak_dbtp for clip in self.heard]
        listed = ", ".join(f"× {name}: {count}" for name, count in factors.most_common())
        return [
            f"heard tempo over labelled tempo: {listed or 'none'}",
            *(
                f"{what}: exact on {sum(clip.key == key for clip, key in found)},"
                f" exact or relative on {sum(clip.is_near(key) for clip, key in found)}"
                f" of {len(tonal)}"
                for what, found in keys.items()
            ),
            f"loudness {min(lufs):.2f} to {max(lufs):.2f} LUFS, true peak at most"
            f" {max(peaks):.2f} dBTP",
        ]
