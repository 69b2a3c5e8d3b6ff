"""Prompts that several real clips answer, and as many seeds of each: does one prompt give one song?

"Real clips with the same caption" are clips of one genre and mood, and the caption is those two
words. Neither tempo nor key is asked for, since the real clips do not share them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.clips import HeldOut
from engine.evaluation.music.asks import RATE_HZ, Sampling
from engine.recipe import SECONDS_RANGE, TAKES_RANGE, Recipe, checked

FloatArray = NDArray[np.float32]

SEEDS: Final = 8
FEWEST: Final = 4  # real clips of one caption


@dataclass(frozen=True, kw_only=True)
class Group:
    """One caption.

    Attributes:
        prompt: mood and genre.
        clips: that answer it, at most SEEDS.
        seconds: compared of each.
        seed: of the first recipe.
    """

    prompt: str
    clips: tuple[HeldOut, ...]
    seconds: float
    seed: int

    def recipes(self, sampling: Sampling) -> list[Recipe]:
        """As many takes as there are real clips, in as few recipes as can be."""
        most = TAKES_RANGE[1]
        return [
            checked(
                Recipe(
                    prompt=self.prompt, seconds=self.seconds, seed=self.seed + first,
                    takes=min(most, len(self.clips) - first), preset=sampling.preset,
                    generator=sampling.generator, vocoder=sampling.vocoder, notes=sampling.notes,
                )
            )
            for first in range(0, len(self.clips), most)
        ]  # fmt: skip

    def real(self, place: int) -> FloatArray:
        """The beginning of one of the clips, (samples, 2) at 16 kHz."""
        return self.clips[place].audio16[: round(self.seconds * RATE_HZ)]


def groups_of(
    clips: Sequence[HeldOut], count: int, *, longest_s: float, seed: int
) -> tuple[Group, ...]:
    """The captions that most clips answer, one of each genre before a second one of any.

    Args:
        clips: of any split; earlier ones are taken first.
        count: at most so many groups.
        longest_s: of a sound; shorter clips make a group shorter, to half of it at most.
        seed: of the recipes.
    """
    found: defaultdict[tuple[str, str], list[HeldOut]] = defaultdict(list)
    for clip in clips:
        if clip.seconds < max(longest_s / 2, SECONDS_RANGE[0]):
            continue
        for genre in clip.entry.labels.get("genre", ()):
            for mood in clip.entry.labels.get("mood", ()):
                found[genre, mood].append(clip)
    ordered = sorted(found, key=lambda words: (-min(len(found[words]), SEEDS), words))
    laps: defaultdict[str, int] = defaultdict(int)
    ranked: list[tuple[int, int, tuple[str, str]]] = []
    for place, words in enumerate(ordered):
        if len(found[words]) >= FEWEST:
            ranked.append((laps[words[0]], place, words))
            laps[words[0]] += 1
    chosen = [words for _, _, words in sorted(ranked)[:count]]
    return tuple(
        _group(words, found[words][:SEEDS], longest_s, seed + SEEDS * place)
        for place, words in enumerate(chosen)
    )


def _group(words: tuple[str, str], clips: Sequence[HeldOut], longest_s: float, seed: int) -> Group:
    genre, mood = words
    seconds = min(longest_s, SECONDS_RANGE[1], *(clip.seconds for clip in clips))
    return Group(prompt=f"{mood} {genre}", clips=tuple(clips), seconds=seconds, seed=seed)
