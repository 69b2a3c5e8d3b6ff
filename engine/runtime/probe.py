"""A tiny ONNX model written by hand, to try a device and to time thread counts.

The runtime has no `onnx` package, and shipping a binary would be one more file to trust: these are
the fifteen fields that a convolution needs (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from typing import Final

import numpy as np

_FLOAT: Final = 1  # TensorProto.DataType
_INTS: Final = 7  # AttributeProto.AttributeType


def conv_model(*, channels: int, width: int, layers: int = 1) -> bytes:
    """A chain of Conv(1×3): x (1, channels, 1, width) → prediction of the same shape."""
    shape = (1, channels, 1, width)
    weights = np.full((channels, channels, 1, 3), 1e-3, np.float32)
    names = ["x", *[f"x{i}" for i in range(1, layers)], "prediction"]
    graph = b"".join(_conv(names[i], names[i + 1]) for i in range(layers))
    graph += _text(2, "probe") + _bytes(5, _tensor("w", weights))
    graph += _bytes(11, _value("x", shape)) + _bytes(12, _value("prediction", shape))
    opset = _number(2, 17)
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, opset)


def _conv(source: str, target: str) -> bytes:
    pads = _text(1, "pads") + b"".join(_number(8, pad) for pad in (0, 1, 0, 1)) + _number(20, _INTS)
    node = _text(1, source) + _text(1, "w") + _text(2, target) + _text(4, "Conv")
    return _bytes(1, node + _bytes(5, pads))


def _tensor(name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    dims = b"".join(_number(1, dim) for dim in values.shape)
    return dims + _number(2, _FLOAT) + _text(8, name) + _bytes(9, values.astype("<f4").tobytes())


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, dim)) for dim in shape)
    tensor_type = _number(1, _FLOAT) + _bytes(2, dims)
    return _text(1, name) + _bytes(2, _bytes(1, tensor_type))


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
