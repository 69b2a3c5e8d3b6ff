"""One clip as files: FLAC, mel, labels, MIDI.

FLAC at 16 bit holds everything the clips have (peaks at −1 dBTP, noise floor −86 dB) at a third of
the size of float WAV. Mels are float16: half a thousandth of their range, 0.02 dB. They are not
compressed: a crop is read by seeking, and zlib would save a quarter at ten times the cost.
"""

import io
from collections.abc import Iterator
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.audio.mel import stereo_mel
from engine.audio.resample import soxr_resample
from engine.audio.spectral import frame_count
from engine.corpus.annotate import annotate
from engine.corpus.captions import describe
from engine.corpus.render import Rendering
from engine.corpus.store.layout import MEL, RATE_HZ, ClipInfo, Versions, encoded
from engine.corpus.store.seeds import clip_key, fingerprint, split_of
from engine.music.midi import midi_bytes, score_to_midi
from engine.music.score import Score

_FULL_SCALE: Final = 32768  # what decoders divide by


def flac_bytes(audio: NDArray[np.float32]) -> bytes:
    """(samples, 2) at 24 kHz as 16-bit FLAC."""
    whole = np.round(audio * np.float32(_FULL_SCALE))
    np.clip(whole, -_FULL_SCALE, _FULL_SCALE - 1, out=whole)
    buffer = io.BytesIO()
    soundfile.write(buffer, whole.astype(np.int16), RATE_HZ, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def npy_bytes(array: NDArray[np.float16]) -> bytes:
    """An array as .npy."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def mel_of(audio_16k: NDArray[np.float32], *, loop: bool) -> NDArray[np.float16]:
    """(160, frames) log-mel of (samples, 2) at 16 kHz."""
    return stereo_mel(audio_16k, MEL, circular=loop).astype(np.float16)


def stem_mel_of(audio: NDArray[np.float32], *, loop: bool) -> NDArray[np.float16]:
    """(160, frames) log-mel of (samples, 2) at 24 kHz; half of all stems are silent, and quick."""
    if audio.any():
        return mel_of(soxr_resample(audio, RATE_HZ, MEL.rate_hz, periodic=loop), loop=loop)
    samples = round(len(audio) * MEL.rate_hz / RATE_HZ)
    silence = np.zeros((2 * MEL.n_mels, frame_count(samples, MEL.hop_samples)), np.float16)
    silence[: MEL.n_mels] = -1
    return silence


def clip_files(
    score: Score, rendering: Rendering, *, corpus_seed: int, number: int, versions: Versions
) -> Iterator[tuple[str, bytes]]:
    """(extension, bytes) of a clip's files; stems where the rendering has them.

    The JSON and the MIDI depend on the seed and the code alone.
    """
    mel = mel_of(rendering.audio_16k, loop=score.loop)
    annotations = annotate(score)
    info = ClipInfo(
        key=clip_key(corpus_seed, number), number=number, seed=score.seed,
        split=split_of(score.seed), samples=len(rendering.audio_24k), frames=mel.shape[1],
        notes=fingerprint(score), soundfont=rendering.soundfont, versions=versions,
        annotations=annotations, captions=describe(annotations, score.seed),
    )  # fmt: skip
    yield "json", encoded(info)
    yield "mid", midi_bytes(score_to_midi(score))
    yield "mel.npy", npy_bytes(mel)
    for stem, audio in sorted(rendering.stems_24k.items()):
        yield f"{stem}.mel.npy", npy_bytes(stem_mel_of(audio, loop=score.loop))
    yield "flac", flac_bytes(rendering.audio_24k)
