"""What was asked of the transport: sounds, the chosen one, region, loop, volume. No Qt, no clock.

The audio process is told all of it in one message whenever something changes. Rejected: a message
per change (a process that takes over from a dead one needs the whole anyway).
"""

from dataclasses import dataclass, field
from math import log10

from app.playback import messages as m
from app.playback.levelling import loudness_lufs, matching_gains, safe_gain
from app.playback.sound import Sound


@dataclass(kw_only=True)
class Asked:
    """The transport as it was asked for, to be changed by `Player` alone.

    Attributes:
        sounds: by index, to be changed by `put` and `drop`.
        take: index of the selected sound.
        region: (start_s, end_s) of what is played, None for all.
        volume: a fader's position, 0–1.
        serial: counts messages. seek_serial, seek_s: the last seek.
    """

    sounds: dict[int, Sound] = field(default_factory=dict)
    take: int = 0
    playing: bool = False
    loop: bool = False
    region: tuple[float, float] | None = None
    level_match: bool = True
    volume: float = 1.0
    muted: bool = False
    serial: int = 0
    seek_serial: int = 1
    seek_s: float = 0.0
    _safe: dict[int, float] = field(default_factory=dict)
    _lufs: dict[int, float] = field(default_factory=dict)

    def put(self, index: int, sound: Sound) -> None:
        """Fill a slot."""
        self.sounds[index] = sound
        self._safe[index] = safe_gain(sound)
        self._lufs[index] = loudness_lufs(sound) + 20 * log10(self._safe[index])

    def drop(self, index: int) -> None:
        """Empty a slot."""
        del self.sounds[index], self._safe[index], self._lufs[index]

    def seek(self, position_s: float) -> None:
        """Move the playhead with the next message."""
        self.seek_serial += 1
        self.seek_s = position_s

    @property
    def duration_s(self) -> float:
        """Length of the selected sound; 0.0 without one."""
        sound = self.sounds.get(self.take)
        return 0.0 if sound is None else sound.duration_s

    @property
    def span(self) -> tuple[float, float]:
        """(start, end) of what is played, in seconds."""
        if self.region is None or self.region[0] >= self.duration_s:
            return 0.0, self.duration_s
        return self.region[0], min(self.region[1], self.duration_s)

    @property
    def gains(self) -> dict[int, float]:
        """Linear gain of each sound."""
        match = matching_gains(self._lufs) if self.level_match else dict.fromkeys(self._lufs, 1.0)
        return {index: gain * self._safe[index] for index, gain in match.items()}

    def message(self) -> m.Arrange:
        """All of it, under a new serial."""
        self.serial += 1
        return m.Arrange(
            serial=self.serial,
            playing=self.playing,
            slot=self.take,
            seek_serial=self.seek_serial,
            seek_s=self.seek_s,
            loop=self.loop,
            region_s=self.region,
            gains=self.gains,
            volume=0.0 if self.muted else self.volume**3,
        )
