"""One file of weights shared by a stage's graphs, each distinct tensor in it once.

ONNX Runtime maps external data from the model's own folder, and a mapped file costs no second copy
in memory. Offsets of large tensors are multiples of 64 KiB, Windows' mapping granularity, and of
medium ones of a page: ONNX Runtime falls back to reading what is not aligned
(https://github.com/microsoft/onnxruntime/issues/21195).

Rejected: `onnx.save(save_as_external_data=True)` (one file per graph, which doubles the bundle, and
unaligned: https://github.com/onnx/onnx/issues/6226), and deduplication by name (the same bytes come
under two names when the exporter folds a transpose in one graph only).
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import set_external_data

from engine.training.export.half import INLINE_BYTES

# (least size, alignment) in bytes, from the largest
_ALIGNMENTS: Final = ((2**20, 2**16), (2**14, 2**12), (0, 2**6))


def save_sharing_weights(models: Mapping[str, onnx.ModelProto], weights: Path) -> None:
    """Write graphs beside one weights file; the graphs' own large tensors move out of them.

    Args:
        models: graph by file name, all written into `weights`' folder; changed in place.
        weights: path of the shared file; not written when every tensor is small.
    """
    tensors = [
        (tensor, data)
        for model in models.values()
        for tensor in model.graph.initializer
        if len(data := _raw(tensor)) >= INLINE_BYTES
    ]
    places = _write(weights, [data for _, data in tensors])
    for tensor, data in tensors:
        offset = places[hashlib.sha256(data).digest()]
        set_external_data(tensor, location=weights.name, offset=offset, length=len(data))
        tensor.ClearField("raw_data")
    for name, model in models.items():
        path = weights.parent / name
        _abridge(model.graph)
        path.write_bytes(model.SerializeToString(deterministic=True))
        onnx.checker.check_model(path)


def _abridge(graph: onnx.GraphProto) -> None:
    """Leave out what readers infer, and give short names to what lies between nodes.

    Half of a graph's bytes are names and shapes. What callers and warm starts look for keeps its
    name: inputs, outputs and initializers.
    """
    del graph.value_info[:]
    if any(attribute.HasField("g") for node in graph.node for attribute in node.attribute):
        return  # an inner graph sees names of the outer one
    kept = {item.name for item in (*graph.input, *graph.output, *graph.initializer)}
    short: dict[str, str] = {"": ""}  # an input that is left out
    for node in graph.node:
        node.name = ""
        node.input[:] = [short.get(name, name) for name in node.input]
        for place, name in enumerate(node.output):
            if name and name not in kept:
                short[name] = str(len(short))
                node.output[place] = short[name]


def _raw(tensor: TensorProto) -> bytes:
    """The tensor's little-endian bytes, which it holds as `raw_data` afterwards."""
    if not tensor.HasField("raw_data"):
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
    return tensor.raw_data


def _write(path: Path, blobs: list[bytes]) -> dict[bytes, int]:
    """Write distinct blobs, the largest first; offset by SHA-256."""
    offsets: dict[bytes, int] = {}
    if not blobs:
        return offsets
    with path.open("wb") as file:
        for blob in sorted(blobs, key=len, reverse=True):  # stable: equal sizes keep their order
            digest = hashlib.sha256(blob).digest()
            if digest in offsets:
                continue
            alignment = next(step for least, step in _ALIGNMENTS if len(blob) >= least)
            file.write(bytes(-file.tell() % alignment))
            offsets[digest] = file.tell()
            file.write(blob)
    return offsets
