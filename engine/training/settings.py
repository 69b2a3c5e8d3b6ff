"""What the settings of every run share: their checks, and how they are kept and compared."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from engine.errors import UserError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def check_ranges(settings: object, fits: Mapping[str, bool], *, what: str) -> None:
    """Refuse the first setting that does not fit.

    Args:
        settings: with an attribute for each name.
        fits: setting → whether it is in its range.
        what: did not happen, for the error.

    Raises:
        UserError: one is not.
    """
    for name, fit in fits.items():
        if not fit:
            raise UserError(
                what,
                f"{name} is {getattr(settings, name)}",
                f"Give another --{name.replace('_', '-')}",
            )


def changed(
    before: "DataclassInstance", now: "DataclassInstance", *, free: frozenset[str]
) -> list[str]:
    """Names of what differs and is not free to."""
    return [
        row.name
        for row in fields(before)
        if row.name not in free and getattr(before, row.name) != getattr(now, row.name)
    ]


def with_tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object whose arrays are tuples, as frozen settings hold them."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
