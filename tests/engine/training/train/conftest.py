from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.music.roll import VOICES, Player
from engine.training.train import data_notes, data_patches
from engine.training.train.data import ARRAYS, FULL_SCALE, ClipEntry, write_clips

MakeData = Callable[..., Path]
TEXT_WIDTH = 16


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


def tone_mel(frames: int, seed: int) -> np.ndarray:
    """(frames, 160): stripes that move, as chords do."""
    rng = np.random.default_rng(seed)
    bands = np.arange(80)
    heights = rng.integers(5, 75, 1 + frames // 16).repeat(16)[:frames]
    level = -0.8 + 1.2 * np.exp(-(((bands - heights[:, None]) / 4) ** 2))
    return np.concatenate([level, np.zeros((frames, 80))], axis=1).astype(np.float16)


def tones(samples: int, rate_hz: int, seed: int) -> np.ndarray:
    """(samples, 2) int16: three tones, not in the middle."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / rate_hz
    voices = [np.sin(2 * np.pi * f * t + rng.random()) for f in rng.uniform(100, 1400, 3)]
    mono = np.sum(voices, axis=0) * 0.15
    return np.round(np.stack([mono, 0.6 * mono], axis=1) * FULL_SCALE).astype(np.int16)


@pytest.fixture
def short_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Axes and notes are fitted to a few steps' items: enough where only the way matters."""
    monkeypatch.setattr(data_patches, "_MOST_STEPS", 6)
    monkeypatch.setattr(data_notes, "_MOST_STEPS", 6)


BAND = (Player("drums", "909 kit", 0.0, 0.3, 0.1), Player("bass", "sub bass", -0.2, 0.1, 0.2))


def some_notes(frames: int, seed: int) -> np.ndarray:
    """(N, 5) a hit, a bass note and a chord note about every four frames, some beyond the end."""
    rng = np.random.default_rng(seed)
    rows = []
    for voice, low, high in (("drums", 35, 52), ("bass", 24, 58), ("chords", 33, 62)):
        for start in np.arange(0, frames, 4) + rng.uniform(0, 4, -(-frames // 4)):
            end = start + rng.uniform(2, 24)
            level = rng.uniform(0.3, 1)
            rows.append((VOICES.index(voice), rng.integers(low, high), start, end, level))
    return np.array(rows, np.float32)


@pytest.fixture(scope="session")
def make_data() -> MakeData:
    """Writes one part of synthetic clips: even ones one-shots, odd ones loops."""

    def make(
        folder: Path, *, split: str = "train", clips: int = 2, frames: int = 96, notes: bool = False
    ) -> Path:
        part = folder / f"{split}-0000"
        part.mkdir(parents=True)
        entries = [
            ClipEntry(
                key=f"clip{i}", first=i * frames, frames=frames, bpm=120.0, meter="4/4", bars=1,
                key_name="Am", loop=bool(i % 2), chords=((0.0, 0.5, (0, 4, 9)),),
                texts=("long one", "short"), rows=((8 * i, 5), (8 * i + 5, 3)),
            )
            for i in range(clips)
        ]  # fmt: skip
        np.save(part / "mel.npy", np.concatenate([tone_mel(frames, i) for i in range(clips)]))
        for name, rate_hz in (("audio16", 16_000), ("audio24", 24_000)):
            count = frames * ARRAYS[name][0]
            np.save(
                part / f"{name}.npy",
                np.concatenate([tones(count, rate_hz, i) for i in range(clips)]),
            )
        rng = np.random.default_rng(0)
        text = rng.standard_normal((8 * clips, TEXT_WIDTH)).astype(np.float16)
        np.save(part / "text.npy", text)
        if notes:
            entries = _give_notes(part, entries)
        write_clips(part, entries, mean_square=0.03)
        return folder

    return make


@pytest.fixture(scope="module")
def data(make_data: MakeData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips to train on and one to validate with, all with notes."""
    folder = tmp_path_factory.mktemp("data")
    make_data(folder, clips=4, notes=True)
    return make_data(folder, split="validation", clips=1, notes=True)


def _give_notes(part: Path, entries: list[ClipEntry]) -> list[ClipEntry]:
    played = [some_notes(entry.frames, seed) for seed, entry in enumerate(entries)]
    np.save(part / "notes.npy", np.concatenate(played))
    return [
        replace(entry, notes=(sum(map(len, played[:i])), len(played[i])), players=BAND)
        for i, entry in enumerate(entries)
    ]
