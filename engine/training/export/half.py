"""Two graphs from one: float16 weights under float32 arithmetic, and float16 arithmetic.

`with_half_weights` stores what float16 holds exactly as float16, with a Cast that ONNX Runtime
folds at load; nothing is lost, because the module was rounded (`stage.round_to_half`) before it
was traced. `with_half_arithmetic` moves convolutions, products and what lies between them to
float16 for CUDA and leaves in float32 whatever float16 would hurt.

Rejected: `onnxruntime.transformers.float16`, which blocks by operator type alone (the embedding of
λ and the epsilon of a norm are plain Mul and Add), and rounding weights after the trace (the
exporter folds transposes and scalings, so names no longer tell weights from constants).
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

INLINE_BYTES: Final = 1024  # smaller tensors stay float32 and inside the graph

# Safe and fast in float16 on CUDA. Whatever is not here keeps float32: softmax, norms, reductions,
# powers, roots, exponentials, sines, and operators nobody thought of.
HALF_OPS: Final = frozenset(
    (
        *("Conv", "Gemm", "MatMul"),
        *("Add", "Sub", "Mul", "Div", "Neg", "Clip", "Where"),
        *("Sigmoid", "Tanh", "Erf", "Gelu", "Relu", "LeakyRelu"),
        *("Concat", "Split", "Slice", "Gather", "Expand", "Tile", "Pad", "Identity"),
        *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "DepthToSpace"),
    )
)
_PERIODIC: Final = frozenset({"Sin", "Cos"})
_PRODUCTS: Final = frozenset({"Conv", "Gemm", "MatMul"})
_STATISTICS: Final = frozenset({"Pow", "ReduceMean", "ReduceSum", "ReduceSumSquare", "ReduceL2"})
_ROOTS: Final = frozenset({"Sqrt", "Reciprocal"})


def with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same computation with large weights stored as float16, a Cast to float32 after each.

    Only tensors that float16 holds exactly are stored so; every other stays float32.
    """
    result = copy.deepcopy(model)
    graph = result.graph
    casts = []
    for tensor in graph.initializer:
        halved = _exact_half(tensor)
        if halved is None:
            continue
        name, stored = tensor.name, f"{tensor.name}.half"
        tensor.CopyFrom(numpy_helper.from_array(halved, stored))
        casts.append(_cast(stored, name, TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return result


def with_half_arithmetic(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network in float16 arithmetic; graph inputs and outputs stay float32.

    Float32 remains: every operator outside `HALF_OPS`, all that leads to a sine or cosine (λ times
    a frequency), the way from a product to its softmax (masks), a norm's statistics with their
    epsilon, and any node with a constant that float16 cannot hold.

    Raises:
        ValueError: the graph has control flow, or a tensor of unknown type.
    """
    return _HalfArithmetic(model).run()


def _cast(source: str, target: str, to: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [target], name=f"cast_{target}", to=to)


def _exact_half(tensor: TensorProto) -> NDArray[np.float16] | None:
    """The tensor as float16 if it is large float32 and float16 holds it exactly, else None."""
    if tensor.data_type != TensorProto.FLOAT:
        return None
    array = numpy_helper.to_array(tensor)
    if array.nbytes < INLINE_BYTES:
        return None
    with np.errstate(over="ignore"):
        halved = array.astype(np.float16)
    return halved if np.array_equal(halved.astype(np.float32), array) else None


class _HalfArithmetic:
    """One pass over a topologically sorted graph: decide, rewire through casts, convert weights."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = copy.deepcopy(model)
        graph = self._model.graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._types = _types(self._model)
        self._producer = {name: node for node in graph.node for name in node.output}
        self._float32 = self._kept_float32()
        self._is_half: set[str] = set()  # tensors that a node produces in float16
        self._made: dict[tuple[str, int], str] = {}  # (tensor, type) → its cast or converted copy
        self._nodes: list[onnx.NodeProto] = []
        self._halved: list[TensorProto] = []

    def run(self) -> onnx.ModelProto:
        graph = self._model.graph
        for node in graph.node:
            half = self._runs_in_half(node)
            wanted = TensorProto.FLOAT16 if half else TensorProto.FLOAT
            inputs = [self._as(name, wanted) for name in node.input]
            del node.input[:]
            node.input.extend(inputs)
            self._nodes.append(node)
            if half:
                self._is_half.update(name for name in node.output if self._is_float(name))
        self._restore_outputs()
        used = {name for node in self._nodes for name in node.input}
        kept = [t for t in [*graph.initializer, *self._halved] if t.name in used]
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(self._nodes)
        graph.initializer.extend(kept)
        return self._model

    def _runs_in_half(self, node: onnx.NodeProto) -> bool:
        return (
            node.op_type in HALF_OPS
            and id(node) not in self._float32
            and any(self._is_float(name) for name in node.output)
            and all(self._fits_half(name) for name in node.input if name in self._constants)
        )

    def _is_float(self, name: str) -> bool:
        return bool(name) and self._types[name] == TensorProto.FLOAT

    def _fits_half(self, name: str) -> bool:
        if not self._is_float(name):
            return True
        array = numpy_helper.to_array(self._constants[name])
        finite = array[np.isfinite(array)]
        return bool((np.abs(finite) <= np.finfo(np.float16).max).all())

    def _as(self, name: str, wanted: int) -> str:
        """The name under which float tensor `name` is available as type `wanted`."""
        if not self._is_float(name):
            return name
        if (TensorProto.FLOAT16 if name in self._is_half else TensorProto.FLOAT) == wanted:
            return name
        if (name, wanted) not in self._made:
            target = f"{name}.half" if wanted == TensorProto.FLOAT16 else f"{name}.float"
            self._made[name, wanted] = target
            if name in self._constants:
                array = numpy_helper.to_array(self._constants[name]).astype(np.float16)
                self._halved.append(numpy_helper.from_array(array, target))
            else:
                self._nodes.append(_cast(name, target, wanted))
        return self._made[name, wanted]

    def _restore_outputs(self) -> None:
        """Give graph outputs their float32 back: producer renamed, Cast to the public name."""
        for output in self._model.graph.output:
            if output.name not in self._is_half:
                continue
            inner = f"{output.name}.inner"
            for node in self._nodes:
                for names in (node.input, node.output):
                    renamed = [inner if name == output.name else name for name in names]
                    del names[:]
                    names.extend(renamed)
            self._nodes.append(_cast(inner, output.name, TensorProto.FLOAT))

    def _kept_float32(self) -> set[int]:
        """Ids of nodes that would be exact enough by type but not by what they feed."""
        graph = self._model.graph
        kept = self._ancestors(n for n in graph.node if n.op_type in _PERIODIC)
        softmaxes = (n for n in graph.node if n.op_type == "Softmax")
        kept |= self._ancestors(softmaxes, stop=_PRODUCTS)
        roots = (n for n in graph.node if n.op_type in _ROOTS)
        kept |= self._ancestors(roots, stop=_STATISTICS | _PRODUCTS)
        return kept

    def _ancestors(
        self, nodes: Iterable[onnx.NodeProto], stop: frozenset[str] = frozenset()
    ) -> set[int]:
        found: set[int] = set()
        waiting = list(nodes)
        while waiting:
            for name in waiting.pop().input:
                producer = self._producer.get(name)
                if producer is None or id(producer) in found or producer.op_type in stop:
                    continue
                found.add(id(producer))
                waiting.append(producer)
        return found


def _types(model: onnx.ModelProto) -> Mapping[str, int]:
    """Element type of every tensor in the graph.

    Raises:
        ValueError: control flow, or a tensor whose type inference did not find.
    """
    for node in model.graph.node:
        if any(attribute.HasField("g") for attribute in node.attribute):
            msg = f"{node.op_type} has a subgraph; the float16 pass knows plain graphs only"
            raise ValueError(msg)
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for info in (*graph.input, *graph.output, *graph.value_info):
        types[info.name] = info.type.tensor_type.elem_type
    missing = [name for node in graph.node for name in node.output if name not in types]
    if missing:
        msg = f"tensors of unknown type: {', '.join(missing[:5])}"
        raise ValueError(msg)
    return types
