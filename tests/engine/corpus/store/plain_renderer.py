"""Renderers for the tests: instant, without SoundFonts, and with a memory of what they played."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.audio.loudness import level
from engine.audio.resample import soxr_resample
from engine.corpus.render import Rendering
from engine.music.keys import key_index
from engine.music.meter import METER_TABLE
from engine.music.score import STEM_OF_ROLE, Score

HERE = "tests.engine.corpus.store.plain_renderer"
RATE_HZ = 24_000
# I IV V I and i iv V i
CADENCES = (
    ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
)


def seconds_of(score: Score) -> float:
    return score.bars * METER_TABLE[score.meter][0] * 60 / score.bpm


class Plain:
    """A tone whose pitch is the seed's; a tenth as long as the score."""

    played: ClassVar[list[int]] = []
    share: ClassVar[float] = 0.1

    def render(self, score: Score, *, stems: bool = False) -> Rendering:
        self.played.append(score.seed)
        samples = round(seconds_of(score) * self.share * RATE_HZ)
        audio = self.sound(score, samples)
        low = soxr_resample(audio, RATE_HZ, 16_000)
        apart = dict.fromkeys(sorted(set(STEM_OF_ROLE.values())), audio * 0.25)
        return Rendering(audio, low, apart if stems else {}, "plain")

    def sound(self, score: Score, samples: int) -> NDArray[np.float32]:
        t_s = np.arange(1200, dtype=np.float32) / RATE_HZ
        period = np.sin(2 * np.pi * 20 * (5 + score.seed % 100) * t_s)
        return np.stack([0.3 * np.resize(period, samples)] * 2, axis=1).astype(np.float32)

    def close(self) -> None:
        pass


class Honest(Plain):
    """Hits on the beats and a cadence in the key, at −16 LUFS: what the labels say."""

    share = 1.0

    def sound(self, score: Score, samples: int) -> NDArray[np.float32]:
        t_s = np.arange(samples, dtype=np.float32) / RATE_HZ
        quarter = t_s * score.bpm / 60
        after_s = np.mod(quarter, 1) * 60 / score.bpm
        bar_q = METER_TABLE[score.meter][0]
        accent = 1.0 + (np.mod(quarter + 1e-3, bar_q) < 1)
        sound = 0.3 * accent * np.sin(2 * np.pi * 900 * after_s) * np.exp(-after_s * 15)
        if score.key is not None:
            tonic, minor = key_index(score.key) % 12, key_index(score.key) >= 12
            for place, chord in enumerate(CADENCES[minor]):
                inside = np.mod(quarter // bar_q, len(CADENCES[minor])) == place
                for tone in chord:
                    hz = 261.6256 * 2 ** ((tonic + tone) / 12)
                    sound[inside] += 0.15 * np.sin(2 * np.pi * hz * t_s[inside])
        stereo = np.stack([sound, sound], axis=1).astype(np.float32)
        loud, _ = level(stereo, RATE_HZ, loudness_lufs=-16, ceiling_dbtp=None, periodic=score.loop)
        return loud


class Shouting(Honest):
    """The same, 3 dB too loud."""

    def sound(self, score: Score, samples: int) -> NDArray[np.float32]:
        return super().sound(score, samples) * np.float32(1.41)


class Failing(Plain):
    """Gives up on the third clip."""

    def sound(self, score: Score, samples: int) -> NDArray[np.float32]:
        if len(self.played) == 3:
            msg = "no such instrument"
            raise ValueError(msg)
        return super().sound(score, samples)


class Slow(Plain):
    """Takes its time, to be interrupted."""

    def sound(self, score: Score, samples: int) -> NDArray[np.float32]:
        import time  # noqa: PLC0415

        time.sleep(0.15)
        return super().sound(score, samples)
