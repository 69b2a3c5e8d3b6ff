"""A Take's blob in its two parts: the audio, and the notes behind it.

Rejected: the notes in the header (they would be text four thirds as long), and a message of their
own (a take would be there before its notes).
"""

from typing import Final

from engine.protocol.messages import MIDI_LIMIT_BYTES, Take

_MAGIC: Final = b"MThd"


def take_parts(take: Take, blob: memoryview) -> tuple[memoryview, bytes]:
    """(audio, Standard MIDI File) of a take; the audio's length is for its reader to check.

    Notes that are none are left out, and no reason to lose the take.
    """
    if not 0 <= take.midi_bytes <= min(MIDI_LIMIT_BYTES, blob.nbytes):
        return blob, b""
    audio_bytes = blob.nbytes - take.midi_bytes
    midi = bytes(blob[audio_bytes:])
    return blob[:audio_bytes], midi if midi.startswith(_MAGIC) else b""
