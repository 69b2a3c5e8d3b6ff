"""A whole cascade with random weights: it makes noise, at the speed of the real thing.

Speed, memory, packaging and the engine's every path can be measured before anything is trained.
The networks predict x₀ with a standard deviation of about a third, so levels stay moderate.

Rejected: scaling a trained bundle's weights away (there is none yet), and zero-initialised exits as
training has them (an all-zero output would hide a stage that is wired wrongly).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import torch
from torch import nn

from engine.bundle.manifest import MelSpec, StageName
from engine.training.export.presets import FRAME_PRESETS, STARTER_PRESETS, TINY_PRESETS
from engine.training.export.spec import stage_spec
from engine.training.export.write import StagePart, TextPart, write_bundle
from engine.training.networks.presets import PRESETS
from engine.training.networks.unet import UNet
from engine.training.text.encoder import SHAPES, TextEncoder
from engine.training.text.tokenizer import STARTER_VOCABULARY, tiny_tokenizer

Size = Literal["tiny", "starter"]
Route = Literal["spectrogram", "waveform"]

DESCRIPTION: Final = (
    "Random weights: it has learnt nothing and makes noise. For measuring speed and for tests."
)
_EXIT_GAIN: Final = 0.5
_LONGEST_S: Final = 30.72  # 3072 mel frames: 30 s, padded to a multiple of every stage


@dataclass(frozen=True)
class _Row:
    """Which network is which stage, at what rate and noise schedule."""

    network: str
    rate_hz: int
    noise_schedule: Literal["linear", "cosine"] = "linear"  # the paper's, Table 2


FRAMES: Final[dict[StageName, _Row]] = {
    "vocoder": _Row("frame-vocoder", 100),
    "super_resolution": _Row("high-band", 100),
}

ROWS: Final[dict[Route, dict[StageName, _Row]]] = {
    "spectrogram": {
        "generator": _Row("generator", 100),
        "vocoder": _Row("vocoder", 16_000),
        "super_resolution": _Row("super-resolution", 24_000),
    },
    "waveform": {
        "generator": _Row("waveform-generator", 3_200, "cosine"),
        "cascader": _Row("cascader", 16_000),
        "super_resolution": _Row("super-resolution", 24_000),
    },
}


def random_bundle(
    folder: Path,
    size: Size = "tiny",
    route: Route = "spectrogram",
    *,
    seed: int = 0,
    frames: bool = True,
) -> str:
    """Export a cascade with random weights into a new or empty folder; returns its identity.

    The same seed gives the same bundle, byte for byte, on the same machine and libraries.

    Args:
        folder: new or empty.
        size: of the networks.
        route: of the cascade.
        seed: of the weights.
        frames: vocoder and super-resolution work on frames; else they are the paper's diffusion.

    Raises:
        UserError: the folder holds something.
    """
    text, stages = random_parts(size, route, seed=seed, frames=frames)
    return write_bundle(
        folder,
        name=f"random-{size}-{route}",
        version="0.0.1",
        licence="CC0-1.0",
        description=DESCRIPTION,
        text=text,
        stages=stages,
        route=route,
        mel=MelSpec() if route == "spectrogram" else None,
    )


def random_parts(
    size: Size, route: Route, *, seed: int, frames: bool = True
) -> tuple[TextPart, dict[StageName, StagePart]]:
    """The modules and specs that `random_bundle` exports, to compare with what it exported."""
    tokenizer = tiny_tokenizer()
    vocabulary = STARTER_VOCABULARY if size == "starter" else tokenizer.get_vocab_size()
    presets = (STARTER_PRESETS if size == "starter" else TINY_PRESETS)[route]
    with _seeded(seed):
        encoder = TextEncoder.from_shape(SHAPES[size], vocabulary=vocabulary).eval()
        stages: dict[StageName, StagePart] = {}
        for stage, usual in ROWS[route].items():
            framed = frames and route == "spectrogram" and stage in FRAMES
            row = FRAMES[stage] if framed else usual
            config = PRESETS[f"{size}-{row.network}"]
            spec = stage_spec(
                config,
                rate_hz=row.rate_hz,
                max_length=round(_LONGEST_S * row.rate_hz),
                prediction="x0",
                noise_schedule=row.noise_schedule,
                presets=FRAME_PRESETS[stage] if framed else presets[stage],
            )
            stages[stage] = StagePart(module=_audible(UNet(config)).eval(), spec=spec)
    return TextPart(encoder=encoder, tokenizer=tokenizer), stages


def _audible(network: UNet) -> UNet:
    """The network with an exit that lets its output be heard."""
    weight = network.exit.weight
    nn.init.normal_(weight, std=_EXIT_GAIN / math.sqrt(weight[0].numel()))
    return network


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Torch's global rng set for a while: layers initialise themselves from it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
