"""The generator of a bundle alone: prompts to mels, so that its settings can be compared quickly.

It runs exactly as in a render. Rejected: a render without its later stages as a mode of the cascade
(musicians never want one).
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import StageName
from engine.bundle.verify import Bundle
from engine.cascade.plan import check_runnable, lengths, mel_parameters, stage_plan
from engine.cascade.stages import StageContext, generate
from engine.errors import UserError
from engine.recipe import Recipe, checked
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Model, Runtime
from engine.text.encoder import encode_texts
from engine.text.tokens import load_tokenizer

FloatArray = NDArray[np.float32]


class GeneratorRunner:
    """The first stage of one bundle.

    Args:
        bundle: verified files and manifest, of the spectrogram route.
        runtime: sessions and device.

    Raises:
        UserError: the bundle makes no mels.
    """

    def __init__(self, bundle: Bundle, runtime: Runtime) -> None:
        if bundle.manifest.route != "spectrogram":
            raise UserError(
                "Nothing was measured", f"{bundle.manifest.name} makes no mels",
                "Choose a bundle of the spectrogram route",
            )  # fmt: skip
        self._bundle, self._runtime = bundle, runtime
        self._tokenizer = load_tokenizer(bundle.file(bundle.manifest.text.tokenizer).read_bytes())

    def mel(self, recipe: Recipe, token: CancelToken) -> FloatArray:
        """The mel (160, frames) of a recipe's first take.

        Raises:
            UserError: the recipe is wrong, or too long for this bundle.
            Cancelled: the token was cancelled.
        """
        recipe = checked(recipe)
        manifest = self._bundle.manifest
        check_runnable(recipe, manifest, self._bundle.sha256)
        context = StageContext(
            recipe=recipe,
            lengths=lengths(recipe),
            plans={"generator": stage_plan(recipe, manifest, "generator")},
            model=self._model,
            cancel=token,
            mel=mel_parameters(manifest),
        )
        spec = manifest.text
        encoder = self._open(spec.model, spec.model_fp16).bind()
        text = encode_texts(
            [recipe.prompt, recipe.negative_prompt], tokenizer=self._tokenizer, spec=spec,
            run=lambda ids, mask: encoder.run(token, input_ids=ids, attention_mask=mask),
        )  # fmt: skip
        mels = generate(context, text, [recipe.first_take], lambda i, n, _: token.check())
        return np.asarray(np.clip(mels[0], -1, 1), np.float32)

    def settings(self, recipe: Recipe) -> dict[str, object]:
        """The generator's settings as the recipe resolves them."""
        plan = stage_plan(recipe, self._bundle.manifest, "generator")
        return msgspec.structs.asdict(plan.settings)

    def _model(self, name: StageName) -> Model:
        spec = self._bundle.manifest.stages[name]
        return self._open(spec.model, spec.model_fp16)

    def _open(self, model: str, model_fp16: str | None) -> Model:
        file = self._bundle.file
        return self._runtime.model(file(model), None if model_fp16 is None else file(model_fp16))
