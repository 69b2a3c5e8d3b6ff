"""An observable value of a QObject: cleaned when set, told of when it changed.

Rejected: Qt's own properties (untyped in Python, and one notify signal each), and a dictionary of
values (a misspelt name would be a new value).
"""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar, overload

ValueT = TypeVar("ValueT")


class _Emits(Protocol):
    def emit(self, *arguments: object) -> None: ...


class Observable(Protocol):
    """What a `Field` needs of its owner: a signal that carries the field's name."""

    changed: Any  # Signal(str)


def unchanged(value: ValueT) -> ValueT:
    """The cleaner of a field that takes any value of its type."""
    return value


class Field(Generic[ValueT]):
    """A descriptor; `owner.changed` is emitted with the field's name after each real change.

    Args:
        default: what it is at first and after a reset.
        clean: brings a value into range; what it returns is stored.
    """

    def __init__(self, default: ValueT, clean: Callable[[ValueT], ValueT] = unchanged) -> None:
        self.default = default
        self._clean = clean
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, owner: None, kind: type) -> "Field[ValueT]": ...
    @overload
    def __get__(self, owner: Observable, kind: type) -> ValueT: ...
    def __get__(self, owner: Observable | None, kind: type) -> "Field[ValueT] | ValueT":
        if owner is None:
            return self
        value: ValueT = owner.__dict__.get(self.name, self.default)
        return value

    def __set__(self, owner: Observable, value: ValueT) -> None:
        cleaned = self._clean(value)
        if cleaned == self.__get__(owner, type(owner)):
            return
        owner.__dict__[self.name] = cleaned
        owner.changed.emit(self.name)


def fields_of(kind: type) -> Iterator[Field[Any]]:
    """Every field of a class, bases first."""
    for base in reversed(kind.__mro__):
        for value in vars(base).values():
            if isinstance(value, Field):
                yield value


def clamped(low: float, high: float) -> Callable[[float], float]:
    """A cleaner: between `low` and `high`."""

    def clean(value: float) -> float:
        return min(max(float(value), low), high)

    return clean


def whole(low: int, high: int) -> Callable[[int], int]:
    """A cleaner: a whole number between `low` and `high`."""

    def clean(value: int) -> int:
        return min(max(int(value), low), high)

    return clean


def one_of(*allowed: ValueT) -> Callable[[ValueT], ValueT]:
    """A cleaner: refuses anything else. Raises ValueError."""

    def clean(value: ValueT) -> ValueT:
        if value not in allowed:
            msg = f"{value!r} is none of {allowed}"
            raise ValueError(msg)
        return value

    return clean
