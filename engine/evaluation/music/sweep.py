"""The generator's settings beside each other on the same few prompts, judged on its own mels.

Later stages are left out: they cost time and are not what is chosen here. Tempo and beats are heard
on a rough sound of each mel, the real ones' too, so that the first row is what can be reached.
Every finished setting is kept, and an interrupted sweep goes on.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.errors import UserError
from engine.evaluation.music.asks import RATE_HZ, Ask, Sampling
from engine.evaluation.music.ear import Ear, TextMeans, judged_mel
from engine.evaluation.music.frechet import axes_for, frechet, principal_axes
from engine.evaluation.music.likeness import matched
from engine.evaluation.music.making import Say
from engine.evaluation.music.rhythm import beat_phase_ms, heard_bpm, right_tempo
from engine.evaluation.music.rough import rough_sound
from engine.evaluation.music.tags import said_share
from engine.evaluation.music.two_sample import told_apart
from engine.evaluation.music.wording import KINDS
from engine.files import replace_file
from engine.recipe import PresetName, Recipe, StageSettings
from engine.runtime.cancel import Cancelled, CancelToken

FloatArray = NDArray[np.float32]

NAME: Final = "sweep.json"
COLUMNS: Final = (
    *KINDS, "cosine", "frechet", "two_sample", "tempo", "beat_phase_ms", "seconds_for_30",
)  # fmt: skip
LOWER: Final = ("frechet", "two_sample", "beat_phase_ms", "seconds_for_30")  # is better
HEADINGS: Final = {
    "genre": "genre", "instrument": "instruments", "mood": "moods", "cosine": "text cosine",
    "frechet": "Fréchet", "two_sample": "told from real", "tempo": "tempo",
    "beat_phase_ms": "beats off, ms", "seconds_for_30": "s for 30 s",
}  # fmt: skip
REAL: Final = "real clips"

_log = logging.getLogger(__name__)


class Generator(Protocol):
    """What is needed of `engine.evaluation.music.generator.GeneratorRunner`."""

    def mel(self, recipe: Recipe, token: CancelToken) -> FloatArray:
        """The mel (160, frames) of a recipe."""

    def settings(self, recipe: Recipe) -> dict[str, object]:
        """The generator's settings as the recipe resolves them."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row: settings, and their figures by the names of COLUMNS (None: cannot be said)."""

    name: str
    settings: dict[str, object]
    figures: dict[str, float | None]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the file holds; another key is another sweep."""

    key: str
    rows: list[Setting]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Who judges on what.

    Attributes:
        asks: the prompts.
        ear: the judge.
        texts: (N, D) vectors of the prompts.
    """

    asks: Sequence[Ask]
    ear: Ear
    texts: FloatArray


def panel(asks: Sequence[Ask], ear: Ear, means: TextMeans) -> Panel:
    """The prompts, placed once."""
    return Panel(asks=asks, ear=ear, texts=ear.embed_text_means(means([a.prompt for a in asks])))


def sweep(
    grid: Sequence[StageSettings],
    judges: Panel,
    generator: Generator,
    *,
    preset: PresetName,
    folder: Path,
    key: str,
    say: Say = lambda done, total, left_s: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Setting] | None:
    """Judge every setting. None where it was stopped: run it again to go on.

    Args:
        grid: settings, over the preset's.
        judges: prompts and judge.
        generator: of the bundle.
        preset: that settings override.
        folder: for the rows so far.
        key: of bundle, prompts and judge; rows of another key are not used.
        say: told how many rows are there, of how many, and the seconds that are left.
        stop: asked between prompts and inside a generation.

    Raises:
        UserError: settings were refused, or the folder cannot be written.
    """
    path = folder / NAME
    found = {row.name: row for row in _kept(path, key)}
    real = [judged_mel(ask.real(), loop=ask.whole_loop) for ask in judges.asks]
    if REAL not in found:
        found[REAL] = Setting(name=REAL, settings={}, figures=_figures(judges, real, real, 0.0))
    names = [setting_name(settings) for settings in grid]
    started_s = time.monotonic()
    waiting = [pair for pair in zip(names, grid, strict=True) if pair[0] not in found]
    say(len(grid) - len(waiting), len(grid), None)
    for made, (name, settings) in enumerate(waiting, start=1):
        try:
            row = _judged(name, settings, judges, generator, real=real, preset=preset, stop=stop)
        except Cancelled:
            return None
        found[name] = row
        _keep(path, _Kept(key=key, rows=list(found.values())))
        left_s = (time.monotonic() - started_s) / made * (len(waiting) - made)
        say(len(grid) - len(waiting) + made, len(grid), left_s)
    return [found[REAL], *(found[name] for name in names)]


def setting_name(settings: StageSettings) -> str:
    """What a row is called: its overrides."""
    given = msgspec.json.decode(msgspec.json.encode(settings), type=dict[str, object])
    return ", ".join(f"{k} {v}" for k, v in given.items()) or "the preset"


