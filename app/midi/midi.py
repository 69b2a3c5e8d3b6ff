"""MIDI as the window sees it: ports, a tempo, a transport, knobs.

The MIDI process does the listening; here is what the user chose and taught, and the signals. It is
told everything again whenever it had to be replaced.
"""

import logging
from collections.abc import Mapping

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from app.midi import messages as m
from app.midi.controller import ABSOLUTE, Binding, Takeover, kind_of, steps
from app.playback.hosting.child import Child, host_command
from app.translate import translated

_LEARN_MS = 700  # after the first message, this long is listened for what kind of knob it is

_log = logging.getLogger(__name__)


class Midi(QObject):
    """MIDI input: the DAW's clock and transport, and a controller's knobs.

    Signals:
        ports_changed(object): tuple of input port names that are there now.
        connected_changed(object): tuple of chosen ports that are open now.
        tempo_changed(object): BPM of the clock as a float (2 decimals), None when no clock runs.
        transport_started(bool): True for start (from the top), False for continue.
        transport_stopped().
        song_position_changed(float): beats (quarter notes) from the top.
        learning_changed(str): name of the knob that waits for a controller, "" for none.
        knob_learned(str, str): knob, and what turns it now ("CC 21, channel 1").
        knob_turned(str, float): a knob's new value, 0–1, after soft takeover.
        knob_nudged(str, int): steps of an endless encoder, ±.
        bindings_changed(): learned, forgotten or restored; save `bindings_data()`.
        trouble_changed(str): one calm line, or "".
    """

    ports_changed = Signal(object)
    connected_changed = Signal(object)
    tempo_changed = Signal(object)
    transport_started = Signal(bool)
    transport_stopped = Signal()
    song_position_changed = Signal(float)
    learning_changed = Signal(str)
    knob_learned = Signal(str, str)
    knob_turned = Signal(str, float)
    knob_nudged = Signal(str, int)
    bindings_changed = Signal()
    trouble_changed = Signal(str)

    def __init__(self, parent: QObject | None = None, *, child: Child | None = None) -> None:
        super().__init__(parent)
        self._child = child or Child(host_command("app.midi.host"), m.FromHost, self)
        self._child.up.connect(self._tell_everything)
        self._child.received.connect(self._receive)
        self._child.down.connect(self._lost)
        self._ports: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._connected: tuple[str, ...] = ()
        self._tempo: float | None = None
        self._running = False
        self._trouble = ""
        self._bindings: dict[str, Binding] = {}
        self._takeovers: dict[str, Takeover] = {}
        self._learning = ""
        self._heard: tuple[str, int, int] | None = None
        self._values: list[int] = []
        self._settle = QTimer(self, singleShot=True, interval=_LEARN_MS)
        self._settle.timeout.connect(self._settled)

    def start(self) -> None:
        """Look for ports, in the background."""
        self._child.start()

    def shutdown(self) -> None:
        """End the MIDI process. Call before the application quits."""
        self._child.stop()

    @property
    def ports(self) -> tuple[str, ...]:
        """Input ports that are there now."""
        return self._ports

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ports that are listened to whenever they are there."""
        return self._chosen

    def choose(self, ports: tuple[str, ...]) -> None:
        """Listen to these ports, now and whenever they come back."""
        self._chosen = tuple(ports)
        self._tell_everything()

    @property
    def connected(self) -> tuple[str, ...]:
        """Chosen ports that are open now."""
        return self._connected

    @property
    def tempo_bpm(self) -> float | None:
        """The clock's tempo, None when no clock runs."""
        return self._tempo

    @property
    def running(self) -> bool:
        """Whether the DAW's transport runs."""
        return self._running

    @property
    def trouble(self) -> str:
        """One calm line about MIDI, or ""."""
        return self._trouble

    # ── controller ──────────────────────────────────────────────────────────────────────

    def learn(self, knob: str) -> None:
        """Bind the next controller that moves to this knob."""
        self._settle.stop()
        self._heard, self._values = None, []
        if knob != self._learning:
            self._learning = knob
            self.learning_changed.emit(knob)

    def cancel_learning(self) -> None:
        """Wait no more."""
        self.learn("")

    @property
    def learning(self) -> str:
        """The knob that waits, "" for none."""
        return self._learning

    def forget(self, knob: str) -> None:
        """Unbind a knob."""
        if self._bindings.pop(knob, None) is not None:
            self.bindings_changed.emit()

    def binding(self, knob: str) -> str:
        """What turns a knob ("CC 21, channel 1"), "" for nothing."""
        bound = self._bindings.get(knob)
        if bound is None:
            return ""
        return self.tr("CC {0}, channel {1}").format(bound.control, bound.channel)

    def set_knob(self, knob: str, value: float) -> None:
        """Tell where a knob stands (0–1): a controller takes over only where it meets it."""
        self._takeovers.setdefault(knob, Takeover()).set_knob(value)

    def bindings_data(self) -> dict[str, dict[str, object]]:
        """All bindings as JSON-able data."""
        return {knob: msgspec.to_builtins(bound) for knob, bound in self._bindings.items()}

    def restore_bindings(self, data: Mapping[str, object]) -> None:
        """Bindings from `bindings_data()`; what is not understood is dropped with a log line."""
        self._bindings = {}
        for knob, value in data.items():
            try:
                self._bindings[str(knob)] = msgspec.convert(value, Binding)
            except msgspec.ValidationError as error:
                _log.warning("the controller of %s is forgotten: %s", knob, error)
        self.bindings_changed.emit()

    # ── the MIDI process ────────────────────────────────────────────────────────────────

    def _tell_everything(self) -> None:
        self._child.send(m.Choose(ports=self._chosen))

    def _lost(self, _status: int) -> None:
        self._show_ports((), ())
        self._show_tempo(None)

    def _receive(self, message: object, _blob: object) -> None:
        match message:
            case m.Control():
                self._moved(message)
            case m.Tempo():
                self._show_tempo(message.bpm)
            case m.Transport(what="stop"):
                self._running = False
                self.transport_stopped.emit()
            case m.Transport():
                self._running = True
                self.transport_started.emit(message.what == "start")
            case m.SongPosition():
                self.song_position_changed.emit(message.beats)
            case m.Ports(trouble=trouble):
                self._show_ports(message.ports, message.connected)
                self._show_trouble(translated("midi", trouble))

    def _show_tempo(self, bpm: float | None) -> None:
        if bpm != self._tempo:
            self._tempo = bpm
            self.tempo_changed.emit(bpm)

    def _show_ports(self, ports: tuple[str, ...], connected: tuple[str, ...]) -> None:
        if ports != self._ports:
            self._ports = ports
            self.ports_changed.emit(ports)
        if connected != self._connected:
            self._connected = connected
            self.connected_changed.emit(connected)

    def _show_trouble(self, line: str) -> None:
        if line != self._trouble:
            self._trouble = line
            self.trouble_changed.emit(line)

    def _moved(self, message: m.Control) -> None:
        if self._learning:
            self._listen(message)
            return
        for knob, bound in self._bindings.items():
            same = (bound.channel, bound.control) == (message.channel, message.control)
            if same and bound.port in ("", message.port):
                self._turn(knob, bound, message.value)

    def _turn(self, knob: str, bound: Binding, value: int) -> None:
        if bound.mode != ABSOLUTE:
            self.knob_nudged.emit(knob, steps(bound.mode, value))
            return
        turned = self._takeovers.setdefault(knob, Takeover()).move(value / 127)
        if turned is not None:
            self.knob_turned.emit(knob, turned)

    # ── learning ────────────────────────────────────────────────────────────────────────

    def _listen(self, message: m.Control) -> None:
        """Gather what one controller sends until its kind is clear."""
        source = (message.port, message.channel, message.control)
        if source != self._heard:
            self._heard, self._values = source, []
            self._settle.start()
        self._values.append(message.value)
        mode = kind_of(self._values)
        if mode is not None:
            self._bind(mode)

    def _settled(self) -> None:
        self._bind(ABSOLUTE)

    def _bind(self, mode: str) -> None:
        if self._heard is None or not self._learning:
            return
        knob = self._learning
        port, channel, control = self._heard
        bound = Binding(port=port, channel=channel, control=control, mode=mode)
        taken = (port, channel, control)
        self._bindings = {
            other: old
            for other, old in self._bindings.items()
            if (old.port, old.channel, old.control) != taken
        }
        self._bindings[knob] = bound
        self.cancel_learning()
        self.knob_learned.emit(knob, self.binding(knob))
        self.bindings_changed.emit()
