"""Lets the player follow the DAW's transport: start, stop, continue, song position."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.midi.midi import Midi
from app.playback.player import Player


class TransportFollower(QObject):
    """Connects MIDI's transport to a player while it is switched on.

    Start plays from the top (of the selection, if there is one), continue from the song position,
    stop pauses. A song position, in beats of `bpm`, beyond the take is taken round its length, as a
    loop that has run since the top would be.
    """

    def __init__(
        self,
        midi: Midi,
        player: Player,
        bpm: Callable[[], float],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._player = player
        self._bpm = bpm
        self._on = False
        midi.transport_started.connect(self._started)
        midi.transport_stopped.connect(self._stopped)
        midi.song_position_changed.connect(self._moved)

    @property
    def on(self) -> bool:
        """Whether the player follows."""
        return self._on

    def set_on(self, on: bool) -> None:
        """Follow, or not."""
        self._on = on

    def _started(self, from_top: bool) -> None:
        if self._on:
            if from_top:
                self._player.stop()
            self._player.play()

    def _stopped(self) -> None:
        if self._on:
            self._player.pause()

    def _moved(self, beats: float) -> None:
        duration_s = self._player.duration_s
        if self._on and duration_s > 0:
            self._player.seek(beats * 60 / self._bpm() % duration_s)
