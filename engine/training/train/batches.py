"""Batches: any step's items as arrays, computed from (seed, step, item) alone, read ahead.

The data's position is the step's number: nothing has to be saved to go on exactly where a run was
killed, and processes share a batch by each reading its own items. Every epoch visits every clip
once, in an order of its own. Rejected: torch's DataLoader (worker processes, each with a state).
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.training.train.bands import MARGIN_FRAMES
from engine.training.train.conditions import hide_groups, signals_and_globals
from engine.training.train.data import ARRAYS, ClipEntry, Dataset, Part, notes_of
from engine.training.train.diffuse import seeded
from engine.training.train.settings import Settings

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What one stage reads of a clip.

    Attributes:
        arrays: names in ARRAYS.
        frames: of a crop.
        rate_hz: of x, for the signals.
        signals, text: whether they are asked for.
    """

    arrays: tuple[str, ...]
    frames: int
    rate_hz: int
    signals: bool = False
    text: bool = False


# Arrays that come with neighbours on both sides, to be resampled on the device.
_WITH_MARGIN: Final = frozenset({"audio16"})


class Batches:
    """Items of one split for one stage.

    Args:
        data: the split.
        needs: what the stage reads.
        settings: of the run.
        augment: hide prompts and conditions at random; validation does not.
    """

    def __init__(
        self, data: Dataset, needs: Needs, settings: Settings, *, augment: bool = True
    ) -> None:
        self._data = data
        self._needs = needs
        self._settings = settings
        self._augment = augment
        self._order = lru_cache(maxsize=4)(self._permutation)

    def batch(self, step: int, *, first: int, count: int) -> Arrays:
        """Items first … first + count of a step, stacked: the arrays of `item`."""
        items = [self.item(step, first + index) for index in range(count)]
        return {name: np.stack([item[name] for item in items]) for name in items[0]}

    def item(self, step: int, index: int) -> Arrays:
        """One item.

        mel (frames, 160) float16, audio16 ((frames + 2·MARGIN_FRAMES) · 160, 2) int16, audio24
        (frames · 240, 2) int16, valid (frames,) bool, signals (S, elements), globals (G,), text
        (N, D) float16, text_mask (N,): those that the stage needs.
        """
        rng = seeded(self._settings.seed, "item", step, index)
        epoch, place = divmod(step * self._settings.batch + index, len(self._data))
        part, clip = self._data.clip(int(self._order(epoch)[place]))
        frames = self._crop(clip, rng)
        arrays: Arrays = {"valid": frames >= 0}
        for name in self._needs.arrays:
            arrays[name] = self._read(part, clip, name, frames)
        if self._needs.signals:
            places = _elements(frames, self._needs.rate_hz // 100)
            signals, values = signals_and_globals(
                clip, places, self._needs.rate_hz, notes=notes_of(part, clip)
            )
            if self._augment:
                hide_groups(signals, values, shares=self._settings.hide, rng=rng)
            arrays["signals"], arrays["globals"] = signals, values
        if self._needs.text:
            arrays["text"], arrays["text_mask"] = self._text(part, clip, rng)
        return arrays

    def ahead(self, start: int, *, first: int, count: int) -> Iterator[Arrays]:
        """Batches of steps start, start + 1, …, read ahead by a few threads."""
        workers = self._settings.workers
        with ThreadPoolExecutor(workers, thread_name_prefix="batches") as pool:
            waiting: list[Future[Arrays]] = []
            step = start
            try:
                while True:
                    while len(waiting) <= workers:
                        waiting.append(pool.submit(self.batch, step, first=first, count=count))
                        step += 1
                    yield waiting.pop(0).result()
            finally:
                for future in waiting:
                    future.cancel()

    def _permutation(self, epoch: int) -> NDArray[np.intp]:
        rng = seeded(self._settings.seed, "order", epoch)
        return rng.permutation(len(self._data)).astype(np.intp)

    def _crop(self, clip: ClipEntry, rng: np.random.Generator) -> NDArray[np.intp]:
        """(frames,) frames of the clip; loops wrap from anywhere, −1 is beyond a one-shot's end."""
        steps = np.arange(self._needs.frames)
        if clip.loop:
            return (int(rng.integers(clip.frames)) + steps) % clip.frames
        spare = clip.frames - self._needs.frames
        frames = int(rng.integers(max(spare, 0) + 1)) + steps
        return _within(frames, clip)

    def _read(
        self, part: Part, clip: ClipEntry, name: str, frames: NDArray[np.intp]
    ) -> NDArray[Any]:
        per_frame, _, _ = ARRAYS[name]
        if name in _WITH_MARGIN:
            frames = _widened(frames, clip)
        present = frames >= 0
        start, stop = clip.first * per_frame, (clip.first + clip.frames) * per_frame
        source = part.arrays[name][start:stop]
        inside = frames[present]
        if len(inside) and np.all(np.diff(inside) == 1):  # the usual case: one contiguous read
            read = np.asarray(source[inside[0] * per_frame : (inside[-1] + 1) * per_frame])
        else:
            read = source[_elements(inside, per_frame)]
        result = np.zeros((len(frames) * per_frame, read.shape[1]), read.dtype)
        if name == "mel":
            result[:, :80] = -1  # silence: no level, no side
        result[np.repeat(present, per_frame)] = read
        return result

    def _text(
        self, part: Part, clip: ClipEntry, rng: np.random.Generator
    ) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """One text of the clip (N, D), and its mask (N,); hidden: a mask of zeros."""
        table, tokens = part.arrays["text"], self._settings.text_tokens
        first, count = clip.rows[int(rng.integers(len(clip.rows)))]
        count = min(count, tokens)
        text = np.zeros((tokens, table.shape[1]), np.float16)
        text[:count] = table[first : first + count]
        mask = (np.arange(tokens) < count).astype(np.float32)
        if self._augment and rng.random() < self._settings.hide_prompt:
            mask[:] = 0
        return text, mask


def _elements(frames: NDArray[np.intp], per_frame: int) -> NDArray[np.intp]:
    """Indices of the frames' elements; −1 stays −1."""
    places = frames[:, None] * per_frame + np.arange(per_frame)
    return np.where(frames[:, None] < 0, -1, places).reshape(-1)


def _widened(frames: NDArray[np.intp], clip: ClipEntry) -> NDArray[np.intp]:
    """The crop with MARGIN_FRAMES more on both sides; −1 beyond a one-shot's ends."""
    steps = np.arange(-MARGIN_FRAMES, len(frames) + MARGIN_FRAMES)
    wider = frames[0] + steps
    if clip.loop:
        return np.asarray(wider % clip.frames, np.intp)
    return _within(wider, clip)


def _within(frames: NDArray[np.intp], clip: ClipEntry) -> NDArray[np.intp]:
    """Frames of the clip; −1 for those that are not."""
    return np.asarray(np.where((frames >= 0) & (frames < clip.frames), frames, -1), np.intp)
