"""Every knob as one row: range, default, step and unit, for mouse, keys, typing and controllers.

Rejected: ranges in the widgets (a controller learnt on a knob would need its own).
"""

from dataclasses import dataclass
from math import log
from typing import Final

from engine.recipe import (
    BARS_RANGE,
    BPM_RANGE,
    DEFAULT_BPM,
    DEFAULT_SECONDS,
    METERS,
    PRESETS,
    SAMPLERS,
    SECONDS_RANGE,
    STEP_SCHEDULES,
    STEPS_RANGE,
    TAKES_RANGE,
)


@dataclass(frozen=True)
class Knob:
    """A number that a person turns.

    Attributes:
        low, high: the range, both inside.
        default: where a double-click resets it.
        step: one notch of the wheel, or one arrow key.
        fine: the same with Shift.
        decimals: digits shown after the point.
        unit: shown behind the value, may be empty.
        logarithmic: equal ratios, not equal differences, take equal ways of the hand.
    """

    low: float
    high: float
    default: float
    step: float = 1.0
    fine: float = 1.0
    decimals: int = 0
    unit: str = ""
    logarithmic: bool = False

    def clean(self, value: float) -> float:
        """The value in range."""
        return min(max(float(value), self.low), self.high)

    def position(self, value: float) -> float:
        """Where the value lies on the knob's way, 0–1."""
        value = self.clean(value)
        if self.logarithmic:
            return log(value / self.low) / log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value(self, position: float) -> float:
        """The value at a position 0–1 (a controller's byte ÷ 127), on the knob's fine grid."""
        position = min(max(position, 0.0), 1.0)
        if self.logarithmic:
            exact = self.low * (self.high / self.low) ** position
        else:
            exact = self.low + position * (self.high - self.low)
        return self.clean(round(exact / self.fine) * self.fine)


@dataclass(frozen=True)
class Choice:
    """A few values in an order, for a controller's way."""

    values: tuple[object, ...]

    def position(self, value: object) -> float:
        """Where a value lies, 0–1; the start for one that is none of them."""
        place = self.values.index(value) if value in self.values else 0
        return place / (len(self.values) - 1)

    def value(self, position: float) -> object:
        """The value nearest to a position 0–1."""
        return self.values[round(min(max(position, 0.0), 1.0) * (len(self.values) - 1))]

    def stepped(self, value: object, steps: int) -> object:
        """The value so many places on; the ends are ends."""
        return self.value(self.position(value) + steps / (len(self.values) - 1))


# name of the RecipeForm's field → its knob
RECIPE_KNOBS: Final[dict[str, Knob]] = {
    "bpm": Knob(*BPM_RANGE, DEFAULT_BPM, step=1, fine=0.1, decimals=1, unit="BPM"),
    "bars": Knob(*BARS_RANGE, 4),
    "seconds": Knob(*SECONDS_RANGE, DEFAULT_SECONDS, step=0.5, fine=0.1, decimals=1, unit="s"),
    "takes": Knob(*TAKES_RANGE, 2),
    "loudness_lufs": Knob(-40, -6, -16, step=1, fine=0.1, decimals=1, unit="LUFS"),
    "ceiling_dbtp": Knob(-20, 0, -1, step=0.5, fine=0.1, decimals=1, unit="dBTP"),
}

# name of the RecipeForm's field → its values
RECIPE_CHOICES: Final[dict[str, Choice]] = {
    "meter": Choice(METERS),
    "length_in": Choice(("bars", "seconds")),
    "loop": Choice((False, True)),
    "preset": Choice(PRESETS),
}

DICE: Final = "dice"  # what a controller presses in place of turning a seed

# name of the StageForm's field → its values
STAGE_CHOICES: Final[dict[str, Choice]] = {
    "step_schedule": Choice(STEP_SCHEDULES),
    "sampler": Choice(SAMPLERS),
}

# name of the StageForm's field → its knob
STAGE_KNOBS: Final[dict[str, Knob]] = {
    "steps": Knob(*STEPS_RANGE, 20, logarithmic=True),
    "gamma": Knob(0, 1, 0, step=0.05, fine=0.01, decimals=2),
    "temperature": Knob(0, 1, 1, step=0.05, fine=0.01, decimals=2),
    "guidance": Knob(0, 30, 3, step=0.5, fine=0.1, decimals=1, unit="×"),
    "guidance_from": Knob(0, 1, 0, step=0.05, fine=0.01, decimals=2),
    "guidance_until": Knob(0, 1, 1, step=0.05, fine=0.01, decimals=2),
    "autoguidance": Knob(0, 5, 1, step=0.1, fine=0.05, decimals=2, unit="×"),
    "clip_percentile": Knob(0, 100, 0, step=0.5, fine=0.1, decimals=1, unit="%"),
}
