"""The wire-format walk finds every external tensor that onnx can express, and survives anything."""

import contextlib
from typing import Any

import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from engine.bundle.onnx_scan import MESSAGES, MalformedModel, external_locations


def external(location: str, name: str = "w") -> TensorProto:
    tensor = helper.make_tensor(name, TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("offset", "0"), ("location", location), ("length", "4")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return tensor


def graph(nodes: list[Any] | None = None, initializers: list[Any] | None = None) -> Any:
    return helper.make_graph(nodes or [], "g", [], [], initializers or [])


def in_initializer(tensor: TensorProto) -> onnx.ModelProto:
    return helper.make_model(graph(initializers=[tensor]))


def in_attribute(tensor: TensorProto) -> onnx.ModelProto:
    return helper.make_model(graph([helper.make_node("Constant", [], ["c"], value=tensor)]))


def in_tensors_attribute(tensor: TensorProto) -> onnx.ModelProto:
    return helper.make_model(graph([helper.make_node("X", [], ["c"], list=[tensor, tensor])]))


def in_subgraph(tensor: TensorProto) -> onnx.ModelProto:
    inner = graph([helper.make_node("If", ["a"], ["b"], then_branch=graph([], [tensor]))])
    return helper.make_model(graph([helper.make_node("If", ["a"], ["b"], else_branch=inner)]))


def in_sparse(tensor: TensorProto) -> onnx.ModelProto:
    model = helper.make_model(graph())
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(tensor)
    return model


def in_sparse_attribute(tensor: TensorProto) -> onnx.ModelProto:
    model = helper.make_model(graph([helper.make_node("Constant", [], ["c"])]))
    attribute = model.graph.node[0].attribute.add()
    attribute.name = "sparse_value"
    attribute.sparse_tensor.indices.CopyFrom(tensor)
    return model


def in_function(tensor: TensorProto) -> onnx.ModelProto:
    node = helper.make_node("Constant", [], ["c"], value=tensor)
    function = helper.make_function("d", "F", [], ["c"], [node], [helper.make_opsetid("", 17)])
    return helper.make_model(graph(), functions=[function])


def in_function_default(tensor: TensorProto) -> onnx.ModelProto:
    model = in_function(tensor)
    del model.functions[0].node[:]
    model.functions[0].attribute_proto.append(helper.make_attribute("default", tensor))
    return model


def in_training(tensor: TensorProto) -> onnx.ModelProto:
    model = helper.make_model(graph())
    model.training_info.add().initialization.initializer.append(tensor)
    return model


PLACES = (
    in_initializer,
    in_attribute,
    in_tensors_attribute,
    in_subgraph,
    in_sparse,
    in_sparse_attribute,
    in_function,
    in_function_default,
    in_training,
)
ESCAPES = ("../x", "/etc/passwd", "a/../../b", "C:\\x", "*/_ORT_MEM_ADDR_/*", "ok.data", "")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("location", ESCAPES)
def test_every_place_of_an_external_tensor_is_found(place: Any, location: str) -> None:
    model = place(external(location)).SerializeToString()
    assert set(external_locations(model)) == {location}


def test_a_model_with_its_weights_inside_has_no_location(model_bytes: bytes) -> None:
    assert list(external_locations(model_bytes)) == []


def test_the_table_has_every_path_to_a_tensor_that_onnx_defines() -> None:
    known = {f"{name}Proto": fields for name, fields in MESSAGES.items() if name != "Entry"}
    known["TrainingInfoProto"] = known.pop("TrainingInfoProto")

    def reaches(message: Any, seen: frozenset[str]) -> bool:
        if message.name == "TensorProto":
            return True
        return message.name not in seen and any(
            reaches(field.message_type, seen | {message.name})
            for field in message.fields
            if field.message_type is not None
        )

    pending, visited = [onnx.ModelProto.DESCRIPTOR], set()
    while pending:
        message = pending.pop()
        if message.name in visited or message.name == "TensorProto":
            continue
        visited.add(message.name)
        fields = {
            field.number: field.message_type
            for field in message.fields
            if field.message_type is not None and reaches(field.message_type, frozenset())
        }
        assert {n: f.name for n, f in fields.items()} == {
            n: f"{child}Proto" for n, child in known[message.name].items()
        }
        pending += fields.values()
    assert visited == known.keys() - {"TensorProto"}
    assert onnx.TensorProto.DESCRIPTOR.fields_by_name["external_data"].number in MESSAGES["Tensor"]


def test_a_merged_second_graph_is_walked_too() -> None:
    first = in_initializer(external("a")).SerializeToString()
    second = in_initializer(external("b")).SerializeToString()
    merged = onnx.ModelProto.FromString(first + second)
    assert len(merged.graph.initializer) == 2
    assert set(external_locations(first + second)) == {"a", "b"}


def test_deep_nesting_is_refused_without_recursion() -> None:
    tensor = external("x").SerializeToString()
    data = onnx.GraphProto.FromString(b"").SerializeToString() + _field(5, tensor)
    for _ in range(60):
        data = _field(1, _field(5, _field(6, data)))
    with pytest.raises(MalformedModel, match="deeper"):
        list(external_locations(_field(7, data)))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x3a\x05ab", "truncated"),
        (b"\x3a", "truncated"),
        (b"\xff" * 11, "ten bytes"),
        (b"\x02\x00", "field number 0"),
        (b"\x3b\x3c", "wire type 3"),
        (b"\x39" + bytes(7), "truncated"),
    ],
)
def test_malformed_bytes_are_named(data: bytes, why: str) -> None:
    with pytest.raises(MalformedModel, match=why):
        list(external_locations(data))


