"""What making a text encoder and making a tower share: who is told, who stops it, how it ends."""

from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[str], None]  # takes a line of progress
Stop = Callable[[], bool]  # asked often; true saves and ends the run


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How it ended.

    Attributes:
        finished: whether what was to be made was written.
        step: updates made.
        parameters: of the network.
        report: lines; empty where it is not finished.
    """

    finished: bool
    step: int
    parameters: int
    report: tuple[str, ...]
