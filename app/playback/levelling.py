"""The gains that let takes be compared by what they are, not by how loud they are.

Louder sounds better, so takes are brought to the quietest one: nothing is ever amplified, and no
true peak can rise above what was measured. A take that is nearly silent does not pull the others
down with it: the match reaches 12 dB. A draft is not levelled yet and may peak above full scale:
it is turned down before anything else, so that it is never heard clipped.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from app.playback.sound import Sound

REACH_DB: Final = 12.0
_CEILING: Final = 10 ** (-0.3 / 20)  # room for what resampling adds between samples
_LUFS_OF_FULL_SCALE: Final = -0.691  # BS.1770-4, eq. 2


def safe_gain(sound: Sound) -> float:
    """Linear gain, at most 1, that keeps a sound's samples below −0.3 dBFS."""
    peak = max(float(sound.audio.max()), -float(sound.audio.min()))
    return min(1.0, _CEILING / peak) if peak > 0 else 1.0


def loudness_lufs(sound: Sound) -> float:
    """The measured loudness, or an estimate: the mean square without weighting; −inf is silence."""
    if sound.loudness_lufs is not None:
        return sound.loudness_lufs
    audio = sound.audio
    flat = np.ascontiguousarray(audio).reshape(-1)
    mean_square = float(np.dot(flat, flat)) / audio.shape[0]  # summed over the channels
    return _LUFS_OF_FULL_SCALE + 10 * float(np.log10(mean_square)) if mean_square > 0 else -np.inf


def matching_gains(lufs: Mapping[int, float]) -> dict[int, float]:
    """Linear gain, at most 1, for each take of the given loudness (−inf is silence)."""
    sounding = [value for value in lufs.values() if np.isfinite(value)]
    if not sounding:
        return dict.fromkeys(lufs, 1.0)
    target = max(min(sounding), max(sounding) - REACH_DB)
    return {
        index: min(1.0, 10 ** ((target - value) / 20)) if np.isfinite(value) else 1.0
        for index, value in lufs.items()
    }
