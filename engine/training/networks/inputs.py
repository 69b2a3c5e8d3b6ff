"""The network's inputs by name: which ones a configuration has, and tensors of the right shapes.

Kept apart from the network so that the exporter, the cost model and the tests share one table.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.export import Dim

from engine.training.networks.config import UNetConfig

_Shape = Callable[[UNetConfig, int, int, int], tuple[int, ...]]
_Used = Callable[[UNetConfig], bool]

# name: (used by this configuration?, shape for (config, batch, length, text_tokens))
_INPUTS: Final[dict[str, tuple[_Used, _Shape]]] = {
    "x": (lambda c: True, lambda c, b, n, t: (b, c.channels, n)),
    "log_snr": (lambda c: True, lambda c, b, n, t: (b,)),
    "signals": (lambda c: c.signals > 0, lambda c, b, n, t: (b, c.signals, n)),
    "globals": (lambda c: c.globals > 0, lambda c, b, n, t: (b, c.globals)),
    "text": (lambda c: c.text_width > 0, lambda c, b, n, t: (b, t, c.text_width)),
    "text_mask": (lambda c: c.text_width > 0, lambda c, b, n, t: (b, t)),
    "aligned": (
        lambda c: c.aligned_channels > 0,
        lambda c, b, n, t: (b, c.aligned_channels, n // c.aligned_hop),
    ),
    "low": (lambda c: c.low, lambda c, b, n, t: (b, c.channels, n)),
    "augmentation_log_snr": (lambda c: c.augmentation, lambda c, b, n, t: (b,)),
    "autoguidance": (lambda c: c.axes > 0, lambda c, b, n, t: (b,)),
}
OPTIONAL_INPUTS: Final = frozenset({"autoguidance"})  # training goes without them


def input_names(config: UNetConfig) -> tuple[str, ...]:
    """Names of the inputs that the network takes, in the manifest's order."""
    return tuple(name for name, (used, _) in _INPUTS.items() if used(config))


def input_shapes(
    config: UNetConfig, *, batch: int, length: int, text_tokens: int = 96
) -> dict[str, tuple[int, ...]]:
    """Shapes of the network's inputs.

    Args:
        config: the network.
        batch: items.
        length: elements of x, a multiple of `config.multiple`.
        text_tokens: tokens of the text.

    Raises:
        ValueError: the length does not fit.
    """
    if length < 1 or length % config.multiple:
        msg = f"{config.name}: length {length} is not a positive multiple of {config.multiple}"
        raise ValueError(msg)
    return {
        name: _INPUTS[name][1](config, batch, length, text_tokens) for name in input_names(config)
    }


def example_inputs(
    config: UNetConfig,
    batch: int,
    length: int,
    text_tokens: int = 96,
    *,
    device: str = "cpu",
    seed: int = 0,
) -> dict[str, Tensor]:
    """Normal random float32 inputs by name: log-SNR about 0, mask and autoguidance of ones.

    Shapes and errors as `input_shapes`.
    """
    shapes = input_shapes(config, batch=batch, length=length, text_tokens=text_tokens)
    if device == "meta":
        return {name: torch.empty(shape, device=device) for name, shape in shapes.items()}
    rng = torch.Generator(device).manual_seed(seed)
    inputs = {
        name: torch.randn(shape, generator=rng, device=device) for name, shape in shapes.items()
    }
    for name in ("text_mask", "autoguidance"):
        if name in inputs:
            inputs[name] = torch.ones_like(inputs[name])
    return inputs


def dynamic_shapes(config: UNetConfig) -> dict[str, dict[int, Dim]]:
    """`dynamic_shapes` of torch.export: batch, length (a multiple of `multiple`) and text tokens.

    The example inputs to export with need batch ≥ 2 and a length ≥ 2 multiples, since torch.export
    specialises sizes 0 and 1.
    """
    batch, units, tokens = Dim("batch"), Dim("units"), Dim("text_tokens")
    length = config.multiple * units
    axes: dict[str, dict[int, Dim]] = {
        "x": {0: batch, 2: length},
        "signals": {0: batch, 2: length},
        "text": {0: batch, 1: tokens},
        "text_mask": {0: batch, 1: tokens},
        "low": {0: batch, 2: length},
    }
    if config.aligned_hop:
        factor = config.multiple // config.aligned_hop
        axes["aligned"] = {0: batch, 2: units if factor == 1 else factor * units}
    return {name: axes.get(name, {0: batch}) for name in input_names(config)}
