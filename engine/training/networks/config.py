"""What a U-Net is made of, as data: the paper's hyper-parameters (App. B.1) and our additions.

One Struct describes every stage, so that a checkpoint carries its own architecture and a new stage
is a new row in `presets`. All lengths are in elements of x (mel frames or samples).

The receptive field is computed from the same numbers that build the layers. Rejected: measuring
it on a built network (needs the weights, and zero weights hide paths) - a test does that instead.
"""

from itertools import accumulate
from operator import mul
from typing import Annotated, Final

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Natural = Annotated[int, Meta(ge=0)]

_EDGE_KERNEL: Final = 3  # entry and exit convolutions, App. B.1


class UNetConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One U-Net. Tuples have one entry per level, from the finest to the bottom.

    Attributes:
        name: preset or checkpoint name.
        channels: channels of x and of the prediction.
        base: width after the entry convolution, and of the time embedding (even).
        kernel: kernel of the block convolutions (odd).
        strides: down-sampling into each level; 1 keeps the length.
        multipliers: width of each level ÷ base.
        blocks: blocks per level and side.
        self_attention, cross_attention: on or off per level; () means off everywhere.
        heads: attention heads.
        patch: this many consecutive elements of x fold into channels at the entry (1: the paper).
        signals: channels of the stacked `signals`.
        globals: length of the `globals` vector.
        text_width: width of the text embeddings, 0 without text.
        text_mean: the mean of the text's tokens also enters the time embedding, so that every
            block hears the whole of it from the first step; the paper has cross-attention alone.
        aligned_channels, aligned_hop: the sequence added at the level of that total stride.
        axes: x's patches are seen and said along so many principal axes of the data, each scaled
            for the level of noise (`networks.axes`); 0 is as they are, the paper's. For a network
            that predicts x₀.
        low: takes `low`, stacked beside x.
        augmentation: takes `augmentation_log_snr`.
        embedding: width of the time embedding (even); 0 is `base`, the paper's.
        outputs: channels of the prediction; 0 is `channels`. A network with other outputs is no
            denoiser but a frame vocoder (engine.audio.frames).
        notes: the last so many signals say what is played, and enter as `networks.notes` has it.
        players: the last so many globals say who plays, and count for the notes of their voice.

    Raises:
        ValueError: the fields do not fit each other (msgspec.ValidationError when decoded).
    """

    name: str
    channels: Count
    base: Count
    kernel: Count
    strides: tuple[Count, ...]
    multipliers: tuple[float, ...]
    blocks: tuple[Count, ...]
    self_attention: tuple[bool, ...] = ()
    cross_attention: tuple[bool, ...] = ()
    heads: Count = 8
    patch: Count = 1
    signals: Natural = 0
    globals: Natural = 0
    text_width: Natural = 0
    text_mean: bool = False
    aligned_channels: Natural = 0
    aligned_hop: Natural = 0
    axes: Natural = 0
    low: bool = False
    augmentation: bool = False
    embedding: Natural = 0
    outputs: Natural = 0
    notes: Natural = 0
    players: Natural = 0

    def __post_init__(self) -> None:
        """Check what the field types cannot say."""
        for problem in (*_shape_problems(self), *_entry_problems(self)):
            msg = f"{self.name}: {problem}"
            raise ValueError(msg)

    @property
    def depth(self) -> int:
        """Number of levels."""
        return len(self.strides)

    @property
    def embedding_width(self) -> int:
        """Width of the time embedding."""
        return self.embedding or self.base

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level."""
        return tuple(round(self.base * multiplier) for multiplier in self.multipliers)

    @property
    def total_strides(self) -> tuple[int, ...]:
        """Elements of x per position of each level, the patch included."""
        return tuple(accumulate(self.strides, mul, initial=self.patch))[1:]

    @property
    def multiple(self) -> int:
        """The bottom's total stride, of which x's length must be a multiple."""
        return self.total_strides[-1]

    @property
    def aligned_level(self) -> int | None:
        """Index of the level that `aligned` is added to, None without it."""
        return self.total_strides.index(self.aligned_hop) if self.aligned_channels else None

    def attends(self, level: int) -> tuple[bool, bool]:
        """Whether a level has (self-attention, cross-attention)."""
        return (
            bool(self.self_attention) and self.self_attention[level],
            bool(self.cross_attention) and self.cross_attention[level],
        )


