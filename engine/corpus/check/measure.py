"""What is measured on one clip, decoded from the shard as a trainer would."""

import warnings
from dataclasses import dataclass

from engine.audio import key as shown
from engine.audio.loudness import integrated_lufs, true_peak_dbtp
from engine.corpus.check.key import measure_key
from engine.corpus.check.tempo import factor_of, measure_tempo
from engine.corpus.store.layout import RATE_HZ
from engine.corpus.store.read import StoredClip
from engine.music.keys import is_exact_or_relative, key_index


@dataclass(frozen=True)
class Heard:
    """One clip as measured, beside its labels.

    Attributes:
        drums: whether somebody drums.
        bpm, measured_bpm: quarters a minute; None where there are no drums, or nothing repeats.
        factor: by which the measured tempo is right; None where it is wrong.
        key, measured_key: indices; None without one.
        shown_key: as Noisefall measures it in a take (engine.audio.key).
        lufs, peak_dbtp: −inf for silence.
    """

    name: str
    genre: str
    drums: bool
    bpm: float
    measured_bpm: float | None
    factor: str | None
    key: int | None
    measured_key: int | None
    shown_key: int | None
    lufs: float
    peak_dbtp: float

    @property
    def key_is_near(self) -> bool:
        """Whether the measured key is the labelled one, or its relative."""
        return self.is_near(self.measured_key)

    def is_near(self, index: int | None) -> bool:
        """Whether a key is the labelled one, or its relative."""
        return self.key is not None and is_exact_or_relative(index, self.key)


def hear(clip: StoredClip) -> Heard:
    """Measure a clip.

    Raises:
        UserError: it is damaged.
    """
    labels, audio = clip.annotations, clip.audio()
    drums = any(part.role == "drums" and part.active for part in labels.parts)
    key = None if labels.key is None else key_index(labels.key)
    bpm = factor = measured_key = shown_key = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa: a window is longer than a short loop
        if drums:
            bpm = measure_tempo(audio, loop=labels.loop)
        if key is not None:
            measured_key = measure_key(audio, RATE_HZ)
            found = shown.measure_key(audio, RATE_HZ)
            shown_key = None if found is None else found.index
    if bpm is not None:
        factor = factor_of(bpm, labels.bpm, meter=labels.meter, swing=labels.swing)
    lufs = integrated_lufs(audio, RATE_HZ, periodic=labels.loop)
    peak = true_peak_dbtp(audio, periodic=labels.loop)
    return Heard(
        clip.key, labels.genre, drums, labels.bpm, bpm, factor, key, measured_key,
        shown_key, float("-inf") if lufs is None else lufs, float("-inf") if peak is None else peak,
    )  # fmt: skip
