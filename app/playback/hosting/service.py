"""What every host process has in common: how it begins, hears the window, and ends.

It ends without exit handlers: those of PortAudio and JACK hang or assert where a server has died.
"""

import faulthandler
import logging
import os
import sys
from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from app.playback.hosting.frames import LOST, Message
from app.playback.hosting.streams import Pipes
from engine.protocol.framing import FrameReader, ProtocolError

_SWITCH_S: Final = 0.0005  # a driver's callback waits for the interpreter no longer than this

M = TypeVar("M", bound=Message)
_log = logging.getLogger(__name__)


def run_host_process(serve: Callable[[Pipes], None]) -> NoReturn:
    """Serve on this process's pipes until the window is gone, then end."""
    faulthandler.enable()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    pipes = Pipes()
    sys.setswitchinterval(_SWITCH_S)
    try:
        serve(pipes)
    except ProtocolError:
        _log.exception("the window sent something else than frames")
    os._exit(0)


def hear(pipes: Pipes, kind: object, take: Callable[[M, memoryview], None]) -> None:
    """Hand over every message until the window closes its end. Raises ProtocolError."""
    reader: FrameReader[M] = FrameReader(kind)
    for piece in pipes.pieces():
        for message, blob in reader.feed(piece):
            take(message, blob)


def work_to_the_end(work: Callable[[], NoReturn], lost: type[Exception]) -> NoReturn:
    """The worker thread. It never returns: the process ends when it cannot go on."""
    try:
        work()
    except lost:
        os._exit(LOST)
    except BaseException:
        _log.exception("the process ends")
        os._exit(1)
