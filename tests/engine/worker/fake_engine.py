# ruff: noqa: PLC0415, T201 - the engine must answer before numpy is there; stray prints are the point
"""The real worker around a fake cascade, steered by NAME=VALUE words in the prompt.

steps, step_ms     length of a render (default 4 steps of 0 ms)
finish_ms          length of a finish (default 0)
die_on_finish      take number whose finish ends in SIGKILL
noise              writes on fd 1 and sys.stdout all along
boom, refuse       render raises RuntimeError, UserError
finish_boom        finish raises RuntimeError
deaf               steps do not see a cancel
wide               frames of the preview's mel (default 8)
unwritten          nothing is composed, as in a meter that nobody composes in

Steered by the environment: FAKE_SLOW_WARM (seconds), FAKE_STEP_MS (where the prompt says none),
FAKE_STAGES (the bundle has a generator), FAKE_BOOM (every render raises).
"""

import os
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from engine.errors import UserError
from engine.protocol.messages import (
    BundleLoaded,
    DeviceInfo,
    DevicesReport,
    Measured,
    StageInfo,
    StagesReport,
)
from engine.recipe import PRESETS, Recipe, StageSettings
from engine.runtime.cancel import CancelToken
from engine.worker.entry import ServeOptions, main

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from engine.cascade.events import CascadeEvent
    from engine.text.understanding import Understanding
    from engine.worker.parts import Renderer, Say

SHA256 = "ab" * 32


