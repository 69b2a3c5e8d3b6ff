"""The tower, its taggers and the map from text: one module, 2.4M parameters.

    mel (B, 160, 1000) → image (B, 2, 80, 1000) → two strided 2-D convolutions → (B, C, 1, 125)
    → residual blocks of growing dilation, one attention → mean and deviation over time
    → features (B, F) → joint space (B, D) of length 1, and one linear tagger per kind

The first layers are 2-D with few channels: a note a third higher is the same timbre, and one day of
music does not show every instrument at every height, as a 1-D layer over 160 channels would need.
Time is then cut by 8 (80 ms), which still tells a snare from its neighbours and a tempo by its
period. Deviations are kept beside means: how much a thing comes and goes is what beats and dynamics
leave in a summary over time.

On the text's side only a map is learnt, from the mean token embedding of the T5 encoder, which stays
frozen: the generator is trained on its token embeddings, and a tower that moved them would part the
space in which clips are labelled from the one in which prompts are read. Rejected: a text tower of
its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training.networks.layers import Conv, Linear, rms_norm
from engine.training.tower.windows import CHANNELS

PATCH_FRAMES: Final = 8  # of time, by the strided layers
_IMAGES: Final = 2  # level and difference
_DEVIATION_FLOOR: Final = 1e-4
_SPREAD_FLOOR: Final = 1e-3
LOG_SCALE_LIMIT: Final = 4.0  # of the cosines: e⁴ = 55; beyond it small batches are learnt by heart


@dataclass(frozen=True, kw_only=True)
class TowerShape:
    """Sizes.

    Attributes:
        stem: channels of the two 2-D layers.
        channels: of the residual blocks.
        blocks: of them; the dilation doubles from block to block, 1 to 8, and again.
        kernel: of their convolutions.
        heads: of the attention after them.
        features: penultimate.
        joint: of the joint space.
        dropout: of the features, in training.
    """

    stem: tuple[int, int] = (32, 64)
    channels: int = 256
    blocks: int = 4
    kernel: int = 5
    heads: int = 4
    features: int = 256
    joint: int = 128
    dropout: float = 0.2


class TowerBlock(nn.Module):
    """Residual: norm, dilated convolution, SiLU, 1×1 convolution."""

    def __init__(self, channels: int, *, kernel: int, dilation: int) -> None:
        super().__init__()
        self.conv_in = Conv(channels, channels, kernel=kernel)
        self.conv_in.dilation = (1, dilation)
        self.conv_in.padding = (0, dilation * (kernel // 2))
        self.conv_out = Conv(channels, channels, gain=0.3)

    def forward(self, x: Tensor) -> Tensor:
        """X (B, C, 1, L) → the same."""
        residual: Tensor = self.conv_out(F.silu(self.conv_in(rms_norm(x))))
        return x + residual


class TowerAttention(nn.Module):
    """Residual self-attention over the positions, without their order."""

    def __init__(self, channels: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.conv_in = Conv(channels, 3 * channels)
        self.conv_out = Conv(channels, channels, gain=0.3)

    def forward(self, x: Tensor) -> Tensor:
        """X (B, C, 1, L) → the same."""
        batch, channels, _, length = x.shape
        three = self.conv_in(rms_norm(x)).reshape(batch, 3, self.heads, -1, length)
        query, key, value = three.unbind(dim=1)  # (B, H, C / H, L)
        scores = query.transpose(2, 3) @ key * (channels // self.heads) ** -0.5
        mixed = value @ scores.float().softmax(dim=3).to(value.dtype).transpose(2, 3)
        residual: Tensor = self.conv_out(mixed.reshape(batch, channels, 1, length))
        return x + residual


class Tower(nn.Module):
    """Window → features."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        low, high = shape.stem
        bands = CHANNELS // _IMAGES // 4
        self.stem_in = nn.Conv2d(_IMAGES, low, (5, 8), (2, 4), (2, 2))
        self.stem_out = nn.Conv2d(low, high, (3, 4), (2, 2), (1, 1))
        self.entry = Conv(high * bands, shape.channels)
        self.blocks = nn.Sequential(
            *(
                TowerBlock(shape.channels, kernel=shape.kernel, dilation=2 ** (index % 4))
                for index in range(shape.blocks)
            ),
            TowerAttention(shape.channels, heads=shape.heads),
        )
        self.exit = Linear(2 * shape.channels, shape.features)

    def forward(self, mel: Tensor) -> Tensor:
        """Mel (B, 160, T), T a multiple of 8 → features (B, F)."""
        image = mel.reshape(len(mel), _IMAGES, CHANNELS // _IMAGES, -1)
        x = F.silu(self.stem_in(image))  # (B, low, 40, T / 4)
        x = F.silu(rms_norm(self.stem_out(x)))  # (B, high, 20, T / 8)
        x = self.blocks(self.entry(x.flatten(1, 2)[:, :, None]))
        x = rms_norm(x).float().squeeze(2)  # (B, C, T / 8)
        deviation = (x.var(dim=2, unbiased=False) + _DEVIATION_FLOOR).sqrt()
        return F.silu(self.exit(torch.cat([x.mean(dim=2), deviation], dim=1)))


class TextMap(nn.Module):
    """Mean token embedding → joint space: a linear map, and what a small hidden layer adds to it."""

    centre: Tensor
    spread: Tensor

    def __init__(self, width: int, joint: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("spread", torch.ones(width))
        self.linear = Linear(width, joint)
        self.hidden = Linear(width, 2 * width)
        self.added = Linear(2 * width, joint, gain=0.1)

    def standardise(self, means: Tensor) -> None:
        """Learn where texts (N, width) lie: all of them lie near one point of a wide space."""
        self.centre.copy_(means.mean(dim=0))
        self.spread.copy_(means.std(dim=0).clamp(min=_SPREAD_FLOOR))

    def forward(self, means: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, width), and noise to be added when standardised → (B, D), not yet of length 1."""
        x = (means - self.centre) / self.spread
        if noise is not None:
            x = x + noise
        mapped: Tensor = self.linear(x) + self.added(F.silu(self.hidden(x)))
        return mapped


class HearingNet(nn.Module):
    """Everything that is learnt.

    Args:
        shape: of the tower.
        text_width: of the encoder's token embeddings.
        classes: kind → how many.
    """

    def __init__(self, shape: TowerShape, *, text_width: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.shape, self.text_width = shape, text_width
        self.tower = Tower(shape)
        self.dropped = nn.Dropout(shape.dropout)
        self.joint = Linear(shape.features, shape.joint)
        self.text = TextMap(text_width, shape.joint)
        self.taggers = nn.ModuleDict(
            {kind: Linear(shape.features, count, gain=0.3) for kind, count in classes.items()}
        )
        self.log_scale = nn.Parameter(torch.tensor(2.3))  # cosines · 10

    def embed(self, features: Tensor) -> Tensor:
        """Features (B, F) → (B, D) of length 1."""
        return F.normalize(self.joint(features), dim=1)

    def embed_text(self, means: Tensor, noise: Tensor | None = None) -> Tensor:
        """Mean token embeddings (B, width) → (B, D) of length 1; `noise` as `TextMap`'s."""
        return F.normalize(self.text(means, noise), dim=1)

    def logits(self, features: Tensor) -> dict[str, Tensor]:
        """Features (B, F) → (B, classes) of each kind."""
        return {kind: tagger(features) for kind, tagger in self.taggers.items()}

    def scale(self) -> Tensor:
        """The inverse temperature of the cosines."""
        return self.log_scale.clamp(0.0, LOG_SCALE_LIMIT).exp()
