"""Every external file that an ONNX model would make ONNX Runtime read, found before it reads it.

A tensor may say "my data is in that file". ONNX Runtime 1.23.2 and older follow `../`, absolute
paths and symbolic links there, and a path of its own form stands for an address in memory. So a
bundle's models are walked first, and only plain names of files that the manifest lists pass.

The walk reads protobuf's wire format and nothing else: https://protobuf.dev/programming-guides/encoding/
Rejected: the `onnx` package (a training dependency, and its own parser for untrusted bytes), and
trusting the newest ONNX Runtime alone (the minimum version is an environment's promise).

The walk over-reports on purpose: whatever protobuf could merge or ignore is still visited.
"""

from collections.abc import Iterator
from typing import Final

DEPTH_LIMIT: Final = 100  # protobuf's own default
FIELDS_LIMIT: Final = 1_000_000  # a 751M-parameter U-Net has some 300,000
LOCATION_LIMIT_BYTES: Final = 4096

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES: Final = {_FIXED64: 8, _FIXED32: 4}

# Message → field number → message, for every path on which a tensor can lie
# (onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
MESSAGES: Final[dict[str, dict[int, str]]] = {
    "Model": {7: "Graph", 20: "TrainingInfo", 25: "Function"},
    "TrainingInfo": {1: "Graph", 2: "Graph"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Node": {5: "Attribute"},
    "Attribute": {
        5: "Tensor",
        6: "Graph",
        10: "Tensor",
        11: "Graph",
        22: "SparseTensor",
        23: "SparseTensor",
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Function": {7: "Node", 11: "Attribute"},
    "Tensor": {13: "Entry"},
    "Entry": {},
}
_OP_TYPE: Final = 4  # of Node
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
# Nodes that name a file to be read as compiled code or weights, outside external_data.
_FILE_OPS: Final = frozenset({b"EPContext"})


class MalformedModel(ValueError):  # noqa: N818 - says what is wrong with the model, not with us
    """The bytes are no ONNX model that may be loaded; the message says why."""


def external_locations(model: bytes | memoryview) -> Iterator[str]:
    """Yield the location of every external tensor, in no particular order, repeats included.

    Raises:
        MalformedModel: not protobuf, truncated, too deep, too many fields, or a node that loads
            files by other means.
    """
    view = memoryview(model).cast("B")
    budget = FIELDS_LIMIT
    # (message, start, end, depth); a stack, so that depth costs no Python frames
    pending: list[tuple[str, int, int, int]] = [("Model", 0, len(view), 1)]
    while pending:
        message, start, end, depth = pending.pop()
        if depth > DEPTH_LIMIT:
            msg = f"messages nested deeper than {DEPTH_LIMIT}"
            raise MalformedModel(msg)
        if message == "Entry":
            budget -= 8
            location = _location(view, start, end)
            if location is not None:
                yield location
            continue
        children = MESSAGES[message]
        for field, wire, first, last in _fields(view, start, end):
            budget -= 1
            if budget < 0:
                msg = f"more than {FIELDS_LIMIT} fields"
                raise MalformedModel(msg)
            if wire != _BYTES:
                continue
            if field in children:
                pending.append((children[field], first, last, depth + 1))
            elif message == "Node" and field == _OP_TYPE:
                _refuse_file_ops(view, first, last)


def _refuse_file_ops(view: memoryview, first: int, last: int) -> None:
    for op_type in _FILE_OPS:
        if last - first == len(op_type) and view[first:last] == op_type:
            msg = f"a node of type {op_type.decode()}, which loads files"
            raise MalformedModel(msg)


def _location(view: memoryview, start: int, end: int) -> str | None:
    """The value of one external_data entry whose key is "location", else None."""
    found: dict[int, bytes] = {}
    for field, wire, first, last in _fields(view, start, end):
        if wire != _BYTES or field not in (_ENTRY_KEY, _ENTRY_VALUE):
            continue
        if field in found or last - first > LOCATION_LIMIT_BYTES:
            msg = "an external-data entry with two keys or an endless value"
            raise MalformedModel(msg)
        found[field] = bytes(view[first:last])
    if found.get(_ENTRY_KEY) != b"location":
        return None
    try:
        return found.get(_ENTRY_VALUE, b"").decode()
    except UnicodeDecodeError:
        msg = "an external location that is no UTF-8"
        raise MalformedModel(msg) from None


def _fields(view: memoryview, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (field number, wire type, first, last) of one message; first:last is the content."""
    at = start
    while at < end:
        tag, at = _varint(view, at, end)
        field, wire = tag >> 3, tag & 7
        if field == 0 or field > 2**29 - 1:
            msg = f"field number {field}"
            raise MalformedModel(msg)
        if wire == _BYTES:
            size, at = _varint(view, at, end)
            last = at + size
        elif wire == _VARINT:
            _, last = _varint(view, at, end)
        elif wire in _FIXED_SIZES:
            last = at + _FIXED_SIZES[wire]
        else:  # groups, which ONNX does not use, and types that do not exist
            msg = f"wire type {wire}"
            raise MalformedModel(msg)
        if last > end:
            msg = "truncated"
            raise MalformedModel(msg)
        yield field, wire, at, last
        at = last


def _varint(view: memoryview, at: int, end: int) -> tuple[int, int]:
    """The varint at `at` and where it ends; at most ten bytes, as in protobuf."""
    value = shift = 0
    while shift < 70:
        if at >= end:
            msg = "truncated"
            raise MalformedModel(msg)
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    msg = "a number of more than ten bytes"
    raise MalformedModel(msg)
