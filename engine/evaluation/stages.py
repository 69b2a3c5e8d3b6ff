"""The two stages that can be measured: what goes in, what it is compared with, and how.

A stage and its baselines get the same clips in the same run, and what they make is measured alike:
the baselines' figures belong to this machine, these clips and this version, too.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.audio.bands import MelParameters
from engine.audio.resample import soxr_resample
from engine.evaluation.clips import HeldOut
from engine.evaluation.griffin_lim import FAST_MOMENTUM, ITERATIONS, griffin_lim
from engine.evaluation.hearing import (
    chroma_cosine,
    log_mel_error_db,
    mel_of,
    onset_f1,
    stereo_error_db,
    stft_distance,
)
from engine.evaluation.high_band import HIGH_BANDS, Spectra, null_test_db
from engine.evaluation.pictures import LINEAR_BANDS
from engine.evaluation.runners import Stages
from engine.evaluation.summary import Measure
from engine.recipe import PresetName, StageSettings

FloatArray = NDArray[np.float32]
System = Callable[[HeldOut], FloatArray]
StageChoice = Literal["vocoder", "super-resolution"]

MEL: Final = MelParameters()
SPEED: Final = (
    Measure("seconds_for_30", "seconds for 30 s", "lower"),
    Measure("real_time_factor", "× real time", "higher", 1),
)


@dataclass(frozen=True)
class Task:
    """How one stage is measured.

    Attributes:
        ours: what the stage is called in the table.
        arrays: names in prepared data that are needed.
        measures: rows of the table, speed left out.
        system: the stage as a function of a clip.
        rivals: the baselines, by what they are called.
        real: the sound that is compared with.
        figures: measure → figure, of a clip and what was made of it.
        picture: the bands that pictures show.
    """

    ours: str
    arrays: tuple[str, ...]
    measures: tuple[Measure, ...]
    system: Callable[[Stages, PresetName, StageSettings], System]
    rivals: Mapping[str, System]
    real: System
    figures: Callable[[HeldOut, FloatArray], dict[str, float]]
    picture: MelParameters


def timed(system: System, clip: HeldOut) -> tuple[FloatArray, dict[str, float]]:
    """What a system makes of a clip, and its speed by the names of SPEED."""
    started_s = time.perf_counter()
    made = system(clip)
    taken_s = max(time.perf_counter() - started_s, 1e-9)
    speed = {
        "seconds_for_30": 30 * taken_s / clip.seconds,
        "real_time_factor": clip.seconds / taken_s,
    }
    return made, speed


def _vocoder(stages: Stages, preset: PresetName, settings: StageSettings) -> System:
    return lambda clip: stages.vocode(
        clip.mel, loop=clip.entry.loop, preset=preset, settings=settings
    )


def _vocoder_figures(clip: HeldOut, made: FloatArray) -> dict[str, float]:
    real, real_mel = clip.audio16, clip.mel
    made_mel = mel_of(made, MEL, loop=clip.entry.loop)
    return {
        "log_mel_error_db": log_mel_error_db(real_mel, made_mel, MEL),
        "stft_distance": stft_distance(real, made),
        "chroma_cosine": chroma_cosine(real, made, MEL.rate_hz),
        "onset_f1": onset_f1(real, made, MEL.rate_hz),
        "stereo_error_db": stereo_error_db(real_mel, made_mel, MEL),
    }


def _super_resolution(stages: Stages, preset: PresetName, settings: StageSettings) -> System:
    return lambda clip: stages.super_resolve(
        clip.audio16, loop=clip.entry.loop, preset=preset, settings=settings
    )


def _resampled(clip: HeldOut) -> FloatArray:
    """Soxr's highest quality; exact for loops."""
    return soxr_resample(clip.audio16, 16_000, 24_000, periodic=clip.entry.loop)


def _super_resolution_figures(clip: HeldOut, made: FloatArray) -> dict[str, float]:
    loop, real = clip.entry.loop, clip.audio24
    spectra = Spectra(real, made, loop=loop)
    real_mel, made_mel = (mel_of(sound, HIGH_BANDS, loop=loop) for sound in (real, made))
    return {
        "lsd_8_12_db": spectra.distance_db(8_000, 12_000),
        "lsd_7_12_db": spectra.distance_db(7_000, 12_000),
        "lsd_below_7500_db": spectra.distance_db(0, 7_500),
        "null_below_7500_db": null_test_db(clip.audio16, made, loop=loop),
        "stereo_error_db": stereo_error_db(real_mel, made_mel, HIGH_BANDS),
    }


TASKS: Final[dict[StageChoice, Task]] = {
    "vocoder": Task(
        ours="vocoder",
        arrays=("mel", "audio16"),
        measures=(
            Measure("log_mel_error_db", "log-mel error, dB", "lower"),
            Measure("stft_distance", "multi-resolution STFT distance", "lower", 3),
            Measure("chroma_cosine", "chroma cosine", "higher", 3),
            Measure("onset_f1", "onset F1, 50 ms", "higher", 3),
            Measure("stereo_error_db", "stereo error, dB", "lower"),
        ),
        system=_vocoder,
        rivals={
            f"Griffin-Lim {ITERATIONS}": lambda clip: griffin_lim(clip.mel, loop=clip.entry.loop),
            f"fast Griffin-Lim {ITERATIONS}": lambda clip: griffin_lim(
                clip.mel, loop=clip.entry.loop, momentum=FAST_MOMENTUM
            ),
        },
        real=lambda clip: clip.audio16,
        figures=_vocoder_figures,
        picture=MEL,
    ),
    "super-resolution": Task(
        ours="super-resolution",
        arrays=("audio16", "audio24"),
        measures=(
            Measure("lsd_8_12_db", "log-spectral distance 8–12 kHz, dB", "lower"),
            Measure("lsd_7_12_db", "log-spectral distance 7–12 kHz, dB", "lower"),
            Measure("lsd_below_7500_db", "log-spectral distance below 7.5 kHz, dB", "lower"),
            Measure("null_below_7500_db", "null test below 7.5 kHz, dB", "lower", 1),
            Measure("stereo_error_db", "stereo error 7–12 kHz, dB", "lower"),
        ),
        system=_super_resolution,
        rivals={"soxr alone": _resampled},
        real=lambda clip: clip.audio24,
        figures=_super_resolution_figures,
        picture=LINEAR_BANDS,
    ),
}
