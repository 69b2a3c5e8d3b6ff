"""Messages between the window and a child process, in the engine's framing with their own table.

Rejected: extending `engine.protocol.messages` (the engine never sees these), and pickles.
"""

from typing import Final

import msgspec

from engine.protocol.framing import LENGTHS

LOST: Final = 3  # exit status of a host process whose device or server went away


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Base of all messages: immutable, tagged by class name, unknown fields refused."""


def encode(message: Message, blob: bytes = b"") -> bytes:
    """One frame, as `engine.protocol.framing.FrameReader` reads it."""
    header = msgspec.json.encode(message)
    return LENGTHS.pack(len(header), len(blob)) + header + blob
