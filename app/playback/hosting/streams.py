"""A child's pipes: frames on the real standard streams, everything else out of their way.

PortAudio, ALSA and JACK print whatever they like on fd 1 and 2. So the real output is moved to a
descriptor of its own before any of them is loaded, and fd 1 becomes a second standard error.
"""

import os
import sys
from collections.abc import Iterator
from typing import Final

from app.playback.hosting.frames import Message, encode

_READ_BYTES: Final = 1 << 18


class Pipes:
    """The child's end of the conversation. Make it first of all."""

    def __init__(self) -> None:
        self._input, self._output = os.dup(0), os.dup(1)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor, not a file
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - Windows only

            for descriptor in (self._input, self._output):
                msvcrt.setmode(descriptor, os.O_BINARY)

    def send(self, message: Message) -> None:
        """Write one message; a window that is gone ends the process."""
        data = memoryview(encode(message))
        try:
            while data.nbytes:
                data = data[os.write(self._output, data) :]
        except OSError:
            os._exit(0)

    def pieces(self) -> Iterator[bytes]:
        """What arrives, until the window closes its end."""
        while True:
            try:
                data = os.read(self._input, _READ_BYTES)
            except OSError:
                return
            if not data:
                return
            yield data
