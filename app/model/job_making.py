"""Jobs made from what is asked, and what to say of one that was interrupted."""

import itertools
from collections.abc import Callable
from typing import Final

import msgspec

from app.engine_link.process import Ending
from app.library.clip import NewClip
from app.model.job import Job, JobKind
from app.model.settings import Bits
from app.model.trouble import Trouble, Weight
from app.texts import QT_TRANSLATE_NOOP
from app.translate import translate
from engine.protocol.messages import Clip, HandOff, Keep, Render
from engine.recipe import Recipe

OFFERED: Final = "interrupted"  # the trouble of jobs that can be run again
_INTERRUPTED: Final = {
    JobKind.RENDER: QT_TRANSLATE_NOOP("trouble", "The render was interrupted"),
    JobKind.KEEP: QT_TRANSLATE_NOOP("trouble", "The take was not finished"),
    JobKind.HAND_OFF: QT_TRANSLATE_NOOP("trouble", "The file for the DAW was not made"),
}


class JobMaker:
    """Gives every job a number of its own, by which the engine knows it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def render(self, recipe: Recipe, *, first: bool = False) -> Job:
        """All takes of a recipe; `first` goes before what waits."""
        number = next(self._numbers)
        request = Render(job=number, recipe=recipe)
        return Job(number, JobKind.RENDER, request, recipe, first=first)

    def keep(
        self,
        recipe: Recipe,
        blob: memoryview | bytes,
        *,
        of_render: int,
        take: int,
        background: bool,
        midi: bytes = b"",
    ) -> Job:
        """One take to its 24 kHz master; `blob` is its audio as it came, `midi` its notes."""
        number = next(self._numbers)
        return Job(
            number,
            JobKind.KEEP,
            Keep(job=number, recipe=recipe, take=take),
            recipe,
            blob=blob,
            midi=midi,
            of_render=of_render,
            background=background,
        )

    def hand_off(
        self,
        wav: bytes,
        recipe: Recipe,
        *,
        rate_hz: int,
        bits: Bits,
        region_s: tuple[float, float] | None,
        answer: Callable[[str, bytes], None],
    ) -> Job:
        """A clip's file in another format, or a part of it; `answer` gets its name and bytes."""
        number = next(self._numbers)
        request = HandOff(job=number, rate_hz=rate_hz, bits=bits, region_s=region_s)
        return Job(number, JobKind.HAND_OFF, request, recipe, blob=wav, answer=answer)

    def again(self, job: Job) -> Job:
        """The same job anew, nothing of it done."""
        number = next(self._numbers)
        return Job(
            number,
            job.kind,
            msgspec.structs.replace(job.request, job=number),
            job.recipe,
            blob=job.blob,
            midi=job.midi,
            of_render=job.of_render,
            background=job.background,
            first=job.first,
            answer=job.answer,
        )


def is_keep_of(render: int, take: int) -> Callable[[Job], bool]:
    """Whether a job finishes that take."""
    return lambda job: job.kind is JobKind.KEEP and job.of_render == render and job.take == take


def master_of(message: Clip, wav: bytes, midi: bytes) -> NewClip:
    """A finished clip as the library takes it, and its notes."""
    return NewClip(
        file_name=message.name,
        wav=wav,
        midi=midi,
        recipe=message.recipe,
        measured=message.measured,
    )


def interrupted(job: Job, ending: Ending, again: Callable[[], None]) -> Trouble:
    """The engine died under a job, which is offered again.

    Its source is its own: what fails after it is shown above it, and the offer stays below.
    """
    return Trouble(
        source=OFFERED,
        what=translate("trouble", _INTERRUPTED[job.kind]),
        why=translate("trouble", "the engine ended ({0})").format(ending.reason),
        remedy=translate("trouble", "Nothing that was kept is lost; run it again"),
        weight=Weight.LIMIT,
        action_label=translate("trouble", "Run again"),
        action=again,
    )
