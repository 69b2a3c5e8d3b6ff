"""What is heard of one sound without a judge: tempo, beats, key and, of a loop, its seam.

The key is the corpus check's (librosa's constant-Q transform), which names the key or its relative
of 88 % of real tonal clips, cut to ten seconds at most (the report's column "real"), and knows
nothing of the measure by which Noisefall tells a musician the key (engine.audio.key).
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.audio.seam import MINIMUM_SEAM_S, measure_seam
from engine.corpus.check.key import measure_key
from engine.evaluation.music.rhythm import beat_phase_ms, heard_bpm
from engine.evaluation.music.seams import seam_beside_beats
from engine.music.keys import is_exact_or_relative, key_index

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a sound was to be.

    Attributes:
        bpm: tempo in quarters, None where it is free.
        meter: time signature.
        loop: whether the sound wraps.
        beats: in a loop.
        tonal: whether there is a key to be heard.
    """

    bpm: float | None = None
    meter: str = "4/4"
    loop: bool = False
    beats: int = 1
    tonal: bool = True


class Heard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was heard; None where there is nothing of the kind.

    Attributes:
        bpm: tempo, at any metrical level.
        phase_ms: how late the beats are on the asked grid.
        key: 0–11 major C…B, 12–23 minor C…B.
        seam: score of a loop's seam, ≤ 1 is no worse than inside.
        seam_beside_beats: how much worse it is than the other beats, ≤ 1 is no worse.
    """

    bpm: float | None = None
    phase_ms: float | None = None
    key: int | None = None
    seam: float | None = None
    seam_beside_beats: float | None = None


def heard(audio: FloatArray, rate_hz: int, asked: Asked) -> Heard:
    """Listen to audio (samples, 2); of a sound of free tempo only the seam is of interest."""
    seam = beside = None
    if asked.loop and len(audio) >= MINIMUM_SEAM_S * rate_hz:
        seam = measure_seam(audio, rate_hz).score
        beside = seam_beside_beats(audio, rate_hz, asked.beats)
    if asked.bpm is None:
        return Heard(seam=seam, seam_beside_beats=beside)
    return Heard(
        bpm=heard_bpm(audio, rate_hz),
        phase_ms=beat_phase_ms(audio, rate_hz, bpm=asked.bpm, meter=asked.meter),
        key=measure_key(audio, rate_hz) if asked.tonal else None,
        seam=seam,
        seam_beside_beats=beside,
    )


def right_key(found: int | None, asked: str) -> bool:
    """Whether a heard key is the asked one or its relative."""
    return is_exact_or_relative(found, key_index(asked))
