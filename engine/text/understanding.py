"""What the engine understood of a prompt: genre, instruments, moods and era, and how surely.

A prompt holds several things at once, and the mean of all of it is none of them. So the words of
the training captions are looked up first, and what is left is guessed at in stretches of up to
three words, each encoded by itself: those with one clear meaning count. Every confidence is a
measured share: of a hundred things reported with 0.8, about eighty were meant.

Rejected: scoring the whole prompt (on prompts of several parts, its best genre, instrument and mood
are right less often than those of its parts), and a threshold on cosines (they are no shares).
"""

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bundle.understanding import Kind, UnderstandingFile
from engine.text.encoder import EncodedText
from engine.text.phrases import (
    WEAK,
    Slips,
    asked_for,
    found_in,
    key,
    may_name,
    segments,
    spans,
    split_by,
    split_known,
)
from engine.text.reading import without_readings

LONGEST_GUESS: Final = 3  # words
MOST_GUESSED: Final = 32  # stretches encoded for one prompt: its latency
LEAST_REPORTED: Final = 0.25
MOST_REPORTED: Final = 8  # of a kind
_LEAST_CLEAR: Final = 0.25  # of the map's own say, before it is made a share
_REMEMBERED: Final = 2048
_LETTERS: Final = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)*")

FloatArray = NDArray[np.float32]
Source = Literal["known", "slip", "guess"]
# N texts → (N, D) mean token embeddings
Embed = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True)
class Guess:
    """One thing that a prompt asks for.

    Attributes:
        name: the lexicon's.
        confidence: the share of such guesses that are right, 0–1.
        words: the prompt's words that say so.
    """

    name: str
    confidence: float
    words: str


@dataclass(frozen=True)
class Meant:
    """A guess, its kind, and whether its words are known, known but for a slip, or guessed at."""

    kind: Kind
    guess: Guess
    source: Source


@dataclass(frozen=True)
class Understanding:
    """What a prompt asks for, the surest first, and its words that the encoder has never met."""

    genre: tuple[Guess, ...] = ()
    instruments: tuple[Guess, ...] = ()
    moods: tuple[Guess, ...] = ()
    era: tuple[Guess, ...] = ()
    unknown_words: tuple[str, ...] = ()


# kind → field of Understanding
FIELDS: Final[dict[Kind, str]] = {
    "genre": "genre", "instrument": "instruments", "mood": "moods", "era": "era",
}  # fmt: skip


def token_means(encoded: EncodedText) -> FloatArray:
    """(B, D) mean of each text's own tokens; zeros for an empty text."""
    weights = encoded.mask[..., None]
    count = np.maximum(weights.sum(axis=1), 1)
    means: FloatArray = ((encoded.embeddings * weights).sum(axis=1) / count).astype(np.float32)
    return means


