"""Ctrl-C as a flag: a file that is being written is finished, then the job is cancelled.

Rejected: KeyboardInterrupt (it may arrive between two lines of anything). The second Ctrl-C does
raise it: then the user means it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

EXIT_INTERRUPTED: Final = 130  # a program that SIGINT ended


class Interrupt:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.pressed = False

    def on_signal(self, _: int, __: FrameType | None) -> None:
        """Signal handler."""
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Inside the block the first Ctrl-C sets `pressed`, the second raises KeyboardInterrupt."""
    interrupt = Interrupt()
    before = signal.signal(signal.SIGINT, interrupt.on_signal)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
