"""Cancellation that also reaches into a running inference call.

ONNX Runtime ends a run when `RunOptions.terminate` is set from another thread, and the session
stays usable. Rejected: killing a thread (cannot be done) and checking only between steps (a step
of a large model may take seconds).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Cancelled(Exception):  # noqa: N818 - it is not an error
    """The job was cancelled; nothing is wrong."""


class Terminable(Protocol):
    """What `CancelToken.guard` needs of onnxruntime.RunOptions."""

    terminate: bool


class CancelToken:
    """One job's cancel flag. `cancel` may be called from any thread, any number of times."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._running: list[Terminable] = []

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Cancel the job and terminate the inference call that is under way, if any."""
        with self._lock:
            self._cancelled = True
            for options in self._running:
                options.terminate = True

    def check(self) -> None:
        """Raise `Cancelled` if the job was cancelled."""
        if self._cancelled:
            raise Cancelled

    @contextmanager
    def guard(self, options: Terminable) -> Iterator[None]:
        """Let `cancel` terminate the call made with `options` inside the block.

        Raises:
            Cancelled: on entry, or in place of whatever the terminated call raised.
        """
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._running.append(options)
        try:
            yield
        except Exception:
            if self._cancelled:
                raise Cancelled from None
            raise
        finally:
            with self._lock:
                self._running.remove(options)
