"""What an engine says, as far as it makes sense: the wire checks types, this the values.

An engine may be another program on another machine. What cannot be shown or played is refused here
once, so that no widget has to ask. Rejected: ending an engine over it (the next message may be
sound), and checks in every model.
"""

import logging
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.texts import QT_TRANSLATE_NOOP
from app.translate import translate
from engine.errors import UserError
from engine.music.keys import canonical_key
from engine.protocol.messages import Failed, Preview, Take, Understood
from engine.recipe import METERS, TAKES_RANGE

CHANNELS_LIMIT: Final = 1_024
RATES_HZ: Final = (8_000, 192_000)
LINE_LIMIT_CHARS: Final = 300
CHIP_LIMIT_CHARS: Final = 60
CHIPS_LIMIT: Final = 40

# part of a remedy that speaks to the command line → what a person does in the window
_REMEDIES: Final = (
    ("--device", QT_TRANSLATE_NOOP("trouble", "Choose another device in Settings")),
    ("noisefall bundle install", QT_TRANSLATE_NOOP("trouble", "Install a bundle in Settings")),
)

_log = logging.getLogger(__name__)


def mels_of(preview: Preview, blob: memoryview) -> NDArray[np.float16] | None:
    """(takes, 2·n_mels, frames) of a preview; None where its shape is none."""
    takes, channels, frames = preview.shape
    fits = (
        1 <= takes <= TAKES_RANGE[1]
        and 2 <= channels <= CHANNELS_LIMIT
        and channels % 2 == 0
        and frames >= 1
        and blob.nbytes == 2 * takes * channels * frames
    )
    if not fits:
        _log.error("a preview of shape %s has %d bytes", preview.shape, blob.nbytes)
        return None
    return np.frombuffer(blob, "<f2").reshape(preview.shape)


def shown_mel(half: NDArray[np.float16]) -> NDArray[np.float32]:
    """A mel for painting: float32 in [−1, 1]; what is no number is silence."""
    mel = half.astype(np.float32)
    np.fmax(mel, -1, out=mel)
    return np.fmin(mel, 1, out=mel)


def audio_of(take: Take, blob: memoryview) -> NDArray[np.float32] | None:
    """(samples, 2) of a take; None where it cannot be played."""
    fits = (
        take.samples >= 1
        and RATES_HZ[0] <= take.rate_hz <= RATES_HZ[1]
        and blob.nbytes == 8 * take.samples
    )
    if not fits:
        _log.error("take %d at %d Hz has %d bytes", take.take, take.rate_hz, blob.nbytes)
        return None
    audio = np.frombuffer(blob, "<f4").reshape(-1, 2)
    if not np.isfinite(audio).all():
        _log.error("take %d has samples that are no numbers", take.take)
        return None
    return audio


def error_of(failed: Failed) -> UserError:
    """A refusal in the engine's own words, cut to a line's length; its remedy is the window's."""
    ours = next((ours for said, ours in _REMEDIES if said in failed.remedy), "")
    remedy = translate("trouble", ours) if ours else failed.remedy
    return UserError(*(_cut(part) for part in (failed.what, failed.why, remedy)))


def key_of(answer: Understood) -> str | None:
    """The key that a prompt says, in our spelling; None where it is none."""
    try:
        return None if answer.key is None else canonical_key(answer.key)
    except ValueError:
        return None


def meter_of(answer: Understood) -> str | None:
    """The meter that a prompt says; None where it is none."""
    return answer.meter if answer.meter in METERS else None


def words_of(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Words to be shown, not too many and not too long."""
    return tuple(text[:CHIP_LIMIT_CHARS] for text in texts[:CHIPS_LIMIT])


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE_LIMIT_CHARS else f"{line[: LINE_LIMIT_CHARS - 1]}…"
