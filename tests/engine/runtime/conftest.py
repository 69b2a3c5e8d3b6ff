"""ONNX graphs made on the spot, and a session that fails on command."""

import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import convert_model_to_external_data


def save(
    path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], **weights: Any
) -> Path:
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def tensor(name: str, kind: int, *shape: int | str) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


@pytest.fixture
def affine_model(tmp_path: Path) -> Path:
    """A second output first; prediction = x · scale + sum(ids), x (B, L), ids (N,) int64."""
    nodes = [
        helper.make_node("Neg", ["x"], ["other"]),
        helper.make_node("Mul", ["x", "scale"], ["scaled"]),
        helper.make_node("ReduceSum", ["ids"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["offset"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["scaled", "offset"], ["prediction"]),
    ]
    inputs = [
        tensor("x", TensorProto.FLOAT, "B", "L"),
        tensor("scale", TensorProto.FLOAT, 1),
        tensor("ids", TensorProto.INT64, "N"),
    ]
    outputs = [
        tensor("other", TensorProto.FLOAT, "B", "L"),
        tensor("prediction", TensorProto.FLOAT, "B", "L"),
    ]
    return save(tmp_path / "affine.onnx", nodes, inputs, outputs)


@pytest.fixture
def heavy_model(tmp_path: Path) -> Path:
    """Three hundred convolutions of 64 channels over x (B, 64, 1, L): seconds at L = 16,000."""
    weights = np.full((64, 64, 1, 3), 1e-3, np.float32)
    names = ["x", *[f"x{i}" for i in range(299)], "prediction"]
    nodes = [
        helper.make_node("Conv", [a, "w"], [b], pads=[0, 1, 0, 1])
        for a, b in itertools.pairwise(names)
    ]
    shape = ("B", 64, 1, "L")
    return save(
        tmp_path / "heavy.onnx",
        nodes,
        [tensor("x", TensorProto.FLOAT, *shape)],
        [tensor("prediction", TensorProto.FLOAT, *shape)],
        w=weights,
    )


@pytest.fixture
def short_model(tmp_path: Path) -> Path:
    """Two convolutions over x (B, 64, 1, L): working memory, and little work."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("Conv", ["a", "w"], ["prediction"]),
    ]
    shape = ("B", 64, 1, "L")
    return save(
        tmp_path / "short.onnx",
        nodes,
        [tensor("x", TensorProto.FLOAT, *shape)],
        [tensor("prediction", TensorProto.FLOAT, *shape)],
        w=np.full((64, 64, 1, 1), 1e-3, np.float32),
    )


@pytest.fixture
def external_model(tmp_path: Path) -> Path:
    """Prediction = x + w, with w in a file beside the model."""
    weights = np.arange(4, dtype=np.float32)
    path = save(
        tmp_path / "external.onnx",
        [helper.make_node("Add", ["x", "w"], ["prediction"])],
        [tensor("x", TensorProto.FLOAT, 4)],
        [tensor("prediction", TensorProto.FLOAT, 4)],
        w=weights,
    )
    model = onnx.load(path)
    convert_model_to_external_data(model, location="external.data", size_threshold=0)
    onnx.save(model, path)
    return path


class FakeSession:
    """Adds one to x; fails as `trouble` says, by the name of its file."""

    def __init__(self, path: Path, provider: str, trouble: dict[str, list[Exception]]) -> None:
        self.path, self.provider, self.trouble = path, provider, trouble

    def get_providers(self) -> list[str]:
        return [self.provider]

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="x", type="tensor(float)")]

    def get_outputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="prediction")]

    def run(self, names: list[str], feeds: dict[str, Any], options: Any) -> list[Any]:
        waiting = self.trouble.get(self.path.name)
        if waiting:
            raise waiting.pop(0)
        return [feeds["x"] + 1]


class FakeFactory:
    """Makes FakeSessions and remembers (file, device kind, threads)."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, int]] = []
        self.trouble: dict[str, list[Exception]] = {}
        self.load_trouble: list[Exception] = []
        self.provider: str | None = None

    def __call__(self, path: Path, device: Any, threads: int) -> FakeSession:
        if self.load_trouble:
            raise self.load_trouble.pop(0)
        self.made.append((path.name, device.kind, threads))
        return FakeSession(path, self.provider or device.provider, self.trouble)


@pytest.fixture
def factory() -> FakeFactory:
    return FakeFactory()


@pytest.fixture
def ort_error() -> Callable[[str], Exception]:
    """An exception whose type is defined inside onnxruntime."""
    from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException  # noqa: PLC0415

    def make(text: str) -> Exception:
        error: Exception = RuntimeException(text)
        return error

    return make
