"""Sampler presets as tables: the paper's (its Table 3) and those of the small starter.

The starter's step counts come from a budget: 30 s of stereo in 4 s (Standard) and 1.5 s (Draft) on
two cores that give about 107 GFLOP/s in ONNX Runtime (AVX-512, 2.5 GHz), with 10 GFLOP per
generator branch, 43 per vocoder and 21 per super-resolution step. Guidance above 1 doubles a
generator step's cost, so Draft does without it; dynamic clipping's percentile
is Imagen's 99.5 (arXiv 2205.11487, section 2.3), which the paper names but gives no number for.

The generator's settings come from sweeps of the starter. Guidance acts in the middle of the steps:
at first it makes takes alike (mean distance of eight seeds 70 % of that of real clips instead of
60 %), and at last it changes nothing that can be measured, but costs half a step's time. A
temperature below 1 makes what is heard narrower than real clips are (a classifier tells 76 % of
mels from real ones at 0.75, 70 % at 1).

    noisefall evaluate sweep BUNDLE --data DIR --ear DIR --split validation --clips 80 --longest 8
        --overrides guidance_from=0,guidance_until=1 --grid temperature=0.75 guidance_from=0.25
"""

from typing import Final

from msgspec.structs import replace

from engine.bundle.manifest import SamplerPreset, StageName, StagePresets
from engine.recipe import SamplerName

_CLIP: Final = 99.5

# Noise2Music, Table 3; "γ 1" for the waveform cascader is the table's.
_PAPER_SPECTROGRAM_GENERATOR: Final = SamplerPreset(
    steps=1000,
    sampler="ancestral",
    step_schedule="back-heavy-eval",
    gamma=0.0,
    guidance=5.0,
    clip_percentile=_CLIP,
)
_PAPER_WAVEFORM_GENERATOR: Final = SamplerPreset(
    steps=1000,
    sampler="ancestral",
    step_schedule="front-heavy",
    gamma=0.0,
    guidance=10.0,
    clip_percentile=_CLIP,
)
_PAPER_CASCADER: Final = SamplerPreset(
    steps=800,
    sampler="ancestral",
    step_schedule="front-heavy",
    gamma=1.0,
    guidance=5.0,
    clip_percentile=_CLIP,
)
_PAPER_VOCODER: Final = SamplerPreset(
    steps=100, sampler="ancestral", step_schedule="front-heavy", gamma=0.0
)
_PAPER_SUPER_RESOLUTION: Final = SamplerPreset(
    steps=800, sampler="ancestral", step_schedule="front-heavy", gamma=0.0
)


def _few(
    sampler: SamplerName,
    steps: int,
    *,
    guidance: float = 1.0,
    guided: tuple[float, float] = (0.0, 1.0),
    temperature: float = 1.0,
    autoguidance: float = 1.0,
) -> SamplerPreset:
    """A few equal steps of log-SNR."""
    return SamplerPreset(
        steps=steps,
        sampler=sampler,
        step_schedule="log-snr",
        temperature=temperature,
        guidance=guidance,
        guidance_from=guided[0],
        guidance_until=guided[1],
        autoguidance=autoguidance,
        clip_percentile=_CLIP if guidance > 1 else 0.0,
    )


def _ddim(steps: int) -> SamplerPreset:
    return SamplerPreset(steps=steps, sampler="ddim", step_schedule="uniform")


_SUPER_RESOLUTION: Final = StagePresets(
    draft=_ddim(1), standard=_ddim(1), paper=_PAPER_SUPER_RESOLUTION
)

# A frame vocoder's steps are iterations of its phases; nothing else of a sampler concerns it.
FRAME_PRESETS: Final[dict[StageName, StagePresets]] = {
    "vocoder": StagePresets(draft=_ddim(3), standard=_ddim(6), paper=_ddim(60)),
    "super_resolution": StagePresets(draft=_ddim(1), standard=_ddim(1), paper=_ddim(1)),
}

STARTER_PRESETS: Final[dict[str, dict[StageName, StagePresets]]] = {
    "spectrogram": {
        "generator": StagePresets(
            draft=_few("ancestral", 6, autoguidance=1.3),
            standard=_few("ancestral", 8, guidance=2.0, guided=(0.25, 0.75), autoguidance=1.2),
            paper=_PAPER_SPECTROGRAM_GENERATOR,
        ),
        "vocoder": StagePresets(draft=_ddim(1), standard=_ddim(2), paper=_PAPER_VOCODER),
        "super_resolution": _SUPER_RESOLUTION,
    },
    "waveform": {
        "generator": StagePresets(
            draft=_few("dpmpp-2m", 4),
            standard=_few("dpmpp-2m", 8, guidance=3.0),
            paper=_PAPER_WAVEFORM_GENERATOR,
        ),
        "cascader": StagePresets(
            draft=_ddim(2), standard=_few("dpmpp-2m", 8, guidance=3.0), paper=_PAPER_CASCADER
        ),
        "super_resolution": _SUPER_RESOLUTION,
    },
}


# The starter's samplers with next to no steps, for tests.
TINY_PRESETS: Final[dict[str, dict[StageName, StagePresets]]] = {
    route: {
        stage: StagePresets(
            draft=replace(presets.draft, steps=1),
            standard=replace(presets.standard, steps=2),
            paper=replace(presets.paper, steps=4),
        )
        for stage, presets in stages.items()
    }
    for route, stages in STARTER_PRESETS.items()
}
