"""The channel strip of a part: equalised, treated, brought to its place in the balance.

A part's level is measured, not assumed: SoundFont presets differ by 20 dB. It is brought to its
role's place in the genre's balance while it plays; what the composer asks for comes on top.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.effects import Scene, apply_effects
from engine.corpus.render.loudness import active_level_db
from engine.music.score import Part, Role

# dB, while the part plays
ROLE_LEVELS_DB: Final[dict[Role, float]] = {
    "drums": -17.5,
    "bass": -20.0,
    "melody": -21.5,
    "harmony": -23.0,
    "arpeggio": -24.5,
    "pad": -26.0,
    "fx": -25.0,
}

# what a genre has louder or softer than the average; genres that are not here have the average
GENRE_LEVELS_DB: Final[dict[str, dict[Role, float]]] = {
    "trap": {"bass": 1.5, "drums": 1.0, "harmony": -1.0},
    "phonk": {"bass": 1.5, "drums": 1.0, "harmony": -1.0},
    "boom bap": {"drums": 1.0, "harmony": 1.0},
    "g-funk": {"bass": 1.0},
    "lo-fi hip hop": {"drums": -1.5, "harmony": 2.0},
    "dubstep": {"bass": 2.0, "drums": 1.0},
    "drum and bass": {"bass": 1.0, "drums": 1.5},
    "dub": {"bass": 2.0, "harmony": -1.0},
    "reggae": {"bass": 1.5},
    "techno": {"drums": 2.0, "harmony": -2.0},
    "acid techno": {"drums": 1.0, "bass": 1.0},
    "house": {"drums": 1.5},
    "uk garage": {"drums": 1.0, "bass": 0.5},
    "ambient": {"pad": 5.0, "drums": -5.0, "bass": -3.0},
    "drone": {"pad": 5.0, "bass": -1.0},
    "new age": {"pad": 3.0, "drums": -5.0},
    "downtempo": {"pad": 2.0, "harmony": 1.0},
    "swing jazz": {"drums": -4.0, "bass": -0.5, "harmony": 1.0},
    "jazz ballad": {"drums": -6.0, "bass": -1.0, "harmony": 1.0},
    "jazz waltz": {"drums": -5.0, "bass": -0.5, "harmony": 1.0},
    "bossa nova": {"drums": -4.0, "harmony": 2.0},
    "slow blues": {"drums": -2.0},
    "orchestral": {"harmony": 2.0, "pad": 2.0, "drums": -3.0},
    "epic cinematic": {"pad": 3.0, "harmony": 2.0},
    "folk": {"drums": -4.0, "harmony": 2.0},
    "country": {"drums": -2.0, "harmony": 1.0},
    "celtic": {"drums": -3.0, "melody": 1.0},
    "metal": {"harmony": 3.0, "drums": 0.5},
    "punk": {"harmony": 3.0},
    "hard rock": {"harmony": 2.5},
    "shoegaze": {"harmony": 4.0, "pad": 3.0, "drums": -3.0},
    "indie rock": {"harmony": 2.0},
    "post-rock": {"harmony": 2.0, "pad": 2.0},
}

# nothing but mud below this; their bus is high-passed together, drums, bass and effects are not
HIGH_PASS_HZ: Final = 125.0
HIGH_PASSED: Final[frozenset[Role]] = frozenset({"melody", "harmony", "arpeggio", "pad"})

_BASS_REVERB: Final = 0.25  # of what is asked: low reverb is mud
_NARROWEST: Final = 0.1  # side over middle: below, a source is as good as mono
_WIDEST: Final = 0.7  # above, too much would be lost in mono; correlation about 0.3
_SIDE_DELAY_S: Final = 0.013
_MOST_GAIN_DB: Final = 40.0


@dataclass(frozen=True)
class Strip:
    """A part ready for the bus.

    Attributes:
        sound: (2, samples).
        reverb, delay: send levels.
    """

    sound: Signal
    reverb: float
    delay: float


def make_strip(part: Part, dry: Signal, genre: str, scene: Scene) -> Strip | None:
    """Treat one part; None if it is silent.

    Args:
        part: what the composer asked for.
        dry: (1 or 2, samples) as its instrument played it; overwritten.
        genre: key of the balance.
        scene: what effects may know.
    """
    measured_db = active_level_db(dry)
    if not np.isfinite(measured_db):
        return None
    if part.role == "bass" and dry.shape[0] == 2:
        dry = dry.mean(axis=0, keepdims=True)
        measured_db = active_level_db(dry)
    dry *= np.float32(10 ** (min(_target_db(part, genre) - measured_db, _MOST_GAIN_DB) / 20))
    sound = apply_effects(dry, part.effects, scene)
    sound = place(sound, part.pan, 0.0 if part.role == "bass" else part.width)
    reverb = part.reverb * (_BASS_REVERB if part.role == "bass" else 1.0)
    return Strip(sound, reverb, part.delay)


def _target_db(part: Part, genre: str) -> float:
    balance = GENRE_LEVELS_DB.get(genre, {})
    return ROLE_LEVELS_DB[part.role] + balance.get(part.role, 0.0) + part.gain_db


def place(sound: Signal, pan: float, width: float) -> Signal:
    """(1 or 2, samples) → (2, samples) at a place and with a width; its mono sum is kept.

    A width of 0.5 leaves a stereo source as it is, unless its sides are out of phase: a side is
    never more than _WIDEST of the middle. A mono source gets a side signal of its own delayed
    highs, which cancels in mono.
    """
    angle = np.pi / 4 * (1 + float(np.clip(pan, -1, 1)))
    gains = (np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])).astype(np.float32)
    side_ratio = _side_to_middle(sound) if sound.shape[0] == 2 and width > 0 else 0.0
    if side_ratio > _NARROWEST:
        scale = min(0.4 + 1.2 * width, _WIDEST / side_ratio)
        same, other = 0.5 + 0.5 * scale, 0.5 - 0.5 * scale  # middle + scale · side
        out = (gains * np.float32(same))[:, None] * sound
        out += (gains * np.float32(other))[:, None] * sound[::-1]  # no matrix product: BLAS threads
        return np.asarray(out, np.float32)
    middle = np.float32(0.5) * (sound[0] + sound[1]) if sound.shape[0] == 2 else sound[0]
    out = gains[:, None] * middle
    if width > 0:
        shift = round(_SIDE_DELAY_S * RATE_HZ)
        side = np.float32(width) * (middle[1:-shift] - middle[: -shift - 1])  # a one-zero high-pass
        out[0, shift + 1 :] += gains[0] * side
        out[1, shift + 1 :] -= gains[1] * side
    return np.asarray(out, np.float32)


def _side_to_middle(sound: Signal) -> float:
    """Amplitude of the side of a stereo sound over that of its middle."""
    left, right = sound[:, ::3]
    both = float(np.dot(left, left) + np.dot(right, right))
    shared = 2 * float(np.dot(left, right))
    return float(np.sqrt(max(both - shared, 0.0) / max(both + shared, 1e-20)))
