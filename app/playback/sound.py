"""What the player is given and what it tells: plain values, shared with every widget.

Rejected: handing over files. A draft take exists in memory only, and a clip that is being heard
must not depend on a disk.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Sound:
    """One thing to hear: a take or a clip. The audio must not change afterwards.

    Attributes:
        audio: (samples, 2) float32.
        rate_hz: its sample rate; any, the player converts it to the device's.
        periodic: it is a loop: its end continues in its start.
        loudness_lufs: integrated loudness where it was measured (for the level match).
        name: for the log only.
    """

    audio: NDArray[np.float32]
    rate_hz: int
    periodic: bool = False
    loudness_lufs: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.audio.ndim != 2 or self.audio.shape[1] != 2 or self.audio.dtype != np.float32:
            msg = f"a sound is (samples, 2) float32, not {self.audio.shape} {self.audio.dtype}"
            raise ValueError(msg)
        if self.audio.shape[0] == 0 or self.rate_hz <= 0:
            msg = f"a sound of {self.audio.shape[0]} samples at {self.rate_hz} Hz cannot be played"
            raise ValueError(msg)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.audio.shape[0]) / self.rate_hz


@dataclass(frozen=True, kw_only=True)
class OutputDevice:
    """One device that can play.

    Attributes:
        id: what to give to `Player.set_device` and to keep in the settings ("" follows the system).
        name: as the system calls it.
        system: the sound system it belongs to ("Windows WASAPI", "ALSA", …).
        channels: outputs.
        is_default: the system's own choice at the moment.
    """

    id: str
    name: str
    system: str
    channels: int
    is_default: bool = False


@dataclass(frozen=True, kw_only=True)
class Levels:
    """The meters, before the volume knob (which is a listening level, not the sound's).

    Attributes:
        peak_db: sample peak since the last levels, (left, right), in dBFS; −inf is silence.
        hold_db: held peak, (left, right), in dBFS.
        momentary_lufs: loudness of the last 0.4 s (EBU Tech 3341); −inf is silence.
        short_term_lufs: loudness of the last 3 s.
    """

    peak_db: tuple[float, float]
    hold_db: tuple[float, float]
    momentary_lufs: float
    short_term_lufs: float


SILENCE = Levels(
    peak_db=(-np.inf, -np.inf),
    hold_db=(-np.inf, -np.inf),
    momentary_lufs=-np.inf,
    short_term_lufs=-np.inf,
)
