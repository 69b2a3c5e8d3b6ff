"""Settings of the generator to be compared: one axis at a time around a middle, or all together.

Rejected: always the whole product (five axes are hundreds of settings, and most of them say the
same).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from engine.errors import UserError
from engine.recipe import SAMPLERS, STEP_SCHEDULES, StageSettings

Axes = Mapping[str, tuple[Any, ...]]

DEFAULT_AXES: Final[dict[str, tuple[Any, ...]]] = {
    "steps": (4, 8, 12, 16, 25, 50),
    "step_schedule": STEP_SCHEDULES,
    "sampler": SAMPLERS,
    "guidance": (1.0, 2.0, 3.0, 5.0, 10.0, 15.0),
    "clip_percentile": (0.0, 90.0, 95.0, 99.5),
}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "step_schedule": STEP_SCHEDULES,
    "sampler": SAMPLERS,
}
_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "steps": int, "step_schedule": str, "sampler": str, "gamma": float, "guidance": float,
    "guidance_from": float, "guidance_until": float, "temperature": float, "autoguidance": float,
    "clip_percentile": float,
}  # fmt: skip


def read_axes(words: Sequence[str]) -> Axes:
    """Axes as typed: "guidance=1,3,5" for each.

    Raises:
        UserError: an unknown name, no value, or one that is none of its kind.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for word in words:
        name, _, values = word.partition("=")
        name = name.strip().replace("-", "_")
        if name not in _READERS or not values.strip():
            raise _refused(word, f"name=value,… with one of {', '.join(_READERS)}")
        try:
            found[name] = tuple(_READERS[name](value.strip()) for value in values.split(","))
        except ValueError:
            raise _refused(word, f"numbers for {name}") from None
        choices = _CHOICES.get(name)
        if choices and not set(found[name]) <= set(choices):
            raise _refused(word, f"{name} as of {', '.join(choices)}")
    return found


def settings_grid(
    middle: StageSettings, axes: Axes, *, every: bool = False
) -> tuple[StageSettings, ...]:
    """The middle first, then each axis alone, or (`every`) the whole product of the axes.

    Args:
        middle: what the other axes stay at.
        axes: name of a setting → its values.
        every: all combinations.
    """
    if every:
        varied = [
            msgspec.structs.replace(middle, **dict(zip(axes, values, strict=True)))
            for values in itertools.product(*axes.values())
        ]
    else:
        varied = [
            msgspec.structs.replace(middle, **{name: value})
            for name, values in axes.items()
            for value in values
        ]
    return tuple(dict.fromkeys((middle, *varied)))


def _refused(word: str, allowed: str) -> UserError:
    return UserError("The grid was refused", f"it has {word[:60]!r}", f"Give {allowed}")
