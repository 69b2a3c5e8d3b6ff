"""A clip's files, byte by byte."""

import io

import numpy as np
import pytest
import soundfile

from engine.audio.resample import soxr_resample
from engine.corpus.store.encode import flac_bytes, mel_of, npy_bytes, stem_mel_of


def test_flac_rounds_to_16_bit_and_never_wraps() -> None:
    audio = np.array([[0.0, 1.0], [-1.0, 1.5], [-1.5, 0.5 / 32768], [0.25, -1e-9]], np.float32)
    data, rate_hz = soundfile.read(io.BytesIO(flac_bytes(audio)), dtype="int16")
    assert rate_hz == 24_000
    assert data.tolist() == [[0, 32767], [-32768, 32767], [-32768, 0], [8192, 0]]
    assert flac_bytes(audio) == flac_bytes(audio)


def test_npy_is_npy() -> None:
    array = np.arange(6, dtype=np.float16).reshape(2, 3)
    np.testing.assert_array_equal(np.load(io.BytesIO(npy_bytes(array))), array)


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("samples", [24_000, 24_001, 31_337])
def test_the_mel_of_a_silent_stem_is_the_mel_of_silence(samples: int, loop: bool) -> None:
    silence = np.zeros((samples, 2), np.float32)
    low = np.zeros((round(samples * 2 / 3), 2), np.float32)
    np.testing.assert_array_equal(stem_mel_of(silence, loop=loop), mel_of(low, loop=loop))
    sound = silence.copy()
    sound[1000:2000] = 0.1
    low = soxr_resample(sound, 24_000, 16_000, periodic=loop)
    np.testing.assert_array_equal(stem_mel_of(sound, loop=loop), mel_of(low, loop=loop))
