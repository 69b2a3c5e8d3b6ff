"""What a vocoder's sound keeps of the real one: band levels, sides, spectra, notes and onsets.

Two waveforms of one sound need not agree in phase, so nothing here compares samples. The log-mel
error asks whether the vocoder made what it was given; the others ask for what the mel does not say
outright: fine spectra, pitch classes, and attacks, as librosa and mir_eval hear them.

Rejected: signal-to-noise ratio (a good vocoder's is about 0 dB), and a measure of perception that
was trained on speech.
"""

import math
from typing import Final

import librosa
import mir_eval  # type: ignore[import-untyped]  # it has no types
import numpy as np
import torch
from auraloss.freq import MultiResolutionSTFTLoss  # type: ignore[import-untyped]  # nor has this
from numpy.typing import NDArray

from engine.audio.bands import MelParameters
from engine.audio.mel import stereo_mel

FloatArray = NDArray[np.float32]

AUDIBLE_DB: Final = -80.0  # band levels below it are equal
SIDED_DB: Final = -60.0  # band levels below it have no side that matters
LOUD_DB: Final = -50.0  # frames below it have no pitch classes
ONSET_WINDOW_S: Final = 0.05
_STFT_SIZES: Final = (512, 1024, 2048)
_CHROMA_WINDOW: Final = 4096
_CHROMA_HOP: Final = 512
_ONSET_WINDOW: Final = 1024
_ONSET_HOP: Final = 160
_TINY: Final = 1e-12
# The C of librosa's pitch classes is always at 440 Hz tuning: an estimate of each sound's own
# tuning would hide a vocoder that is out of tune.
_TUNING: Final = 0.0


def level_db(mel: FloatArray, parameters: MelParameters) -> FloatArray:
    """Band levels in dB, (bands, frames), of a mel (2 · bands, frames)."""
    level = mel[: parameters.n_mels]
    span_db = parameters.level_ceil_db - parameters.level_floor_db
    return np.asarray(parameters.level_floor_db + (level + 1) / 2 * span_db, np.float32)


def log_mel_error_db(real: FloatArray, made: FloatArray, parameters: MelParameters) -> float:
    """Mean |Δ level| in dB of two mels (2 · bands, frames), levels floored at AUDIBLE_DB."""
    levels = [np.maximum(level_db(mel, parameters), AUDIBLE_DB) for mel in (real, made)]
    return float(np.abs(levels[0] - levels[1]).mean())


def stereo_error_db(real: FloatArray, made: FloatArray, parameters: MelParameters) -> float:
    """Mean |Δ (left − right)| in dB where the real level is above SIDED_DB; nan where it never is.

    Both differences are clipped to the mel's range.
    """
    sided = level_db(real, parameters) > SIDED_DB
    if not sided.any():
        return math.nan
    delta = (real - made)[parameters.n_mels :][sided]
    return float(np.abs(delta).mean()) * parameters.difference_range_db


def mel_of(audio: FloatArray, parameters: MelParameters, *, loop: bool) -> FloatArray:
    """The mel (2 · bands, frames) of audio (samples, 2)."""
    return stereo_mel(np.ascontiguousarray(audio, np.float32), parameters, circular=loop)


def stft_distance(real: FloatArray, made: FloatArray) -> float:
    """Multi-resolution STFT distance of two sounds (samples, 2), the mean of two pairs of channels.

    auraloss's spectral convergence plus mean |Δ ln magnitude| (Yamamoto et al. 2020,
    https://arxiv.org/abs/1910.11480) at windows of 512, 1024 and 2048 samples, hops of a quarter,
    once on left and right and once on sum and difference (both ÷ √2). The channels of a pair share
    one norm: alone, a difference channel that is nearly silent would decide the whole figure.
    """
    sizes = list(_STFT_SIZES)
    hops = [size // 4 for size in sizes]
    distance = MultiResolutionSTFTLoss(fft_sizes=sizes, hop_sizes=hops, win_lengths=sizes)
    sounds = [torch.from_numpy(np.ascontiguousarray(x.T, np.float32)) for x in (made, real)]
    turned = [torch.stack([x[0] + x[1], x[0] - x[1]]) / math.sqrt(2) for x in sounds]
    with torch.inference_mode():
        pairs = [distance(a[None], b[None]) for a, b in (sounds, turned)]  # (1, 2, samples)
    return float(torch.stack(pairs).mean())


def chroma_cosine(real: FloatArray, made: FloatArray, rate_hz: int) -> float:
    """Mean cosine of the chroma vectors of two sounds (samples, 2), mixed to mono.

    Over the frames in which the real one is louder than LOUD_DB; nan where it never is.
    """
    first, second = (_chroma(sound, rate_hz) for sound in (real, made))  # (12, frames)
    loud = _frame_levels_db(real.mean(axis=1))[: first.shape[1]] > LOUD_DB
    if not loud.any():
        return math.nan
    lengths = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    cosine = np.sum(first * second, axis=0) / np.maximum(lengths, _TINY)
    return float(cosine[loud].mean())


def _chroma(sound: FloatArray, rate_hz: int) -> FloatArray:
    mono = _at_least(sound.mean(axis=1), _CHROMA_WINDOW)
    chroma = librosa.feature.chroma_stft(
        y=mono, sr=rate_hz, n_fft=_CHROMA_WINDOW, hop_length=_CHROMA_HOP, tuning=_TUNING
    )
    return np.asarray(chroma, np.float32)


def _frame_levels_db(mono: FloatArray) -> FloatArray:
    """Mean square of each of librosa's frames, in dB."""
    rms = librosa.feature.rms(
        y=_at_least(mono, _CHROMA_WINDOW), frame_length=_CHROMA_WINDOW, hop_length=_CHROMA_HOP
    )[0]
    return np.asarray(20 * np.log10(np.maximum(rms, _TINY)), np.float32)


def onset_f1(real: FloatArray, made: FloatArray, rate_hz: int) -> float:
    """F-measure of onsets within 50 ms (mir_eval) of two sounds (samples, 2), mixed to mono.

    nan where nothing begins in the real one.
    """
    reference, estimate = (_onsets_s(sound, rate_hz) for sound in (real, made))
    if not reference.size:
        return math.nan
    if not estimate.size:
        return 0.0
    f1, _, _ = mir_eval.onset.f_measure(reference, estimate, window=ONSET_WINDOW_S)
    return float(f1)


def _onsets_s(sound: FloatArray, rate_hz: int) -> NDArray[np.float64]:
    mono = _at_least(sound.mean(axis=1), _ONSET_WINDOW)
    strength = librosa.onset.onset_strength(
        y=mono, sr=rate_hz, n_fft=_ONSET_WINDOW, hop_length=_ONSET_HOP, n_mels=64
    )
    times = librosa.onset.onset_detect(
        onset_envelope=strength, sr=rate_hz, hop_length=_ONSET_HOP, units="time"
    )
    return np.asarray(times, np.float64)


def _at_least(mono: FloatArray, samples: int) -> FloatArray:
    """Filled up with silence: librosa warns of windows that are longer than the sound."""
    return np.pad(mono, (0, max(0, samples - mono.size)))
