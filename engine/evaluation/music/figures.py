"""From what was heard to the table: every figure beside its two ceilings and its target.

A figure's ceiling is the same measure on the real clips behind the prompts, and on those clips'
mels through the vocoder: what the judge itself misses is nobody's fault, and what the vocoder loses
is not the generator's.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.music.asks import Ask
from engine.evaluation.music.frechet import axes_for, frechet_infinity, principal_axes
from engine.evaluation.music.heard import Heard, right_key
from engine.evaluation.music.likeness import matched, shuffled, way_up
from engine.evaluation.music.making import SYSTEMS, System
from engine.evaluation.music.rhythm import right_tempo
from engine.evaluation.music.tags import said_share
from engine.evaluation.music.two_sample import told_apart
from engine.evaluation.music.wording import KINDS
from engine.evaluation.summary import CONFIDENCE, Mean, bootstrap_mean
from engine.music.meter import pulse_bpm

FloatArray = NDArray[np.float32]
Unit = Literal["%", "ms", ""]

RESAMPLES: Final = 2000
SEED: Final = 0


@dataclass(frozen=True)
class Target:
    """What a figure is to reach: by itself, or as a share of the real clips' figure."""

    kind: Literal["at least", "at most", "of the ceiling"]
    value: float

    def met(self, made: float, real: float) -> bool | None:
        """Whether a figure is good enough; None where that cannot be said."""
        if math.isnan(made) or (self.kind == "of the ceiling" and not real > 0):
            return None
        if self.kind == "at most":
            return made <= self.value
        return made >= self.value * (real if self.kind == "of the ceiling" else 1)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; nan where nothing can be said.

    Attributes:
        name: its key in results.json.
        text: what is measured.
        unit: "%" figures are shares of 1.
        made: of generated clips, with its 95 % bootstrap interval where it is a mean or a median.
        real, vocoded: the ceilings.
        target: what is asked, if anything.
    """

    name: str
    text: str
    unit: Unit
    made: Mean
    real: float
    vocoded: float
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one, or where it cannot be said."""
        return None if self.target is None else self.target.met(self.made.value, self.real)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Everything that the figures are made of; rows of arrays follow `asks`.

    Attributes:
        asks: what was asked.
        classes: kind → names of tags.
        heard: system → what was heard of each sound.
        features, vectors, tags: system → the judge's.
        texts: (N, D) vectors of the prompts.
        other_features, other_vectors, other_keys: of real clips of another split.
        spreads: system → mean pairwise distance of each group of one caption.
    """

    asks: Sequence[Ask]
    classes: Mapping[str, tuple[str, ...]]
    heard: Mapping[System, Sequence[Heard]]
    features: Mapping[System, FloatArray]
    vectors: Mapping[System, FloatArray]
    tags: Mapping[System, Mapping[str, FloatArray]]
    texts: FloatArray
    other_features: FloatArray
    other_vectors: FloatArray
    other_keys: Sequence[str]
    spreads: Mapping[System, Sequence[float]]

    @property
    def keys(self) -> list[str]:
        """The clip behind each ask."""
        return [ask.clip.entry.key for ask in self.asks]

    def firsts(self) -> list[int]:
        """The first ask about each clip: real sounds without repetition."""
        place = {key: index for index, key in reversed(list(enumerate(self.keys)))}
        return sorted(place.values())


@dataclass(frozen=True)
class _PerClip:
    """A measure that every sound has by itself."""

    name: str
    text: str
    unit: Unit
    figure: Callable[[Judged, System, int], float]
    middle: Literal["mean", "median"] = "mean"
    target: Target | None = None


def rows(judged: Judged) -> list[Row]:
    """The whole table."""
    return [
        *[_per_clip(judged, measure) for measure in _PER_CLIP],
        *_similarity(judged),
        _frechet(judged),
        _two_sample(judged),
        _diversity(judged),
        *[_per_clip(judged, measure) for measure in _SEAMS],
    ]


def ask_figures(judged: Judged, index: int) -> dict[str, dict[System, float]]:
    """Measure → system → figure, of one ask; what cannot be said is left out."""
    found: dict[str, dict[System, float]] = {}
    for measure in (*_PER_CLIP, *_SEAMS):
        values = {s: measure.figure(judged, s, index) for s in SYSTEMS}
        known = {s: value for s, value in values.items() if not math.isnan(value)}
        if known:
            found[measure.name] = known
    return found


# ── figures of one sound ──────────────────────────────────────────────────────────────────


def _tempo(judged: Judged, system: System, index: int) -> float:
    ask = judged.asks[index]
    if not ask.drums:
        return math.nan
    entry = ask.clip.entry
    return float(right_tempo(judged.heard[system][index].bpm, entry.bpm, entry.meter))


def _phase(judged: Judged, system: System, index: int) -> float:
    """Milliseconds off the grid; half a pulse where drums were asked and nothing begins."""
    ask = judged.asks[index]
    if not ask.drums:
        return math.nan
    late_ms = judged.heard[system][index].phase_ms
    entry = ask.clip.entry
    return 30_000 / pulse_bpm(entry.bpm, entry.meter) if late_ms is None else abs(late_ms)


def _key(judged: Judged, system: System, index: int) -> float:
    asked = judged.asks[index].clip.entry.key_name
    return math.nan if asked is None else float(right_key(judged.heard[system][index].key, asked))


def _tagged(kind: str, *, held_out: bool) -> Callable[[Judged, System, int], float]:
    def figure(judged: Judged, system: System, index: int) -> float:
        ask = judged.asks[index]
        if (ask.source == "held-out") != held_out or kind not in judged.classes:
            return math.nan
        return said_share(
            judged.tags[system][kind][index], judged.classes[kind],
            said=ask.said.get(kind, ()), labels=ask.labels.get(kind, ()),
        )  # fmt: skip

    return figure


def _seam(judged: Judged, system: System, index: int) -> float:
    seam = judged.heard[system][index].seam_beside_beats
    return math.nan if seam is None else float(seam <= 1)


def _seam_anywhere(judged: Judged, system: System, index: int) -> float:
    seam = judged.heard[system][index].seam
    return math.nan if seam is None else float(seam <= 1)


_KNOWN, _HELD_OUT = Target("of the ceiling", 0.8), Target("of the ceiling", 0.6)
_PER_CLIP: Final = (
    _PerClip("tempo", "tempo within 2 %, octaves alike, with drums", "%", _tempo,
             target=Target("at least", 0.95)),
    _PerClip("beat_phase", "beats off the asked grid, median, with drums", "ms", _phase,
             "median", Target("at most", 15)),
    _PerClip("key", "key exact or relative, tonal clips", "%", _key,
             target=Target("at least", 0.85)),
    *(_PerClip(kind, f"{kind} as said", "%", _tagged(kind, held_out=False), target=_KNOWN)
      for kind in KINDS),
    *(_PerClip(f"{kind}_held_out", f"{kind} as said in held-out words", "%",
               _tagged(kind, held_out=True), target=_HELD_OUT) for kind in KINDS),
)  # fmt: skip
_SEAMS: Final = (
    _PerClip("seam", "loops whose seam is no worse than the beats inside", "%", _seam,
             target=Target("at least", 0.95)),
    _PerClip("seam_anywhere", "… than the clip nearly anywhere (its first beat, too)", "%",
             _seam_anywhere),
)  # fmt: skip


def _per_clip(judged: Judged, measure: _PerClip) -> Row:
    indices = range(len(judged.asks))
    middle = bootstrap_mean if measure.middle == "mean" else bootstrap_median
    found = {s: middle([measure.figure(judged, s, i) for i in indices]) for s in SYSTEMS}
    return Row(
        name=measure.name, text=measure.text, unit=measure.unit, made=found["made"],
        real=found["real"].value, vocoded=found["vocoded"].value, target=measure.target,
    )  # fmt: skip


def bootstrap_median(figures: Sequence[float]) -> Mean:
    """The median of the figures that are numbers, with a percentile bootstrap's interval."""
    known = np.array([figure for figure in figures if not math.isnan(figure)])
    if not known.size:
        return Mean(math.nan, math.nan, math.nan, 0)
    drawn = np.random.default_rng(SEED).integers(known.size, size=(RESAMPLES, known.size))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.median(known[drawn], axis=1), [tail, 1 - tail])
    return Mean(float(np.median(known)), float(low), float(high), int(known.size))


