"""Changes to clips that can be undone: what was there before goes with each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QUndoCommand


@dataclass(frozen=True)
class Change:
    """Fields of one clip, before and after."""

    clip_id: int
    before: dict[str, Any]
    after: dict[str, Any]


Update = Callable[[dict[int, dict[str, Any]]], None]  # clip → fields


class ChangeCommand(QUndoCommand):
    """Done when pushed; undone and redone by the stack."""

    def __init__(self, what: str, changes: Sequence[Change], update: Update) -> None:
        count = len(changes)
        super().__init__(what if count == 1 else f"{what} ({count} clips)")
        self._changes = tuple(changes)
        self._update = update

    def redo(self) -> None:
        """Write the new values."""
        self._update({change.clip_id: change.after for change in self._changes})

    def undo(self) -> None:
        """Write the old values."""
        self._update({change.clip_id: change.before for change in self._changes})


class DoCommand(QUndoCommand):
    """Two functions."""

    def __init__(self, what: str, do: Callable[[], None], undo: Callable[[], None]) -> None:
        super().__init__(what)
        self._do_it = do
        self._undo_it = undo

    def redo(self) -> None:
        """Do it."""
        self._do_it()

    def undo(self) -> None:
        """Undo it."""
        self._undo_it()
