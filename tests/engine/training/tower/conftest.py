from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.training.tower.network import TowerShape
from engine.training.tower.settings import TowerSettings
from engine.training.train.data import ClipEntry, write_clips

MakeHeardData = Callable[..., Path]
TEXT_WIDTH = 12
GENRES = ("dub", "funk", "trance")
INSTRUMENTS = ("bass", "organ", "saw lead", "snare")
SHAPE = TowerShape(
    stem=(4, 8), channels=16, blocks=1, features=12, joint=8, dropout=0.1
)  # fmt: skip
SETTINGS = TowerSettings(
    steps=6, batch=6, frames=304, rate=5e-3, warmup=2, average=0.5, save_every=2, shape=SHAPE
)  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def settings() -> TowerSettings:
    return replace(SETTINGS)


def clip_labels(number: int) -> dict[str, tuple[str, ...]]:
    return {
        "genre": (GENRES[number % 3],),
        "era": (("80s", "90s")[number % 2],),
        "instrument": (INSTRUMENTS[number % 4], INSTRUMENTS[(number + 1) % 4]),
        "mood": ("calm",) if number % 2 else (),
    }


def made_mel(number: int, frames: int) -> np.ndarray:
    """(frames, 160): a stripe where the genre is, another where the instrument is."""
    rng = np.random.default_rng(number)
    mel = np.zeros((frames, 160), np.float32)
    mel[:, :80] = -0.8 + 0.1 * rng.standard_normal((frames, 80))
    genre, instrument = number % 3, number % 4
    mel[:, 6 + 10 * genre : 12 + 10 * genre] += 0.9
    mel[:: 8 * (1 + number % 2), 40 + 10 * instrument : 46 + 10 * instrument] += 0.9
    return mel.astype(np.float16)


@pytest.fixture(scope="session")
def make_heard_data() -> MakeHeardData:
    """Writes one part of clips whose mels and texts show their labels; two texts each."""

    def make(folder: Path, *, split: str = "train", clips: int = 12, first: int = 0) -> Path:
        part = folder / f"{split}-0000"
        part.mkdir(parents=True)
        lengths = [700 + 211 * (number % 5) for number in range(clips)]
        starts = np.cumsum(lengths) - lengths
        entries, mels, rows = [], [], []
        words = np.random.default_rng(5).standard_normal((7, TEXT_WIDTH))
        for number, frames in enumerate(lengths, first):
            place = number - first
            entries.append(
                ClipEntry(
                    key=f"{split}{number}", first=int(starts[place]), frames=frames, bpm=120.0,
                    meter="4/4", bars=1, key_name=None, loop=bool(number % 2), chords=(),
                    texts=("long one", "short"), rows=((5 * place, 3), (5 * place + 3, 2)),
                    labels=clip_labels(number),
                )
            )  # fmt: skip
            mels.append(made_mel(number, frames))
            said = words[number % 3] + words[3 + number % 4]
            grain = np.random.default_rng(number).standard_normal((5, TEXT_WIDTH))
            rows.append(said + 0.3 * grain)
        np.save(part / "mel.npy", np.concatenate(mels))
        np.save(part / "text.npy", np.concatenate(rows).astype(np.float16))
        write_clips(part, entries, mean_square=0.03)
        return folder

    return make


@pytest.fixture(scope="session")
def heard_data(make_heard_data: MakeHeardData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train, validation and test."""
    folder = tmp_path_factory.mktemp("heard")
    make_heard_data(folder)
    make_heard_data(folder, split="validation", clips=6, first=100)
    return make_heard_data(folder, split="test", clips=6, first=200)
