"""The manifest: what a bundle says of itself, as data that the cascade can run without guessing.

The manifest names every conditioning input, so a new signal is a new row in a table, not a new
code path. Rejected: reading shapes and meaning off the ONNX graph (a graph cannot say what its
160 channels mean).

Tensor names at every ONNX boundary, float32 unless said otherwise, B = takes × guidance branches:

    x                     (B, C, L)    noisy state, C = `channels`, L a multiple of `multiple`
    log_snr               (B,)         λ_t = ln(α²/σ²) of x
    signals               (B, S, L)    stacked signals, in the order of `signals`
    globals               (B, G)       whole-clip conditions, in the order of `globals`
    text                  (B, N, D)    text encoder's token embeddings
    text_mask             (B, N)       1 for tokens, 0 for padding; all 0 hides the prompt
    aligned               (B, A, L/aligned_hop)  the compressed sequence (the vocoder's mel)
    low                   (B, C, L)    the up-sampled low-rate audio (cascader, super-resolution)
    augmentation_log_snr  (B,)         λ of the noise on `aligned` or `low` (clean: LOG_SNR_CLEAN)
    autoguidance          (B,)         w of x̂₀ ← filter + w (x̂₀ − filter), where the network has one
    prediction            (B, C, L)    the output: ε, v or x₀, as `prediction` says

A stage of the form "frames" is no denoiser: log_snr is 0, the prediction is magnitudes in nepers,
and phases and STFTs are the host's. A vocoder's x is the mel, its prediction (B, 3·bins, L) left,
right and side (engine.audio.frames); a super-resolution's are the frames below 7.5 kHz and those
above (engine.audio.high_band).
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from engine.recipe import SamplerName, StepScheduleName

SCHEMA: Final = 1
LOG_SNR_CLEAN: Final = 20.0  # what `augmentation_log_snr` says of an unspoilt input: λ_0, eq. 6

StageName = Literal["generator", "vocoder", "cascader", "super_resolution"]
Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
]  # flat folder, no paths


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: frozen, keywords only, an unknown key is an error."""


class FileEntry(_Strict, frozen=True, kw_only=True):
    """One file of the bundle: its exact size and hash."""

    size_bytes: Annotated[int, Meta(ge=0, le=16 * 2**30)]
    sha256: Sha256


class MelSpec(_Strict, frozen=True, kw_only=True):
    """The stereo log-mel: 2 × n_mels channels, level then left − right difference.

    level = 10·log10(mean power of left and right), difference = 10·log10(P_left/P_right), both
    per mel band, mapped linearly onto [−1, 1] and clipped there.
    """

    rate_hz: Count = 16_000
    hop_samples: Count = 160
    n_mels: Count = 80
    fmin_hz: float = 20.0
    fmax_hz: float = 8_000.0
    break_hz: Annotated[float, Meta(gt=0)] = 200.0  # of the scale ln(1 + f / break)
    windows: Annotated[tuple[tuple[Count, float], ...], Meta(min_length=1, max_length=8)] = (
        (2048, 300.0), (1024, 2_000.0), (512, 8_000.0),
    )  # fmt: skip
    level_floor_db: float = -100.0  # maps to −1
    level_ceil_db: float = 0.0  # maps to +1; a full-scale sine has −3 dB
    difference_range_db: float = 24.0  # ±24 dB maps to ±1


class SamplerPreset(_Strict, frozen=True, kw_only=True):
    """How a stage is sampled. Units and ranges as `engine.recipe.StageSettings`."""

    steps: Annotated[int, Meta(ge=1, le=4000)]
    sampler: SamplerName = "ddim"
    step_schedule: StepScheduleName = "uniform"
    gamma: Annotated[float, Meta(ge=0, le=1)] = 0.0
    temperature: Annotated[float, Meta(ge=0, le=1)] = 1.0
    guidance: Annotated[float, Meta(ge=0, le=30)] = 1.0
    guidance_from: Annotated[float, Meta(ge=0, le=1)] = 0.0
    guidance_until: Annotated[float, Meta(ge=0, le=1)] = 1.0
    autoguidance: Annotated[float, Meta(ge=0, le=5)] = 1.0
    clip_percentile: Annotated[float, Meta(ge=0, le=100)] = 0.0


