"""MIDI ports through python-rtmidi: which are there, which are open, what arrives.

RtMidi does not notice an unplugged port (https://github.com/SpotlightKid/python-rtmidi/issues/98),
so names are looked at once a second. Names are stripped of the numbers that ALSA and Windows add
and change with every plug.

mido decodes the messages; its ports are not used, because they drop RtMidi's delta times.
"""

import contextlib
import importlib
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from app.midi.jack_watch import JackWatch
from app.texts import QT_TRANSLATE_NOOP, Line

_log = logging.getLogger(__name__)
_ALSA_NUMBERS: Final = re.compile(r" \d+:\d+$")
_WINDOWS_NUMBER: Final = re.compile(r" \d+$")
_ALSA_SEQUENCER: Final = Path("/dev/snd/seq")
_OWN_CLIENT: Final = "Noisefall"
_AWAY: Final = QT_TRANSLATE_NOOP("midi", "{0} is not there: it is taken up when it returns")
_HELD: Final = QT_TRANSLATE_NOOP("midi", "{0} does not open: close the program that holds it")

Arrived = Callable[[list[int], float], None]  # (bytes of one message, seconds since the one before)


def _rtmidi() -> Any:
    """The library, loaded where ports are first asked for. It ships no types."""
    return importlib.import_module("rtmidi")


class MidiServerLostError(Exception):
    """The MIDI server died: this process cannot go on."""


class OpenPort(Protocol):
    """A port that is listened to."""

    def close(self) -> None:
        """Listen no more."""


class Backend(Protocol):
    """A MIDI system: RtMidi, or a test's."""

    def names(self) -> tuple[str, ...]:
        """Input ports that are there. Raises OSError without a MIDI system."""

    def open(self, name: str, arrived: Arrived) -> OpenPort:
        """Listen; `arrived` is called on a thread of its own. Raises OSError."""


class RtMidi:
    """The real MIDI system: the first of RtMidi's that works (ALSA before JACK)."""

    def __init__(self) -> None:
        self._api: int | None = None
        self._lister: Any = None
        self._watch: JackWatch | None = None

    def names(self) -> tuple[str, ...]:
        """Input ports that are there.

        Raises:
            OSError: there is no MIDI system.
            MidiServerLostError: the JACK server went away.
        """
        rtmidi = _rtmidi()
        lister = self._list()
        if self._watch is not None and self._watch.lost:
            raise MidiServerLostError
        try:
            return unique_names([str(name) for name in lister.get_ports()])
        except rtmidi.RtMidiError as error:
            raise OSError(str(error)) from error

    def open(self, name: str, arrived: Arrived) -> OpenPort:
        """Listen to a port by its stripped name."""
        rtmidi = _rtmidi()

        try:
            port = rtmidi.MidiIn(rtapi=self._api, name=_OWN_CLIENT)
        except rtmidi.RtMidiError as error:
            raise OSError(f"{name} does not open: {error}") from error
        try:
            index = unique_names([str(found) for found in port.get_ports()]).index(name)
            port.ignore_types(sysex=True, timing=False, active_sense=True)
            port.set_callback(lambda event, _data: arrived(event[0], event[1]))
            port.open_port(index)
        except (ValueError, rtmidi.RtMidiError) as error:
            port.delete()
            raise OSError(f"{name} does not open: {error}") from error
        return _RtMidiPort(port)

    def _list(self) -> Any:
        """Something that lists ports."""
        if self._lister is not None:
            return self._lister
        rtmidi = _rtmidi()
        for api in _usable(rtmidi):
            with contextlib.suppress(rtmidi.RtMidiError):  # its SystemError is not Python's
                self._lister = rtmidi.MidiIn(rtapi=api, name=f"{_OWN_CLIENT} list")
                self._api = api
                if api == rtmidi.API_UNIX_JACK:
                    self._watch = JackWatch(f"{_OWN_CLIENT} watch")
                return self._lister
        raise OSError("there is no MIDI system")


class _RtMidiPort:
    def __init__(self, port: Any) -> None:
        self._port = port

    def close(self) -> None:
        self._port.cancel_callback()
        self._port.close_port()
        self._port.delete()


def _usable(rtmidi: Any) -> list[int]:
    """RtMidi's systems that may be tried here.

    ALSA without a sequencer is left out: after its failure, opening JACK never returns (seen with
    python-rtmidi 1.5.8; remove when a later one does not).
    """
    apis = [int(api) for api in rtmidi.get_compiled_api()]
    if not _ALSA_SEQUENCER.exists():
        apis = [api for api in apis if api != rtmidi.API_LINUX_ALSA]
    return apis


def unique_names(names: list[str]) -> tuple[str, ...]:
    """Port names without the system's numbers, equal ones told apart by "(2)"."""
    numbers = _WINDOWS_NUMBER if sys.platform == "win32" else _ALSA_NUMBERS
    seen: dict[str, int] = {}
    result = []
    for name in names:
        short = numbers.sub("", name)
        seen[short] = seen.get(short, 0) + 1
        result.append(short if seen[short] == 1 else f"{short} ({seen[short]})")
    return tuple(result)


class PortWatch:
    """Keeps the chosen ports open for as long as they are there.

    Attributes:
        names: ports that are there.
        trouble: one calm line, empty where all is well.
    """

    def __init__(self, backend: Backend, arrived: Callable[[str, list[int], float], None]) -> None:
        self._backend = backend
        self._arrived = arrived
        self._chosen: tuple[str, ...] = ()
        self._ports: dict[str, OpenPort] = {}
        self.names: tuple[str, ...] = ()
        self.trouble = Line()

    @property
    def connected(self) -> tuple[str, ...]:
        """Chosen ports that are open."""
        return tuple(name for name in self._chosen if name in self._ports)

    def choose(self, ports: tuple[str, ...]) -> bool:
        """Listen to these ports; True if something changed."""
        self._chosen = ports
        return self.look()

    def look(self) -> bool:
        """See which ports are there, open and close; True if something changed."""
        before = self.names, self.connected, self.trouble
        try:
            self.names = self._backend.names()
            self.trouble = Line()
        except OSError:
            self.names = ()
        for name in tuple(self._ports):
            if name not in self.names or name not in self._chosen:
                self._ports.pop(name).close()
        for name in self._chosen:
            if name in self.names and name not in self._ports:
                self._try(name)
        missing = [name for name in self._chosen if name not in self.names]
        if missing:
            self.trouble = Line(_AWAY, (missing[0],))
        return (self.names, self.connected, self.trouble) != before

    def _try(self, name: str) -> None:
        try:
            self._ports[name] = self._backend.open(
                name, lambda data, delta_s: self._arrived(name, data, delta_s)
            )
        except OSError as error:
            _log.warning("%s", error)
            self.trouble = Line(_HELD, (name,))