def test_a_node_that_loads_compiled_code_is_refused() -> None:
    node = helper.make_node("EPContext", [], ["y"], domain="com.microsoft", ep_cache_context="../x")
    with pytest.raises(MalformedModel, match="EPContext"):
        list(external_locations(helper.make_model(graph([node])).SerializeToString()))


def test_an_entry_with_two_values_is_refused() -> None:
    entry = _field(1, b"location") + _field(2, b"plain") + _field(2, b"../x")
    with pytest.raises(MalformedModel, match="two keys"):
        list(external_locations(_field(7, _field(5, _field(13, entry)))))


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(MalformedModel, match="fields"):
        list(external_locations(b"\x08\x01" * 1_000_001))


@given(st.binary(max_size=300))
def test_any_bytes_end_in_locations_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedModel):  # and no other
        assert all(isinstance(location, str) for location in external_locations(data))


BIG = in_subgraph(external("weights.data", "w" * 20))
BIG.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(8, np.float32), "z"))
BIG_BYTES = BIG.SerializeToString()


@given(st.lists(st.tuples(st.integers(0, len(BIG_BYTES) - 1), st.integers(0, 255)), max_size=6))
def test_a_mutated_model_hides_no_location_that_onnx_would_see(
    edits: list[tuple[int, int]],
) -> None:
    data = bytearray(BIG_BYTES)
    for at, value in edits:
        data[at] = value
    try:
        found = set(external_locations(bytes(data)))
    except MalformedModel:
        return
    try:
        parsed = onnx.ModelProto.FromString(bytes(data))
    except DecodeError:  # onnx refuses it: nothing will be loaded
        return
    assert _seen_by_onnx(parsed) <= found


def _seen_by_onnx(message: Any) -> set[str]:
    if isinstance(message, TensorProto):
        return {entry.value for entry in message.external_data if entry.key == "location"}
    found: set[str] = set()
    for field, value in message.ListFields():
        if field.message_type is not None:
            items = [value] if hasattr(value, "ListFields") else value
            for item in items:
                found |= _seen_by_onnx(item)
    return found


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    out = bytearray()
    for value in (number << 3 | 2, len(content)):
        while value >= 0x80:
            out.append(value & 0x7F | 0x80)
            value >>= 7  # noqa: PLW2901 - a varint is made by shifting
        out.append(value)
    return bytes(out) + content
