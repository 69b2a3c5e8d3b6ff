"""The layers of the U-Net, each in the form that ONNX Runtime and CPU training run fastest.

- Every 1-D layer is a Conv2d(1×K) on (B, C, 1, L): MLAS cannot reorder 1-D tensors to its blocked
  layout (onnxruntime PR 3425), and ATen gives Conv1d no channels-last.
- Norms are root-mean-square over the channels of one position. Rejected: GroupNorm, the Efficient
  U-Net's own: its statistics run over time, so a chunk would sound different from the whole.
- The norm is torch's vector_norm with an fp32 result: one ReduceL2 in ONNX, easily kept in fp32 in
  a float16 graph, and in bf16 training its backward took half the time of mean(x²)'s (10.8 against
  22.6 ms for 16 × 256 × 256 on one core). In ONNX Runtime it costs what ReduceMean and a 1×1
  convolution with ones do.
- Down-sampling is a convolution of kernel = stride, up-sampling its exact mirror: a 1×1
  convolution and a pixel-shuffle. Rejected: ConvTranspose (2.5 times slower on a CPU).
"""

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON: Final = 1e-4  # of the RMS, large enough for float16
PERIODS: Final = (1.0, 160.0)  # of the log-SNR's sinusoids; λ runs over ±20


def rms_norm(x: Tensor) -> Tensor:
    """Divide x by its root mean square over the channels, per position. (B, C, ...) → the same."""
    wide = torch.promote_types(x.dtype, torch.float32)
    rms = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=wide)
    scale = torch.reciprocal(rms * x.shape[1] ** -0.5 + EPSILON)
    return x * scale.to(x.dtype)


def _initialise(weight: Tensor, bias: Tensor | None, *, std: float) -> None:
    """Normal weights, zero bias. The meta device, slow at random numbers, is left alone."""
    if not weight.is_meta:
        nn.init.normal_(weight, std=std)
        if bias is not None:
            nn.init.zeros_(bias)


class Conv(nn.Conv2d):
    """A 1-D convolution on (B, C, 1, L), zero-padded to keep the length unless strided.

    Args:
        inputs, outputs: channels.
        kernel: odd, or equal to the stride.
        stride: shortens the length by this factor.
        gain: standard deviation of the output for unit input at the start of training.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        gain: float = 1.0,
        bias: bool = True,
    ) -> None:
        padding = (0, kernel // 2) if stride == 1 else 0
        super().__init__(inputs, outputs, (1, kernel), (1, stride), padding, bias=bias)
        _initialise(self.weight, self.bias, std=gain / math.sqrt(inputs * kernel))

    def reset_parameters(self) -> None:
        """Nothing: __init__ knows the gain."""


class Linear(nn.Linear):
    """A fully connected layer of unit gain (or `gain`), zero bias."""

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0) -> None:
        super().__init__(inputs, outputs)
        _initialise(self.weight, self.bias, std=gain / math.sqrt(inputs))

    def reset_parameters(self) -> None:
        """Nothing: __init__ knows the gain."""


class Up(nn.Module):
    """Mirror of a strided convolution: (B, C, 1, L) → (B, C', 1, L·stride)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = Conv(inputs, outputs * stride)

    def forward(self, x: Tensor) -> Tensor:
        """Widen, then shuffle the extra channels into time."""
        return unfold_time(self.conv(x), self.stride)


def fold_time(x: Tensor, patch: int) -> Tensor:
    """(B, C, 1, L) → (B, patch·C, 1, L/patch): consecutive elements become channels.

    Time is the outer part of the new channel axis, so that `unfold_time` of a channels-last tensor
    is a mere view and the U stays channels-last in training.
    """
    if patch == 1:
        return x
    batch, channels, _, length = x.shape
    x = x.reshape(batch, channels, length // patch, patch).permute(0, 3, 1, 2)
    return x.reshape(batch, patch * channels, 1, length // patch)


def unfold_time(x: Tensor, patch: int) -> Tensor:
    """Inverse of `fold_time`: (B, patch·C, 1, L) → (B, C, 1, L·patch)."""
    if patch == 1:
        return x
    batch, channels, _, length = x.shape
    x = x.reshape(batch, patch, channels // patch, length).permute(0, 2, 3, 1)
    return x.reshape(batch, channels // patch, 1, length * patch)


class Combine(nn.Module):
    """The paper's combine layer: an embedding becomes a channel-wise scale and bias (App. B.1).

    It follows a norm, whose learnt gain and bias it therefore also is.
    """

    def __init__(self, embedding: int, channels: int) -> None:
        super().__init__()
        self.linear = Linear(embedding, 2 * channels, gain=0.3)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """X (B, C, 1, L), embedding (B, E) → (B, C, 1, L)."""
        scale, bias = self.linear(embedding)[:, :, None, None].chunk(2, dim=1)
        scaled: Tensor = x * (1 + scale) + bias
        return scaled


class ConvBlock(nn.Module):
    """Residual: norm, combine, convolution, SiLU, convolution.

    The Efficient U-Net has a second norm before its second convolution; leaving it out saves two
    passes over memory and changes no parameter count that the paper gives.
    """

    def __init__(self, channels: int, *, kernel: int, embedding: int, gain: float) -> None:
        super().__init__()
        self.combine = Combine(embedding, channels)
        self.conv_in = Conv(channels, channels, kernel=kernel)
        self.conv_out = Conv(channels, channels, kernel=kernel, gain=gain)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """X (B, C, 1, L), embedding (B, E) → (B, C, 1, L)."""
        hidden = self.conv_in(self.combine(rms_norm(x), embedding))
        residual: Tensor = self.conv_out(F.silu(hidden))
        return x + residual


class Sinusoids(nn.Module):
    """Positional embedding of a scalar: (B,) → (B, width), sines then cosines.

    Periods are geometric between `PERIODS`.
    """

    radians: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        shortest, longest = PERIODS
        exponents = torch.linspace(0, 1, width // 2)
        radians = shortest * (longest / shortest) ** exponents / (2 * math.pi)
        self.register_buffer("radians", radians, persistent=False)

    def forward(self, value: Tensor) -> Tensor:
        """Unit-RMS features."""
        angles = value[:, None] / self.radians
        return math.sqrt(2) * torch.cat([angles.sin(), angles.cos()], dim=1)
