"""What the cascade says, as messages: arrays become blobs, a clip becomes a WAV file.

Kept apart from the process, so that the layout of every blob is in one place.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.pcm import BitDepth
from engine.audio.wav import encode_wav
from engine.cascade.events import (
    CascadeEvent,
    ClipReady,
    MelPreview,
    Remark,
    StageProgress,
    TakeReady,
)
from engine.errors import UserError
from engine.protocol.framing import Blob
from engine.protocol.messages import Clip, Event, Notice, Preview, Progress, Take
from engine.worker.outbox import Throttle
from engine.worker.tags import file_name, wav_tags

PREVIEW_INTERVAL_S: Final = 0.1
CLIP_BIT_DEPTH: Final[BitDepth] = "24"

Message = tuple[Event, Blob]


class Converter:
    """Turns one job's events into messages.

    Previews come at most every `PREVIEW_INTERVAL_S`, the last step's always: a float16 copy of
    four 30 s mels takes 20 ms, so a preview that nobody would see is not made.
    """

    def __init__(self, job: int, *, throttle: Throttle | None = None) -> None:
        self._job = job
        self._throttle = throttle or Throttle(PREVIEW_INTERVAL_S)

    def __call__(self, event: CascadeEvent) -> Message | None:
        """(message, blob), or None for a preview too soon after the one before."""
        match event:
            case StageProgress(stage, step, steps, eta_s):
                return Progress(
                    job=self._job, stage=stage, step=step, steps=steps, eta_s=eta_s
                ), b""
            case MelPreview():
                return self._preview(event)
            case TakeReady():
                return self._take(event)
            case ClipReady():
                return self._clip(event)
            case Remark(text):
                return Notice(job=self._job, text=text), b""

    def _preview(self, event: MelPreview) -> Message | None:
        if not self._throttle.due() and event.step < event.steps:
            return None
        takes, channels, frames = event.mel.shape
        message = Preview(
            job=self._job,
            first_take=event.first_take,
            shape=(takes, channels, frames),
            step=event.step,
            steps=event.steps,
        )
        return message, _bytes_of(event.mel.astype("<f2"))

    def _take(self, event: TakeReady) -> Message:
        message = Take(
            job=self._job,
            take=event.take,
            rate_hz=event.rate_hz,
            samples=len(event.audio),
            recipe=event.recipe,
            measured=event.measured,
            midi_bytes=len(event.midi),
            name=file_name(event.recipe),
        )
        audio = _bytes_of(event.audio.astype("<f4", copy=False))
        return message, b"".join((audio, event.midi)) if event.midi else audio

    def _clip(self, event: ClipReady) -> Message:
        message = Clip(
            job=self._job,
            take=event.take,
            name=file_name(event.recipe),
            rate_hz=event.rate_hz,
            samples=len(event.audio),
            recipe=event.recipe,
            measured=event.measured,
        )
        tags = wav_tags(event.recipe)
        return message, encode_wav(event.audio, event.rate_hz, tags=tags, bit_depth=CLIP_BIT_DEPTH)


def take_audio(blob: memoryview) -> NDArray[np.float32]:
    """The audio (samples, 2) that a Keep carries, as a Take did; read-only, uncopied.

    Raises:
        UserError: the length is no whole number of stereo float32 samples.
    """
    if blob.nbytes % 8:
        raise UserError(
            "The take was not finished",
            f"its audio has {blob.nbytes} bytes, and a stereo sample has 8",
            "Render the take again",
        )
    return np.frombuffer(blob, "<f4").reshape(-1, 2)


def _bytes_of(array: NDArray[np.generic]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
