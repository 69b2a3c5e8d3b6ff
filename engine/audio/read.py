"""Audio of any dropped file as arrays: our own formats here, foreign ones through libsndfile.

The magic bytes decide before a decoder sees anything, and libsndfile must then have taken the
file for what the magic said: it otherwise tries MP3 on damaged files of every kind.
"""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.pcm import BitDepth, decode_samples
from engine.audio.wav import FORMAT_FLOAT, FORMAT_PCM, WavFile, parse_wav
from engine.errors import UserError

MAX_DECODED_VALUES: Final = (
    2**26
)  # samples × channels: 256 MB of float32, 23 minutes of 48 kHz stereo

_OWN: Final[dict[tuple[int, int], BitDepth]] = {
    (FORMAT_PCM, 16): "16",
    (FORMAT_PCM, 24): "24",
    (FORMAT_FLOAT, 32): "float",
}
# (offset, magic) → what libsndfile must call it
_FOREIGN: Final[tuple[tuple[int, bytes, tuple[str, ...]], ...]] = (
    (8, b"WAVE", ("WAV", "WAVEX")),
    (8, b"AIFF", ("AIFF",)),
    (8, b"AIFC", ("AIFF",)),
    (0, b"fLaC", ("FLAC",)),
    (0, b"OggS", ("OGG",)),
)


class _Memory(io.BytesIO):
    """A file in memory that stops at its start, as libsndfile expects of a seek on a damaged file.

    BytesIO raises instead, inside a C callback, where the error cannot be caught.
    """

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Seek to `offset` from the start, here or the end, at least 0."""
        base = (0, self.tell(), self.getbuffer().nbytes)[whence]
        return super().seek(max(0, base + offset))


def read_audio(data: bytes) -> tuple[NDArray[np.float32], int]:
    """Decode a WAV, AIFF, FLAC or Ogg file.

    Returns:
        (samples, channels) and the rate in Hz. Integers are scaled by 2^(bits−1).

    Raises:
        UserError: not such a file, damaged, too long (MAX_DECODED_VALUES), or not finite.
    """
    if data[8:12] == b"WAVE":
        parsed = parse_wav(data)
        depth = _OWN.get((parsed.format.tag, parsed.format.bits))
        if depth is not None:
            return _finite(_read_own(data, parsed, depth)), parsed.format.rate_hz
    audio, rate_hz = _read_foreign(data)
    return _finite(audio), rate_hz


def _read_own(data: bytes, parsed: WavFile, depth: BitDepth) -> NDArray[np.float32]:
    _check_length(parsed.frames, parsed.format.channels)
    body = memoryview(data)[parsed.data.offset : parsed.data.offset + parsed.data.size]
    return decode_samples(body, depth, parsed.format.channels)


def _read_foreign(data: bytes) -> tuple[NDArray[np.float32], int]:
    expected = _expected_formats(data)
    import soundfile  # noqa: PLC0415 - the native decoder is loaded only for a stranger's file

    try:
        with soundfile.SoundFile(_Memory(data)) as file:
            if file.format not in expected:
                raise _refused(
                    f"it is damaged: it begins as {expected[0]} and reads as {file.format}"
                )
            _check_length(file.frames, file.channels)
            audio: NDArray[np.float32] = file.read(dtype="float32", always_2d=True)
            return audio, int(file.samplerate)
    except (soundfile.SoundFileError, RuntimeError, OSError) as error:
        raise _refused(str(error).rstrip(".")) from None


def _expected_formats(data: bytes) -> tuple[str, ...]:
    for offset, magic, formats in _FOREIGN:
        if data[offset : offset + len(magic)] == magic:
            return formats
    raise _refused("it is no WAV, AIFF, FLAC or Ogg file")


def _check_length(frames: int, channels: int) -> None:
    if frames * channels > MAX_DECODED_VALUES:
        raise _refused(f"its {frames} samples in {channels} channels are too many")


def _finite(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.all(np.isfinite(audio)):
        raise _refused("it has samples that are no numbers")
    return audio


def _refused(why: str) -> UserError:
    return UserError(
        "The audio was not read", why, "Choose a WAV, AIFF, FLAC or Ogg file, or export it again"
    )
