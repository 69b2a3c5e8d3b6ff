"""Windows over a long state: what a denoiser sees in one call, and which part of it is kept.

Every window has the same width (fixed shapes on a GPU) and starts on the network's stride grid;
its kept core lies at least a receptive field away from the window's cut edges, so chunked and
whole evaluations are the same up to rounding. On a loop, windows wrap: the network sees the end
before the start. Rejected: cross-fading overlapping renders (two different noises blend into a
third, duller one).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """Elements start … start + width are seen, core_start … core_stop are kept.

    `start` may be negative and start + width beyond the end on a loop, where indices wrap.
    """

    start: int
    width: int
    core_start: int
    core_stop: int

    def take(self, track: NDArray[np.float32], hop: int = 1) -> NDArray[np.float32]:
        """The window's part of a (B, C, L/hop) track, wrapped where it leaves it."""
        start, width = self.start // hop, self.width // hop
        if start >= 0 and start + width <= track.shape[-1]:
            return track[..., start : start + width]
        index = np.arange(start, start + width) % track.shape[-1]
        return track[..., index]

    def keep(self, prediction: NDArray[np.float32], into: NDArray[np.float32]) -> None:
        """Copy the core of a (B, C, width) prediction into the (B, C, L) result."""
        offset = self.core_start - self.start
        core = self.core_stop - self.core_start
        into[..., self.core_start : self.core_stop] = prediction[..., offset : offset + core]


def round_up(length: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `length`."""
    return -(-length // multiple) * multiple


def windows(
    length: int, *, multiple: int, context: int, chunk: int | None, loop: bool
) -> list[Window]:
    """Windows that cover 0 … length.

    Args:
        length: elements; a multiple of `multiple` unless `loop`.
        multiple: the network's total stride.
        context: elements around a core that influence it.
        chunk: elements to keep per window; None for one window over everything.
        loop: whether indices wrap.
    """
    margin = round_up(context, multiple)
    core = round_up(length if chunk is None else min(chunk, length), multiple)
    if loop:
        return list(_wrapped(length, core, margin))
    if core + 2 * margin >= length:
        return [Window(0, length, 0, length)]
    return list(_clamped(length, core, margin))


def _wrapped(length: int, core: int, margin: int) -> Iterator[Window]:
    for start in range(0, length, core):
        yield Window(start - margin, core + 2 * margin, start, min(start + core, length))


def _clamped(length: int, core: int, margin: int) -> Iterator[Window]:
    """Windows shifted inwards at the ends, so that all are as wide and none is cut open early."""
    width = core + 2 * margin
    kept = 0
    while kept < length:
        start = min(max(0, kept - margin), length - width)
        stop = length if start + width == length else start + width - margin
        yield Window(start, width, kept, stop)
        kept = stop
