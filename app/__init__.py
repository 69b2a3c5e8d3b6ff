"""Noisefall's window. Qt lives here and nowhere else."""

import ctypes
import sys
from typing import Final

# PySide6 6.12.0 gives back None, True and False without taking references to them (measured: 200
# calls of QTimer.start, of processEvents or of Signal.emit take 200 references). That is harmless
# where they are immortal, from Python 3.12 on (https://peps.python.org/pep-0683/); an older Python
# aborts after some thousand signals ("bool_dealloc: deallocating True or False"). So they get more
# references than a year of signals takes. To be removed with the support of Python 3.11.
_MANY_REFERENCES: Final = 1 << 60

if sys.implementation.name == "cpython" and sys.version_info < (3, 12):
    for _singleton in (None, True, False, NotImplemented, Ellipsis):
        ctypes.c_ssize_t.from_address(id(_singleton)).value += _MANY_REFERENCES
