"""Sampler presets as tables: the paper's (its Table 3) and those of the small starter.

The starter's generator has the fewest steps that a sweep cannot tell from more; Draft does without
guidance, which doubles a step's cost. Dynamic clipping's percentile is Imagen's 99.5 (arXiv
2205.11487, section 2.3), which the paper names but gives no number for. Starter 0.5.0 on 80
validation prompts, one core of an AMX Xeon (genre, instruments, moods as said; Fréchet distance;
told from real clips by a classifier; seconds for 30 s):

    real clips                                    72 %, 65 %, 23 %;  0.000;  50 %
    5 steps, truncated, guided in the middle      67 %, 49 %, 28 %;  0.062;  62 %;  1.3 s   Standard
      4 steps                                     68 %, 50 %, 28 %;  0.056;  64 %;  1.0 s
      temperature 0.75                            68 %, 49 %, 27 %;  0.050;  66 %;  1.3 s
      autoguidance 1.1                            69 %, 48 %, 28 %;  0.079;  66 %;  1.2 s
    8 steps to the end, guided in the middle      72 %, 50 %, 29 %;  0.066;  64 %;  2.2 s
      guided at first, too                        67 %, 48 %, 29 %;  0.059;  63 %;  2.2 s
    4 steps, truncated, autoguidance 1.3          67 %, 49 %, 29 %;  0.068;  66 %;  0.7 s   Draft
      3 steps, autoguidance 1.2                   67 %, 47 %, 26 %;  0.085;  71 %;  0.6 s

    noisefall evaluate sweep resources/starter --data DIR --ear DIR --split validation --clips 80
        --longest 8 --grid steps=4 temperature=0.75 autoguidance=1.1
    … --overrides step_schedule=log-snr,steps=8 --grid guidance_from=0
    … --preset draft --overrides autoguidance=1.2 --grid steps=3 autoguidance=1.3
"""

from typing import Final

from msgspec.structs import replace

from engine.bundle.manifest import SamplerPreset, StageName, StagePresets
from engine.recipe import SamplerName, StepScheduleName

_CLIP: Final = 99.5

# How often the starter's generator is told who plays (engine.bundle.manifest). Starter 0.7.0 with
# composer 4, on 240 validation prompts (genre, instruments as said; cosine of sound and text;
# Fréchet distance; told from real clips; tempo):
#
#     real clips      72 %, 70 %;  0.506;  0.000;  50 %;  94 %
#     once            79 %, 59 %;  0.518;  0.056;  64 %;  99 %
#     1.5 times       77 %, 61 %;  0.506;  0.057;  64 %;  98 %
#     2               74 %, 62 %;  0.484;  0.070;  64 %;  96 %
#
#     noisefall train export --emphasis 2 …; noisefall evaluate sweep … --clips 240 --longest 8
#         --grid autoguidance=1.1
#
# A generator that knows its instruments less well needs more: with 7,500 steps less, twice made
# 57 % of 48 % (on 120 prompts).
EMPHASIS: Final = 1.0

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
    step_schedule: StepScheduleName = "log-snr",
) -> SamplerPreset:
    """A few equal steps of log-SNR."""
    return SamplerPreset(
        steps=steps,
        sampler=sampler,
        step_schedule=step_schedule,
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
            draft=_few("ancestral", 4, autoguidance=1.3, step_schedule="log-snr-truncated"),
            standard=_few(
                "ancestral",
                5,
                guidance=2.0,
                guided=(0.25, 0.75),
                autoguidance=1.2,
                step_schedule="log-snr-truncated",
            ),
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
