"""What a network costs, counted on the meta device: nothing is allocated, any size is instant."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from engine.training.networks.config import UNetConfig
from engine.training.networks.inputs import example_inputs
from engine.training.networks.unet import UNet


def parameter_count(config: UNetConfig) -> int:
    """Trainable parameters."""
    with torch.device("meta"):
        return sum(p.numel() for p in UNet(config).parameters() if p.requires_grad)


def gflop(config: UNetConfig, length: int, batch: int = 1, text_tokens: int = 96) -> float:
    """10⁹ floating-point operations of one forward pass: convolutions and matrix products.

    Args:
        config: the network.
        length: elements of x, a multiple of `config.multiple`.
        batch: items.
        text_tokens: tokens of the text.

    Raises:
        ValueError: as `input_shapes`.
    """
    inputs = example_inputs(config, batch, length, text_tokens, device="meta")
    with torch.device("meta"):
        network = UNet(config)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(**inputs)
    return float(counter.get_total_flops()) / 1e9
