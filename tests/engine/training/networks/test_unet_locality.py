"""The receptive field is what `receptive_field` says: exact, tight, and good for chunks."""

import pytest
import torch
from torch import Tensor

from engine.training.networks.config import UNetConfig, receptive_field
from engine.training.networks.inputs import example_inputs
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet

ODD = UNetConfig(  # strides, kernel and patch that share no factor
    name="odd",
    channels=1,
    base=4,
    kernel=5,
    strides=(1, 3, 2),
    multipliers=(1, 2, 1),
    blocks=(1, 1, 2),
    patch=5,
    aligned_channels=2,
    aligned_hop=15,
)
UNPATCHED = UNetConfig(
    name="unpatched",
    channels=1,
    base=4,
    kernel=3,
    strides=(2, 2),
    multipliers=(1, 1),
    blocks=(1, 1),
)
LOCAL = {
    config.name: config
    for config in (
        PRESETS["tiny-vocoder"],
        PRESETS["tiny-super-resolution"],
        PRESETS["tiny-cascader"],
        ODD,
        UNPATCHED,
    )
}
BLOCK = 3  # multiples of output that are watched


def network(config: UNetConfig) -> UNet:
    """A float64 network with a loud exit."""
    torch.manual_seed(0)
    net = UNet(config).double().eval()
    with torch.no_grad():
        net.exit.weight.mul_(100)
    return net


def whole(config: UNetConfig, field: int) -> dict[str, Tensor]:
    """Float64 inputs: the block, its receptive field and two multiples more on both sides."""
    length = BLOCK * config.multiple + 2 * (field + 2 * config.multiple)
    return {key: value.double() for key, value in example_inputs(config, 1, length, 5).items()}


def cut(config: UNetConfig, inputs: dict[str, Tensor], first: int, last: int) -> dict[str, Tensor]:
    """Inputs restricted to [first, last) elements of x."""
    parts = dict(inputs)
    for key in ("x", "low"):
        if key in inputs:
            parts[key] = inputs[key][..., first:last]
    if "aligned" in inputs:
        hop = config.aligned_hop
        parts["aligned"] = inputs["aligned"][..., first // hop : last // hop]
    return parts


@pytest.mark.parametrize("name", LOCAL)
def test_field_is_exact_and_tight(name: str) -> None:
    config, field = LOCAL[name], receptive_field(LOCAL[name])
    inputs = whole(config, field)
    inputs["x"].requires_grad_()
    first = field + 2 * config.multiple
    last = first + BLOCK * config.multiple
    block = network(config)(**inputs)[..., first:last]
    torch.manual_seed(1)
    (gradient,) = torch.autograd.grad((block * torch.randn_like(block)).sum(), inputs["x"])
    touched = gradient.abs().amax(dim=(0, 1)).nonzero()[:, 0]
    assert first - field <= touched.min() < first - field + config.multiple
    assert last + field - config.multiple <= touched.max() < last + field


@pytest.mark.parametrize("name", LOCAL)
def test_a_far_element_changes_nothing_and_a_near_one_does(name: str) -> None:
    config, field = LOCAL[name], receptive_field(LOCAL[name])
    net, inputs = network(config), whole(config, field)
    first = field + 2 * config.multiple
    last = first + BLOCK * config.multiple

    def change(position: int) -> float:
        perturbed = inputs["x"].clone()
        perturbed[..., position] += 3.0
        with torch.no_grad():
            after = net(**(inputs | {"x": perturbed}))
        return float((after - before)[..., first:last].abs().max())

    with torch.no_grad():
        before = net(**inputs)
    assert change(first - field - 1) == 0
    assert change(last + field) == 0
    assert change(first - 1) > 1e-6
    assert change(last) > 1e-6


@pytest.mark.parametrize("name", LOCAL)
def test_a_chunk_with_its_context_equals_the_whole(name: str) -> None:
    config, field = LOCAL[name], receptive_field(LOCAL[name])
    net, inputs = network(config), whole(config, field)
    first = field + 2 * config.multiple
    last = first + BLOCK * config.multiple
    with torch.no_grad():
        expected = net(**inputs)[..., first:last]
        chunk = net(**cut(config, inputs, first - field, last + field))
        inside = chunk[..., field : field + BLOCK * config.multiple]
        torch.testing.assert_close(inside, expected, rtol=0, atol=1e-10)
        without_context = net(**cut(config, inputs, first, last))
    assert (without_context - expected).abs().max() > 1e-3


@pytest.mark.parametrize("name", LOCAL)
def test_a_shift_by_the_total_stride_shifts_the_output(name: str) -> None:
    config, field = LOCAL[name], receptive_field(LOCAL[name])
    net, inputs = network(config), whole(config, field)
    length, step = inputs["x"].shape[2], config.multiple
    with torch.no_grad():
        early = net(**cut(config, inputs, 0, length - step))
        late = net(**cut(config, inputs, step, length))
    kept = slice(field, length - 2 * step - field)
    torch.testing.assert_close(
        early[..., step:][..., kept], late[..., : length - 2 * step][..., kept], rtol=0, atol=1e-10
    )


def test_self_attention_is_global() -> None:
    config = PRESETS["tiny-generator"]
    assert receptive_field(config) == 0
    inputs = {
        key: value.double()
        for key, value in example_inputs(config, 1, 20 * config.multiple, 5).items()
    }
    net = network(config)
    moved = inputs["x"].clone()
    moved[..., 0] += 3.0
    with torch.no_grad():
        change = net(**(inputs | {"x": moved})) - net(**inputs)
    assert change[..., -1].abs().max() > 1e-7