class StagePresets(_Strict, frozen=True, kw_only=True):
    """The three presets that every stage has."""

    draft: SamplerPreset
    standard: SamplerPreset
    paper: SamplerPreset


class StageSpec(_Strict, frozen=True, kw_only=True):
    """One denoiser of the cascade.

    Attributes:
        model: graph with float16 weights and float32 arithmetic (CPU, CoreML).
        model_fp16: the same network in float16 arithmetic (CUDA), or null.
        prediction: what the output is.
        form: the paper's diffusion, or frames (a vocoder or a super-resolution).
        noise_schedule: the schedule that the stage was trained with.
        channels: channels of x.
        rate_hz: rate of x's last axis: mel frames or samples per second.
        x_scale: x = data · x_scale, which brings audio or a mel to about unit variance.
        multiple: x's length is padded to a multiple of this.
        max_length: longest x in one pass; longer is chunked where `context` allows.
        context: one-sided receptive field in elements of x; 0 is global (attention): never chunked.
        signals, globals: conditioning inputs by name, in channel order (engine.music.signals).
        text: takes the text sequence.
        aligned_channels, aligned_hop: the aligned sequence's channels and its hop in elements of x.
        low: takes the up-sampled low-rate audio.
        augmentation: takes `augmentation_log_snr`.
        autoguidance: takes `autoguidance`.
        grain: of a generator of mels: how much flicker its estimates lack, by channel, as a share
            of the channel's local RMS (engine.audio.grain); () is none.
        emphasis: how many times over the network is told who plays; above 1 instruments are
            exaggerated.
        activation_bytes: peak working memory per element of x and batch item, estimated at export
            (float32), for the memory preflight.
        presets: step counts, samplers and guidance.
        network: the network's own configuration, for whoever trains on from this bundle; the
            engine does not read it.
    """

    model: FileName
    model_fp16: FileName | None = None
    prediction: Literal["epsilon", "v", "x0"]
    form: Literal["diffusion", "frames"] = "diffusion"
    noise_schedule: Literal["linear", "cosine"]
    channels: Count
    rate_hz: Count
    x_scale: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    multiple: Count
    max_length: Count
    context: Annotated[int, Meta(ge=0)] = 0
    signals: tuple[str, ...] = ()
    globals: tuple[str, ...] = ()
    text: bool = False
    aligned_channels: Annotated[int, Meta(ge=0)] = 0
    aligned_hop: Annotated[int, Meta(ge=0)] = 0
    low: bool = False
    augmentation: bool = False
    autoguidance: bool = False
    grain: tuple[Annotated[float, Meta(ge=0, le=2)], ...] = ()
    emphasis: Annotated[float, Meta(ge=0, le=4)] = 1.0
    activation_bytes: Count = 4096
    presets: StagePresets
    network: dict[str, Any] = {}


class TextSpec(_Strict, frozen=True, kw_only=True):
    """The text encoder and its tokenizer.

    Attributes:
        understanding: what its vectors mean to a person (engine.bundle.understanding), or null.
    """

    model: FileName
    model_fp16: FileName | None = None
    tokenizer: FileName
    understanding: FileName | None = None
    width: Count
    max_tokens: Count = 96


class Manifest(_Strict, frozen=True, kw_only=True):
    """manifest.json. The bundle's identity is the SHA-256 of this file's bytes.

    Attributes:
        route: "spectrogram" (generator → vocoder → super-resolution) or "waveform" (generator at
            3.2 kHz → cascader to 16 kHz → super-resolution).
        stages: by name; exactly those of the route.
        harmony: the chords of its genres (engine.bundle.harmony), or null.
        files: every file beside manifest.json, by name.
    """

    schema: int
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    version: Annotated[str, Meta(max_length=40)]
    licence: Annotated[str, Meta(max_length=200)]
    description: Annotated[str, Meta(max_length=2000)] = ""
    route: Literal["spectrogram", "waveform"] = "spectrogram"
    mel: MelSpec | None = None
    text: TextSpec
    harmony: FileName | None = None
    stages: dict[StageName, StageSpec]
    files: dict[FileName, FileEntry]


ROUTE_STAGES: Final[dict[str, tuple[StageName, ...]]] = {
    "spectrogram": ("generator", "vocoder", "super_resolution"),
    "waveform": ("generator", "cascader", "super_resolution"),
}
