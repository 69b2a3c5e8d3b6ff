"""Small prepared data with labels, an ear without a network, and a band that plays as it is told.

Each genre is one pitch, so that the ear can tell genres by the loudest band.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.resample import fft_resample
from engine.cascade.events import CascadeEvent, TakeReady
from engine.evaluation.music.asks import Sampling
from engine.evaluation.music.making import Band
from engine.protocol.messages import Measured
from engine.recipe import PresetName, Recipe, StageSettings, sample_count
from engine.runtime.cancel import CancelToken
from engine.training.train.data import ClipEntry, write_clips
from engine.training.train.prepare import on_grid

FloatArray = NDArray[np.float32]

# genre → hertz of its note; C is the key of them all
GENRES = {"house": 261.6, "techno": 523.3, "reggae": 1046.5, "bossa nova": 2093.0}
MOODS = ("calm", "dark")
BPM, BARS = 120.0, 2
SECONDS = 4.0


def song(genre: str, seconds: float, *, seed: int = 0, late_s: float = 0.0) -> FloatArray:
    """A held note of the genre and a click on every beat of 120 BPM, (samples, 2) at 24 kHz."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * 24_000)
    at_s = np.arange(samples) / 24_000
    sound = 0.1 * np.sin(2 * np.pi * GENRES[genre] * at_s)
    since_beat_s = (at_s - late_s) % (60 / BPM)
    sound += 0.4 * rng.standard_normal(samples) * np.exp(-80 * since_beat_s)
    return np.stack([sound, sound * (0.8 + 0.01 * (seed % 7))], axis=1).astype(np.float32)


def labelled(number: int) -> dict[str, tuple[str, ...]]:
    """Labels of clip `number`: genres in turn, two moods."""
    genre = tuple(GENRES)[number % len(GENRES)]
    return {
        "genre": (genre,), "mood": (MOODS[number // len(GENRES) % 2],),
        "instrument": ("909 kit", "grand piano"), "era": ("1990s",),
    }  # fmt: skip


def made_music(folder: Path, *, clips: int, split: str = "test", first: int = 0) -> Path:
    """Write a part of `clips` two-bar loops."""
    part = folder / f"{split}-{first:04d}"
    part.mkdir(parents=True)
    entries, arrays = [], []
    for place in range(clips):
        labels = labelled(place)
        arrays.append(on_grid(song(labels["genre"][0], SECONDS, seed=first + place), loop=True))
        frames = round(SECONDS * 100)
        entries.append(
            ClipEntry(
                key=f"{split}-{place}", first=place * frames, frames=frames, bpm=BPM, meter="4/4",
                bars=BARS, key_name="C" if place % 2 else None, loop=True, chords=(), labels=labels,
                texts=(f"a {labels['mood'][0]} {labels['genre'][0]} loop with grand piano", "x"),
            )
        )  # fmt: skip
    for name in arrays[0]:
        np.save(part / f"{name}.npy", np.concatenate([clip[name] for clip in arrays]))
    write_clips(part, entries, mean_square=0.01)
    return folder


@dataclass(frozen=True)
class FakeHeard:
    features: FloatArray
    vectors: FloatArray
    tags: dict[str, FloatArray]


class FakeEar:
    """Hears which genre's band is the loudest; a text lies where the genre lies that it names."""

    def __init__(self, *_: object) -> None:
        self.classes: dict[str, tuple[str, ...]] = {"genre": tuple(GENRES), "mood": MOODS}

    def hear(self, mels: Iterable[FloatArray]) -> FakeHeard:
        each = [mel[:80].mean(axis=1) for mel in mels]
        features = np.stack(each) if each else np.zeros((0, 80), np.float32)
        bands = _bands()
        levels = np.array([[row[b] - np.median(row) for b in bands] for row in features])
        genre = np.reshape(levels, (-1, 4)).astype(np.float32)
        tags = {"genre": genre, "mood": np.tile([0.6, 0.4], (len(each), 1)).astype(np.float32)}
        return FakeHeard(features, _unit(np.column_stack([genre, features[:, :8]])), tags)

    def embed_text_means(self, means: FloatArray) -> FloatArray:
        return _unit(np.column_stack([means[:, :4], np.zeros((len(means), 8), np.float32)]))


def _unit(rows: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)


@cache
def _bands() -> list[int]:
    """The band of each genre's note."""
    found = []
    for genre in GENRES:
        mel = np.asarray(on_grid(song(genre, 1.0), loop=True)["mel"], np.float32)[:, :80]
        found.append(int(np.argmax(np.median(mel, axis=0))))
    return found


_WORDS = {"house": "house", "techno": "techno", "reggae": "reggae", "bossa nova": "bossa"}


def fake_means(texts: Sequence[str]) -> FloatArray:
    """(N, 4): which genres a text names; all alike where none."""
    rows = [[float(word in text.lower()) for word in _WORDS.values()] for text in texts]
    return np.array([row if any(row) else [0.5] * 4 for row in rows], np.float32)


@dataclass
class FakeRenderer:
    """Plays, for each recipe, what a function says; counts what it was asked for."""

    play: Callable[[Recipe, int], FloatArray]
    asked: list[Recipe] = field(default_factory=list)

    def render(
        self, recipe: Recipe, *, emit: Callable[[CascadeEvent], None], cancel: CancelToken
    ) -> None:
        self.asked.append(recipe)
        for take in range(recipe.first_take, recipe.first_take + recipe.takes):
            audio = self.play(recipe, take)
            emit(TakeReady(audio, 16_000, take, recipe, Measured()))


def obedient(recipe: Recipe, take: int) -> FloatArray:
    """A song of the genre that the prompt names, at the recipe's length."""
    genre = next((g for g, word in _WORDS.items() if word in recipe.prompt.lower()), "house")
    samples = sample_count(recipe, 16_000)
    sound = song(genre, samples / 16_000, seed=1000 + recipe.seed + take)
    return fft_resample(sound, samples, periodic=True)


def noise(recipe: Recipe, take: int) -> FloatArray:
    """What an untrained bundle plays."""
    rng = np.random.default_rng(recipe.seed + take)
    shape = (sample_count(recipe, 16_000), 2)
    return (0.05 * rng.standard_normal(shape)).astype(np.float32)


class FakeVocoder:
    """Makes silence, of the right length."""

    def __init__(self) -> None:
        self.calls = 0

    def vocode(
        self, mel: FloatArray, *, loop: bool, preset: PresetName = "standard",
        settings: StageSettings | None = None,
    ) -> FloatArray:  # fmt: skip
        self.calls += 1
        return np.zeros((mel.shape[1] * 160, 2), np.float32)


def band_of(play: Callable[[Recipe, int], FloatArray], *, bundle: str = "b" * 64) -> Band:
    """A band around a function; its hash is no bundle's."""
    return Band(
        renderer=FakeRenderer(play), vocoder=FakeVocoder(), bundle=bundle, sampling=Sampling()
    )
