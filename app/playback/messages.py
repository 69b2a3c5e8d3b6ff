"""What the player and the audio process tell each other."""

from math import inf

from app.playback.hosting.frames import Message
from app.playback.sound import Levels, OutputDevice
from app.texts import Line

# ── to the audio process ──────────────────────────────────────────────────────────────────


class Load(Message, frozen=True, kw_only=True):
    """Put a sound in a slot. Blob: float32 (samples, 2), interleaved, in this machine's order."""

    slot: int
    rate_hz: int
    periodic: bool


class Drop(Message, frozen=True, kw_only=True):
    """Empty a slot."""

    slot: int


class Arrange(Message, frozen=True, kw_only=True):
    """The whole state of the transport; a later one replaces it.

    Attributes:
        serial: told back in reports, so that the player knows what an answer is about.
        seek_serial, seek_s: a seek not seen before moves the playhead.
        region_s: (start, end) of what is played, None for all.
        gains: linear gain of each slot (the level match).
        volume: linear.
    """

    serial: int
    playing: bool
    slot: int
    seek_serial: int
    seek_s: float
    loop: bool
    region_s: tuple[float, float] | None
    gains: dict[int, float]
    volume: float


class UseDevice(Message, frozen=True, kw_only=True):
    """Play through this device ("" follows the system)."""

    device: str


class Refresh(Message, frozen=True, kw_only=True):
    """List the devices anew."""


class ResetHold(Message, frozen=True, kw_only=True):
    """Drop the held peaks."""


# ── from the audio process ────────────────────────────────────────────────────────────────


class Devices(Message, frozen=True, kw_only=True):
    """What can play, and what does.

    Attributes:
        current: id of the device that plays, "" for none.
        rate_hz, latency_s: of the stream.
        trouble: one calm line, empty where all is well.
    """

    devices: tuple[OutputDevice, ...]
    current: str
    rate_hz: int
    latency_s: float
    trouble: Line = Line()


class Report(Message, frozen=True, kw_only=True):
    """What is heard.

    Attributes:
        serial: of the Arrange that it belongs to.
        position_s: the playhead at `at_s` (perf_counter, one clock for all processes).
        moving: it advances.
        ended: the sound has come to its end.
    """

    serial: int
    slot: int
    position_s: float
    at_s: float
    moving: bool
    ended: bool


class Meters(Message, frozen=True, kw_only=True):
    """Levels; None is silence (JSON has no −inf)."""

    peak_db: tuple[float | None, float | None]
    hold_db: tuple[float | None, float | None]
    momentary_lufs: float | None
    short_term_lufs: float | None


class Lost(Message, frozen=True, kw_only=True):
    """The device went away while it played. The process ends after this."""

    device: str


ToHost = Load | Drop | Arrange | UseDevice | Refresh | ResetHold
FromHost = Devices | Report | Meters | Lost


def levels(meters: Meters) -> Levels:
    """The levels that a message tells."""
    (left, right), (held_left, held_right) = meters.peak_db, meters.hold_db
    return Levels(
        peak_db=(_decibels(left), _decibels(right)),
        hold_db=(_decibels(held_left), _decibels(held_right)),
        momentary_lufs=_decibels(meters.momentary_lufs),
        short_term_lufs=_decibels(meters.short_term_lufs),
    )


def _decibels(value: float | None) -> float:
    return -inf if value is None else value
