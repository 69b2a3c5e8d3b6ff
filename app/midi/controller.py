"""A controller's knobs: what turns what, how it counts, and where it takes over. Pure.

Absolute controllers send where they stand, 0–127. When the knob on the screen stands elsewhere, it
must not jump: the controller takes over where it meets it (soft takeover). Endless encoders send
steps, in one of three notations that are told apart while learning: an absolute knob only sends
when its value changes, so a value that repeats is a step.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import msgspec

ABSOLUTE, TWOS, OFFSET, SIGN = "absolute", "twos", "offset", "sign"
MODES: Final = (ABSOLUTE, TWOS, OFFSET, SIGN)
_NEAR: Final = 2 / 127  # this close to the knob, a controller has met it
_ENOUGH: Final = 6  # messages after which the kind of a controller is settled
_DISTINCT: Final = 3  # different values in a row make an absolute one
_SMALL: Final = frozenset(range(1, 16))  # steps of a quick turn
# notations by what only they send, the surest first
_SIGNS: Final[tuple[tuple[str, Callable[[set[int]], bool]], ...]] = (
    (TWOS, lambda seen: any(value >= 112 for value in seen)),
    (OFFSET, lambda seen: any(48 <= value < 64 for value in seen)),
    (SIGN, lambda seen: bool(seen & _SMALL) and any(64 < value < 80 for value in seen)),
    (OFFSET, lambda seen: any(64 <= value < 80 for value in seen)),
    (TWOS, lambda seen: seen <= _SMALL),
)


class Binding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A controller: port name ("" is any), channel 1–16, control number 0–127, one of MODES."""

    port: str = ""
    channel: int = 1
    control: int = 0
    mode: str = ABSOLUTE

    def __post_init__(self) -> None:
        in_range = 1 <= self.channel <= 16 and 0 <= self.control <= 127
        if not in_range or self.mode not in MODES:
            msg = f"no controller: channel {self.channel}, CC {self.control}, {self.mode}"
            raise ValueError(msg)


def steps(mode: str, value: int) -> int:
    """Steps that an encoder's value stands for, ±."""
    if mode == TWOS:
        return value if value < 64 else value - 128
    if mode == OFFSET:
        return value - 64
    return value if value < 64 else 64 - value


def kind_of(values: list[int]) -> str | None:
    """Mode of a controller that sent these values, None while that cannot be told yet."""
    if any(a == b for a, b in pairwise(values)):
        seen = set(values)
        return next((mode for mode, fits in _SIGNS if fits(seen)), ABSOLUTE)
    settled = len(values) > _DISTINCT and len(set(values)) >= _DISTINCT
    return ABSOLUTE if settled or len(values) >= _ENOUGH else None


class Takeover:
    """Soft takeover of one knob by one absolute controller. Values 0–1."""

    def __init__(self) -> None:
        self._knob: float | None = None
        self._last: float | None = None
        self._engaged = False

    def set_knob(self, value: float) -> None:
        """The knob stands here now, whoever moved it."""
        if self._knob is None or abs(value - self._knob) > _NEAR:
            self._engaged = False
        self._knob = value

    def move(self, value: float) -> float | None:
        """The controller moved here: the knob's new value, None while it has not met the knob."""
        last, self._last = self._last, value
        if self._knob is None:  # nobody said where the knob stands
            self._engaged = True
        elif not self._engaged:
            near = abs(value - self._knob) <= _NEAR
            crossed = last is not None and (last - self._knob) * (value - self._knob) <= 0
            self._engaged = near or crossed
        if not self._engaged:
            return None
        self._knob = value
        return value
