"""The float16 passes: nothing lost in storage, and float32 kept where float16 would hurt."""

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from engine.training.export.half import INLINE_BYTES, with_half_arithmetic, with_half_weights

Array = NDArray[np.float32]
RNG = np.random.default_rng(0)


def model_of(
    nodes: list[onnx.NodeProto],
    constants: dict[str, Array],
    *,
    inputs: dict[str, list[int]],
    output: str = "y",
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    return model


def run(model: onnx.ModelProto, **inputs: Array) -> Array:
    """In the reference evaluator: ONNX Runtime's CPU would run float16 in float32."""
    (found,) = ReferenceEvaluator(model).run(None, inputs)
    return np.asarray(found, np.float32)


def types_of(model: onnx.ModelProto) -> dict[str, int]:
    """Element type of every tensor, as ONNX itself infers it."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    found = {t.name: t.data_type for t in graph.initializer}
    for info in (*graph.input, *graph.output, *graph.value_info):
        found[info.name] = info.type.tensor_type.elem_type
    return found


def half_exact(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float16).astype(np.float32)


def matmul_chain() -> onnx.ModelProto:
    """One layer: x → MatMul → Add(bias) → y."""
    return model_of(
        [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["y"])],
        {"w": half_exact(32, 16), "b": half_exact(16)},
        inputs={"x": [4, 32]},
    )


def test_exact_weights_are_stored_as_half_and_lose_nothing() -> None:
    model = matmul_chain()
    stored = with_half_weights(model)
    by_name = {t.name: t for t in stored.graph.initializer}
    assert by_name["w.half"].data_type == TensorProto.FLOAT16
    assert by_name["b"].data_type == TensorProto.FLOAT  # 64 bytes: inline
    assert [n.op_type for n in stored.graph.node] == ["Cast", "MatMul", "Add"]
    x = RNG.normal(size=(4, 32)).astype(np.float32)
    assert np.array_equal(run(stored, x=x), run(model, x=x))


def test_weights_that_half_cannot_hold_stay_float32() -> None:
    weights = half_exact(32, 16)
    weights[3, 3] += 1e-6
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": weights}, inputs={"x": [4, 32]}
    )
    assert weights.nbytes >= INLINE_BYTES
    (tensor,) = with_half_weights(model).graph.initializer
    assert (tensor.name, tensor.data_type) == ("w", TensorProto.FLOAT)


def test_the_given_graph_is_not_touched() -> None:
    model = matmul_chain()
    before = model.SerializeToString()
    with_half_weights(model)
    with_half_arithmetic(model)
    assert model.SerializeToString() == before


def test_products_run_in_half_between_float32_ends() -> None:
    exact = matmul_chain()
    model = with_half_arithmetic(exact)
    types = types_of(model)
    assert types["h"] == types["w.half"] == types["b.half"] == TensorProto.FLOAT16
    assert types["x"] == types["y"] == TensorProto.FLOAT
    assert {t.name for t in model.graph.initializer} == {"w.half", "b.half"}  # no unused float32
    x = RNG.normal(size=(4, 32)).astype(np.float32)
    np.testing.assert_allclose(run(model, x=x), run(exact, x=x), atol=0.05)
    assert not np.array_equal(run(model, x=x), run(exact, x=x))


def test_an_output_that_is_used_again_keeps_its_name_and_type() -> None:
    model = matmul_chain()
    model.graph.node.append(helper.make_node("Mul", ["y", "y"], ["z"]))
    model.graph.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [4, 16]))
    converted = with_half_arithmetic(model)
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(converted))
    assert types_of(converted)["z"] == TensorProto.FLOAT


def test_a_lambda_times_a_frequency_stays_float32() -> None:
    """λ = 20 at frequency 3000 is 60,000 radians: float16 would be wrong by a whole turn."""
    model = model_of(
        [
            helper.make_node("Mul", ["x", "frequencies"], ["angle"]),
            helper.make_node("Sin", ["angle"], ["sine"]),
            helper.make_node("MatMul", ["sine", "w"], ["y"]),
        ],
        {"frequencies": np.linspace(1, 3000, 32, dtype=np.float32), "w": half_exact(32, 16)},
        inputs={"x": [4, 1]},
    )
    converted = with_half_arithmetic(model)
    types = types_of(converted)
    assert types["angle"] == types["sine"] == TensorProto.FLOAT
    assert types["sine.half"] == TensorProto.FLOAT16
    x = np.array([[-20], [-0.5], [7.7], [20]], np.float32)
    np.testing.assert_allclose(run(converted, x=x), run(model, x=x), atol=0.02)


def test_a_norms_statistics_and_its_epsilon_stay_float32() -> None:
    """mean(x²) + 1e-9 underflows in float16; x · scale may be float16 again."""
    model = model_of(
        [
            helper.make_node("MatMul", ["x", "w"], ["h"]),
            helper.make_node("Mul", ["h", "h"], ["square"]),
            helper.make_node("ReduceMean", ["square"], ["mean"], axes=[1]),
            helper.make_node("Add", ["mean", "epsilon"], ["variance"]),
            helper.make_node("Sqrt", ["variance"], ["root"]),
            helper.make_node("Reciprocal", ["root"], ["scale"]),
            helper.make_node("Mul", ["h", "scale"], ["y"]),
        ],
        {"w": half_exact(32, 16), "epsilon": np.array([1e-9])},
        inputs={"x": [4, 32]},
    )
    for opset in model.opset_import:
        opset.version = 17  # ReduceMean's axes are an attribute
    types = types_of(with_half_arithmetic(model))
    assert {types[name] for name in ("mean", "variance", "root", "scale")} == {TensorProto.FLOAT}
    assert types["h"] == TensorProto.FLOAT16
    assert types["epsilon"] == TensorProto.FLOAT


def test_scores_and_masks_are_float32_from_product_to_softmax() -> None:
    model = model_of(
        [
            helper.make_node("MatMul", ["q", "k"], ["scores"]),
            helper.make_node("Sub", ["one", "mask"], ["hidden"]),
            helper.make_node("Mul", ["hidden", "far"], ["shift"]),
            helper.make_node("Add", ["scores", "shift"], ["shifted"]),
            helper.make_node("Softmax", ["shifted"], ["weights"], axis=-1),
            helper.make_node("MatMul", ["weights", "v"], ["y"]),
        ],
        {"one": np.array(1), "far": np.array(-1e9), "v": half_exact(6, 8)},
        inputs={"q": [5, 16], "k": [16, 6], "mask": [1, 6]},
    )
    converted = with_half_arithmetic(model)
    types = types_of(converted)
    floats = ("hidden", "shift", "shifted", "weights")
    assert {types[name] for name in floats} == {TensorProto.FLOAT}
    assert types["scores"] == types["weights.half"] == TensorProto.FLOAT16
    query, key = (RNG.normal(size=shape).astype(np.float32) for shape in ((5, 16), (16, 6)))
    mask = np.array([[1, 1, 0, 0, 1, 0]], np.float32)
    np.testing.assert_allclose(
        run(converted, q=query, k=key, mask=mask), run(model, q=query, k=key, mask=mask), atol=0.02
    )
    assert np.isfinite(run(converted, q=query, k=key, mask=np.zeros_like(mask))).all()


def test_a_constant_beyond_half_keeps_its_node_in_float32() -> None:
    model = model_of(
        [helper.make_node("Mul", ["x", "c"], ["y"])],
        {"c": np.array(1e6)},
        inputs={"x": [4]},
    )
    assert [n.op_type for n in with_half_arithmetic(model).graph.node] == ["Mul"]
    assert run(with_half_arithmetic(model), x=np.full(4, 1e-6, np.float32))[0] == pytest.approx(1)


def test_integers_pass_untouched() -> None:
    model = model_of(
        [
            helper.make_node("Shape", ["x"], ["shape"]),
            helper.make_node("Identity", ["x"], ["h"]),
            helper.make_node("Reshape", ["h", "shape"], ["y"]),
        ],
        {},
        inputs={"x": [2, 3]},
    )
    types = types_of(with_half_arithmetic(model))
    assert types["shape"] == TensorProto.INT64
    assert types["h"] == TensorProto.FLOAT16


def test_control_flow_is_refused() -> None:
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value_float=1.0)],
        "branch",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [])],
    )
    model = model_of(
        [
            helper.make_node("Cast", ["x"], ["condition"], to=TensorProto.BOOL),
            helper.make_node("If", ["condition"], ["y"], then_branch=branch, else_branch=branch),
        ],
        {},
        inputs={"x": []},
    )
    with pytest.raises(ValueError, match="If has a subgraph"):
        with_half_arithmetic(model)
