"""What is heard: takes go to the player as they become ready, or one clip in their place.

It paints nothing: it ties TakesModel, ClipActions, the settings and the Player together.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from app.library.background import Background
from app.model.models import Models
from app.model.takes import TakeView
from app.playback.player import Player
from app.playback.sound import Sound
from app.view.picture.quick_mel import quick_mel

_OF_PLAYER: Final[dict[str, Callable[[Player, Any], None]]] = {  # setting → what it sets
    "loop_playback": Player.set_loop,
    "level_match": Player.set_level_match,
    "volume": Player.set_volume,
    "output_device": Player.set_device,
}

_log = logging.getLogger(__name__)


def sound_of(take: TakeView) -> Sound | None:
    """A take as the player wants it; None before it is ready."""
    if take.audio is None or take.audio.shape[0] == 0:
        return None
    return Sound(
        audio=take.audio,
        rate_hz=take.rate_hz,
        periodic=take.recipe is not None and take.recipe.loop,
        loudness_lufs=None if take.measured is None else take.measured.loudness_lufs,
        name=f"take {take.number}",
    )


class Listening(QObject):
    """Keeps the player in step with the models.

    Signals:
        clip_shown(object, object, int): a Clip is heard in place of the takes; its audio and rate.
            The Clip is None when the takes are back.
        clip_pictured(object): its (160, frames) mel, a moment later.
    """

    clip_shown = Signal(object, object, int)
    clip_pictured = Signal(object)

    def __init__(self, models: Models, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models, self._player = models, player
        self._clip = -1  # id of the clip that is heard, −1 for takes
        self._wanted = -1
        self._pictures = Background("pictures", self)
        takes, settings = models.takes, models.settings
        takes.started.connect(self.back_to_takes)
        takes.take_changed.connect(self._on_take)
        takes.selected_changed.connect(player.select_take)
        takes.region_changed.connect(self._on_region)
        player.take_changed.connect(self._on_player_take)
        models.actions.audio_ready.connect(self._on_audio)
        settings.changed.connect(self._on_setting)
        for field in _OF_PLAYER:
            self._on_setting(field)

    def _on_setting(self, field: str) -> None:
        if field in _OF_PLAYER:
            _OF_PLAYER[field](self._player, getattr(self._models.settings, field))

    def close(self) -> None:
        """End the thread that makes pictures."""
        self._pictures.close()

    @property
    def clip(self) -> int:
        """The clip that is heard, −1 for takes."""
        return self._clip

    # ── takes ─────────────────────────────────────────────────────────────────────────────

    def back_to_takes(self) -> None:
        """Hear the takes that are shown."""
        left_clip = self._clip >= 0
        self._clip = self._wanted = -1
        takes = self._models.takes
        sounds = {i: sound for i, take in enumerate(takes.takes) if (sound := sound_of(take))}
        self._player.set_takes(sounds)
        self._player.select_take(takes.selected)
        self._player.set_region(takes.region)
        if left_clip:
            self.clip_shown.emit(None, None, 0)

    def select(self, index: int) -> None:
        """Key 1–4."""
        if self._clip >= 0:
            self.back_to_takes()
        self._models.takes.select(index)

    def _on_take(self, index: int) -> None:
        if self._clip >= 0:
            return
        sound = sound_of(self._models.takes.takes[index])
        if sound is not None and index not in self._player.takes:
            self._player.set_take(index, sound)
            selected = self._models.takes.selected
            if index == selected:
                self._player.select_take(index)

    def _on_player_take(self, index: int) -> None:
        if self._clip < 0:
            self._models.takes.select(index)

    def _on_region(self) -> None:
        if self._clip < 0:
            self._player.set_region(self._models.takes.region)

    def set_region(self, region: tuple[float, float] | None) -> None:
        """A selection made in the picture: of the take, or of the clip that is heard."""
        if self._clip >= 0:
            self._player.set_region(region)
        else:
            self._models.takes.set_region(region)

    # ── clips ─────────────────────────────────────────────────────────────────────────────

    def play_clip(self, clip_id: int) -> None:
        """Hear a clip of the library; once more pauses it."""
        if clip_id == self._clip:
            self._player.toggle()
            return
        self._wanted = clip_id
        self._models.actions.load_audio(clip_id)

    def _on_audio(self, clip_id: int, audio: object, rate_hz: int) -> None:
        clip = self._models.clips.clip(clip_id)
        if clip_id != self._wanted or clip is None:
            return
        try:
            sound = Sound(
                audio=audio,  # type: ignore[arg-type]  # a signal's object; Sound checks it
                rate_hz=rate_hz,
                periodic=clip.loop,
                loudness_lufs=clip.measured.loudness_lufs,
                name=clip.name,
            )
        except ValueError as error:
            _log.warning("clip %d cannot be heard: %s", clip_id, error)
            return
        self._clip = clip_id
        self._player.set_takes({0: sound})
        self._player.select_take(0)
        self._player.set_region(None)
        self._player.seek(0.0)
        self._player.play()
        self.clip_shown.emit(clip, audio, rate_hz)
        self._pictures.do(
            lambda: quick_mel(sound.audio, rate_hz),
            lambda mel: self._on_picture(clip_id, mel),
            lambda error: _log.warning("no picture of clip %d: %s", clip_id, error),
        )

    def _on_picture(self, clip_id: int, mel: object) -> None:
        if clip_id == self._clip:
            self.clip_pictured.emit(mel)
