"""What everyone who runs a bundle's networks does: open one, encode texts, begin a stage.

Functions, not a class of which each runner would be a kind: the whole cascade and the runners of
single stages (`engine.cascade.single`, evaluation) have no more than these in common.
"""

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.bundle.manifest import StageName
from engine.bundle.verify import Bundle
from engine.cascade.plan import Lengths, mel_parameters, stage_plan
from engine.cascade.stages import StageContext
from engine.recipe import Recipe
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Model, Runtime
from engine.text.encoder import EncodedText, encode_texts
from engine.text.tokens import load_tokenizer


def stage_context(
    bundle: Bundle,
    runtime: Runtime,
    recipe: Recipe,
    *,
    lengths: Lengths,
    stages: Iterable[StageName],
    cancel: CancelToken,
) -> StageContext:
    """What some stages of a bundle need; their networks are opened when they run.

    Args:
        bundle: verified files and manifest.
        runtime: sessions and device.
        recipe: checked.
        lengths: the frame grid.
        stages: that the bundle has.
        cancel: the job's token.

    Raises:
        UserError: the recipe's settings do not fit a stage.
    """
    manifest = bundle.manifest
    return StageContext(
        recipe=recipe,
        lengths=lengths,
        plans={name: stage_plan(recipe, manifest, name) for name in stages},
        model=partial(_stage_model, bundle, runtime),
        cancel=cancel,
        mel=mel_parameters(manifest),
    )


def tokenizer_of(bundle: Bundle) -> Tokenizer:
    """A bundle's tokenizer."""
    return load_tokenizer(bundle.file(bundle.manifest.text.tokenizer).read_bytes())


def encoded(
    bundle: Bundle,
    runtime: Runtime,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    cancel: CancelToken,
) -> EncodedText:
    """Texts through a bundle's encoder. Raises Cancelled."""
    spec = bundle.manifest.text
    encoder = _opened(bundle, runtime, spec.model, spec.model_fp16).bind()

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        return encoder.run(cancel, input_ids=ids, attention_mask=mask)

    return encode_texts(texts, tokenizer=tokenizer, spec=spec, run=run)


def _stage_model(bundle: Bundle, runtime: Runtime, name: StageName) -> Model:
    spec = bundle.manifest.stages[name]
    return _opened(bundle, runtime, spec.model, spec.model_fp16)


def _opened(bundle: Bundle, runtime: Runtime, model: str, model_fp16: str | None) -> Model:
    half = None if model_fp16 is None else bundle.file(model_fp16)
    return runtime.model(bundle.file(model), half)