def _judged(
    name: str, settings: StageSettings, judges: Panel, generator: Generator, *,
    real: Sequence[FloatArray], preset: PresetName, stop: Callable[[], bool],
) -> Setting:  # fmt: skip
    sampling = Sampling(preset=preset, generator=settings)
    token, mels, taken_s = CancelToken(), [], 0.0
    recipes = [ask.recipe(sampling) for ask in judges.asks]
    generator.mel(recipes[0], token)  # opening the network is nobody's time
    for recipe in recipes:
        if stop():
            raise Cancelled
        started_s = time.perf_counter()
        mels.append(generator.mel(recipe, token))
        taken_s += time.perf_counter() - started_s
    sound_s = sum(mel.shape[1] for mel in mels) / 100
    figures = _figures(judges, mels, real, 30 * taken_s / sound_s)
    _log.info("%s: %s", name, figures)
    return Setting(name=name, settings=generator.settings(recipes[0]), figures=figures)


def _figures(
    judges: Panel, mels: Sequence[FloatArray], real: Sequence[FloatArray], seconds: float
) -> dict[str, float | None]:
    heard, truth = judges.ear.hear(mels), judges.ear.hear(real)
    axes = principal_axes(truth.features, axes_for(len(real), truth.features.shape[1]))
    beats = [_rhythm(ask, mel) for ask, mel in zip(judges.asks, mels, strict=True) if ask.drums]
    found = {
        **{kind: _said(judges, heard.tags, kind) for kind in KINDS},
        "cosine": float(matched(judges.texts, heard.vectors).mean()),
        "frechet": frechet(axes.of(truth.features), axes.of(heard.features)),
        "two_sample": _told(judges, truth.vectors, heard.vectors),
        "tempo": _mean([right for right, _ in beats]),
        "beat_phase_ms": float(np.median([off for _, off in beats])) if beats else math.nan,
        "seconds_for_30": seconds,
    }
    return {name: None if math.isnan(value) else value for name, value in found.items()}


def _told(judges: Panel, real: FloatArray, made: FloatArray) -> float:
    groups = [ask.clip.entry.key for ask in judges.asks]
    rng = np.random.default_rng(0)
    return told_apart(real, made, real_groups=groups, other_groups=groups, rng=rng)


def _said(judges: Panel, tags: Mapping[str, FloatArray], kind: str) -> float:
    classes = judges.ear.classes.get(kind, ())
    return _mean([
        said_share(tags[kind][i], classes, said=ask.said.get(kind, ()),
                   labels=ask.labels.get(kind, ()))
        for i, ask in enumerate(judges.asks)
        if classes
    ])  # fmt: skip


def _rhythm(ask: Ask, mel: FloatArray) -> tuple[float, float]:
    """Whether a mel keeps the tempo, and how far its beats are off, in ms."""
    entry = ask.clip.entry
    sound = rough_sound(mel, loop=entry.loop)
    bpm = heard_bpm(sound, RATE_HZ)
    late_ms = beat_phase_ms(sound, RATE_HZ, bpm=entry.bpm, meter=entry.meter)
    worst_ms = 30_000 / entry.bpm
    return (
        float(right_tempo(bpm, entry.bpm, entry.meter)),
        worst_ms if late_ms is None else abs(late_ms),
    )


def _mean(figures: Sequence[float]) -> float:
    known = [figure for figure in figures if not math.isnan(figure)]
    return sum(known) / len(known) if known else math.nan


def sweep_table(rows: Sequence[Setting]) -> list[tuple[str, ...]]:
    """Rows of text, the heading first; the best of each column has an asterisk."""
    lines: list[tuple[str, ...]] = [("", *(HEADINGS[column] for column in COLUMNS))]
    best = {column: _best(rows, column) for column in COLUMNS}
    for row in rows:
        cells = [_cell(row.figures.get(column), column, best[column]) for column in COLUMNS]
        if row.name == REAL:
            cells = [cell.rstrip("*") for cell in cells]
            cells[COLUMNS.index("seconds_for_30")] = "–"
        lines.append((row.name, *cells))
    return lines


def _best(rows: Sequence[Setting], column: str) -> float | None:
    values = [v for row in rows if row.name != REAL and (v := row.figures.get(column)) is not None]
    return (min if column in LOWER else max)(values, default=None)


def _cell(value: float | None, column: str, best: float | None) -> str:
    if value is None:
        return "–"
    if column in (*KINDS, "two_sample", "tempo"):
        text = f"{100 * value:.0f} %"
    else:
        text = f"{value:.1f}" if column == "beat_phase_ms" else f"{value:.3f}"
    return f"{text}{'*' if value == best else ''}"


def _kept(path: Path, key: str) -> list[Setting]:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return []
    return kept.rows if kept.key == key else []


def _keep(path: Path, kept: _Kept) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, msgspec.json.format(msgspec.json.encode(kept), indent=1))
    except OSError as error:
        raise UserError(
            "The sweep was not kept", f"{path}: {error}", "Choose another folder with --out"
        ) from None
