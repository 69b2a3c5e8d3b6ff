"""Ends a process whose driver does not come back from a call.

`jack_client_close` blocks for ever after its server died
(https://github.com/pure-data/pure-data/issues/2784), opening a JACK client after a failed attempt
may do the same, and other drivers hang when a device is pulled out. A thread cannot be ended, a
process can: the window starts a new one.

The watchdog is faulthandler's, which is a thread in C. Rejected: one in Python. RtMidi holds the
interpreter's lock while it hangs, so it would never run.
"""

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

HUNG: Final = 1  # exit status of a process that its guard ended


class Guard:
    """Watches calls into a driver, one at a time in a process."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around a call that may hang."""
        faulthandler.dump_traceback_later(self._limit_s, exit=True)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
