"""The tiny networks run: shapes, inputs, the hidden prompt, gradients, sensible starting values."""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from engine.training.networks.attention import CrossAttention, Rotary, _rotate, _scores
from engine.training.networks.inputs import example_inputs, input_names
from engine.training.networks.layers import fold_time, rms_norm, unfold_time
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import MeanText, UNet

TINY = [name for name in PRESETS if name.startswith("tiny")]
WITH_TEXT = [name for name in TINY if PRESETS[name].text_width]


def network(name: str, seed: int = 0) -> UNet:
    """A tiny network whose exit is as loud as in a trained one."""
    torch.manual_seed(seed)
    net = UNet(PRESETS[name])
    with torch.no_grad():
        net.exit.weight.mul_(100)
    return net


@pytest.mark.parametrize(
    ("name", "units", "batch"), list(itertools.product(TINY, (1, 2, 5), (1, 3)))
)
def test_any_length_and_batch(name: str, units: int, batch: int) -> None:
    config = PRESETS[name]
    length = units * config.multiple
    with torch.no_grad():
        prediction = network(name)(**example_inputs(config, batch, length, 4 + units))
    assert prediction.shape == (batch, config.outputs or config.channels, length)
    assert prediction.dtype == torch.float32
    assert 0.3 < prediction.std() < 3


@pytest.mark.parametrize("name", TINY)
def test_untrained_prediction_is_small(name: str) -> None:
    config = PRESETS[name]
    torch.manual_seed(1)
    net, inputs = UNet(config), example_inputs(config, 2, 2 * config.multiple, 5)
    prediction = net(**inputs)
    if net.axes is not None:
        patches = fold_time(inputs["x"][:, :, None], config.patch)
        along = net.axes(patches, inputs["log_snr"])
        filtered = net.axes.patches(along, torch.zeros_like(along.seen))
        prediction = prediction - unfold_time(filtered, config.patch)[:, :, 0]
    assert 0 < prediction.std() < 0.05


def test_autoguidance_goes_on_from_the_filter_through_the_networks_own_estimate() -> None:
    config = PRESETS["tiny-generator"]
    net, inputs = network("tiny-generator"), example_inputs(config, 2, 2 * config.multiple, 5)

    def estimate(*weights: float) -> torch.Tensor:
        with torch.no_grad():
            prediction: torch.Tensor = net(**{**inputs, "autoguidance": torch.tensor(weights)})
        return prediction

    own = estimate(1, 1)
    left_out = {name: value for name, value in inputs.items() if name != "autoguidance"}
    with torch.no_grad():
        assert torch.equal(net(**left_out), own)
    filtered = estimate(0, 0)
    beyond = estimate(2, 0.5)
    assert (own - filtered).std() > 0.1
    torch.testing.assert_close(beyond[0], filtered[0] + 2 * (own - filtered)[0])
    torch.testing.assert_close(beyond[1], filtered[1] + 0.5 * (own - filtered)[1])


@pytest.mark.parametrize("name", TINY)
def test_gradient_reaches_every_parameter(name: str) -> None:
    config = PRESETS[name]
    net = network(name)
    prediction = net(**example_inputs(config, 2, 3 * config.multiple, 5))
    prediction.square().mean().backward()
    silent = [
        key
        for key, parameter in net.named_parameters()
        if parameter.requires_grad
        and (parameter.grad is None or not parameter.grad.abs().max() > 1e-9)
    ]
    assert silent == []
    of_the_data = [k for k, p in net.named_parameters() if not p.requires_grad]
    assert of_the_data == (
        [] if net.axes is None else ["axes.mean", "axes.vectors", "axes.variances"]
    )


@pytest.mark.parametrize("name", TINY)
def test_every_input_matters(name: str) -> None:
    config = PRESETS[name]
    net = network(name).eval()
    inputs = example_inputs(config, 2, 3 * config.multiple, 5)
    with torch.no_grad():
        before = net(**inputs)
        for key in input_names(config):
            changed = inputs[key].clone()
            changed[..., :1] += -1.0 if key == "text_mask" else 1.5
            after = net(**(inputs | {key: changed}))
            assert (after - before).abs().max() > 1e-4, key


def test_refuses_missing_and_superfluous_inputs() -> None:
    config = PRESETS["tiny-vocoder"]
    inputs = example_inputs(config, 1, 320)
    net = network("tiny-vocoder")
    with pytest.raises(ValueError, match=r"tiny-vocoder takes x, log_snr, aligned, augm.*given x"):
        net(x=inputs["x"], log_snr=inputs["log_snr"])
    with pytest.raises(ValueError, match="given x, log_snr, aligned, low"):
        net(**inputs, low=inputs["x"])
    with pytest.raises(ValueError, match="length 319 is no multiple of 160"):
        net(**(inputs | {"x": inputs["x"][:, :, 1:]}))


@pytest.mark.parametrize("name", WITH_TEXT)
def test_hidden_prompt_gives_exactly_zero_cross_attention(name: str) -> None:
    config = PRESETS[name]
    net = network(name).eval()
    outputs: list[Tensor] = []

    def keep(module: nn.Module, args: object, output: Tensor) -> None:
        outputs.append(output)

    for module in net.modules():
        if isinstance(module, CrossAttention):
            module.register_forward_hook(keep)
    inputs = example_inputs(config, 2, 2 * config.multiple, 5)
    inputs["text_mask"][1] = 0
    with torch.no_grad():
        net(**inputs)
    assert len(outputs) == 2 * sum(
        blocks
        for blocks, attends in zip(config.blocks, config.cross_attention, strict=True)
        if attends
    )
    for output in outputs:
        assert torch.count_nonzero(output[0]) == output[0].numel()
        assert torch.count_nonzero(output[1]) == 0


