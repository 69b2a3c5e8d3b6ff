"""Tells when the JACK server has died, which RtMidi does not.

A JACK client whose server was killed goes on seeing the ports that were there last. JACK itself
tells its clients; RtMidi listens, but keeps it to itself. So one more client listens, through
ctypes: there is nothing to it but two calls.
"""

import ctypes
import ctypes.util
import logging
from typing import Final

_NO_START_SERVER: Final = 1  # JackNoStartServer
_log = logging.getLogger(__name__)
_Shutdown = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class JackWatch:
    """A client of the server that runs now. Where libjack is not found, nothing is ever lost.

    Attributes:
        lost: the server has gone; nothing of JACK in this process can be used or closed any more.
    """

    def __init__(self, name: str) -> None:
        self.lost = False
        self._callback = _Shutdown(self._shut_down)  # kept: JACK calls it
        path = ctypes.util.find_library("jack")
        if path is None:
            return
        library = ctypes.CDLL(path)
        library.jack_client_open.restype = ctypes.c_void_p
        library.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        library.jack_on_shutdown.argtypes = [ctypes.c_void_p, _Shutdown, ctypes.c_void_p]
        library.jack_activate.argtypes = [ctypes.c_void_p]
        client = library.jack_client_open(name.encode(), _NO_START_SERVER, None)
        if client:
            library.jack_on_shutdown(client, self._callback, None)
            library.jack_activate(client)

    def _shut_down(self, _argument: int | None) -> None:
        self.lost = True
