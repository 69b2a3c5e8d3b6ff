"""The real exporter on the real networks: same numbers at shapes that were never traced."""

import copy
from pathlib import Path

import msgspec
import onnx
import pytest
import torch
from torch import Tensor, nn

from engine.training.export.half import INLINE_BYTES
from engine.training.export.memory import activation_bytes, peak_bytes
from engine.training.export.parity import (
    HALF_PARITY_LIMIT,
    PARITY_LIMIT,
    half_parity,
    open_session,
    parity,
)
from engine.training.export.stage import export_model, round_to_half
from engine.training.export.trace import trace
from engine.training.networks.config import UNetConfig
from engine.training.networks.inputs import example_inputs
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from engine.training.text.encoder import SHAPES, TextEncoder, example_tokens
from engine.training.train.warm import start_from, weights_of

# One level holds every kind of layer and every kind of input; export time grows with the layers.
CONFIG = UNetConfig(
    name="test",
    channels=4,
    base=16,
    kernel=3,
    strides=(2,),
    multipliers=(1,),
    blocks=(1,),
    self_attention=(True,),
    cross_attention=(True,),
    heads=2,
    patch=2,
    signals=3,
    globals=4,
    text_width=8,
    aligned_channels=6,
    aligned_hop=4,
    low=True,
    augmentation=True,
)


def inputs_of(batch: int, blocks: int, tokens: int, *, seed: int = 1) -> dict[str, Tensor]:
    inputs = example_inputs(CONFIG, batch, blocks * CONFIG.multiple, tokens, seed=seed)
    inputs["log_snr"] = torch.linspace(-20, 20, batch)
    inputs["text_mask"][-1] = 0
    return inputs


@pytest.fixture(scope="module")
def network() -> UNet:
    torch.manual_seed(0)
    network = UNet(CONFIG).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)  # no zero bias, no quiet exit
    return network


@pytest.fixture(scope="module")
def rounded(network: UNet) -> UNet:
    rounded = copy.deepcopy(network)
    round_to_half(rounded)
    return rounded


@pytest.fixture(scope="module")
def folder(network: UNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    names = export_model(
        network,
        folder / "stage.onnx",
        inputs=inputs_of(2, 3, 5),
        output="prediction",
        multiple=CONFIG.multiple,
        aligned_hop=CONFIG.aligned_hop,
    )
    assert names == ("stage.onnx", "stage.fp16.onnx")
    return folder


@pytest.mark.parametrize(("batch", "blocks", "tokens"), [(2, 3, 5), (1, 1, 1), (3, 50, 96)])
def test_the_graph_is_the_rounded_module_at_any_shape(
    folder: Path, rounded: UNet, batch: int, blocks: int, tokens: int
) -> None:
    inputs = inputs_of(batch, blocks, tokens)
    assert parity(rounded, folder / "stage.onnx", inputs) <= PARITY_LIMIT


def test_parity_would_notice_another_module(folder: Path, network: UNet) -> None:
    """Against unrounded weights the figure is float16's own, far above the limit."""
    assert parity(network, folder / "stage.onnx", inputs_of(2, 3, 5)) > PARITY_LIMIT


@pytest.mark.parametrize(("batch", "blocks", "tokens"), [(2, 3, 5), (1, 1, 1), (3, 10, 40)])
def test_float16_arithmetic_stays_close(
    folder: Path, rounded: UNet, batch: int, blocks: int, tokens: int
) -> None:
    error = half_parity(rounded, folder / "stage.fp16.onnx", inputs_of(batch, blocks, tokens))
    assert 1e-5 < error <= HALF_PARITY_LIMIT


def test_both_graphs_load_with_every_optimisation_on(folder: Path) -> None:
    for name in ("stage.onnx", "stage.fp16.onnx"):
        session = open_session(folder / name)
        inputs = inputs_of(2, 2, 3)
        assert [item.name for item in session.get_inputs()] == list(inputs)
        assert {item.type for item in session.get_inputs()} == {"tensor(float)"}
        (output,) = session.get_outputs()
        assert (output.name, output.type) == ("prediction", "tensor(float)")


def test_weights_are_shared_and_half_the_size(folder: Path, network: UNet) -> None:
    halves = [2 * p.nelement() for p in network.parameters()]
    shared = sum(size_bytes for size_bytes in halves if size_bytes >= INLINE_BYTES)
    assert shared <= (folder / "stage.weights").stat().st_size <= shared + 64 * len(halves)
    found = {}
    for name in ("stage.onnx", "stage.fp16.onnx"):
        graph = onnx.load(folder / name, load_external_data=False).graph
        found[name] = {
            tuple((e.key, e.value) for e in t.external_data)
            for t in graph.initializer
            if t.data_location == onnx.TensorProto.EXTERNAL
        }
    assert found["stage.onnx"] == found["stage.fp16.onnx"]


def test_nothing_of_this_machine_is_in_the_graph(folder: Path) -> None:
    for name in ("stage.onnx", "stage.fp16.onnx"):
        data = (folder / name).read_bytes()
        assert b"stack_trace" not in data
        assert str(Path(__file__).parents[4]).encode() not in data
        assert b".py" not in data


def test_the_callers_module_is_not_rounded(network: UNet, rounded: UNet, folder: Path) -> None:
    assert folder.is_dir()
    weight = network.entry.weight
    assert not torch.equal(weight, weight.half().float())
    assert torch.equal(rounded.entry.weight, weight.half().float())


def test_the_text_encoder_exports_with_dynamic_tokens(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = TextEncoder.from_shape(SHAPES["tiny"], vocabulary=64).eval()
    names = export_model(
        encoder,
        tmp_path / "text.onnx",
        inputs=example_tokens(encoder),
        output="embeddings",
        half_arithmetic=False,
    )
    assert names == ("text.onnx",)
    round_to_half(encoder)
    session = open_session(tmp_path / "text.onnx")
    for batch, tokens in ((1, 1), (2, 12), (3, 96)):
        assert parity(encoder, session, example_tokens(encoder, batch=batch, tokens=tokens)) < 1e-4


def test_a_frame_vocoder_exports_with_its_own_outputs(tmp_path: Path) -> None:
    # its kinds of layers and entries, on one level as above
    config = msgspec.structs.replace(
        PRESETS["tiny-frame-vocoder"], strides=(4,), multipliers=(1,), blocks=(1,), embedding=6,
        self_attention=(), cross_attention=(), outputs=30,
    )  # fmt: skip
    torch.manual_seed(0)
    network = UNet(config).eval()
    nn.init.normal_(network.exit.weight, std=0.1)
    export_model(
        network,
        tmp_path / "vocoder.onnx",
        inputs=example_inputs(config, 2, 3 * config.multiple),
        output="prediction",
        multiple=config.multiple,
    )
    round_to_half(network)
    for batch, blocks in ((2, 3), (1, 1), (3, 50)):
        inputs = example_inputs(config, batch, blocks * config.multiple, seed=blocks)
        assert list(inputs) == ["x", "log_snr", "augmentation_log_snr"]
        expected = network(**inputs)
        assert expected.shape == (batch, 30, blocks * config.multiple)
        assert expected.std() > 0.1
        assert parity(network, tmp_path / "vocoder.onnx", inputs) <= PARITY_LIMIT
        error = half_parity(network, tmp_path / "vocoder.fp16.onnx", inputs)
        assert 1e-5 < error <= HALF_PARITY_LIMIT


def test_a_module_in_training_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="eval"):
        trace(nn.Linear(2, 2).train(), {"x": torch.zeros(2, 2)}, output="y")


class _OfOneSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * len(x)


def test_a_network_that_takes_the_examples_sizes_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="takes x with one size of batch alone"):
        trace(_OfOneSize().eval(), {"x": torch.zeros(2, 3, 4)}, output="y")


