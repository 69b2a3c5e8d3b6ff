"""Which times sampling visits: Table 8, scaled to any number of steps, and equal log-SNR steps.

Equal log-SNR steps come whole, or truncated, as if clean data lay at TRUNCATED_AT: at low noise
nothing is decided, and few steps are better spent before it.

A published schedule is a curve, t reached against steps taken from t = 0 upward (Fig. 4), made of
straight runs. A budget of N steps reads that curve at N + 1 equally spaced points: counts scale
with N and step sizes inversely, a step that straddles two runs takes its share of both, and at the
published N the published times come back. Rejected: rounding each run's count to whole steps (a
run that rounds to 0 steps loses its share of t, and at small N most of them do).

Table 8 leaves some cells empty (the super-resolution cascader has front-heavy only, and
back-heavy for evaluation exists for the spectrogram generator only). A recipe may name any
schedule for any stage, so an empty cell has a shape too, named at `_runs`; `TABLE_8` itself holds
what was published and nothing else.
"""

from typing import Final, NamedTuple

import numpy as np

from engine.diffusion.noise_schedule import NoiseSchedule
from engine.diffusion.signatures import Times


class Run(NamedTuple):
    """Equal steps: `percent` of t in `steps` steps. The paper's [0.15 / 200] * 200 is (15, 200)."""

    percent: int
    steps: int


Runs = tuple[Run, ...]

LOG_SNR: Final = "log-snr"
LOG_SNR_TRUNCATED: Final = "log-snr-truncated"

# λ of equal log-SNR steps stays within what the linear schedule spans (λ_1 = −10.1, λ_0 = 9.2).
# The cosine schedule goes on to ±20, where x is noise, or clean, to within 0.7 % (−43 dB): half
# of the steps would be spent there, and nothing is decided there. The first step still starts at
# t = 1 and the last still ends at t = 0.
LOG_SNR_RANGE: Final = (-10.0, 10.0)

# Where the starter's generator has decided all that a sweep can tell (training.export.presets).
TRUNCATED_AT: Final = 3.0

_WAVEFORM_GENERATOR: Runs = (Run(1, 200), Run(4, 400), Run(15, 200), Run(30, 150), Run(50, 50))
_CASCADER: Runs = (Run(5, 400), Run(15, 200), Run(30, 150), Run(50, 50))
_SPECTROGRAM_GENERATOR: Runs = (Run(1, 400), Run(4, 800), Run(15, 400), Run(30, 300), Run(50, 100))
_VOCODER: Runs = (Run(5, 50), Run(15, 30), Run(30, 15), Run(50, 5))

# Table 8: model → schedule → runs from t = 0 upward.
TABLE_8: Final[dict[str, dict[str, Runs]]] = {
    "waveform-generator": {
        "front-heavy": _WAVEFORM_GENERATOR,
        "back-heavy": _WAVEFORM_GENERATOR[::-1],
        "uniform": (Run(100, 1000),),
    },
    "waveform-cascader": {
        "front-heavy": _CASCADER,
        "back-heavy": _CASCADER[::-1],
        "uniform": (Run(100, 800),),
    },
    "spectrogram-generator": {
        "front-heavy": _SPECTROGRAM_GENERATOR,
        "back-heavy": _SPECTROGRAM_GENERATOR[::-1],
        "uniform": (Run(100, 1000),),
        "back-heavy-eval": (Run(30, 50), Run(30, 150), Run(20, 300), Run(20, 500)),
    },
    "spectrogram-vocoder": {
        "front-heavy": _VOCODER,
        "back-heavy": _VOCODER[::-1],
        "uniform": (Run(100, 100),),
    },
    "super-resolution": {
        "front-heavy": _CASCADER,
    },
}

# (route, stage) → Table 8's model.
_MODELS: Final[dict[tuple[str, str], str]] = {
    ("spectrogram", "generator"): "spectrogram-generator",
    ("spectrogram", "vocoder"): "spectrogram-vocoder",
    ("spectrogram", "super_resolution"): "super-resolution",
    ("waveform", "generator"): "waveform-generator",
    ("waveform", "cascader"): "waveform-cascader",
    ("waveform", "super_resolution"): "super-resolution",
}


def model_of(stage: str, *, route: str) -> str:
    """Table 8's name of a cascade's stage ("generator" on the "spectrogram" route, and so on).

    Raises:
        ValueError: that route has no such stage.
    """
    if (route, stage) not in _MODELS:
        msg = f"the {route!r} route has no stage {stage!r}"
        raise ValueError(msg)
    return _MODELS[route, stage]


def times(schedule: str, steps: int, *, model: str, noise: NoiseSchedule) -> Times:
    """The times that sampling visits, t_N = 1 first, strictly falling, t_0 = 0 last.

    Args:
        schedule: one of Table 8's names, "log-snr": equal steps of λ, as DPM-Solver++ uses, or
            "log-snr-truncated": the same, as if clean data lay at TRUNCATED_AT.
        steps: N, at least 1.
        model: a key of `TABLE_8`; of no account to equal steps of λ.
        noise: the model's noise schedule; of account to equal steps of λ only.

    Returns:
        (N + 1,) float64.

    Raises:
        ValueError: fewer than one step, or a name that does not exist.
    """
    if steps < 1:
        msg = f"{steps} steps; at least 1 is needed"
        raise ValueError(msg)
    if schedule in (LOG_SNR, LOG_SNR_TRUNCATED):
        return _equal_log_snr(steps, noise, truncated=schedule == LOG_SNR_TRUNCATED)
    runs = _runs(schedule, model)
    reached_steps = np.cumsum([0] + [run.steps for run in runs])
    reached_t = np.cumsum([0] + [run.percent for run in runs]) / 100  # whole numbers: ends at 1.0
    upward: Times = np.interp(
        np.arange(steps + 1) * reached_steps[-1] / steps, reached_steps, reached_t
    )
    return upward[::-1].copy()


def published_steps(schedule: str, *, model: str) -> int:
    """How many steps Table 8 gives that schedule. Raises ValueError as `times`."""
    return sum(run.steps for run in _runs(schedule, model))


def _runs(schedule: str, model: str) -> Runs:
    """The published runs or, for a cell that Table 8 leaves empty, those of its nearest kin."""
    if model not in TABLE_8:
        msg = f"model {model!r} is none of {', '.join(TABLE_8)}"
        raise ValueError(msg)
    # The super-resolution cascader has the waveform cascader's front-heavy, so its others too.
    for kin in (model, "waveform-cascader", "spectrogram-generator"):
        if schedule in TABLE_8[kin]:
            return TABLE_8[kin][schedule]
    msg = f"step schedule {schedule!r} is not in Table 8, nor {LOG_SNR!r}"
    raise ValueError(msg)


def _equal_log_snr(steps: int, noise: NoiseSchedule, *, truncated: bool) -> Times:
    low, high = LOG_SNR_RANGE
    if truncated:
        high = TRUNCATED_AT
    first = max(float(noise.log_snr(1.0)), low)
    last = min(float(noise.log_snr(0.0)), high)
    grid = noise.t_from_log_snr(np.linspace(first, last, steps + 1))
    grid[0], grid[-1] = 1.0, 0.0
    return grid
