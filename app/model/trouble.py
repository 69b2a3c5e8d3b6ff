"""What went wrong, as one calm line with what to do and, where there is one, a button.

A trouble has a source ("engine", "library", "bundle", "job", "interrupted"): a newer one of the
same source takes its place, and the source clears it when all is well again. Rejected:
message boxes (they stop the work) and a log that grows (nobody reads it).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from PySide6.QtCore import QObject, Signal

from engine.errors import UserError

_log = logging.getLogger(__name__)


class Weight(IntEnum):
    """How much it stops: the heaviest is shown."""

    NOTE = 0  # worth a line, stops nothing
    LIMIT = 1  # something is not available
    STOP = 2  # nothing can be generated, or nothing saved


@dataclass(frozen=True)
class Trouble:
    """One line.

    Attributes:
        source: who says it; one trouble per source.
        what, why, remedy: as `engine.errors.UserError`.
        weight: how much it stops.
        action_label: the button's text; "" has no button.
        action: what the button does.
    """

    source: str
    what: str
    why: str
    remedy: str
    weight: Weight = Weight.LIMIT
    action_label: str = ""
    action: Callable[[], None] | None = field(default=None, compare=False)

    @property
    def line(self) -> str:
        """The whole of it in one line."""
        return f"{self.what}: {self.why}. {self.remedy}."


class TroubleModel(QObject):
    """Every trouble there is, heaviest first, newest first among equals."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._troubles: dict[str, Trouble] = {}

    @property
    def all(self) -> tuple[Trouble, ...]:
        """Heaviest first."""
        newest_first = reversed(self._troubles.values())
        return tuple(sorted(newest_first, key=lambda trouble: -trouble.weight))

    @property
    def shown(self) -> Trouble | None:
        """The one line to show; None when all is well."""
        return next(iter(self.all), None)

    def tells(self, source: str) -> bool:
        """Whether a source has a trouble now."""
        return source in self._troubles

    def tell(self, trouble: Trouble) -> None:
        """Show a trouble in place of its source's last one."""
        _log.info("%s: %s", trouble.source, trouble.line)
        self._troubles.pop(trouble.source, None)
        self._troubles[trouble.source] = trouble
        self.changed.emit()

    def tell_error(
        self,
        source: str,
        error: UserError,
        *,
        weight: Weight = Weight.LIMIT,
        action_label: str = "",
        action: Callable[[], None] | None = None,
    ) -> None:
        """Show a UserError."""
        self.tell(
            Trouble(
                source=source,
                what=error.what,
                why=error.why,
                remedy=error.remedy,
                weight=weight,
                action_label=action_label,
                action=action,
            )
        )

    def clear(self, source: str) -> None:
        """All is well with this source again, or the user has dismissed it."""
        if self._troubles.pop(source, None) is not None:
            self.changed.emit()

    def act(self, source: str) -> None:
        """Press the trouble's button; it is dismissed first, and tells again if it persists."""
        trouble = self._troubles.get(source)
        self.clear(source)
        if trouble is not None and trouble.action is not None:
            trouble.action()