# ── figures of all sounds together ────────────────────────────────────────────────────────


def _alone(value: float, clips: int) -> Mean:
    return Mean(value, math.nan, math.nan, clips)


def _similarity(judged: Judged) -> list[Row]:
    cosines = {s: matched(judged.texts, judged.vectors[s]).tolist() for s in SYSTEMS}
    means = {s: bootstrap_mean(cosines[s]) for s in SYSTEMS}
    bottom = others = shuffled(judged.texts, judged.vectors["real"], judged.keys)
    top = means["real"].value
    if not means["real"].low > bottom:  # the judge hears no difference between real ones
        bottom = math.nan
    up = {s: way_up(means[s].value, bottom=bottom, top=top) for s in SYSTEMS}
    made = means["made"]
    low, high = (way_up(bound, bottom=bottom, top=top) for bound in (made.low, made.high))
    return [
        Row(
            name="text_cosine", text=f"cosine of sound and text (of other texts: {others:.3f})",
            unit="", made=made, real=top, vocoded=means["vocoded"].value,
        ),
        Row(
            name="similarity", text="its way up from other texts to the real clip", unit="%",
            made=Mean(up["made"], low, high, made.clips), real=up["real"],
            vocoded=up["vocoded"], target=Target("at least", 0.7),
        ),
    ]  # fmt: skip


