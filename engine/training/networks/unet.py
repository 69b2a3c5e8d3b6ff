"""The paper's 1-D Efficient U-Net (section 3.2, App. B): a mirror image with four entries.

(a) stacked: x and `low` side by side, and `signals`, which weigh as much as both; (b) an embedding
of log-SNR (and of `globals`, the augmentation's log-SNR and the mean of the text), through combine
layers; (c) the text, cross-attended; (d) `aligned`, added where the U has come down to its rate.
Skips are added, never concatenated.

Tensor names, order and shapes are those of `engine.bundle.manifest`. The network takes them as
keywords and refuses a missing or a superfluous one, so that an export cannot silently lose an
input. Rejected: one module per stage (the stages differ only in data).
"""

import math
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training.networks.attention import (
    CrossAttention,
    FeedForward,
    Rotary,
    RotaryTables,
    SelfAttention,
)
from engine.training.networks.axes import PrincipalAxes
from engine.training.networks.config import UNetConfig
from engine.training.networks.inputs import OPTIONAL_INPUTS, input_names
from engine.training.networks.layers import (
    Combine,
    Conv,
    ConvBlock,
    Linear,
    Sinusoids,
    Up,
    fold_time,
    rms_norm,
    unfold_time,
)
from engine.training.networks.notes import Notes

_EXIT_GAIN: Final = 1e-2  # the untrained network predicts nearly nothing
_MIXED: Final = 0.3  # gain of what an untrained network mixes into an axis of its own
_RAISED: Final = 0.2  # gain of what an untrained network along axes adds from lower levels


@dataclass(frozen=True)
class Conditions:
    """What every level is given: embedding (B, E), text (B, D, 1, N), its mask (B, 1, 1, N)."""

    embedding: Tensor
    text: Tensor | None
    text_mask: Tensor | None
    aligned: Tensor | None  # (B, A, 1, L/hop)


class Block(nn.Module):
    """Two convolutions with a combine layer, then the level's attention, if any (Fig. 5)."""

    def __init__(self, config: UNetConfig, level: int, *, gain: float) -> None:
        super().__init__()
        width, heads = config.widths[level], config.heads
        attends_self, attends_text = config.attends(level)
        self.conv = ConvBlock(
            width, kernel=config.kernel, embedding=config.embedding_width, gain=gain
        )
        self.self_attention = SelfAttention(width, heads=heads, gain=gain) if attends_self else None
        self.cross_attention = (
            CrossAttention(width, text_width=config.text_width, heads=heads, gain=gain)
            if attends_text
            else None
        )
        self.feed_forward = FeedForward(width, gain=gain) if attends_self or attends_text else None

    def forward(self, x: Tensor, given: Conditions, tables: RotaryTables | None) -> Tensor:
        """(B, C, 1, L) → (B, C, 1, L)."""
        x = self.conv(x, given.embedding)
        if self.self_attention is not None and tables is not None:
            x = x + self.self_attention(x, tables)
        if (
            self.cross_attention is not None
            and given.text is not None
            and given.text_mask is not None
        ):
            x = x + self.cross_attention(x, given.text, given.text_mask)
        if self.feed_forward is not None:
            x = x + self.feed_forward(x)
        return x


class Embedding(nn.Module):
    """Entry (b): log-SNR, globals, augmentation log-SNR and mean text → one vector (B, E)."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        width = config.embedding_width
        self.sinusoids = Sinusoids(width)
        self.log_snr = Linear(width, width)
        self.globals = Linear(config.globals, width) if config.globals else None
        self.augmentation = Linear(width, width) if config.augmentation else None
        self.text = MeanText(config.text_width, width) if config.text_mean else None
        self.out = Linear(width, width, gain=math.sqrt(2))

    def forward(
        self,
        log_snr: Tensor,
        global_values: Tensor | None,
        augmentation: Tensor | None,
        text: Tensor | None,
        text_mask: Tensor | None,
    ) -> Tensor:
        """(B,), (B, G), (B,), (B, D, 1, N), (B, 1, 1, N) → (B, E)."""
        embedding = self.log_snr(self.sinusoids(log_snr))
        if self.globals is not None and global_values is not None:
            embedding = embedding + self.globals(global_values)
        if self.augmentation is not None and augmentation is not None:
            embedding = embedding + self.augmentation(self.sinusoids(augmentation))
        if self.text is not None and text is not None and text_mask is not None:
            embedding = embedding + self.text(text, text_mask)
        return F.silu(self.out(F.silu(embedding)))


class MeanText(nn.Module):
    """The mean of the text's tokens, as far as it differs from text to text; hidden text is 0.

    What all texts have in common is far more than what they differ by: without `standardise` a
    network hears that there is text long before it hears what it says.
    """

    def __init__(self, text_width: int, width: int) -> None:
        super().__init__()
        self.centre = nn.Parameter(torch.zeros(text_width))
        self.linear = Linear(text_width, width)

    def forward(self, text: Tensor, mask: Tensor) -> Tensor:
        """(B, D, 1, N), (B, 1, 1, N) → (B, E)."""
        count = mask.sum(dim=3)  # (B, 1, 1)
        mean = (text * mask).sum(dim=3) / count.clamp_min(1.0)
        there = count.clamp(0.0, 1.0)[:, :, 0]  # (B, 1)
        said: Tensor = self.linear(mean[:, :, 0] - there * self.centre)
        return said

    @torch.no_grad()
    def standardise(self, means: Tensor) -> None:
        """Give an untrained layer texts' means (N, D): each dimension counts by its variance."""
        self.centre.copy_(means.mean(dim=0))
        self.linear.weight.div_(means.std(dim=0).clamp_min(1e-3))


