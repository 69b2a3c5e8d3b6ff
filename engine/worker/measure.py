"""The answer to Measure: how long a short render takes here, before anybody asked for a real one.

A trial is a render as any other, through the same `render` and `finish`, only short and with few
steps: what is timed cannot differ from what will be asked. Rejected: timing the networks alone
(a frame vocoder's phases are found on the host, without one), and a shorter trial (what is done
once per call weighs too much in it).
"""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from engine.cascade.events import StageProgress, TakeReady
from engine.protocol.messages import Speed, StagesReport
from engine.recipe import Recipe, StageSettings, checked
from engine.runtime.cancel import CancelToken
from engine.worker.parts import Renderer

if TYPE_CHECKING:
    from engine.cascade.events import CascadeEvent

_PROMPT: Final = "warm deep house with piano"
_LOADING: Final = Recipe(prompt=_PROMPT, seconds=1.0)  # opens the networks, and is not timed
_TIMED: Final = Recipe(prompt=_PROMPT, seconds=4.0)
_STEPS: Final = 2  # of the stages that denoise; a vocoder's phases are iterated as ever


class Trial:
    """One short render and finish, and the seconds that each stage took.

    Args:
        renderer: the cascade.
        between: called after each step, where others may be served.
        clock: seconds.
    """

    def __init__(
        self,
        renderer: Renderer,
        *,
        between: Callable[[], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._renderer = renderer
        self._between = between
        self._clock = clock
        self._last_s = clock()
        self._take: TakeReady | None = None

    def run(self, recipe: Recipe, *, finish: bool, cancel: CancelToken) -> None:
        """Render one take, and finish it. Raises as `Renderer.render`."""
        self._last_s = self._clock()
        self._renderer.render(recipe, emit=self._heard, cancel=cancel)
        take = self._take
        if finish and take is not None:
            self._last_s = self._clock()
            self._renderer.finish(
                take.recipe, take.audio, take.take, emit=self._heard, cancel=cancel
            )

    def _heard(self, event: "CascadeEvent") -> None:
        if isinstance(event, StageProgress):
            spent_s = self._clock() - self._last_s
            self.seconds[event.stage] = self.seconds.get(event.stage, 0.0) + spent_s
        elif isinstance(event, TakeReady):
            self._take = event
        self._between()
        self._last_s = self._clock()  # answering others is not the stage's work


def measured_speed(
    renderer: Renderer,
    stages: StagesReport,
    cancel: CancelToken,
    *,
    between: Callable[[], None],
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Time a short render: the networks are opened first, so that loading does not count.

    Args:
        renderer: the cascade.
        stages: what it has.
        cancel: ends it within one call of a network.
        between: called after each step.
        clock: seconds.

    Raises:
        UserError: the bundle cannot run here.
        Cancelled: the token was cancelled.
    """
    finish = any(info.name == "super_resolution" for info in stages.stages)
    denoising = [info.name for info in stages.stages if info.form == "diffusion"]
    loading = Trial(renderer, between=between, clock=clock)
    loading.run(_with_steps(_LOADING, denoising, 1), finish=finish, cancel=cancel)
    recipe = _with_steps(_TIMED, denoising, _STEPS)
    timed = Trial(renderer, between=between, clock=clock)
    timed.run(recipe, finish=finish, cancel=cancel)
    return Speed(bundle=stages.bundle, recipe=recipe, seconds=timed.seconds)


def _with_steps(recipe: Recipe, stages: Iterable[str], steps: int) -> Recipe:
    return checked(replace(recipe, **{name: StageSettings(steps=steps) for name in stages}))
