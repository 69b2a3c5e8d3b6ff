"""What tells generated mels from real ones while a generator is finished.

Three, since none hears all: one looks at the mel as at a picture, patch by patch, and two hear all
bands at once, at 50 and at 12.5 positions a second, knowing who plays which notes, and at last the
whole clip. They are kept nowhere but in a run. Rejected: a trained tower's features as their first
layers (the evaluation judges by such a tower: one would train for the test).
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu
from torch.nn.utils.parametrizations import weight_norm

from engine.training.networks.config import UNetConfig
from engine.training.networks.layers import fold_time

_SLOPE: Final = 0.2  # of the leaky rectifiers
_ROWS: Final = 80  # bands of a mel's levels, and of its differences
_IMAGE_WIDTH: Final = 32
_DILATIONS: Final = (1, 3, 9)
# frames of a position → channels
_HEARERS: Final = {8: 256, 2: 128}
LONGEST_PATCH: Final = max(_HEARERS)  # frames; a crop is a multiple

# (B, N) logits, above 0 for real, and what each layer made of the mel
Judged = tuple[Tensor, list[Tensor]]


def _conv(
    inputs: int, outputs: int, *, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1)
) -> nn.Conv2d:
    padding = (kernel[0] // 2, kernel[1] // 2)
    return _normed(nn.Conv2d(inputs, outputs, kernel, stride, padding))


def _normed(conv: nn.Conv2d) -> nn.Conv2d:
    make: Callable[[nn.Conv2d], nn.Conv2d] = weight_norm
    return make(conv)


class ImageDiscriminator(nn.Module):
    """Looks at a mel patch by patch, 61 frames wide: levels beside differences.

    A band is told its height, since a bass drum in the treble would be no bass drum.
    """

    def __init__(self) -> None:
        super().__init__()
        width = _IMAGE_WIDTH
        self.layers = nn.ModuleList([
            _conv(3, width, kernel=(5, 5), stride=(2, 2)),
            _conv(width, 2 * width, kernel=(5, 5), stride=(2, 2)),
            _conv(2 * width, 4 * width, kernel=(5, 5), stride=(2, 2)),
            _conv(4 * width, 4 * width, kernel=(5, 3), stride=(2, 1)),
        ])  # fmt: skip
        self.rows = nn.Parameter(torch.zeros(1, width, _ROWS // 2, 1))
        self.word = _conv(4 * width, 1, kernel=(3, 3))

    def forward(self, mel: Tensor) -> Judged:
        """(B, 160, L) → logits (B, N), and the layers'."""
        batch, _, length = mel.shape
        heights = torch.linspace(-1, 1, _ROWS, device=mel.device, dtype=mel.dtype)
        heights = heights[None, None, :, None].expand(batch, 1, _ROWS, length)
        x = torch.cat([mel.view(batch, 2, _ROWS, length), heights], dim=1)
        x = x.contiguous(memory_format=torch.channels_last)
        seen: list[Tensor] = []
        for layer in self.layers:
            x = layer(x)
            if not seen:
                x = x + self.rows
            x = leaky_relu(x, _SLOPE)
            seen.append(x)
        return self.word(x).flatten(1), seen


class NotesDiscriminator(nn.Module):
    """Hears all bands at once, and is told what is played and by whom.

    Its word on the clip as a whole weighs as much as its words on all places together.

    Args:
        patch: frames of a position.
        width: channels.
        config: of the generator, whose signals and globals it is told.
    """

    def __init__(self, patch: int, width: int, config: UNetConfig) -> None:
        super().__init__()
        self.patch = patch
        self.mel = _conv(config.channels * patch, width, kernel=(1, 3))
        self.signals = (
            _conv(config.signals * patch, width, kernel=(1, 1)) if config.signals else None
        )
        self.globals = nn.Linear(config.globals, width) if config.globals else None
        self.layers = nn.ModuleList(
            _normed(nn.Conv2d(width, width, (1, 3), padding=(0, d), dilation=(1, d)))
            for d in _DILATIONS
        )
        self.word = _conv(width, 1, kernel=(1, 1))
        self.whole = nn.Linear(2 * width, 1)

    def forward(self, mel: Tensor, signals: Tensor | None, who: Tensor | None) -> Judged:
        """(B, 160, L), (B, S, L), (B, G) → logits (B, N), and the layers'."""
        x = self.mel(fold_time(mel[:, :, None, :], self.patch))
        seen = [x]
        if self.signals is not None and signals is not None:
            x = x + self.signals(fold_time(signals[:, :, None, :], self.patch))
        if self.globals is not None and who is not None:
            x = x + self.globals(who)[:, :, None, None]
        x = leaky_relu(x, _SLOPE)
        for layer in self.layers:
            x = leaky_relu(layer(x), _SLOPE) + x
            seen.append(x)
        words = self.word(x).flatten(1)
        wide = x[:, :, 0].float()
        whole = self.whole(torch.cat([wide.mean(dim=2), wide.std(dim=2)], dim=1))
        return torch.cat([words, whole.to(words.dtype).expand_as(words)], dim=1), seen


class Discriminators(nn.Module):
    """All of them.

    Args:
        config: of the generator.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.image = ImageDiscriminator()
        self.hearers = nn.ModuleList(
            NotesDiscriminator(patch, width, config) for patch, width in _HEARERS.items()
        )

    def forward(self, mel: Tensor, signals: Tensor | None, who: Tensor | None) -> list[Judged]:
        """Mels (B, 160, L) with signals (B, S, L) and globals (B, G) → each one's judgement."""
        return [self.image(mel), *(hearer(mel, signals, who) for hearer in self.hearers)]


def hinge(real: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """What discriminators learn from: Σ max(0, 1 − real) + max(0, 1 + made), of each the mean.

    (Lim and Ye 2017, https://arxiv.org/abs/1705.02894.) Both (B, N) for each discriminator.
    """
    losses = [
        relu(1 - r.float()).mean() + relu(1 + m.float()).mean()
        for r, m in zip(real, made, strict=True)
    ]
    return torch.stack(losses).sum()


def unconvincing(made: Sequence[Tensor]) -> Tensor:
    """How little each generated clip convinces, (B,): − the mean logit, of all alike."""
    return -torch.stack([logits.float().mean(dim=1) for logits in made]).mean(dim=0)


def feature_distance(real: Sequence[Sequence[Tensor]], made: Sequence[Sequence[Tensor]]) -> Tensor:
    """Mean |made − real| ÷ mean |real| over all layers of all discriminators.

    (Larsen et al. 2016, https://arxiv.org/abs/1512.09300, eq. 7, with L1.)
    """
    distances = [
        (m.float() - r.float()).abs().mean() / r.float().abs().mean().clamp_min(1e-6)
        for layers_r, layers_m in zip(real, made, strict=True)
        for r, m in zip(layers_r, layers_m, strict=True)
    ]
    return torch.stack(distances).mean()


def right_share(real: Sequence[Tensor], made: Sequence[Tensor]) -> float:
    """Share of logits of the right sign; 0.5 where nothing can be told apart."""
    shares = [
        ((r > 0).float().mean() + (m < 0).float().mean()) / 2
        for r, m in zip(real, made, strict=True)
    ]
    return math.fsum(share.item() for share in shares) / len(shares)
