"""What one training run is, as data; the defaults of every stage in one table.

Rejected: a configuration file (a run is one command line, and its checkpoint carries the settings).
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from engine.training.settings import changed, check_ranges

Stage = Literal["generator", "vocoder", "cascader", "super_resolution"]
Prediction = Literal["epsilon", "v", "x0"]
LossName = Literal["simplified", "sigma", "x0", "x0_outline"]
Precision = Literal["auto", "fp32", "bf16"]
Optimiser = Literal["adam", "adamw", "muon"]
Blur = Literal["none", "samples", "image"]

STAGES: Final[tuple[Stage, ...]] = ("generator", "vocoder", "cascader", "super_resolution")

# Shares in which each group of conditions is hidden. Chroma more often: drums, and whoever wants
# none, have no chords. So small, since a take is told nearly all of them: at a tenth each, three
# items in eight were complete, and now three in five are.
HIDDEN: Final = {
    "grid": 0.05, "bpm": 0.05, "key": 0.05, "chroma": 0.15, "length": 0.05, "notes": 0.05,
    "players": 0.05,
}  # fmt: skip

# May change between a run and its continuation: none of them moves a weight.
FREE: Final = frozenset({"steps", "save_every", "keep", "samples", "workers", "validation_batches"})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One run.

    Attributes:
        stage, preset: what is trained; a preset of engine.training.networks.presets.
        steps: optimiser steps altogether.
        batch: items per step over all processes.
        crop_s: seconds of a training item.
        prediction, loss, noise_schedule: what the network predicts and under which weight (losses).
        spectral, log_mel: weights of the audio terms on x̂₀; 0 leaves them out.
        above_hz: what lies below counts in no loss, since the host replaces it by the clip itself;
            0 counts everything. With another prediction than x0 it is for the audio terms alone.
        adversarial: weight of what the discriminators say of a generator's chains of few steps
            (adversary); 0 has no discriminators.
        features: weight of the distance to real mels in the discriminators' features.
        discriminator_rate: their learning rate.
        learning_rate: its peak.
        warmup, decay_end: steps to the peak, and the step at which the cosine reaches 0.
        optimiser, beta_1, beta_2, weight_decay: of engine.training.train.update.
        clip_norm: the longest gradient; 0 does not clip.
        ema: decay of the weights' moving average.
        hide_prompt: share of items without their text (section 4.1).
        hide: share of items without each group of conditions.
        noise_t_max: augmentation noise has t uniform in [0, this]; 0 adds none.
        clean: share of items whose condition is left as it is. The paper has none; at few steps
            the clean condition is all that inference uses.
        blur: of the condition: "samples" (1-D), "image" (2-D) or "none".
        text_tokens: tokens that the text is padded or cut to.
        x_scale: x = data · x_scale; 0 until the data have been looked at.
        precision: "auto" is bf16 where the machine computes in it, else fp32.
        compile: compile the network (torch.compile).
        seed: of weights, data order and noise.
        save_every, keep: steps between checkpoints, and how many stay.
        samples: validation items rendered at each checkpoint.
        validation_batches: batches of the validation loss.
        workers: threads that read data.
    """

    stage: Stage
    preset: str
    steps: int = 10_000
    batch: int = 16
    crop_s: float = 4.0
    prediction: Prediction = "x0"
    loss: LossName = "x0"
    noise_schedule: Literal["linear", "cosine"] = "linear"
    spectral: float = 0.0
    log_mel: float = 0.0
    above_hz: float = 0.0
    adversarial: float = 0.0
    features: float = 0.1
    discriminator_rate: float = 1e-4
    learning_rate: float = 5e-4
    warmup: int = 200
    decay_end: int = 0
    optimiser: Optimiser = "adam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    ema: float = 0.9999
    hide_prompt: float = 0.1
    hide: dict[str, float] = field(default_factory=lambda: dict(HIDDEN))
    noise_t_max: float = 0.0
    clean: float = 0.5
    blur: Blur = "none"
    text_tokens: int = 96
    x_scale: float = 0.0
    precision: Precision = "auto"
    compile: bool = False
    seed: int = 0
    save_every: int = 1000
    keep: int = 3
    samples: int = 2
    validation_batches: int = 4
    workers: int = 2

    @property
    def end(self) -> int:
        """The step at which the learning rate is 0."""
        return self.decay_end or self.steps


