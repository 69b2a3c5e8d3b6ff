"""The tower, its taggers and the map from text: one module, 1.2M parameters.

    mel (B, 160, 1000) → image (B, 2, 80, 1000) → two strided 2-D convolutions → (B, C, 1, 125)
    → residual blocks of growing dilation → mean and deviation over time
    → features (B, F) → joint space (B, D) of length 1, and one linear tagger per kind

The first layers are 2-D with few channels: a note a third higher is the same timbre, and one day of
music does not show every instrument at every height, as a 1-D layer over 160 channels would need.
Time is then cut by 8 (80 ms), which still tells a snare from its neighbours and a tempo by its
period. Deviations are kept beside means: how much a thing comes and goes is what beats and dynamics
leave in a summary over time. Rejected: self-attention before it (a quarter of a step's work, and
the summary is blind to order anyway).

Norms are over the batch, of the mel's bands too, since what all music has in common is most of a
mel. In evaluation they are fixed, so that a clip is heard alike in any company. Rejected: the
U-Net's norms per position. With them, and with taggers that began at one half, the genre's loss
after 100 steps was 3.69, against 3.33 (two trials, which differed in both).

On the text's side only a map is learnt, from the mean token embedding of the T5 encoder, which
stays frozen: the generator is trained on its token embeddings, and a tower that moved them would
part the space in which clips are labelled from the one in which prompts are read. Rejected: a text
tower of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.training.networks.layers import Conv, Linear
from engine.training.tower.classes import SINGLE
from engine.training.tower.windows import CHANNELS

PATCH_FRAMES: Final = 8
PATCH_BANDS: Final = 4
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
        features: penultimate.
        joint: of the joint space.
        dropout: of the features, in training.
    """

    stem: tuple[int, int] = (32, 64)
    channels: int = 192
    blocks: int = 4
    kernel: int = 3
    features: int = 256
    joint: int = 128
    dropout: float = 0.2


class TowerBlock(nn.Module):
    """Residual: norm, dilated convolution, SiLU, 1×1 convolution."""

    def __init__(self, channels: int, *, kernel: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv_in = Conv(channels, channels, kernel=kernel)
        self.conv_in.dilation = (1, dilation)
        self.conv_in.padding = (0, dilation * (kernel // 2))
        self.conv_out = Conv(channels, channels, gain=0.3)

    def forward(self, x: Tensor) -> Tensor:
        """X (B, C, 1, L) → the same."""
        residual: Tensor = self.conv_out(functional.silu(self.conv_in(self.norm(x))))
        return x + residual


class Tower(nn.Module):
    """Window → features."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        low, high = shape.stem
        bands = CHANNELS // _IMAGES // (2 * PATCH_BANDS)
        patch = (PATCH_BANDS, PATCH_FRAMES)
        self.norm = nn.BatchNorm1d(CHANNELS)
        self.stem_in = nn.Conv2d(_IMAGES, low, patch, patch)
        self.stem_norm = nn.BatchNorm2d(low)
        self.stem_out = nn.Conv2d(low, high, 3, (2, 1), 1)
        self.entry = Conv(high * bands, shape.channels)
        self.blocks = nn.Sequential(
            *(
                TowerBlock(shape.channels, kernel=shape.kernel, dilation=2 ** (index % 4))
                for index in range(shape.blocks)
            )
        )
        self.exit_norm = nn.BatchNorm1d(2 * shape.channels)
        self.exit = Linear(2 * shape.channels, shape.features)

    def forward(self, mel: Tensor) -> Tensor:
        """Mel (B, 160, T) → features (B, F). Frames beyond a multiple of 8 are not heard."""
        image = self.norm(mel).reshape(len(mel), _IMAGES, CHANNELS // _IMAGES, -1)
        x = functional.silu(self.stem_norm(self.stem_in(image)))  # (B, low, 20, T / 8)
        x = functional.silu(self.stem_out(x))  # (B, high, 10, T / 8)
        x = self.blocks(self.entry(x.flatten(1, 2)[:, :, None]))
        x = x.squeeze(2)  # (B, C, T / 8)
        deviation = (x.var(dim=2, unbiased=False) + _DEVIATION_FLOOR).sqrt()
        summary = torch.cat([x.mean(dim=2), deviation], dim=1)
        return functional.silu(self.exit(self.exit_norm(summary)))


class TextMap(nn.Module):
    """Mean token embedding → joint space: a linear map, and what a hidden layer adds to it."""

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
        mapped: Tensor = self.linear(x) + self.added(functional.silu(self.hidden(x)))
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

    @torch.no_grad()
    def expect(self, hot: Mapping[str, Tensor]) -> None:
        """Begin with tags as frequent as they are in kind → (N, C) of 0 and 1.

        Otherwise the first hundred steps learn that 86 of 90 instruments are silent.
        """
        for kind, tagger in self.taggers.items():
            share = (hot[kind].sum(dim=0) + 1) / (len(hot[kind]) + 2)
            raw = share.log() if kind in SINGLE else share.logit()
            cast(Linear, tagger).bias.copy_(raw)

    def embed(self, features: Tensor) -> Tensor:
        """Features (B, F) → (B, D) of length 1."""
        return functional.normalize(self.joint(features), dim=1)

    def embed_text(self, means: Tensor, noise: Tensor | None = None) -> Tensor:
        """Mean token embeddings (B, width) → (B, D) of length 1; `noise` as `TextMap`'s."""
        return functional.normalize(self.text(means, noise), dim=1)

    def logits(self, features: Tensor) -> dict[str, Tensor]:
        """Features (B, F) → (B, classes) of each kind."""
        return {kind: tagger(features) for kind, tagger in self.taggers.items()}

    def scale(self) -> Tensor:
        """The inverse temperature of the cosines."""
        return self.log_scale.clamp(0.0, LOG_SCALE_LIMIT).exp()
