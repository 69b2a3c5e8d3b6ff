"""What is asked for, each with the real clip that answers it: text, tempo, key, bars, labels.

Prompts come from three sources in turn: a caption of a test clip, a paraphrase of its labels, and
held-out words for them. Every ask keeps its clip's tempo, meter, key and loop, and is cut to a few
whole bars: what a musician asks for, and two hundred of them take minutes. The real counterpart is
cut alike, from its beginning.

Rejected: prompts without a clip behind them (there is no ceiling for those).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.composer.dice import Dice
from engine.evaluation.clips import HeldOut
from engine.evaluation.music.wording import Labels, mentioned, paraphrase
from engine.music.meter import seconds_per_bar
from engine.recipe import (
    PROMPT_LIMIT_CHARS,
    SECONDS_RANGE,
    NotesName,
    PresetName,
    Recipe,
    StageSettings,
    checked,
)

Source = Literal["caption", "paraphrase", "held-out"]
FloatArray = NDArray[np.float32]

SOURCES: Final[tuple[Source, ...]] = ("caption", "paraphrase", "held-out")
RATE_HZ: Final = 16_000
KIT: Final = "kit"  # what the names of drums end in
_BARS: Final = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How everything of a run is sampled: a preset, overrides of it by stage, and whose notes."""

    preset: PresetName = "standard"
    generator: StageSettings = field(default_factory=StageSettings)
    vocoder: StageSettings = field(default_factory=StageSettings)
    notes: NotesName = "composed"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One prompt with its knobs, and the clip that it is about.

    Attributes:
        number: of the ask in its run.
        source: where the text comes from.
        prompt: the text.
        said: kind → those of the clip's labels that the text mentions.
        clip: the real one.
        bars: asked, and of the real clip compared.
        seed: of the recipe.
    """

    number: int
    source: Source
    prompt: str
    said: Labels
    clip: HeldOut
    bars: int
    seed: int

    @property
    def labels(self) -> Labels:
        """Everything that is known of the clip."""
        return self.clip.entry.labels

    @property
    def genre(self) -> str:
        """The clip's genre as labelled, or as the composer draws it."""
        return next(iter(self.labels.get("genre", ())), self.clip.genre)

    @property
    def drums(self) -> bool:
        """Whether the clip has a kit."""
        return has_drums(self.labels)

    @property
    def whole_loop(self) -> bool:
        """Whether the real counterpart, too, is a loop: all of one."""
        return self.clip.entry.loop and self.bars == self.clip.entry.bars

    @property
    def seconds(self) -> float:
        """Asked length."""
        return self.bars * seconds_per_bar(self.clip.entry.bpm, self.clip.entry.meter)

    def recipe(self, sampling: Sampling) -> Recipe:
        """What the cascade is asked for."""
        entry = self.clip.entry
        return checked(
            Recipe(
                prompt=self.prompt, bpm=entry.bpm, key=entry.key_name, meter=entry.meter,
                bars=self.bars, loop=entry.loop, seed=self.seed, preset=sampling.preset,
                generator=sampling.generator, vocoder=sampling.vocoder, notes=sampling.notes,
            )
        )  # fmt: skip

    def real(self) -> FloatArray:
        """The real counterpart, (samples, 2) at 16 kHz."""
        audio = self.clip.audio16
        return audio if self.whole_loop else audio[: round(self.seconds * RATE_HZ)]


def has_drums(labels: Mapping[str, Sequence[str]]) -> bool:
    """Whether a clip's labels name a kit."""
    return any(name.endswith(KIT) for name in labels.get("instrument", ()))


def bars_within(clip: HeldOut, longest_s: float) -> int:
    """The clip's own bars, or the most of 1, 2, 4, 8 … that are no longer; 0 where one is too long.

    A tempo that the recipe refuses counts as too long.
    """
    entry = clip.entry
    bar_s = seconds_per_bar(entry.bpm, entry.meter)
    choices = [entry.bars, *(bars for bars in _BARS if bars <= entry.bars)]
    fitting = [
        bars
        for bars in choices
        if SECONDS_RANGE[0] <= bars * bar_s <= min(longest_s, SECONDS_RANGE[1]) + 1e-9
        and bars * bar_s <= clip.seconds + 0.01
    ]
    return max(fitting, default=0)


def drawn_asks(
    clips: Sequence[HeldOut], count: int, *, longest_s: float, seed: int
) -> tuple[Ask, ...]:
    """Asks about clips in turn, from every source in turn; the same for the same seed.

    Args:
        clips: the real ones; those without a bar of `longest_s` are left out.
        count: how many; a clip is asked about several times, with other words, where it must be.
        longest_s: of an ask.
        seed: of the words, and of the recipes.
    """
    usable = [(clip, bars) for clip in clips if (bars := bars_within(clip, longest_s))]
    asks = []
    for number in range(count if usable else 0):
        clip, bars = usable[number % len(usable)]
        lap = number // len(usable)
        source, prompt, said = _worded(clip, lap, SOURCES[(number + lap) % len(SOURCES)], seed)
        asks.append(
            Ask(
                number=number, source=source, prompt=prompt, said=said, clip=clip, bars=bars,
                seed=seed + number,
            )
        )  # fmt: skip
    return tuple(asks)


def _worded(clip: HeldOut, lap: int, source: Source, seed: int) -> tuple[Source, str, Labels]:
    """A prompt about a clip from a source; a caption where the source has no words for it."""
    entry = clip.entry
    if source != "caption":
        dice = Dice(seed, "evaluation", source, entry.key, lap)
        worded = paraphrase(entry.labels, dice, held_out=source == "held-out")
        if worded is not None:
            return source, *worded
    text = entry.texts[lap % len(entry.texts)][:PROMPT_LIMIT_CHARS]
    return "caption", text, mentioned(text, entry.labels)
