"""A window with everything in it and no engine: models filled as an engine would fill them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from app.library.clip import NewClip
from app.midi.midi import Midi
from app.model.session import Session
from app.playback.player import Player
from app.view.main_window import MainWindow
from app.view.theme.theme import Theme
from engine.protocol.messages import Measured, Preview
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
        # without an event loop, nothing that is to be deleted ever is, and all of it is styled anew
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


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


def new_clip(name: str, asked: Recipe, audio: NDArray[np.float32]) -> NewClip:
    """A finished clip, written by the engine's own writer."""
    from engine.audio.wav import encode_wav  # noqa: PLC0415 - tests alone know the engine
    from engine.worker.tags import wav_tags  # noqa: PLC0415

    return NewClip(
        file_name=name,
        wav=encode_wav(audio, 24_000, tags=wav_tags(asked)),
        recipe=asked,
        measured=Measured(bpm=asked.bpm, key=asked.key, loudness_lufs=-16.0, true_peak_dbtp=-1.2),
    )
