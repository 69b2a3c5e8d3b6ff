"""What the window and the MIDI process tell each other."""

from app.playback.hosting.frames import Message
from app.texts import Line


class Choose(Message, frozen=True, kw_only=True):
    """Listen to these ports, now and whenever they come back."""

    ports: tuple[str, ...]


class Ports(Message, frozen=True, kw_only=True):
    """Ports that are there, and those of the chosen that are open."""

    ports: tuple[str, ...]
    connected: tuple[str, ...]
    trouble: Line = Line()


class Tempo(Message, frozen=True, kw_only=True):
    """Tempo of the clock in quarter notes per minute; None when it has stopped."""

    bpm: float | None


class Transport(Message, frozen=True, kw_only=True):
    """The DAW's transport: "start" (from the top), "continue" or "stop"."""

    what: str


class SongPosition(Message, frozen=True, kw_only=True):
    """Where the DAW is, in quarter notes from the top."""

    beats: float


class Control(Message, frozen=True, kw_only=True):
    """A controller moved. channel 1–16, control and value 0–127."""

    port: str
    channel: int
    control: int
    value: int


ToHost = Choose
FromHost = Ports | Tempo | Transport | SongPosition | Control
