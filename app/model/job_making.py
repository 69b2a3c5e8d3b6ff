"""Jobs made from what is asked, and what to say of one that was interrupted: no state."""

from collections.abc import Callable
from typing import Final

import msgspec

from app.engine_link.process import Ending
from app.library.clip import NewClip
from app.model.job import Job, JobKind
from app.model.trouble import Trouble, Weight
from engine.protocol.messages import Clip, Keep, Render
from engine.recipe import Recipe

_INTERRUPTED: Final = {
    JobKind.RENDER: "The render was interrupted",
    JobKind.KEEP: "The take was not finished",
    JobKind.HAND_OFF: "The file for the DAW was not made",
}


def render_job(number: int, recipe: Recipe, *, first: bool = False) -> Job:
    """All takes of a recipe; `first` goes before what waits."""
    request = Render(job=number, recipe=recipe)
    return Job(number, JobKind.RENDER, request, recipe, first=first)


def keep_job(
    number: int,
    *,
    of_render: int,
    take: int,
    recipe: Recipe,
    blob: memoryview | bytes,
    background: bool,
) -> Job:
    """One take to its 24 kHz master; `blob` is its audio as it came."""
    request = Keep(job=number, recipe=recipe, take=take)
    return Job(
        number,
        JobKind.KEEP,
        request,
        recipe,
        blob=blob,
        of_render=of_render,
        background=background,
    )


def is_keep_of(render: int, take: int) -> Callable[[Job], bool]:
    """Whether a job finishes that take."""
    return lambda job: job.kind is JobKind.KEEP and job.of_render == render and job.take == take


def renumbered(job: Job, number: int) -> Job:
    """The same job anew, nothing of it done."""
    request = msgspec.structs.replace(job.request, job=number)
    return Job(
        number,
        job.kind,
        request,
        job.recipe,
        blob=job.blob,
        of_render=job.of_render,
        background=job.background,
        first=job.first,
        answer=job.answer,
    )


def master_of(message: Clip, wav: bytes) -> NewClip:
    """A finished clip as the library takes it."""
    return NewClip(
        file_name=message.name,
        wav=wav,
        recipe=message.recipe,
        rate_hz=message.rate_hz,
        samples=message.samples,
        measured=message.measured,
    )


def interrupted(job: Job, ending: Ending, again: Callable[[], None]) -> Trouble:
    """The engine died under a job, which is offered again."""
    return Trouble(
        source="job",
        what=_INTERRUPTED[job.kind],
        why=f"the engine ended ({ending.reason})",
        remedy="Nothing that was kept is lost; run it again",
        weight=Weight.STOP,
        action_label="Run again",
        action=again,
    )
