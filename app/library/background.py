"""Work that may wait for a disk, off the GUI's thread, its outcome delivered on it.

One thread per Background, so its work is done in order. Rejected: QThreadPool (no order) and
QtConcurrent (not in PySide6).
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from app.translate import translate
from engine.errors import UserError

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Background(QObject):
    """Runs functions one after another in one thread of its own."""

    _done = Signal(object)  # a function, to be called on the thread of this object

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(
        self,
        work: Callable[[], T],
        then: Callable[[T], None],
        fail: Callable[[UserError], None],
    ) -> None:
        """Run `work` in the thread, then `then` with its result, or `fail`, on this one.

        Any error but UserError is a bug: it is logged with its traceback and told as one line.
        """

        def run() -> None:
            deliver: Callable[[], None]
            try:
                result = work()
            except UserError as error:
                refused = error
                deliver = lambda: fail(refused)  # noqa: E731
            except Exception as error:  # the thread's edge: the next work must still be done
                _log.exception("background work failed")
                unexpected = UserError(
                    translate("trouble", "Something went wrong"),
                    f"{type(error).__name__}: {error}",
                    translate("trouble", "Try again"),
                )
                deliver = lambda: fail(unexpected)  # noqa: E731
            else:
                deliver = lambda: then(result)  # noqa: E731
            self._done.emit(deliver)

        self._work.put(run)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Finish what was asked and end the thread; whether it ended in time."""
        self._work.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _deliver(self, function: Any) -> None:
        function()