@pytest.mark.parametrize("name", WITH_TEXT)
def test_hidden_prompt_has_no_effect(name: str) -> None:
    config = PRESETS[name]
    net = network(name).eval()
    inputs = example_inputs(config, 1, 2 * config.multiple, 5)
    hidden = inputs | {"text_mask": torch.zeros(1, 5)}
    with torch.no_grad():
        first = net(**hidden)
        second = net(**(hidden | {"text": -7 * inputs["text"]}))
        shown = net(**inputs)
    assert torch.equal(first, second)
    assert (shown - first).abs().max() > 1e-3


@pytest.mark.parametrize("name", WITH_TEXT)
def test_padding_tokens_are_not_heard(name: str) -> None:
    config = PRESETS[name]
    net = network(name).eval()
    inputs = example_inputs(config, 2, 2 * config.multiple, 5)
    rubbish = 100 * torch.ones(2, 4, config.text_width)
    padded = inputs | {
        "text": torch.cat([inputs["text"], rubbish], dim=1),
        "text_mask": torch.cat([inputs["text_mask"], torch.zeros(2, 4)], dim=1),
    }
    with torch.no_grad():
        torch.testing.assert_close(net(**padded), net(**inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", TINY)
def test_items_of_a_batch_do_not_mix(name: str) -> None:
    config = PRESETS[name]
    net = network(name).eval()
    inputs = example_inputs(config, 3, 2 * config.multiple, 5)
    with torch.no_grad():
        together = net(**inputs)
        alone = net(**{key: value[1:2] for key, value in inputs.items()})
    torch.testing.assert_close(together[1:2], alone, rtol=1e-5, atol=1e-5)


def test_bfloat16_autocast_stays_close() -> None:
    config = PRESETS["tiny-generator"]
    net = network("tiny-generator").to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    inputs = example_inputs(config, 2, 8 * config.multiple, 5)
    with torch.no_grad():
        exact = net(**inputs)
        with torch.autocast("cpu", torch.bfloat16):
            rough = net(**inputs)
    assert not torch.equal(rough, exact)
    assert (rough.float() - exact).square().mean() < 1e-3 * exact.square().mean()


@pytest.mark.parametrize("name", TINY)
def test_channels_last_survives_the_whole_u(name: str) -> None:
    config = PRESETS[name]
    net = network(name).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    layouts: dict[str, bool] = {}

    def note(key: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            layouts[key] = args[0].is_contiguous(memory_format=torch.channels_last)

        return hook

    for key, module in net.named_modules():
        if key.endswith(("conv_in", "conv_out", "down", "up.conv", "exit")):
            module.register_forward_hook(note(key))
    net(**example_inputs(config, 2, 4 * config.multiple, 5))
    assert layouts
    assert [key for key, kept in layouts.items() if not kept] == []


def test_fold_time_orders_and_inverts() -> None:
    x = torch.arange(12.0).reshape(1, 2, 1, 6)
    folded = fold_time(x, 3)
    assert folded[0, :, 0, 0].tolist() == [0, 6, 1, 7, 2, 8]
    assert torch.equal(unfold_time(folded, 3), x)


def test_rms_norm_is_per_position_and_safe() -> None:
    x = torch.randn(2, 32, 1, 5) * torch.tensor([1e-2, 1.0, 30.0, 5e3, 0.0])
    normed = rms_norm(x)
    rms = normed.square().mean(dim=1).sqrt()
    torch.testing.assert_close(rms[..., 1:4], torch.ones(2, 1, 3), rtol=1e-3, atol=0)
    torch.testing.assert_close(rms[..., 0], torch.ones(2, 1), rtol=0.03, atol=0)
    assert torch.count_nonzero(normed[..., 4]) == 0
    assert torch.isfinite(rms_norm(x.half())).all()  # the squares overflow float16, the norm not
    zero = torch.zeros(1, 4, 1, 1, requires_grad=True)
    (gradient,) = torch.autograd.grad(rms_norm(zero).sum(), zero)
    assert torch.isfinite(gradient).all()


def test_rotary_scores_depend_on_distance_only() -> None:
    length, head = 200, 16
    tables = Rotary(head)(torch.zeros(1, head, 1, length))
    query, key = torch.randn(2, 1, 1, head, 1).expand(2, 1, 1, head, length)
    scores = _scores(_rotate(query, tables), _rotate(key, tables))[0, 0]
    for distance in (-150, -3, 0, 3, 150):
        diagonal = scores.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=0, atol=2e-4)
    assert scores[0].std() > 0.05


def test_a_mean_text_counts_what_differs_and_hidden_text_is_nothing_of_it() -> None:
    torch.manual_seed(0)
    layer = MeanText(6, 4)
    tokens = torch.randn(50, 6, 1, 3) * 0.1 + torch.arange(6.0)[:, None, None]
    mask = torch.ones(50, 1, 1, 3)
    before = layer.linear.weight.clone()
    layer.standardise(tokens.mean(dim=3)[:, :, 0])
    said = layer(tokens, mask)
    assert said.mean(dim=0).abs().max() < 1e-4
    apart = layer.linear.weight / before
    torch.testing.assert_close(1 / apart[0], tokens.mean(dim=3)[:, :, 0].std(dim=0))
    hidden = layer(tokens, torch.zeros_like(mask))
    torch.testing.assert_close(hidden, torch.zeros(50, 4))
    half = torch.cat([mask[..., :1], torch.zeros(50, 1, 1, 2)], dim=3)
    torch.testing.assert_close(layer(tokens, half), layer(tokens[..., :1], mask[..., :1]))