class Step:
    """One inference call: as onnxruntime.RunOptions, it ends when `terminate` is set."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    @property
    def terminate(self) -> bool:
        return self._ended.is_set()

    @terminate.setter
    def terminate(self, value: bool) -> None:
        if value:
            self._ended.set()

    def run(self, seconds: float, token: CancelToken, *, deaf: bool) -> None:
        if deaf:
            time.sleep(seconds)
            return
        with token.guard(self):
            if self._ended.wait(seconds):
                msg = "terminated"
                raise RuntimeError(msg)


def words(recipe: Recipe) -> dict[str, float]:
    pairs = (word.partition("=") for word in recipe.prompt.split())
    return {name: float(value) for name, mark, value in pairs if mark}


def tone(samples: int, rate_hz: int, take: int) -> "NDArray[np.float32]":
    import numpy as np

    time_s = np.arange(samples)[:, None] / rate_hz
    return (0.25 * np.sin(2 * np.pi * 110 * take * time_s) * np.ones((1, 2))).astype(np.float32)


def midi_file(take: int) -> bytes:
    """A Standard MIDI File of one quarter note, another for each take."""
    notes = bytes((0, 0x90, 60 + take, 100, 96, 0x80, 60 + take, 0, 0, 0xFF, 0x2F, 0))
    head = b"MThd" + struct.pack(">IHHH", 6, 1, 1, 96)
    return head + b"MTrk" + struct.pack(">I", len(notes)) + notes


class FakeCascade:
    def understand(self, prompt: str, *, cancel: CancelToken) -> "Understanding | None":
        from engine.text.understanding import Guess, Understanding

        if "mute" in prompt:
            return None
        if "deny" in prompt:
            raise UserError("The prompt was not read", "the encoder is deaf", "Reinstall")
        if "crash" in prompt:
            msg = "the fake encoder broke"
            raise RuntimeError(msg)
        if "slow" in prompt:
            Step().run(0.6, cancel, deaf=False)
        words = tuple(prompt.split())
        return Understanding(genre=(Guess("house", 0.75, words[0]),), unknown_words=words[1:])

    def render(
        self, recipe: Recipe, *, emit: "Callable[[CascadeEvent], None]", cancel: CancelToken
    ) -> None:
        import numpy as np
        from msgspec.structs import replace

        from engine.cascade.events import MelPreview, Remark, StageProgress, TakeReady
        from engine.recipe import sample_count

        said = words(recipe)
        emit(StageProgress("text", 1, 1))
        steps = int(said.get("steps", recipe.generator.steps or 4))
        for step in range(1, steps + 1):
            if said.get("noise"):
                os.write(1, b"\x01\x00\x00\x00garbage from a native library\n")
                print("a stray print", flush=True)
            if said.get("boom") or os.environ.get("FAKE_BOOM"):
                msg = "the fake cascade broke\nin two lines"
                raise RuntimeError(msg)
            if said.get("refuse"):
                raise UserError("The clip is too long", "it was asked", "Ask for less")
            step_ms = said.get("step_ms", float(os.environ.get("FAKE_STEP_MS", "0")))
            Step().run(step_ms / 1e3, cancel, deaf=bool(said.get("deaf")))
            emit(StageProgress("generator", step, steps, eta_s=float(steps - step)))
            mel = np.full((recipe.takes, 160, int(said.get("wide", 8))), step / steps, np.float32)
            emit(MelPreview(mel, recipe.first_take, step, steps))
        emit(Remark("a remark"))
        for take in range(recipe.first_take, recipe.first_take + recipe.takes):
            emit(StageProgress("vocoder", 1, 1))
            audio = tone(sample_count(recipe, 16_000), 16_000, take)
            own = replace(recipe, takes=1, first_take=take, bundle=SHA256)
            composed = recipe.notes == "composed" and not said.get("unwritten")
            midi = midi_file(take) if composed else b""
            emit(TakeReady(audio, 16_000, take, own, Measured(bpm=recipe.bpm), midi))

    def finish(
        self,
        recipe: Recipe,
        audio: "NDArray[np.float32]",
        take: int,
        *,
        emit: "Callable[[CascadeEvent], None]",
        cancel: CancelToken,
    ) -> None:
        from engine.cascade.events import ClipReady, StageProgress
        from engine.recipe import sample_count

        said = words(recipe)
        assert audio.shape == (sample_count(recipe, 16_000), 2)
        emit(StageProgress("super_resolution", 1, 2, eta_s=1.0))
        if said.get("die_on_finish") == take:
            time.sleep(0.3)  # what was said before is on its way
            os.kill(os.getpid(), signal.SIGKILL)
        if said.get("finish_boom"):
            msg = "the fake finish broke"
            raise RuntimeError(msg)
        Step().run(said.get("finish_ms", 0) / 1e3, cancel, deaf=False)
        emit(StageProgress("super_resolution", 2, 2, eta_s=0.0))
        clip = tone(sample_count(recipe, 24_000), 24_000, take)
        measured = Measured(
            bpm=72.5,
            key="Am",
            loudness_lufs=-16.04,
            true_peak_dbtp=-1.2,
            seam=0.8 if recipe.loop else None,
        )
        emit(ClipReady(clip, 24_000, take, recipe, measured))


class FakeParts:
    def __init__(self, options: ServeOptions) -> None:
        self._options = options

    def warm(self) -> None:
        if os.environ.get("FAKE_SLOW_WARM"):
            time.sleep(float(os.environ["FAKE_SLOW_WARM"]))

    def devices(self) -> DevicesReport:
        device = DeviceInfo(
            name=f"Fake {self._options.device}",
            provider="FakeExecutionProvider",
            usable=True,
            used=True,
            reason="",
            memory_bytes=2**30,
        )
        return DevicesReport(devices=(device,), threads=2)

    def load(self, bundle: str) -> BundleLoaded:
        if bundle == "missing":
            remedy = "Install one with: noisefall bundle install FILE"
            raise UserError("The bundle was not found", "none is 'missing'", remedy)
        return BundleLoaded(
            name=bundle or "fake", version="1", sha256=SHA256, licence="CC0", route="spectrogram"
        )

    def stages(self) -> StagesReport:
        if not os.environ.get("FAKE_STAGES"):
            return StagesReport(bundle=SHA256, stages=())
        presets = {name: StageSettings(steps=4) for name in PRESETS}
        info = StageInfo(name="generator", form="diffusion", presets=presets, curves={})
        return StagesReport(bundle=SHA256, stages=(info,))

    def renderer(self, bundle_sha256: str, say: "Say") -> "Renderer":
        if bundle_sha256 not in ("", SHA256):
            raise UserError("The recipe cannot be repeated", "other bundle", "Install it")
        return FakeCascade()


if __name__ == "__main__":
    sys.exit(main(make_parts=FakeParts))