def _frechet(judged: Judged) -> Row:
    firsts = judged.firsts()
    real, others = judged.features["real"][firsts], judged.other_features
    sets = {
        "made": judged.features["made"], "real": others,
        "vocoded": judged.features["vocoded"][firsts],
    }  # fmt: skip
    fewest = min((len(rows) for rows in (real, *sets.values()) if len(rows)), default=0)
    found = dict.fromkeys(sets, math.nan)
    if fewest:
        axes = principal_axes(real, axes_for(fewest, real.shape[1]))
        found = {
            s: frechet_infinity(axes.of(real), axes.of(rows), np.random.default_rng(SEED))
            for s, rows in sets.items()
        }
    return Row(
        name="frechet", text="Fréchet distance, FAD∞ of our tower", unit="",
        made=_alone(found["made"], len(sets["made"])), real=found["real"],
        vocoded=found["vocoded"],
    )  # fmt: skip


def _two_sample(judged: Judged) -> Row:
    firsts, keys = judged.firsts(), judged.keys
    real, names = judged.vectors["real"][firsts], [keys[i] for i in firsts]
    sets = {
        "made": (judged.vectors["made"], keys),
        "real": (judged.other_vectors, judged.other_keys),
        "vocoded": (judged.vectors["vocoded"][firsts], names),
    }
    found = {
        s: told_apart(
            real, other, real_groups=names, other_groups=groups, rng=np.random.default_rng(SEED)
        )
        for s, (other, groups) in sets.items()
    }
    return Row(
        name="two_sample", text="told from real clips by a classifier (50 %: not at all)",
        unit="%", made=_alone(found["made"], len(keys)), real=found["real"],
        vocoded=found["vocoded"], target=Target("at most", 0.7),
    )  # fmt: skip


def _diversity(judged: Judged) -> Row:
    made = bootstrap_mean(judged.spreads["made"])
    real, vocoded = (bootstrap_mean(judged.spreads[s]).value for s in ("real", "vocoded"))
    return Row(
        name="diversity", text="mean distance of clips of one caption", unit="", made=made,
        real=real, vocoded=vocoded, target=Target("of the ceiling", 0.6),
    )  # fmt: skip
