"""A host process for tests: says every number back, with the length of the blob added."""

import os

from app.playback.hosting.frames import Message
from app.playback.hosting.streams import Pipes
from engine.protocol.framing import FrameReader


class Ping(Message, frozen=True, kw_only=True):
    number: int


def main() -> None:
    pipes = Pipes()
    os.write(1, b"what a library prints is no frame")
    reader: FrameReader[Ping] = FrameReader(Ping)
    for piece in pipes.pieces():
        for message, blob in reader.feed(piece):
            pipes.send(Ping(number=message.number + len(blob)))


if __name__ == "__main__":
    main()
