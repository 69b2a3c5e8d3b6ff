"""The sounds of a run as a list of small jobs: generated, real, and real mels through the vocoder.

Generated sounds come from the cascade as musicians get them, up to the 16 kHz take. A job is done
whole or not at all, and one that is done already costs nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.cascade.composed import COMPOSER_VERSION
from engine.cascade.events import CascadeEvent, TakeReady
from engine.evaluation.music.asks import RATE_HZ, Ask, Sampling
from engine.evaluation.music.diverse import Group
from engine.evaluation.music.ear import judged_mel
from engine.evaluation.music.heard import Asked
from engine.evaluation.music.shelf import Shelf, sound_name
from engine.evaluation.runners import Vocoder
from engine.music.meter import METER_TABLE
from engine.recipe import Recipe, duration_s, to_json
from engine.runtime.cancel import Cancelled, CancelToken

FloatArray = NDArray[np.float32]
System = Literal["made", "real", "vocoded"]
Say = Callable[[int, int, float | None], None]  # done, of, seconds left

SYSTEMS: Final[tuple[System, ...]] = ("made", "real", "vocoded")


class Renderer(Protocol):
    """What is needed of `engine.cascade.cascade.Cascade`."""

    def render(
        self, recipe: Recipe, *, emit: Callable[[CascadeEvent], None], cancel: CancelToken
    ) -> None:
        """Render every take of a recipe."""


def musicians(bundle: str) -> str:
    """Who makes sounds of recipes, by a bundle's hash: what may be kept is kept under it."""
    return f"{bundle} composer {COMPOSER_VERSION}"


@dataclass(frozen=True, kw_only=True)
class Band:
    """What plays: one opened bundle, and how it is sampled.

    Attributes:
        renderer, vocoder: of the bundle.
        bundle: its hash.
        sampling: preset and overrides.
    """

    renderer: Renderer
    vocoder: Vocoder
    bundle: str
    sampling: Sampling

    @property
    def musicians(self) -> str:
        """What its sounds follow from, besides a recipe: the bundle, and who writes the notes."""
        return musicians(self.bundle)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Some sounds that are made together.

    Attributes:
        names: of the sounds.
        asked: what each was to be.
        seconds: of sound in all; real ones count little.
        make: makes them in the order of their names.
    """

    names: tuple[str, ...]
    asked: Asked
    seconds: float
    make: Callable[[CancelToken], Sequence[FloatArray]]


def made_name(ask: Ask, band: Band) -> str:
    """Name of the generated sound of an ask."""
    recipe = to_json(ask.recipe(band.sampling)).decode()
    return sound_name("made", _title(ask), band.musicians, recipe)


def real_name(ask: Ask) -> str:
    """Name of its real counterpart: the same for asks about the same bars."""
    return sound_name("real", ask.genre, *_place(ask))


def vocoded_name(ask: Ask, band: Band) -> str:
    """Name of that counterpart's mel through the vocoder."""
    return sound_name("vocoded", ask.genre, *_place(ask), *_vocoding(band))


def jobs(asks: Sequence[Ask], groups: Sequence[Group], band: Band) -> list[Job]:
    """Everything that a run needs, each sound once."""
    found: dict[tuple[str, ...], Job] = {}
    for job in (*_of_asks(asks, band), *_of_groups(groups, band)):
        found.setdefault(job.names, job)
    return list(found.values())


def real_jobs(asks: Sequence[Ask]) -> list[Job]:
    """The real counterparts alone, of which nobody asks tempo or key."""
    return [
        Job(
            names=(real_name(ask),), asked=Asked(loop=ask.whole_loop), seconds=ask.seconds / 10,
            make=partial(_real, ask.real),
        )
        for ask in asks
    ]  # fmt: skip


def run_jobs(
    jobs: Sequence[Job], shelf: Shelf, *, say: Say, stop: Callable[[], bool] = lambda: False
) -> bool:
    """Do what is not done yet. Returns whether everything is there (False: it was stopped).

    Args:
        jobs: what is needed.
        shelf: where it is kept.
        say: told how many jobs are done, of how many, and the seconds that are left.
        stop: asked often; true ends the run, also inside a job.

    Raises:
        UserError: a render was refused, or the shelf cannot be written.
    """
    waiting = [job for job in jobs if not all(map(shelf.has, job.names))]
    whole_s, done_s = sum(job.seconds for job in waiting), 0.0
    started_s = time.monotonic()
    done = len(jobs) - len(waiting)
    say(done, len(jobs), None)
    for job in waiting:
        if stop():
            return False
        try:
            sounds = job.make(_Stopping(stop))
        except Cancelled:
            return False
        for name, sound in zip(job.names, sounds, strict=True):
            shelf.put(name, sound, job.asked)
        done, done_s = done + 1, done_s + job.seconds
        taken_s = time.monotonic() - started_s
        say(done, len(jobs), taken_s * (whole_s - done_s) / max(done_s, 1e-9))
    return True