# Where a stage differs from Settings' defaults.
STAGE_DEFAULTS: Final[dict[Stage, dict[str, Any]]] = {
    "generator": {"crop_s": 30.72},
    "vocoder": {
        "crop_s": 1.28, "noise_t_max": 1.0, "blur": "image", "spectral": 1.0, "log_mel": 1.0,
    },
    "cascader": {"crop_s": 1.28, "noise_t_max": 0.5, "blur": "samples", "spectral": 1.0},
    "super_resolution": {
        "crop_s": 1.28, "noise_t_max": 1.0, "spectral": 1.0, "above_hz": 7_000.0,
    },
}  # fmt: skip

# Mels along their principal axes (engine.training.train.losses).
_OUTLINE: Final = {"loss": "x0_outline"}

# A frame vocoder's mel is also its scale, so noise on it stays small: 1.3 dB at most.
_FRAMES: Final = {
    "crop_s": 1.28, "batch": 16, "noise_t_max": 0.004, "spectral": 0.0, "log_mel": 0.0,
}  # fmt: skip

# Where a run against discriminators differs: small steps, on short crops, with little momentum.
_ADVERSARIAL: Final = {
    "crop_s": 5.12, "batch": 8, "learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.95, "ema": 0.995,
}  # fmt: skip

# Table 2 and section 4.1, for the paper-* presets.
_PAPER: Final = {
    "steps": 2_500_000, "batch": 2048, "prediction": "epsilon", "loss": "simplified",
    "learning_rate": 1e-4, "warmup": 10_000, "decay_end": 2_500_000, "clean": 0.0,
    "spectral": 0.0, "log_mel": 0.0, "above_hz": 0.0,
}  # fmt: skip
PRESET_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    **dict.fromkeys(("starter-frame-vocoder", "tiny-frame-vocoder"), _FRAMES),
    **dict.fromkeys(("starter-high-band", "tiny-high-band"), _FRAMES | {"blur": "none"}),
    **dict.fromkeys(("starter-generator", "tiny-generator"), _OUTLINE),
    "paper-waveform-generator": {
        **_PAPER, "noise_schedule": "cosine", "crop_s": 30.72, "text_tokens": 64,
    },
    "paper-waveform-cascader": {**_PAPER, "crop_s": 3.2, "text_tokens": 64},
    "paper-spectrogram-generator": {**_PAPER, "loss": "sigma", "crop_s": 30.72},
    "paper-vocoder": {**_PAPER, "crop_s": 3.2},
    "paper-super-resolution": {**_PAPER, "batch": 4096, "crop_s": 3.2},
}  # fmt: skip


def settings_for(stage: Stage, preset: str, **given: object) -> Settings:
    """A run's settings: the table's, with what is given.

    Raises:
        UserError: a number is out of range.
    """
    rows = STAGE_DEFAULTS[stage] | PRESET_DEFAULTS.get(preset, {})
    if given.get("adversarial"):
        rows = rows | _ADVERSARIAL
    settings = replace(Settings(stage=stage, preset=preset), **(rows | given))
    check_ranges(settings, _checks(settings), what="Training did not start")
    return settings


def _checks(settings: Settings) -> dict[str, bool]:
    s = settings
    return {
        "steps": s.steps >= 1,
        "batch": s.batch >= 1,
        "crop_s": 0 < s.crop_s <= 600,
        "adversarial": s.adversarial >= 0,
        "features": s.features >= 0,
        "discriminator_rate": 0 < s.discriminator_rate < 1,
        "learning_rate": 0 < s.learning_rate < 1,
        "warmup": s.warmup >= 0,
        "ema": 0 <= s.ema < 1,
        "hide_prompt": 0 <= s.hide_prompt <= 1,
        "clean": 0 <= s.clean <= 1,
        "noise_t_max": 0 <= s.noise_t_max <= 1,
        "save_every": s.save_every >= 1,
        "keep": s.keep >= 1,
        "spectral": s.spectral >= 0,
        "log_mel": s.log_mel >= 0,
        "above_hz": 0 <= s.above_hz < 12_000,
        "samples": s.samples >= 0,
        "workers": s.workers >= 1,
        "seed": 0 <= s.seed < 2**32,
    }


def to_json(settings: Settings) -> dict[str, Any]:
    """As a JSON object."""
    return asdict(settings)


def from_json(data: dict[str, Any]) -> Settings:
    """Inverse of `to_json`. Raises TypeError on an unknown or a missing key."""
    return Settings(**data)


def differences(before: Settings, now: Settings) -> list[str]:
    """Names of what may not change in mid-run and did."""
    return changed(before, now, free=FREE)
