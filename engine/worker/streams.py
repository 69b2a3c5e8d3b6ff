"""The engine's standard streams, kept clean for frames.

Native libraries print on fd 1. So the real output moves to a descriptor of its own, and fd 1
becomes a second standard error. Rejected: redirecting `sys.stdout` (C code does not look at it).
"""

import os
import sys
from collections.abc import Iterator
from typing import Final

READ_BYTES: Final = 1 << 20


def claim_stdio() -> tuple[int, int]:
    """(input fd, output fd) for frames. Call before any native library is imported.

    Afterwards fd 0 reads nothing and fd 1 is standard error, for libraries and child processes.

    Raises:
        OSError: a standard stream is closed.
    """
    input_fd, output_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.setmode(input_fd, os.O_BINARY)
        msvcrt.setmode(output_fd, os.O_BINARY)
    return input_fd, output_fd


def chunks(fd: int) -> Iterator[bytes]:
    """What arrives at `fd`, until it ends or breaks."""
    while True:
        try:
            data = os.read(fd, READ_BYTES)
        except OSError:
            return
        if not data:
            return
        yield data


def write_all(fd: int, data: memoryview) -> None:
    """Write all of `data`. Raises OSError when nobody reads any more."""
    while data.nbytes:
        data = data[os.write(fd, data) :]
