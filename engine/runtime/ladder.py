"""What to try, and what to try next, when memory is short: a pure policy.

    all takes at once → half of them → … → one take → one stage in memory at a time → the CPU

A ladder is the list of plans that are left. The preflight starts it at the first plan that should
fit by the manifest's estimates; each OutOfMemory at run time goes one rung down, and below the
last is a UserError. Rejected: trying until it fits (a GPU's failure costs seconds and a rebuilt
session), and trusting the estimate alone (other programs take memory too).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.errors import UserError
from engine.runtime.devices import Kind

RESIDENT_ALL: Final = 8  # more models than any bundle has
RESERVE_BYTES: Final = 192 * 2**20  # the interpreter, audio arrays, and others' next megabytes
# Memory of a loaded model ÷ size of its file of float16 weights, and what loading takes for a
# moment on top. A 16 MB file on the CPU: 41 MB held (float32, packed for the kernels), 132 MB while
# the graph was optimised. On a GPU: float16 and cuDNN's workspace, estimated.
HELD_FACTOR: Final[dict[Kind, float]] = {"cpu": 3.0, "cuda": 2.0, "coreml": 3.0}
LOADING_FACTOR: Final[dict[Kind, float]] = {"cpu": 6.0, "cuda": 1.0, "coreml": 6.0}


@dataclass(frozen=True)
class StageNeed:
    """What one stage needs.

    Attributes:
        weights_bytes: size of its model's files.
        activation_bytes: working memory per element of x and batch item (the manifest's).
        elements: length of x in one call (a window's, where it is chunked).
        branches: 2 with guidance, else 1.
        batched: whether takes are batched in one call; False: one take at a time.
    """

    weights_bytes: int
    activation_bytes: int
    elements: int
    branches: int = 1
    batched: bool = True

    def working_bytes(self, takes: int) -> int:
        """Working memory of one call with this many takes."""
        batch = self.branches * (takes if self.batched else 1)
        return self.activation_bytes * self.elements * batch


@dataclass(frozen=True)
class Plan:
    """How to run: on what, how many takes in one call, how many models in memory."""

    device: Kind
    batch: int
    resident: int

    def needs_bytes(self, needs: Sequence[StageNeed]) -> int:
        """Estimated peak, without the reserve."""
        weights = sorted((need.weights_bytes for need in needs), reverse=True)
        held = HELD_FACTOR[self.device] * sum(weights[: self.resident])
        loading = LOADING_FACTOR[self.device] * max(weights, default=0)
        working = (need.working_bytes(self.batch) for need in needs)
        return round(held + max(loading, max(working, default=0)))


@dataclass(frozen=True)
class Ladder:
    """The plans left, best first; never empty."""

    rungs: tuple[Plan, ...]

    @property
    def plan(self) -> Plan:
        """The plan to run now."""
        return self.rungs[0]

    def lower(self) -> "Ladder":
        """The ladder after one OutOfMemory.

        Raises:
            UserError: nothing smaller is left.
        """
        if len(self.rungs) == 1:
            raise UserError(
                "There is too little memory to render this",
                "one take with one stage at a time on the CPU did not fit",
                "Close other programs, or ask for a shorter clip",
            )
        return Ladder(self.rungs[1:])


def preflight(needs: Sequence[StageNeed], *, takes: int, free_bytes: Mapping[Kind, int]) -> Ladder:
    """The ladder from the first plan that should fit.

    Args:
        needs: every stage of the render.
        takes: how many takes were asked for, at least 1.
        free_bytes: by device, the chosen one first; the CPU last, as the way out.

    Raises:
        UserError: no plan fits.
    """
    rungs = [plan for device in free_bytes for plan in _plans(device, takes)]
    fitting = [
        plan for plan in rungs if plan.needs_bytes(needs) + RESERVE_BYTES <= free_bytes[plan.device]
    ]
    if not fitting:
        device = rungs[-1].device
        raise UserError(
            "There is too little memory to render this",
            f"about {(rungs[-1].needs_bytes(needs) + RESERVE_BYTES) / 1e6:.0f} MB are needed and "
            f"{free_bytes[device] / 1e6:.0f} MB are free",
            "Close other programs, or ask for a shorter clip",
        )
    return Ladder(tuple(fitting))


def describe(before: Plan, after: Plan) -> str:
    """One line for the user on what a step down changed."""
    if after.device != before.device:
        return f"Memory on the {_NAMES[before.device]} ran out: going on with the CPU."
    if after.resident < before.resident:
        return "Memory ran out: going on with one model in memory at a time."
    takes = "take" if after.batch == 1 else "takes"
    return f"Memory ran out: going on with {after.batch} {takes} at a time."


_NAMES: Final[dict[Kind, str]] = {"cpu": "CPU", "cuda": "GPU", "coreml": "GPU"}


def _plans(device: Kind, takes: int) -> list[Plan]:
    batches = [takes]
    while batches[-1] > 1:
        batches.append((batches[-1] + 1) // 2)
    return [*(Plan(device, batch, RESIDENT_ALL) for batch in batches), Plan(device, 1, 1)]
