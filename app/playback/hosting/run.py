"""Hands a frozen program over to the host module that it was started for.

The entry point of the window calls this before it imports any widget:
`if (status := run_host(sys.argv[1:])) is not None: sys.exit(status)`.
"""

from collections.abc import Callable, Sequence
from typing import Final

from app.playback.hosting.child import HOST_OPTION


def _audio() -> Callable[[], int]:
    from app.playback.host import main  # noqa: PLC0415 - only in the process that needs it

    return main


def _midi() -> Callable[[], int]:
    from app.midi.host import main  # noqa: PLC0415 - only in the process that needs it

    return main


_HOSTS: Final = {"app.playback.host": _audio, "app.midi.host": _midi}


def run_host(arguments: Sequence[str]) -> int | None:
    """Run the host that the arguments ask for and return its exit status; None if they do not."""
    if len(arguments) != 2 or arguments[0] != HOST_OPTION or arguments[1] not in _HOSTS:
        return None
    return _HOSTS[arguments[1]]()()
