"""The weights file: every tensor once, aligned, and enough for ONNX Runtime to run by path."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.training.export.weights import save_sharing_weights


def graph_of(constants: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """A chain: x times each of the square constants, one MatMul after another."""
    names, nodes = ["x"], []
    for number, constant in enumerate(constants):
        names.append(f"h{number}")
        nodes.append(helper.make_node("MatMul", [names[-2], constant], [names[-1]]))
    size = next(iter(constants.values())).shape[0]
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, size])],
        [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, [1, size])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    return model


def places(path: Path) -> dict[str, tuple[str, int, int]]:
    """(location, offset, length) of every external tensor, by name."""
    found = {}
    for tensor in onnx.load(path, load_external_data=False).graph.initializer:
        entry = {item.key: item.value for item in tensor.external_data}
        if entry:
            found[tensor.name] = (entry["location"], int(entry["offset"]), int(entry["length"]))
    return found


def square(size: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(size, size)).astype(np.float32)


def test_equal_tensors_are_written_once_whatever_their_names(tmp_path: Path) -> None:
    shared, other = square(64, 1), square(64, 2)
    models = {
        "a.onnx": graph_of({"one": shared, "two": other}),
        "b.onnx": graph_of({"uno": shared}),
    }
    save_sharing_weights(models, tmp_path / "a.weights")
    first, second = places(tmp_path / "a.onnx"), places(tmp_path / "b.onnx")
    assert first["one"] == second["uno"]
    assert {place[0] for place in first.values()} == {"a.weights"}
    assert (tmp_path / "a.weights").stat().st_size == 2 * shared.nbytes


def test_both_graphs_run_by_path(tmp_path: Path) -> None:
    weight, x = square(64, 1), np.ones((1, 64), np.float32)
    models = {"a.onnx": graph_of({"w": weight}), "b.onnx": graph_of({"w": weight, "v": weight})}
    save_sharing_weights(models, tmp_path / "a.weights")
    for name, expected in (("a.onnx", x @ weight), ("b.onnx", x @ weight @ weight)):
        session = onnxruntime.InferenceSession(tmp_path / name, providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(None, {"x": x})[0], expected, rtol=1e-4, atol=1e-3)


def test_large_tensors_lie_on_mapping_boundaries(tmp_path: Path) -> None:
    models = {
        "a.onnx": graph_of({"small": square(20, 0)}),
        "b.onnx": graph_of({"page": square(70, 1)}),
        "c.onnx": graph_of({"large": square(520, 2), "also": square(520, 3)}),
    }
    save_sharing_weights(models, tmp_path / "a.weights")
    found = {k: v for name in models for k, v in places(tmp_path / name).items()}
    assert [found[name][1] % 2**16 for name in ("large", "also")] == [0, 0]
    assert found["page"][1] % 4096 == 0
    assert found["small"][1] % 64 == 0
    spans = sorted((offset, offset + length) for _, offset, length in found.values())
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_small_tensors_stay_inside_the_graph(tmp_path: Path) -> None:
    save_sharing_weights({"a.onnx": graph_of({"w": square(8, 0)})}, tmp_path / "a.weights")
    assert places(tmp_path / "a.onnx") == {}
    assert not (tmp_path / "a.weights").exists()


def test_the_same_graphs_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        models = {"a.onnx": graph_of({"w": square(64, 1), "v": square(64, 2)})}
        save_sharing_weights(models, tmp_path / folder / "a.weights")
    for name in ("a.onnx", "a.weights"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_names_between_nodes_are_short_and_weights_keep_theirs(tmp_path: Path) -> None:
    weights = {f"a.long.name.of.a.weight.{number}": square(64, number) for number in range(40)}
    models = {"a.onnx": graph_of(weights), "b.onnx": graph_of(weights)}
    graph = models["a.onnx"].graph
    for place, node in enumerate(graph.node):
        node.name = f"node_matmul_of_the_network_{place}"
    inner = [node.output[0] for node in graph.node][:-1]
    graph.value_info.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 64]) for name in inner
    )
    before = onnx.ModelProto()
    before.CopyFrom(models["a.onnx"])
    save_sharing_weights(models, tmp_path / "a.weights")
    after = onnx.load(tmp_path / "a.onnx", load_external_data=False)
    assert set(places(tmp_path / "a.onnx")) == set(weights)
    assert [item.name for item in (*after.graph.input, *after.graph.output)] == ["x", "h39"]
    assert not after.graph.value_info
    assert not any(node.name for node in after.graph.node)
    x = np.random.default_rng(0).normal(size=(1, 64)).astype(np.float32)
    ours, theirs = (
        onnxruntime.InferenceSession(model).run(None, {"x": x})[0]
        for model in (tmp_path / "a.onnx", before.SerializeToString())
    )
    np.testing.assert_array_equal(ours, theirs)


def test_a_graph_with_an_inner_one_keeps_its_names(tmp_path: Path) -> None:
    """The inner graph reads a value of the outer one by its name."""
    then = helper.make_graph(
        [helper.make_node("Identity", ["outer"], ["y1"])], "then", [],
        [helper.make_tensor_value_info("y1", TensorProto.FLOAT, [2])],
    )  # fmt: skip
    other = helper.make_graph(
        [helper.make_node("Neg", ["outer"], ["y2"])], "else", [],
        [helper.make_tensor_value_info("y2", TensorProto.FLOAT, [2])],
    )  # fmt: skip
    graph = helper.make_graph(
        [
            helper.make_node("Abs", ["x"], ["outer"]),
            helper.make_node("If", ["which"], ["y"], then_branch=then, else_branch=other),
        ],
        "branches",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [2]),
            helper.make_tensor_value_info("which", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    save_sharing_weights({"a.onnx": model}, tmp_path / "a.weights")
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    feeds = {"x": np.array([-1, 2], np.float32), "which": np.array(False)}
    assert session.run(None, feeds)[0].tolist() == [-1, -2]
