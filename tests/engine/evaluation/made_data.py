"""Small prepared data, and a bundle's stages that need no networks."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.resample import fft_resample
from engine.composer.request import Request, draw_plan
from engine.corpus.store.seeds import clip_key, clip_seed
from engine.evaluation.griffin_lim import griffin_lim
from engine.recipe import PresetName, StageSettings
from engine.training.train.data import ClipEntry, write_clips
from engine.training.train.prepare import on_grid

FloatArray = NDArray[np.float32]
CORPUS_SEED = 5


def noise(samples: int, *, level: float = 0.1, seed: int = 0) -> FloatArray:
    """White noise, (samples, 2), both sides alike in power but not in sound."""
    draw = np.random.default_rng(seed).standard_normal((samples, 2))
    return (level * draw).astype(np.float32)


def notes(seconds: float, rate_hz: int, *, hz: float = 262.0) -> FloatArray:
    """Half-second plucked notes and a little noise, (samples, 2), more on the left."""
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * hz * at_s) * np.exp(-6 * (at_s % 0.5))
    sides = np.stack([0.5 * tone, 0.3 * tone], axis=1)
    return sides.astype(np.float32) + noise(len(at_s), level=0.005)


def made_entry(number: int, *, first: int = 0, frames: int = 100) -> ClipEntry:
    """The labels of a clip that the composer would draw."""
    plan = draw_plan(clip_seed(CORPUS_SEED, number), Request())
    return ClipEntry(
        key=clip_key(CORPUS_SEED, number), first=first, frames=frames, bpm=plan.bpm,
        meter=plan.meter, bars=plan.bars, key_name=None, loop=plan.loop, chords=(), texts=("x",),
    )  # fmt: skip


def made_data(
    folder: Path, *, clips: int, seconds: float = 1.0, split: str = "test", first: int = 0
) -> Path:
    """Write a part of clips of various genres and pitches."""
    part = folder / f"{split}-{first:04d}"
    part.mkdir(parents=True)
    frames = round(seconds * 100)
    entries, arrays = [], []
    for place, number in enumerate(range(first, first + clips)):
        entry = made_entry(number, first=place * frames, frames=frames)
        sound = notes(seconds, 24_000, hz=262.0 + 40 * place)
        entries.append(entry)
        arrays.append(on_grid(sound, loop=entry.loop))
    for name in arrays[0]:
        np.save(part / f"{name}.npy", np.concatenate([clip[name] for clip in arrays]))
    write_clips(part, entries, mean_square=0.01)
    return folder


class FakeStages:
    """What a bundle's stages would do, without a bundle."""

    def __init__(self, *_: object) -> None:
        self.asked: list[tuple[PresetName, StageSettings | None]] = []

    def vocode(
        self,
        mel: FloatArray,
        *,
        loop: bool,
        preset: PresetName = "standard",
        settings: StageSettings | None = None,
    ) -> FloatArray:
        self.asked.append((preset, settings))
        return griffin_lim(mel, loop=loop, iterations=2)

    def super_resolve(
        self,
        audio: FloatArray,
        *,
        loop: bool,
        preset: PresetName = "standard",
        settings: StageSettings | None = None,
    ) -> FloatArray:
        self.asked.append((preset, settings))
        return fft_resample(audio, len(audio) * 3 // 2, periodic=loop)
