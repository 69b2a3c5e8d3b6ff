"""Whether a clip keeps the asked tempo, and whether its beats lie where the grid has them.

Tempo is heard by `engine.audio.tempo` without being told what was asked; half and double are the
same tempo, and where the meter has threes in it, so are the factors of three.

The beat's phase is read off the onset curve: the shift of the asked grid at which beats, halves and
quarters of beats meet the most onset (a comb of three harmonics). Clicks and drums that lie exactly
on the grid are heard 1 to 5 ms early: a window sees what its middle has not reached.

Rejected: a beat tracker (it finds a tempo of its own, and its beats then lie on another grid), and
hearing a loop several times over (whatever is in it then repeats at the tempo that was asked).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.tempo import measure_tempo, onset_strength
from engine.corpus.check.tempo import OCTAVES, TRIPLES
from engine.music.meter import pulse_bpm

FloatArray = NDArray[np.float32]

TOLERANCE: Final = 0.02
PLAIN_METERS: Final = ("4/4", "2/4")
HARMONICS: Final = (1, 2, 4)
_STEP_S: Final = 0.001


def heard_bpm(audio: FloatArray, rate_hz: int) -> float | None:
    """Tempo of audio (samples, 2); None where nothing pulses."""
    tempo = measure_tempo(audio, rate_hz)
    return None if tempo is None else tempo.bpm


def right_tempo(bpm: float | None, asked_bpm: float, meter: str) -> bool:
    """Whether a heard tempo is the asked one within 2 %, octaves alike."""
    if bpm is None:
        return False
    factors = [*OCTAVES.values(), *(() if meter in PLAIN_METERS else TRIPLES.values())]
    return any(abs(bpm / asked_bpm / factor - 1) <= TOLERANCE for factor in factors)


def beat_phase_ms(audio: FloatArray, rate_hz: int, *, bpm: float, meter: str) -> float | None:
    """How late the beats of audio (samples, 2) lie on the asked grid, in ± half a pulse, in ms.

    None where nothing begins.
    """
    onsets, frames_per_s = onset_strength(audio, rate_hz)
    if not np.any(onsets):
        return None
    return 1000 * _late_s(onsets, frames_per_s, pulse_bpm(bpm, meter) / 60)


def _late_s(onsets: NDArray[np.float64], frames_per_s: float, pulse_hz: float) -> float:
    """The shift of a comb of pulses at which it meets the most onset."""
    at_s = (np.arange(onsets.size) + 0.5) / frames_per_s
    shifts_s = np.arange(-0.5 / pulse_hz, 0.5 / pulse_hz, _STEP_S)
    met = np.zeros(shifts_s.size)
    for harmonic in HARMONICS:
        turn = 2j * np.pi * harmonic * pulse_hz
        met += (np.sum(onsets * np.exp(-turn * at_s)) * np.exp(turn * shifts_s)).real
    return float(shifts_s[np.argmax(met)])
