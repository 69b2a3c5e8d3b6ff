"""One step of each stage in ONNX Runtime and in PyTorch eager, side by side in one run.

Both run the same network at the same shapes with the same number of threads; calls alternate, so
that what else the machine does weighs on both. The median of the calls counts.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from engine.bundle.manifest import StageName, StageSpec
from engine.bundle.store import open_bundle
from engine.bundle.verify import Bundle
from engine.cascade.plan import lengths, stage_plan
from engine.cascade.sampling import stage_windows
from engine.errors import UserError
from engine.recipe import Recipe, checked
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime
from engine.training.networks.config import UNetConfig
from engine.training.networks.unet import UNet

CALLS: Final = 7
TEXT_TOKENS: Final = 24

Feeds = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Ratio:
    """Milliseconds of one call, and how many times longer torch takes."""

    stage: str
    onnx_ms: float
    torch_ms: float
    ratio: float


def against_torch(bundle_path: Path, *, seconds: float, threads: int) -> list[Ratio]:
    """Time one call of every stage of a bundle, at the shapes of a clip of `seconds`, on the CPU.

    Raises:
        UserError: the bundle is refused, or does not say how its networks are built.
    """
    bundle = open_bundle(bundle_path)
    runtime = Runtime(choose("cpu"), threads)
    torch.set_num_threads(threads)
    recipe = checked(Recipe(prompt="bench", seconds=seconds))
    return [_ratio(bundle, name, recipe=recipe, runtime=runtime) for name in bundle.manifest.stages]


def _ratio(bundle: Bundle, name: StageName, *, recipe: Recipe, runtime: Runtime) -> Ratio:
    spec = bundle.manifest.stages[name]
    plan = stage_plan(recipe, bundle.manifest, name)
    width = stage_windows(plan, lengths(recipe))[0].width
    guided = spec.text and plan.settings.guidance != 1
    feeds = _feeds(spec, 2 if guided else 1, width, text_width=bundle.manifest.text.width)
    bound = runtime.model(bundle.file(spec.model)).bind()
    network = _network(spec)
    tensors = {key: torch.from_numpy(value) for key, value in feeds.items()}
    token = CancelToken()

    def in_torch() -> None:
        with torch.inference_mode():
            network(**tensors)

    onnx_ms, torch_ms = _alternating_ms(lambda: bound.run(token, **feeds), in_torch)
    return Ratio(name, onnx_ms, torch_ms, torch_ms / onnx_ms)


def _network(spec: StageSpec) -> torch.nn.Module:
    """The stage's network in torch, with weights of its own: speed does not depend on them."""
    if not spec.network:
        raise UserError(
            "PyTorch was not measured",
            "the bundle does not say how its networks are built",
            "Measure with --untrained",
        )
    return UNet(msgspec.convert(spec.network, UNetConfig)).eval()


def _feeds(spec: StageSpec, batch: int, length: int, *, text_width: int) -> Feeds:
    """Random inputs of the manifest's shapes."""
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {"x": (batch, spec.channels, length), "log_snr": (batch,)}
    if spec.signals:
        shapes["signals"] = (batch, len(spec.signals), length)
    if spec.globals:
        shapes["globals"] = (batch, len(spec.globals))
    if spec.text:
        shapes["text"] = (batch, TEXT_TOKENS, text_width)
        shapes["text_mask"] = (batch, TEXT_TOKENS)
    if spec.aligned_channels:
        shapes["aligned"] = (batch, spec.aligned_channels, length // spec.aligned_hop)
    if spec.low:
        shapes["low"] = (batch, spec.channels, length)
    if spec.augmentation:
        shapes["augmentation_log_snr"] = (batch,)
    if spec.autoguidance:
        shapes["autoguidance"] = (batch,)
    feeds = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    if spec.text:
        feeds["text_mask"] = np.ones_like(feeds["text_mask"])
    return feeds


def _alternating_ms(
    first: Callable[[], object], second: Callable[[], object]
) -> tuple[float, float]:
    """Median milliseconds of both, called in turn; the first call of each is not counted."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(CALLS + 1):
        for call, seen in zip((first, second), taken, strict=True):
            started_s = time.perf_counter()
            call()
            seen.append((time.perf_counter() - started_s) * 1000)
    return statistics.median(taken[0][1:]), statistics.median(taken[1][1:])
