"""One thing that the engine is asked to do, and how far it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from engine.protocol.messages import HandOff, Keep, Render
from engine.recipe import Recipe


class JobKind(Enum):
    """What is asked."""

    RENDER = "render"
    KEEP = "keep"
    HAND_OFF = "hand-off"


class JobState(Enum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # the engine died under it


ENDED = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED, JobState.INTERRUPTED})


@dataclass
class StageBar:
    """One stage's progress: `step` of `steps` done, `seconds` spent."""

    stage: str
    step: int = 0
    steps: int = 0
    seconds: float = 0.0

    @property
    def fraction(self) -> float:
        """0–1, whatever the engine counts."""
        return min(max(self.step / self.steps, 0.0), 1.0) if self.steps > 0 else 0.0


@dataclass(eq=False)
class Job:
    """Changed by JobsModel only.

    Attributes:
        number: unique in this session; the engine knows the job by it.
        kind: what is asked.
        request: as it is sent.
        recipe: of a render all takes, of the others the one take.
        blob: what is sent with it: the take's audio, or the clip's file.
        midi: the notes of the take that a Keep finishes; they are kept with it.
        of_render: the job number of the render that made the take; 0 for others.
        background: nobody waits for it; it yields to everything else.
        first: it goes before what waits (a reroll).
        answer: for a hand-off, called with its file name and bytes.
        delivered: all that was asked for has come; only the engine's Done is missing.
        stages: in the order in which they began.
        eta_s: seconds left as last told or estimated; None is unknown.
        elapsed_s: seconds since it began.
    """

    number: int
    kind: JobKind
    request: Render | Keep | HandOff
    recipe: Recipe
    blob: memoryview | bytes = b""
    midi: bytes = b""
    of_render: int = 0
    background: bool = False
    first: bool = False
    answer: Callable[[str, bytes], None] | None = None
    delivered: bool = False
    state: JobState = JobState.WAITING
    stages: dict[str, StageBar] = field(default_factory=dict)
    eta_s: float | None = None
    elapsed_s: float = 0.0

    @property
    def take(self) -> int:
        """The take that a Keep finishes; 0 for others."""
        return self.request.take if isinstance(self.request, Keep) else 0

    @property
    def rank(self) -> int:
        """What goes first: 0 before 1 and so on; equal ones in the order they came."""
        if self.background:
            return 4
        if self.first:
            return 0
        return {JobKind.KEEP: 1, JobKind.HAND_OFF: 2, JobKind.RENDER: 3}[self.kind]

    @property
    def fraction(self) -> float | None:
        """How much is done by time, 0–1; None while unknown."""
        if self.eta_s is None or self.elapsed_s + self.eta_s <= 0:
            return None
        return min(1.0, self.elapsed_s / (self.elapsed_s + self.eta_s))