class Understander:
    """Reads prompts with a bundle's file of what words mean.

    Args:
        file: of the bundle.
        embed: the bundle's text encoder.
    """

    def __init__(self, file: UnderstandingFile, embed: Embed) -> None:
        self._file = file
        self._embed = embed
        self._weights, self._biases = file.map()
        self._slips = Slips(file.phrases)
        self._met_before: dict[str, bool] = {}
        self._seen: OrderedDict[str, FloatArray] = OrderedDict()  # stretch → the map's say

    def __call__(self, prompt: str) -> Understanding:
        """Understand a prompt; tempo, key, meter and bars are `read_prompt`'s."""
        text = without_readings(prompt)
        best: dict[tuple[Kind, str], Guess] = {}
        for one in self.meant(text):
            kept = best.get((one.kind, one.guess.name))
            if kept is None or kept.confidence < one.guess.confidence:
                best[one.kind, one.guess.name] = one.guess
        kinds: dict[str, list[Guess]] = {field: [] for field in FIELDS.values()}
        for (kind, _), guess in sorted(best.items(), key=lambda item: -item[1].confidence):
            if guess.confidence >= LEAST_REPORTED:
                kinds[FIELDS[kind]].append(guess)
        told = {field: tuple(guesses[:MOST_REPORTED]) for field, guesses in kinds.items()}
        return Understanding(**told, unknown_words=self._unknown(text))

    def meant(self, text: str) -> list[Meant]:
        """Everything that any words of a text may mean, however doubtful, in no order."""
        found: list[Meant] = []
        runs: list[list[str]] = []
        for words in (run for segment in segments(text) for run in asked_for(segment)):
            known, left = split_known(self._file.phrases, words)
            for phrase, written in known:
                if len(words) == 1 or written.casefold() not in WEAK:  # "chill vibes" is no vibes
                    found += self._looked_up(phrase, written, "known")
            for run in left:
                slips, rest = self._corrected(run)
                found += slips
                runs += rest
        return found + self._guesses(runs)

    def _looked_up(self, phrase: str, written: str, source: Source) -> list[Meant]:
        share = self._file.slip if source == "slip" else 1.0
        rows = [(self._file.names[place], meant) for place, meant in self._file.phrases[phrase]]
        return [Meant(k, Guess(name, meant * share, written), source) for (k, name), meant in rows]

    def _corrected(self, run: list[str]) -> tuple[list[Meant], list[list[str]]]:
        """What was mistyped in a run of words, and the runs around it."""
        slips, runs = split_by(self._mistyped, run, longest=LONGEST_GUESS)
        return [one for slip in slips for one in self._looked_up(*slip, "slip")], runs

    def _mistyped(self, words: list[str]) -> str | None:
        """The phrase that was meant by words of which the encoder has not met one."""
        if not may_name(words) or all(self._met(word) for word in words):
            return None
        return self._slips.meant(key(words))

    def _guesses(self, runs: list[list[str]]) -> list[Meant]:
        """Stretches that mean one thing clearly, none overlapping a clearer one."""
        places = [(n, *span) for n, run in enumerate(runs) for span in spans(run, LONGEST_GUESS)]
        places = sorted(places, key=lambda place: place[2] - place[1])[:MOST_GUESSED]
        texts = [" ".join(runs[n][first:end]) for n, first, end in places]
        said = self._said(texts)
        taken: set[tuple[int, int]] = set()
        found = []
        for index in np.argsort(-said.max(axis=1, initial=0.0)).tolist():
            n, first, end = places[index]
            own = {(n, word) for word in range(first, end)}
            place = int(said[index].argmax())
            if said[index, place] < _LEAST_CLEAR or taken & own:
                continue
            taken |= own
            kind, name = self._file.names[place]
            share = share_of(float(said[index, place]), self._file.slope, self._file.offset)
            found.append(Meant(kind, Guess(name, share, texts[index]), "guess"))
        return found

    def _said(self, texts: Sequence[str]) -> FloatArray:
        """(N, guessed): how much the map takes each text for each name, with 1 − sum for none."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._seen]
        if fresh:
            unit = self._file.unit(self._embed(fresh))
            said = softmax(unit @ self._weights.T + self._biases)
            self._seen.update(zip(fresh, said, strict=True))
        for text in texts:
            self._seen.move_to_end(text)
        rows = [self._seen[text][1:] for text in texts]
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return np.stack(rows) if rows else np.zeros((0, self._file.guessed), np.float32)

    def _met(self, word: str) -> bool:
        """Whether the encoder has met a word or its singular; remembered, as it is asked often."""
        known = self._met_before.get(word)
        if known is None:
            singular = word[:-1] if word.casefold().endswith("s") else word
            known = self._file.has_met(word) or self._file.has_met(singular)
            if len(self._met_before) >= _REMEMBERED:
                self._met_before.clear()
            self._met_before[word] = known
        return known

    def _unknown(self, text: str) -> tuple[str, ...]:
        """The prompt's own words that the encoder never met, each once, in order."""
        words = dict.fromkeys(_LETTERS.findall(text))
        return tuple(
            word
            for word in words
            if not self._met(word) and found_in(self._file.phrases, [word]) is None
        )


def share_of(said: float, slope: float, offset: float) -> float:
    """The share of right ones among guesses of which the map says p: σ(slope·logit p + offset)."""
    said = min(max(said, 1e-6), 1 - 1e-6)
    return 1 / (1 + math.exp(-slope * math.log(said / (1 - said)) - offset))


def softmax(scores: FloatArray) -> FloatArray:
    """Shares along the last axis that sum to 1."""
    powers: FloatArray = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return shares
