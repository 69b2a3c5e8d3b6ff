"""The generator of a bundle alone: prompts to mels, so that its settings can be compared quickly.

It runs exactly as in a render. Rejected: a render without its later stages as a mode of the cascade
(musicians never want one).
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.bundle.verify import Bundle
from engine.cascade.opened import stage_context
from engine.cascade.plan import check_runnable, lengths, stage_plan
from engine.cascade.prompts import Prompts
from engine.cascade.stages import generate
from engine.errors import UserError
from engine.recipe import Recipe, checked
from engine.runtime.cancel import CancelToken
from engine.runtime.session import Runtime

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
        self._prompts = Prompts(bundle, runtime)

    def mel(self, recipe: Recipe, token: CancelToken) -> FloatArray:
        """The mel (160, frames) of a recipe's first take.

        Raises:
            UserError: the recipe is wrong, or too long for this bundle.
            Cancelled: the token was cancelled.
        """
        recipe = checked(recipe)
        bundle, runtime = self._bundle, self._runtime
        check_runnable(recipe, bundle.manifest, bundle.sha256)
        context = stage_context(
            bundle, runtime, recipe, lengths=lengths(recipe), stages=["generator"], cancel=token
        )
        text = self._prompts.encode(recipe, token)
        takes = self._prompts.takes(recipe, cancel=token)[:1]
        mels = generate(context, text, takes, lambda i, n, _: token.check())
        return np.asarray(np.clip(mels[0], -1, 1), np.float32)

    def settings(self, recipe: Recipe) -> dict[str, object]:
        """The generator's settings as the recipe resolves them."""
        plan = stage_plan(recipe, self._bundle.manifest, "generator")
        return msgspec.structs.asdict(plan.settings)
