"""A real sound server without a sound card: jackd's dummy driver, under a name of its own.

PortAudio plays to it and RtMidi finds ports on it. Killing it is a real unplug.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.fixtures.qt import wait_until

RATE = 48_000
CLOCK_SENDER = """
import sys, time
import rtmidi
while True:
    try:
        out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="daw")
        break
    except rtmidi.RtMidiError:  # the server is not up yet
        time.sleep(0.1)
out.open_virtual_port("clock")
period, start, count = 60 / (float(sys.argv[1]) * 24), time.perf_counter() + 0.2, 0
while True:
    time.sleep(max(0.0, start + count * period - time.perf_counter()))
    out.send_message([0xF8])
    if count == 24:
        out.send_message([0xFA])
    count += 1
"""


@cache
def missing() -> str:
    """Why these tests cannot run here, "" if they can."""
    for program in ("jackd", "jack_rec"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: jackd2)"
    check = [sys.executable, "-c", "import os, sounddevice; os._exit(0)"]
    if subprocess.run(check, check=False, capture_output=True).returncode:
        return "PortAudio is not installed (Debian: libportaudio2)"
    return ""


class Jack:
    """One server; `start` after `kill` is a replug."""

    def __init__(self) -> None:
        self.name = "noisefall-test"  # one name: the registry holds eight, dead ones too
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["jackd", "-n", self.name, "--no-realtime"]
        self.process = subprocess.Popen(
            [*command, "-d", "dummy", "-r", str(RATE), "-p", "1024"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def record(self, path: Path, seconds: int, ports: list[str]) -> "subprocess.Popen[bytes]":
        command = ["jack_rec", "-f", str(path), "-d", str(seconds), "-b", "24", *ports]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def send_clock(bpm: float) -> "subprocess.Popen[bytes]":
    """A process that sends MIDI clock through a port "daw:clock"."""
    return subprocess.Popen(
        [sys.executable, "-c", CLOCK_SENDER, str(bpm)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait(until: Callable[[], bool], seconds: float) -> float:
    """Run the event loop until something is so; the seconds that took."""
    started = time.perf_counter()
    wait_until(until, patience_s=seconds)
    return time.perf_counter() - started