def test_a_weight_beyond_float16_is_refused() -> None:
    module = nn.Linear(2, 2)
    nn.init.constant_(module.weight, 1e6)
    with pytest.raises(ValueError, match=r"weight reaches 1e\+06"):
        round_to_half(module)


class _Doubling(nn.Module):
    """x → 2x → 2x + x: two results live beside each other at the peak."""

    def forward(self, x: Tensor) -> Tensor:
        doubled = x * 2
        return doubled + x


def test_peak_memory_counts_what_is_alive_at_once() -> None:
    x = torch.zeros(3, 4, 100)
    assert peak_bytes(_Doubling(), {"x": x}) == 2 * x.nbytes
    chain = nn.Sequential(*(nn.ReLU() for _ in range(20)))
    assert peak_bytes(_Named(chain), {"x": x}) == 2 * x.nbytes  # not 20
    assert activation_bytes(_Doubling(), {"x": x}) == 2 * 4 * 4


class _Named(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.inner(x)
        return found


def test_attention_makes_long_inputs_costlier_per_element(network: UNet) -> None:
    short = activation_bytes(network, inputs_of(1, 4, 8))
    long = activation_bytes(network, inputs_of(1, 1024, 8))
    # heads · N² scores and their softmax, N = length / multiple, both alive: 2 · 2 · 4 · N / 4
    assert long > short + 1024


ALONG_AXES = UNetConfig(
    name="axes", channels=4, base=8, kernel=3, strides=(1,), multipliers=(1,), blocks=(1,), patch=2,
    axes=6,
)  # fmt: skip


@pytest.mark.parametrize("config", [CONFIG, ALONG_AXES], ids=["sums of biases", "axes"])
def test_what_the_exporter_folds_comes_back_for_training(
    config: UNetConfig, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    trained, fresh = UNet(config).eval(), UNet(config)
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.add_(torch.rand_like(parameter) * 0.05)
    round_to_half(trained)
    inputs = example_inputs(config, 2, 3 * config.multiple, 5)
    export_model(
        trained, tmp_path / "stage.onnx", inputs=inputs, output="prediction",
        multiple=config.multiple, aligned_hop=config.aligned_hop, half_arithmetic=False,
    )  # fmt: skip
    start_from(fresh, weights_of(onnx.load(tmp_path / "stage.onnx")), tmp_path)
    for name, parameter in trained.named_parameters():
        assert torch.equal(fresh.get_parameter(name), parameter), name
