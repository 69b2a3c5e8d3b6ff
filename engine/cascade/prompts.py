"""Prompts through one bundle: their vectors for the networks, what they mean, chords for takes."""

from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.bundle.harmony import HarmonyFile
from engine.bundle.verify import Bundle
from engine.cascade.composed import COMPOSER_VERSION, composed, hears_notes, refused
from engine.cascade.harmony import hears_chords, with_chords
from engine.cascade.opened import encoded, tokenizer_of
from engine.cascade.plan import Take
from engine.recipe import NO_NOTES, Recipe
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Runtime
from engine.text.encoder import EncodedText
from engine.text.understanding import Understander, Understanding, token_means

FloatArray = NDArray[np.float32]


def _written(
    recipe: Recipe, understood: Understanding | None, unwanted: Understanding | None
) -> Take:
    """A take with its score, and who wrote it."""
    score = composed(recipe, understood, unwanted)
    version = 0 if score is None else COMPOSER_VERSION
    return Take(msgspec.structs.replace(recipe, composer=version), score)


class Prompts:
    """The text side of an opened bundle.

    Args:
        bundle: verified files and manifest.
        runtime: sessions and device.
    """

    def __init__(self, bundle: Bundle, runtime: Runtime) -> None:
        self._bundle, self._runtime = bundle, runtime
        self._tokenizer = tokenizer_of(bundle)
        self._understander: Understander | None = None
        self._understands_for = CancelToken()

    def encode(self, recipe: Recipe, cancel: CancelToken) -> EncodedText:
        """Two rows: the prompt and the negative prompt, masked where empty. Raises Cancelled."""
        return self._encoded([recipe.prompt, recipe.negative_prompt], cancel)

    def understand(self, prompt: str, *, cancel: CancelToken) -> Understanding | None:
        """What the bundle's text encoder makes of a prompt; None where the bundle cannot say.

        Only the text encoder is loaded: about 10 ms for a prompt of ten words on one core.

        Raises:
            Cancelled: the token was cancelled.
        """
        if self._understander is None:
            file = self._bundle.understanding()
            if file is None:
                return None
            self._understander = Understander(file, self._means)
        self._understands_for = cancel
        return self._understander(prompt)

    def takes(self, recipe: Recipe, *, cancel: CancelToken) -> list[Take]:
        """Each take: its recipe, with its chords in it, and its score.

        Raises:
            Cancelled: the token was cancelled.
        """
        spec = self._bundle.manifest.stages["generator"]
        harmony = self._harmony if hears_chords(spec) and not recipe.chords else None
        composes = hears_notes(spec) and recipe.notes != NO_NOTES
        understood = unwanted = None
        if harmony is not None or composes:
            understood = self.understand(recipe.prompt, cancel=cancel)
        if composes and (text := refused(recipe)):
            unwanted = self.understand(text, cancel=cancel)
        if composes and recipe.composer not in (0, COMPOSER_VERSION):
            self._runtime.notify(
                f"composer {recipe.composer} wrote this recipe's notes, and this version has "
                f"composer {COMPOSER_VERSION}: they will differ (the clip's MIDI file keeps them)"
            )
        takes = []
        for number in range(recipe.first_take, recipe.first_take + recipe.takes):
            one = with_chords(recipe, number, harmony=harmony, understood=understood)
            takes.append(_written(one, understood, unwanted) if composes else Take(one, None))
        return takes

    @cached_property
    def _harmony(self) -> HarmonyFile | None:
        return self._bundle.harmony()

    def _means(self, texts: Sequence[str]) -> FloatArray:
        return token_means(self._encoded(texts, self._understands_for))

    def _encoded(self, texts: Sequence[str], cancel: CancelToken) -> EncodedText:
        return encoded(self._bundle, self._runtime, self._tokenizer, texts, cancel=cancel)
