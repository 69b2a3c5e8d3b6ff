"""A window with everything in it and no engine: models filled as an engine would fill them.

`tests.app.view.demo` makes screenshots of it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from app.library.clip import NewClip
from app.midi.midi import Midi
from app.model.recipe_form import Reading
from app.model.session import Session
from app.playback.player import Player
from app.view.main_window import MainWindow
from app.view.theme.theme import Theme
from engine.protocol.messages import Measured, Preview, Take
from engine.recipe import Recipe
from tests.fixtures.qt import application, wait_until

NO_ENGINE = ["definitely-no-engine"]


@dataclass
class Stage:
    """A window and what is behind it."""

    session: Session
    player: Player
    midi: Midi
    window: MainWindow

    def close(self) -> None:
        """End it all."""
        self.window.close()
        self.player.shutdown()
        self.midi.shutdown()
        self.session.close()
        self.window.deleteLater()
        QApplication.processEvents()


def stage(folder: Path, theme: str = "dark", *, library: bool = True) -> Stage:
    """A window over an empty library in `folder`; no engine is started, no device is opened."""
    application()
    session = Session(config_dir=folder, data_dir=folder, command=lambda: NO_ENGINE)
    session.models.settings.clips_folder = str(folder / "clips")
    session.models.settings.theme = theme  # type: ignore[assignment]  # one of three
    player, midi = Player(session), Midi(session)
    window = MainWindow(session.models, player, midi, theme=Theme(theme))
    if library:
        opened: list[object] = []
        session.models.clips.loaded.connect(lambda: opened.append(1))
        session.library.open(bin_days=30)
        wait_until(lambda: opened, "for the library")
    return Stage(session, player, midi, window)


def recipe(**changes: object) -> Recipe:
    """A recipe for tests."""
    values = {"prompt": "slow lo-fi", "bpm": 90.0, "key": "Am", "bars": 4, "takes": 4, **changes}
    return Recipe(**values)  # type: ignore[arg-type]  # fields of Recipe


def noise_mel(frames: int = 1067, seed: int = 0) -> NDArray[np.float16]:
    """(160, frames) of nothing in particular."""
    rng = np.random.default_rng(seed)
    mel = rng.uniform(-0.8, 0.4, (160, frames))
    mel[80:] *= 0.2
    return mel.astype(np.float16)


def send_preview(session: Session, mels: NDArray[np.float16], *, step: int, job: int = 1) -> None:
    """As JobsModel passes a Preview on."""
    shape = mels.shape
    message = Preview(
        job=job, first_take=1, shape=(shape[0], shape[1], shape[2]), step=step, steps=20
    )
    session.models.takes.take_preview(message, memoryview(mels.tobytes()))


def send_take(
    session: Session, number: int, audio: NDArray[np.float32], asked: Recipe, measured: Measured
) -> None:
    """As JobsModel passes a Take on."""
    message = Take(
        job=1, take=number, rate_hz=16_000, samples=len(audio), recipe=asked, measured=measured
    )
    session.models.takes.take_audio(message, memoryview(audio.tobytes()))


def new_clip(name: str, asked: Recipe, audio: NDArray[np.float32]) -> NewClip:
    """A finished clip, written by the engine's own writer."""
    from engine.audio.wav import encode_wav  # noqa: PLC0415 - tests alone know the engine
    from engine.worker.tags import wav_tags  # noqa: PLC0415

    return NewClip(
        file_name=name,
        wav=encode_wav(audio, 24_000, tags=wav_tags(asked)),
        recipe=asked,
        rate_hz=24_000,
        samples=len(audio),
        measured=Measured(bpm=asked.bpm, key=asked.key, loudness_lufs=-16.0, true_peak_dbtp=-1.2),
    )


class Shard:
    """Real mels and audio to look at."""

    def __init__(self, folder: Path) -> None:
        self.clips = json.loads((folder / "clips.json").read_bytes())["clips"]
        self._mel = np.load(folder / "mel.npy", mmap_mode="r")
        self._audio = np.load(folder / "audio24.npy", mmap_mode="r")

    def mel(self, index: int) -> NDArray[np.float16]:
        """(160, frames)."""
        clip = self.clips[index]
        return np.ascontiguousarray(self._mel[clip["first"] : clip["first"] + clip["frames"]].T)

    def audio(self, index: int) -> NDArray[np.float32]:
        """(samples, 2) at 24 kHz."""
        clip = self.clips[index]
        first, last = clip["first"] * 240, (clip["first"] + clip["frames"]) * 240
        sound: NDArray[np.float32] = self._audio[first:last].astype(np.float32) / 32_768
        return sound


def reading() -> Reading:
    """What an engine could make of a prompt."""
    return Reading(
        bpm=90.0,
        key="Am",
        chips=(
            ("tempo", "90 BPM"),
            ("key", "A minor"),
            ("genre", "lo-fi"),
            ("instrument", "rhodes"),
            ("instrument", "drum kit"),
            ("mood", "warm"),
        ),
        unknown=("dusty",),
    )
