"""torch.export takes the network by keywords with dynamic batch, length and text length.

The exporter's own tests run ONNX Runtime; this one only guards the network's part of the bargain,
on the smallest network that has every entry.
"""

import logging

import pytest
import torch

from engine.training.networks.config import UNetConfig
from engine.training.networks.inputs import dynamic_shapes, example_inputs, input_names
from engine.training.networks.unet import UNet

EVERYTHING = UNetConfig(
    name="everything",
    channels=2,
    base=8,
    kernel=3,
    strides=(4,),
    multipliers=(1,),
    blocks=(1,),
    self_attention=(True,),
    cross_attention=(True,),
    heads=2,
    patch=2,
    signals=1,
    globals=2,
    text_width=4,
    aligned_channels=3,
    aligned_hop=8,
    low=True,
    augmentation=True,
)


def test_traces_with_dynamic_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest's log capture makes torch format a hundred thousand trace records: half the time
    monkeypatch.setattr(logging.getLogger("torch.__trace"), "disabled", True)
    torch.manual_seed(0)
    net = UNet(EVERYTHING).eval()
    program = torch.export.export(
        net,
        (),
        example_inputs(EVERYTHING, 2, 2 * EVERYTHING.multiple, 5),
        dynamic_shapes=dynamic_shapes(EVERYTHING),
        strict=False,
    )
    assert tuple(program.graph_signature.user_inputs) == input_names(EVERYTHING)
    traced = program.module()
    for batch, units, tokens in ((1, 2, 1), (3, 7, 2)):
        inputs = example_inputs(EVERYTHING, batch, units * EVERYTHING.multiple, tokens)
        with torch.no_grad():
            torch.testing.assert_close(traced(**inputs), net(**inputs), rtol=1e-5, atol=1e-6)


def test_dynamic_shapes_name_every_input() -> None:
    shapes = dynamic_shapes(EVERYTHING)
    assert tuple(shapes) == input_names(EVERYTHING)
    assert {str(axis) for axes in shapes.values() for axis in axes} == {"0", "1", "2"}
