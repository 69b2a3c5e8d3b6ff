"""Engines that go wrong, one way each: `faulty_engine.py MODE`."""

import os
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from engine.protocol.framing import FrameReader, encode_frame
from engine.protocol.messages import VERSION, Event, Failed, Hello, Notice, Ready, Request


def say(event: Event, blob: bytes = b"") -> None:
    os.write(1, encode_frame(event, blob))


def main(mode: str) -> int:
    os.write(2, f"a faulty engine: {mode}\n".encode())
    if mode == "dies-at-once":
        return 3
    reader: FrameReader[Request] = FrameReader(Request)
    greeted = False
    while data := os.read(0, 1 << 16):
        for request, _ in reader.feed(data):
            if isinstance(request, Hello) and not (greeted and mode == "silent"):
                if mode == "mute":
                    continue
                if mode == "refuses":
                    say(Failed(job=None, what="No", why="versions differ", remedy="Update"))
                    return 3
                version = VERSION + (mode == "wrong-version")
                say(Ready(version=version, engine_version="0", pid=os.getpid()))
                if greeted or mode not in FAULTS:
                    greeted = True
                    continue
                greeted = True
                say(Notice(job=None, text="before"))
                time.sleep(0.05)
                os.write(1, FAULTS[mode])
                if mode == "truncated":
                    return 0
    return 0


FAULTS = {
    "garbage": b"Traceback (most recent call last)\n" * 9,
    "oversized": struct.pack("<II", 2, 0xFFFFFFFF) + b"{}",
    "no-message": struct.pack("<II", 16, 0) + b'{"type":"Ghost"}',
    "truncated": encode_frame(Notice(job=None, text="x" * 500))[:100],
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
