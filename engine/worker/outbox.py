"""Events on their way out: in order, none lost, except that a newer preview replaces an unsent one.

One thread writes, so a job never waits for the pipe until the queue is full. Rejected: writing
from the job's thread (a window that is busy for 200 ms would stop the sampler), an unbounded queue
(a stopped reader would fill the memory), and dropping progress (cheap to send, and its order says
what was done).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.protocol.framing import Blob, encode_head
from engine.protocol.messages import Cancelled, Event, Failed, Preview

WAITING_EVENTS: Final = 512
WAITING_BYTES: Final = 64 << 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Item:
    message: Event
    head: bytes
    blob: memoryview


class Outbox:
    """A bounded queue of events and the thread that writes them.

    Args:
        write: writes bytes, blocking; raises OSError when nobody reads any more.
        on_broken: called once, by the writing thread, after such an error.
    """

    def __init__(
        self, write: Callable[[memoryview], None], *, on_broken: Callable[[], None]
    ) -> None:
        self._write = write
        self._on_broken = on_broken
        self._changed = threading.Condition()
        self._waiting: deque[_Item] = deque()
        self._waiting_bytes = 0
        self._bounded = True
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def put(self, message: Event, blob: Blob = b"", *, wait: bool = True) -> None:
        """Queue an event; while the queue is full, wait for the reader.

        A Preview never waits: it takes the place of the job's unsent one. `wait=False` is for the
        thread that reads requests, which must never stop.

        Raises:
            ProtocolError: the message is over the framing's limits.
        """
        view = memoryview(blob).cast("B")
        item = _Item(message, encode_head(message, view.nbytes), view)
        with self._changed:
            if isinstance(message, Preview):
                self._drop_preview()
            elif wait:
                self._changed.wait_for(lambda: not (self._full() and self._bounded))
            if isinstance(message, Cancelled | Failed):
                self._drop_preview()  # of a job that is no more
            if self._closed:
                return
            self._waiting.append(item)
            self._waiting_bytes += view.nbytes
            self._changed.notify_all()

    def unbound(self) -> None:
        """Never wait again: the engine is ending, and nobody may be held up by a slow reader."""
        with self._changed:
            self._bounded = False
            self._changed.notify_all()

    def close(self, timeout_s: float) -> bool:
        """Write what waits, for at most `timeout_s`, and end. Whether everything was written."""
        with self._changed:
            self._closed = True
            self._bounded = False
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self._waiting

    def _full(self) -> bool:
        return len(self._waiting) >= WAITING_EVENTS or self._waiting_bytes > WAITING_BYTES

    def _drop_preview(self) -> None:
        """Forget the unsent preview; there is one at most."""
        for index, item in enumerate(self._waiting):
            if isinstance(item.message, Preview):
                del self._waiting[index]
                self._waiting_bytes -= item.blob.nbytes
                return

    def _take(self) -> _Item | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            self._waiting_bytes -= item.blob.nbytes
            self._changed.notify_all()
            return item

    def _run(self) -> None:
        try:
            while (item := self._take()) is not None:
                self._write(memoryview(item.head))
                self._write(item.blob)
        except OSError as error:
            _log.info("nobody reads the engine's events any more: %s", error)
            self.unbound()
            with self._changed:
                self._closed = True
                self._waiting.clear()
            self._on_broken()


class Throttle:
    """Lets something happen at most every `interval_s`, by a monotonic clock."""

    def __init__(self, interval_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._next_s = float("-inf")

    def due(self) -> bool:
        """Whether it may happen now; counts as happening."""
        now_s = self._clock()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._interval_s
        return True