def _shape_problems(config: UNetConfig) -> list[str]:
    """What is wrong with the levels."""
    depth, problems = len(config.strides), []
    for field in ("multipliers", "blocks", "self_attention", "cross_attention"):
        count = len(getattr(config, field))
        if count != depth and not (count == 0 and field.endswith("attention")):
            problems.append(f"{field} has {count} entries for {depth} strides")
    if depth == 0:
        problems.append("a U-Net needs at least one level")
    if config.kernel % 2 == 0:
        problems.append(f"kernel {config.kernel} is even; a centred kernel is odd")
    if (config.embedding or config.base) % 2:
        problems.append("the time embedding's width is odd; it needs sine-cosine pairs")
    problems += [
        f"base {config.base} x {multiplier} is no whole number of channels"
        for multiplier in config.multipliers
        if multiplier <= 0 or config.base * multiplier != round(config.base * multiplier)
    ]
    return problems


def _entry_problems(config: UNetConfig) -> list[str]:
    """What is wrong with attention and the entries (only asked of levels that are sound)."""
    if _shape_problems(config):
        return []
    problems = []
    for level, width in enumerate(config.widths):
        if any(config.attends(level)) and width % (2 * config.heads):
            problems.append(
                f"{width} channels do not split into {config.heads} heads of even width"
            )
    if any(config.cross_attention) != bool(config.text_width):
        problems.append("cross_attention and text_width need each other")
    if config.axes and (config.outputs or config.low):
        problems.append("axes need a prediction of x's channels, and no low")
    if config.axes > config.channels * config.patch:
        problems.append(f"a patch has {config.channels * config.patch} axes, not {config.axes}")
    if config.notes and not (config.axes and config.notes < config.signals):
        problems.append("notes are signals behind others, for a network with axes")
    if config.players and not (config.notes and config.players <= config.globals):
        problems.append("players are globals behind others, for a network that hears notes")
    if config.text_mean and not config.text_width:
        problems.append("text_mean needs text_width")
    if bool(config.aligned_channels) != bool(config.aligned_hop):
        problems.append("aligned_channels and aligned_hop need each other")
    elif config.aligned_hop and config.aligned_hop not in config.total_strides:
        problems.append(
            f"no level has aligned_hop {config.aligned_hop} as its total stride; "
            f"patch and strides give {', '.join(map(str, config.total_strides))}"
        )
    return problems


def receptive_field(config: UNetConfig) -> int:
    """One-sided receptive field in elements of x, a multiple of `config.multiple`; 0 means global.

    An output block [k·multiple, (k+1)·multiple) depends on no element of x further than this from
    its ends, so a chunk with this much context on both sides is exact inside. `aligned` reaches no
    further. Cross-attention does not widen it (text is not along time); self-attention makes it
    global.
    """
    if any(config.self_attention):
        return 0
    radii = [blocks * 2 * (config.kernel // 2) for blocks in config.blocks]
    edge = _EDGE_KERNEL // 2
    reach = edge  # beyond the block's end, in positions of the current resolution
    for stride, radius in zip(
        config.strides, radii, strict=True
    ):  # exit → bottom, up-sampling side
        reach = -(-reach // stride) + radius
    for stride, radius in zip(reversed(config.strides), reversed(radii), strict=True):
        reach = (reach + radius) * stride
    reach = (reach + edge) * config.patch
    return -(-reach // config.multiple) * config.multiple
