"""How fast this machine is, remembered from start to start, for an ETA before Generate.

The engine tells an ETA while it renders; what it measured dies with it, and it must be asked for a
render first. Here each finished job leaves one figure per stage: seconds per take, second of audio
and step. The median of the last few counts, so that the first run (which loads the model) and a
busy moment do little harm. A stage that never ran has no figure, and then there is no estimate
rather than an invented one.

Before the first job of a place the engine's own trial counts (`assume`): short, so it is worth less
than any real job, and goes when one was learnt.
"""

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from app.library.background import Background
from engine.files import replace_file
from engine.recipe import Recipe, duration_s

KEPT: Final = 5
FILE_LIMIT_BYTES: Final = 1 << 20
PLACES_LIMIT: Final = 200
_TRIAL: Final = " trial"  # behind a place's name: what counts until a job was done there

StepsOf = Callable[[Recipe, str], int | None]  # steps of a stage, None while unknown

_log = logging.getLogger(__name__)


class SpeedBook:
    """Seconds per unit of work, by place (bundle, device, kind of job) and stage."""

    def __init__(self, path: Path | None = None, *, files: Background | None = None) -> None:
        self._path = path
        self._files = files
        self._rates: dict[str, dict[str, list[float]]] = {}
        if path is not None:
            self._rates = _read(path)

    def learn(
        self, place: str, recipe: Recipe, seconds: Mapping[str, float], steps_of: StepsOf
    ) -> None:
        """A whole job took `seconds` in each stage."""
        self._rates.pop(place + _TRIAL, None)
        self._note(place, recipe, seconds, steps_of)

    def assume(
        self, place: str, recipe: Recipe, seconds: Mapping[str, float], steps_of: StepsOf
    ) -> None:
        """A short trial took `seconds` in each stage: it counts until a job is learnt."""
        if place not in self._rates:
            self._rates.pop(place + _TRIAL, None)
            self._note(place + _TRIAL, recipe, seconds, steps_of)

    def knows(self, place: str) -> bool:
        """Whether there is any figure, of a job or of a trial."""
        return bool(self._rates.get(place) or self._rates.get(place + _TRIAL))

    def estimate_s(self, place: str, recipe: Recipe, steps_of: StepsOf) -> float | None:
        """Expected seconds of a job; None before one like it was measured."""
        stages = self._rates.get(place) or self._rates.get(place + _TRIAL)
        if not stages:
            return None
        return sum(
            median(rates) * _work(recipe, stage, steps_of) for stage, rates in stages.items()
        )

    def _note(
        self, place: str, recipe: Recipe, seconds: Mapping[str, float], steps_of: StepsOf
    ) -> None:
        stages = self._rates.setdefault(place, {})
        for stage, spent_s in seconds.items():
            rates = stages.setdefault(stage, [])
            rates.append(spent_s / _work(recipe, stage, steps_of))
            del rates[:-KEPT]
        self._save()

    def _save(self) -> None:
        if self._path is None:
            return
        while len(self._rates) > PLACES_LIMIT:
            del self._rates[next(iter(self._rates))]
        work = partial(_write, self._path, json.dumps(self._rates).encode())
        if self._files is None:
            work()
        else:
            self._files.do(work, lambda _: None, lambda _: None)


def _work(recipe: Recipe, stage: str, steps_of: StepsOf) -> float:
    """Units of work: takes × seconds × steps."""
    return recipe.takes * duration_s(recipe) * (steps_of(recipe, stage) or 1)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError as error:  # it is measured anew next time
        _log.warning("speeds were not saved: %s", error)


def _read(path: Path) -> dict[str, dict[str, list[float]]]:
    """What was saved, as far as it is what we save."""
    try:
        if path.stat().st_size > FILE_LIMIT_BYTES:
            return {}
        saved = json.loads(path.read_bytes())
        return {
            str(place): {
                str(stage): [float(rate) for rate in rates if 0 <= float(rate) < 1e6][-KEPT:]
                for stage, rates in stages.items()
                if rates
            }
            for place, stages in saved.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