class _Stopping(CancelToken):
    """A token that asks whether to stop whenever it is checked."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        super().__init__()
        self._stop = stop

    def check(self) -> None:
        """Raise Cancelled where the run is to stop."""
        if self._stop():
            self.cancel()
        super().check()


def _of_asks(asks: Sequence[Ask], band: Band) -> Iterator[Job]:
    for ask in asks:
        entry = ask.clip.entry
        tonal = entry.key_name is not None
        beats = ask.bars * METER_TABLE[entry.meter][1]
        asked = Asked(
            bpm=entry.bpm, meter=entry.meter, loop=entry.loop, beats=beats, tonal=tonal
        )  # fmt: skip
        # A cut loop is compared as music, but it does not wrap.
        cut = replace(asked, loop=ask.whole_loop)
        yield Job(
            names=(made_name(ask, band),), asked=asked, seconds=ask.seconds,
            make=partial(rendered, band.renderer, ask.recipe(band.sampling)),
        )  # fmt: skip
        yield Job(
            names=(real_name(ask),), asked=cut, seconds=ask.seconds / 10,
            make=partial(_real, ask.real),
        )  # fmt: skip
        yield Job(
            names=(vocoded_name(ask, band),), asked=cut, seconds=ask.seconds / 3,
            make=partial(_vocoded, ask.real, ask.whole_loop, band),
        )  # fmt: skip


def _of_groups(groups: Sequence[Group], band: Band) -> Iterator[Job]:
    for group in groups:
        for recipe, names in group_renders(group, band):
            yield Job(
                names=names, asked=Asked(), seconds=len(names) * group.seconds,
                make=partial(rendered, band.renderer, recipe),
            )  # fmt: skip
        for place in range(len(group.clips)):
            real = partial(group.real, place)
            yield Job(
                names=(group_name(group, place, "real", band),), asked=Asked(),
                seconds=group.seconds / 10, make=partial(_real, real),
            )  # fmt: skip
            yield Job(
                names=(group_name(group, place, "vocoded", band),), asked=Asked(),
                seconds=group.seconds / 3, make=partial(_vocoded, real, False, band),
            )  # fmt: skip


def group_name(group: Group, place: int, system: System, band: Band) -> str:
    """Name of one sound of a group."""
    if system == "made":
        return [name for _, names in group_renders(group, band) for name in names][place]
    key = (group.clips[place].entry.key, f"{group.seconds:.3f} s")
    return sound_name(system, group.prompt, *key, *(_vocoding(band) if system != "real" else ()))


def group_renders(group: Group, band: Band) -> list[tuple[Recipe, tuple[str, ...]]]:
    """The recipes of a group, takes batched, and the names of what they make."""
    found = []
    for recipe in group.recipes(band.sampling):
        text = to_json(recipe).decode()
        takes = range(recipe.first_take, recipe.first_take + recipe.takes)
        names = tuple(sound_name("made", group.prompt, band.musicians, text, k) for k in takes)
        found.append((recipe, names))
    return found


def rendered(renderer: Renderer, recipe: Recipe, token: CancelToken) -> list[FloatArray]:
    """Every take of a recipe, (samples, 2) at 16 kHz."""
    takes: list[FloatArray] = []

    def emit(event: CascadeEvent) -> None:
        token.check()
        if isinstance(event, TakeReady):
            takes.append(event.audio)

    renderer.render(recipe, emit=emit, cancel=token)
    if len(takes) != recipe.takes:
        msg = f"{len(takes)} takes came of {duration_s(recipe):.2f} s, not {recipe.takes}"
        raise ValueError(msg)
    return takes


def _real(audio: Callable[[], FloatArray], token: CancelToken) -> list[FloatArray]:
    return [audio()]


def _vocoded(
    audio: Callable[[], FloatArray], loop: bool, band: Band, token: CancelToken
) -> list[FloatArray]:
    real = audio()
    mel = judged_mel(real, loop=loop)
    sampling = band.sampling
    made = band.vocoder.vocode(mel, loop=loop, preset=sampling.preset, settings=sampling.vocoder)
    return [made if loop else made[: len(real)]]


def _title(ask: Ask) -> str:
    return f"{ask.number:04d}-{ask.genre}"


def _place(ask: Ask) -> tuple[object, ...]:
    return ask.clip.entry.key, ask.bars, RATE_HZ


def _vocoding(band: Band) -> tuple[object, ...]:
    return band.bundle, band.sampling.preset, band.sampling.vocoder