class Level(nn.Module):
    """One depth of the U: its down- and up-sampling layers and the blocks of both sides."""

    def __init__(self, config: UNetConfig, level: int, *, gain: float) -> None:
        super().__init__()
        width, stride = config.widths[level], config.strides[level]
        above = config.widths[level - 1] if level else config.base
        self.down = Conv(above, width, kernel=stride, stride=stride)
        self.down_blocks = nn.ModuleList(
            Block(config, level, gain=gain) for _ in range(config.blocks[level])
        )
        self.up_blocks = nn.ModuleList(
            Block(config, level, gain=gain) for _ in range(config.blocks[level])
        )
        self.up = Up(width, above, stride=stride)
        attends_self, _ = config.attends(level)
        self.rotary = Rotary(width // config.heads) if attends_self else None
        aligned = config.aligned_level == level
        self.aligned = Conv(config.aligned_channels, width, kernel=3) if aligned else None

    def descend(self, x: Tensor, given: Conditions) -> tuple[Tensor, RotaryTables | None]:
        """(B, C above, 1, L·stride) → (B, C, 1, L), and the tables that `ascend` shares."""
        x = self.down(x)
        if self.aligned is not None and given.aligned is not None:
            x = x + self.aligned(given.aligned)
        tables = None if self.rotary is None else self.rotary(x)
        for block in self.down_blocks:
            x = block(x, given, tables)
        return x, tables

    def ascend(self, x: Tensor, given: Conditions, tables: RotaryTables | None) -> Tensor:
        """(B, C, 1, L) → (B, C above, 1, L·stride)."""
        for block in self.up_blocks:
            x = block(x, given, tables)
        raised: Tensor = self.up(x)
        return raised


class UNet(nn.Module):
    """The denoiser of one stage.

    Args:
        config: the architecture.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        stacked = config.patch * config.channels * (2 if config.low else 1)
        gain = 1 / math.sqrt(2 * sum(config.blocks))  # keeps the residual stream near unit variance
        self.embedding = Embedding(config)
        self.axes = (
            PrincipalAxes(config.patch * config.channels, config.axes) if config.axes else None
        )
        self.entry = Conv(config.axes or stacked, config.base, kernel=3)
        grid = config.signals - config.notes
        self.signals = (
            Conv(grid * config.patch, config.base, kernel=3, bias=False) if grid else None
        )
        self.notes = (
            Notes(config.patch, config.base, config.axes, players=config.players > 0)
            if config.notes
            else None
        )
        self.levels = nn.ModuleList(
            Level(config, level, gain=gain) for level in range(config.depth)
        )
        self.exit_combine = Combine(config.embedding_width, config.base)
        self.exit = Conv(
            config.base,
            config.axes or (config.outputs or config.channels) * config.patch,
            kernel=3,
            gain=_EXIT_GAIN,
        )
        if config.axes and not self.entry.weight.is_meta:
            self._begin_along_axes()

    def forward(
        self,
        x: Tensor,
        log_snr: Tensor,
        *,
        signals: Tensor | None = None,
        globals: Tensor | None = None,  # noqa: A002 - the manifest's name
        text: Tensor | None = None,
        text_mask: Tensor | None = None,
        aligned: Tensor | None = None,
        low: Tensor | None = None,
        augmentation_log_snr: Tensor | None = None,
        autoguidance: Tensor | None = None,
    ) -> Tensor:
        """Prediction (B, C, L). Shapes: `engine.bundle.manifest`; inputs: `input_names(config)`.

        Raises:
            ValueError: an input is missing or not the network's, or the length does not fit.
        """
        inputs = {
            "x": x,
            "log_snr": log_snr,
            "signals": signals,
            "globals": globals,
            "text": text,
            "text_mask": text_mask,
            "aligned": aligned,
            "low": low,
            "augmentation_log_snr": augmentation_log_snr,
            "autoguidance": autoguidance,
        }
        self._check(x.shape[2], tuple(name for name, value in inputs.items() if value is not None))
        tokens = None if text is None else rms_norm(text.transpose(1, 2)[:, :, None, :])
        mask = None if text_mask is None else text_mask[:, None, None, :]
        given = Conditions(
            embedding=self.embedding(log_snr, globals, augmentation_log_snr, tokens, mask),
            text=tokens,
            text_mask=mask,
            aligned=None if aligned is None else aligned[:, :, None, :],
        )
        stacked = x if low is None else torch.cat([x, low], dim=1)
        patches = fold_time(stacked[:, :, None, :], self.config.patch)
        along = None if self.axes is None else self.axes(patches, log_snr)
        entry = self.entry(patches if along is None else along.seen)
        expected: Tensor | None = None
        if self.signals is not None and signals is not None:
            grid, rolls = self._folded(signals)
            entry = entry + self.signals(grid)
            if self.notes is not None:
                played, expected = self.notes(rolls, self._players(globals))
                entry = entry + played
        hidden = rms_norm(self._down_and_up(entry, given) + entry)
        hidden = F.silu(self.exit_combine(hidden, given.embedding))
        said = self.exit(hidden)
        if expected is not None:
            said = said + expected
        if self.axes is not None and along is not None:
            if autoguidance is not None:
                said = said * autoguidance[:, None, None, None]
            said = self.axes.patches(along, said)
        return unfold_time(said, self.config.patch).squeeze(2)

    def _folded(self, signals: Tensor) -> tuple[Tensor, Tensor]:
        """Signals (B, S, L) in patches: those of grid and chords, and what is played."""
        first = self.config.signals - self.config.notes
        patch = self.config.patch
        return (
            fold_time(signals[:, :first, None, :], patch),
            fold_time(signals[:, first:, None, :], patch),
        )

    def _players(self, values: Tensor | None) -> Tensor | None:
        """Who plays, (B, P) of the globals (B, G); None for a network that is not told."""
        if values is None or not self.config.players:
            return None
        return values[:, self.config.globals - self.config.players :]

    @torch.no_grad()
    def _begin_along_axes(self) -> None:
        """Untrained, let each axis have a channel of its own as far down as there are channels.

        Mixed at random, more axes than channels cannot be told apart again at the exit.
        """
        levels = [cast("Level", level) for level in self.levels]
        for layer in (self.entry, levels[0].down):
            outputs, inputs, _, kernel = layer.weight.shape
            layer.weight.mul_(_MIXED)
            layer.weight[:, :, 0, kernel // 2] += torch.eye(outputs, inputs)
        for level in levels:
            level.up.conv.weight.mul_(_RAISED)

    def _down_and_up(self, x: Tensor, given: Conditions) -> Tensor:
        """(B, base, 1, L) → (B, base, 1, L)."""
        levels = [cast("Level", level) for level in self.levels]
        on_the_way: list[tuple[Tensor, RotaryTables | None]] = []
        for level in levels:
            x, tables = level.descend(x, given)
            on_the_way.append((x, tables))
        for index, level in reversed(list(enumerate(levels))):
            skip, tables = on_the_way[index]
            if index < len(levels) - 1:  # the bottom's own output is what goes up
                x = x + skip
            x = level.ascend(x, given, tables)
        return x

    def _check(self, length: int, given: tuple[str, ...]) -> None:
        """Refuse inputs that are not the network's, and a length that the strides do not divide."""
        wanted = tuple(
            name
            for name in input_names(self.config)
            if name in given or name not in OPTIONAL_INPUTS
        )
        if length % self.config.multiple:
            msg = f"{self.config.name}: length {length} is no multiple of {self.config.multiple}"
            raise ValueError(msg)
        if given != wanted:
            msg = f"{self.config.name} takes {', '.join(wanted)}; it was given {', '.join(given)}"
            raise ValueError(msg)
