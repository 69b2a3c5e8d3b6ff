"""Meters and bar lengths, without numpy: the window and the handshake need nothing more.

BPM counts quarter notes, as DAWs do, in every meter; the *pulse* (what a foot taps) is the dotted
quarter in 6/8, 9/8 and 12/8. Rejected: counting BPM in pulses (a 6/8 loop would not lock to the
DAW's grid).
"""

from typing import Final

# meter → (quarter notes per bar, pulses per bar)
METER_TABLE: Final[dict[str, tuple[float, int]]] = {
    "2/4": (2.0, 2),
    "3/4": (3.0, 3),
    "4/4": (4.0, 4),
    "5/4": (5.0, 5),
    "6/8": (3.0, 2),
    "7/8": (3.5, 7),
    "9/8": (4.5, 3),
    "12/8": (6.0, 4),
}


def seconds_per_bar(bpm: float, meter: str) -> float:
    """Length of one bar in seconds; BPM counts quarter notes."""
    return METER_TABLE[meter][0] * 60 / bpm


def pulse_bpm(bpm: float, meter: str) -> float:
    """Felt pulses per minute: 120 quarters a minute in 6/8 are 80 dotted quarters."""
    quarters, pulses = METER_TABLE[meter]
    return bpm * pulses / quarters
