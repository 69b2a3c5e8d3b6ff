"""A stand-in for the little of msgspec that `engine.training.networks` uses, where it is missing.

The networks describe themselves with `msgspec.Struct`, which on a machine with torch, numpy and
safetensors alone is a frozen dataclass as well. Nothing is decoded there: checkpoints carry plain
JSON. Where msgspec is installed this module does nothing. It can go when UNetConfig becomes a
dataclass (msgspec encodes and decodes those too).
"""

import importlib
import sys
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any


class _Struct:
    """Base of frozen, keyword-only dataclasses; an unknown keyword is an error."""

    def __init_subclass__(cls, **_options: object) -> None:
        dataclass(frozen=True, kw_only=True)(cls)


class _Meta:
    """What a decoder would check."""

    def __init__(self, **limits: object) -> None:
        self.limits = limits

    def __hash__(self) -> int:  # typing.Annotated caches by hash
        return id(self)


def provide_msgspec() -> None:
    """Make `import msgspec` work where it is not installed, for the networks' sake alone."""
    try:
        importlib.import_module("msgspec")
    except ModuleNotFoundError:
        sys.modules["msgspec"] = stand_in()


def stand_in() -> ModuleType:
    """A module with Struct, Meta and structs.replace."""
    module: Any = ModuleType("msgspec", __doc__)
    module.Struct = _Struct
    module.Meta = _Meta
    module.structs = ModuleType("msgspec.structs")
    module.structs.replace = replace
    made: ModuleType = module
    return made
